"""Silencing: what people wish of silences and maintenances, from every door alike."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec

from application.handling import handle, require_valid, standing
from application.muting import time_zone
from application.ports import Cause, EventLog
from domain.alert import AlertKind
from domain.directory.device import device_stream
from domain.directory.person import person_stream
from domain.directory.site import site_stream
from domain.finding.facts import FindingType
from domain.kernel import Command, Identifier, Instant, LongText, Senseless
from domain.muting.facts import (
    DurationMinutes,
    Kinds,
    LocalDay,
    LocalTime,
    MaintenancePlanned,
    Matcher,
    Weekday,
    maintenance_stream,
    silence_stream,
)
from domain.muting.maintenance import MAINTENANCE, MaintenanceUnknown, PlanMaintenance
from domain.muting.silence import SILENCE, StartSilence
from domain.muting.windows import local_day, upcoming

OCCURRENCES_SHOWN = 10


class MutedIsUnknown(Senseless):
    """What shall be muted is not in the directory; a slip of the pen would mute nothing."""

    code = "muting.unknown"


class KindIsUnknown(Senseless):
    """What shall be muted is no kind of trouble; a slip of the pen would mute nothing."""

    code = "muting.kind_unknown"


#: What may be named to be muted: a family, or one of its kinds.
KINDS = (
    "alert",
    *(f"alert:{kind}" for kind in AlertKind),
    "finding",
    *(f"finding:{kind}" for kind in FindingType),
)


class SilenceWanted(Command, frozen=True):
    """A silence as a person wishes it; it begins now, unless it says otherwise."""

    matcher: Matcher
    ends_at: Instant
    reason: LongText
    starts_at: Instant | None = None


class MaintenanceWanted(Command, frozen=True):
    """A maintenance as a person wishes it; it begins today, unless it says otherwise."""

    site_id: Identifier
    weekdays: Annotated[tuple[Weekday, ...], msgspec.Meta(min_length=1, max_length=7)]
    starts_at: LocalTime  # of the site
    duration_minutes: DurationMinutes
    last_day: LocalDay
    reason: LongText
    first_day: LocalDay | None = None
    kinds: Kinds = ()


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """The id under which a wish was granted, and the position that the log reached."""

    id: UUID
    position: int


class WindowShown(msgspec.Struct, frozen=True, kw_only=True):
    """One window of a maintenance, in UTC and on the site's wall."""

    starts_at: datetime
    ends_at: datetime
    local_starts_at: datetime
    local_ends_at: datetime


def start_silence(
    log: EventLog, tenant_id: str, wanted: SilenceWanted, cause: Cause, now: datetime
) -> Begun:
    """Start a silence.

    Raises:
        KindIsUnknown: it names a kind of trouble that there is not.
        MutedIsUnknown: the site, person or device that it names is not in the directory.
        Refused: it breaks a rule of silences.
    """
    require_valid(wanted)
    matcher = wanted.matcher
    require_kinds(matcher.kinds, "$.matcher.kinds")
    for kind, entry, stream_of in (
        ("site", matcher.site_id, site_stream),
        ("person", matcher.person_id, person_stream),
        ("device", matcher.device_id, device_stream),
    ):
        if entry is not None:
            require_known(log, tenant_id, stream_of(entry), f"$.matcher.{kind}_id")
    silence_id = uuid4()
    command = StartSilence(
        silence_id=silence_id,
        matcher=matcher,
        starts_at=wanted.starts_at or now,
        ends_at=wanted.ends_at,
        reason=wanted.reason,
        asked_at=now,
    )
    position = handle(log, tenant_id, SILENCE, silence_stream(silence_id), command, cause)
    assert position is not None, "Nobody started a silence under a fresh id before."
    return Begun(id=silence_id, position=position)


def plan_maintenance(
    log: EventLog, tenant_id: str, wanted: MaintenanceWanted, cause: Cause, now: datetime
) -> Begun:
    """Plan a maintenance.

    Raises:
        KindIsUnknown: it names a kind of trouble that there is not.
        MutedIsUnknown: the site is not in the directory.
        Refused: it breaks a rule of maintenances.
    """
    require_valid(wanted)
    require_kinds(wanted.kinds, "$.kinds")
    require_known(log, tenant_id, site_stream(wanted.site_id), "$.site_id")
    zone = time_zone(log, tenant_id, wanted.site_id)
    window_id = uuid4()
    command = PlanMaintenance(
        window_id=window_id,
        site_id=wanted.site_id,
        time_zone=zone,
        weekdays=wanted.weekdays,
        starts_at=wanted.starts_at,
        duration_minutes=wanted.duration_minutes,
        first_day=wanted.first_day or local_day(zone, now).isoformat(),
        last_day=wanted.last_day,
        reason=wanted.reason,
        asked_at=now,
        kinds=wanted.kinds,
    )
    position = handle(log, tenant_id, MAINTENANCE, maintenance_stream(window_id), command, cause)
    assert position is not None, "Nobody planned a maintenance under a fresh id before."
    return Begun(id=window_id, position=position)


def windows_to_come(
    log: EventLog, tenant_id: str, window_id: UUID, now: datetime
) -> list[WindowShown]:
    """Return the next windows of a maintenance that are not over; none where it was cancelled.

    Raises:
        MaintenanceUnknown: nothing was planned under this id.
    """
    work = standing(log, tenant_id, MAINTENANCE, maintenance_stream(window_id))
    if work.plan is None:
        raise MaintenanceUnknown("There is no maintenance of this id.")
    return (
        []
        if work.cancelled
        else shown(work.plan, time_zone(log, tenant_id, work.plan.site_id), now)
    )


def shown(plan: MaintenancePlanned, zone: str, now: datetime) -> list[WindowShown]:
    """Return the next windows of a plan in both times."""
    wall = ZoneInfo(zone)
    return [
        WindowShown(
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            local_starts_at=each.starts_at.astimezone(wall),
            local_ends_at=each.ends_at.astimezone(wall),
        )
        for each in upcoming(plan, zone, now, OCCURRENCES_SHOWN)
    ]


def require_known(log: EventLog, tenant_id: str, stream_id: str, field: str) -> None:
    """Refuse what is not in the directory.

    Raises:
        MutedIsUnknown: nothing stands in its stream.
    """
    if not log.first_positions(tenant_id, [stream_id]):
        name = stream_id.partition("-")[2]
        raise MutedIsUnknown(f"There is no {name} in the directory.", field=field)


def require_kinds(kinds: Kinds, field: str) -> None:
    """Refuse a kind of trouble that there is not.

    Raises:
        KindIsUnknown: there is one among these.
    """
    for place, kind in enumerate(kinds):
        if kind not in KINDS:
            raise KindIsUnknown(
                f"Nothing is of the kind {kind}; there are {', '.join(KINDS)}.",
                field=f"{field}[{place}]",
            )
