"""Judging: does what is in force mute a trouble at a moment, and which of it does?

The moment is the one at which somebody would be called, by the log's clock, not the one at which
the trouble happened: so what still stands when a silence is over calls people then, and what comes
late from a window of maintenance that is long over calls them as well. Only an inhibition asks when
the trouble happened: a site that was offline explains what its guards' phones failed to say then.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from domain.finding.facts import FindingType
from domain.muting.facts import MaintenancePlanned, Matcher, MutedBy, SilenceStarted
from domain.muting.windows import window_at
from domain.severity import Severity, rank

#: What a site that is offline explains: what comes over its phones and devices.
INHIBITED_KINDS = frozenset(
    {
        f"finding:{FindingType.MISSED_CHECKPOINT}",
        f"finding:{FindingType.LATE_CHECKPOINT}",
        f"finding:{FindingType.LOW_PHONE_ACTIVITY}",
        f"finding:{FindingType.SILENT_DEVICE}",
        f"finding:{FindingType.GPS_OFF}",
        "alert:anomaly",
    }
)


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What may call a person, as far as it decides whether it is muted."""

    kind: str  # "alert:panic", "finding:NO_SHOW"
    severity: Severity
    site_id: str | None
    person_id: str | None
    device_id: str | None
    since: datetime  # when it happened
    until: datetime


class Offline(msgspec.Struct, frozen=True):
    """A time in which a site said nothing, and the finding that says so and stands."""

    finding_id: UUID
    since: datetime
    until: datetime


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that may mute a trouble: silences of the tenant, and what holds for its site."""

    silences: tuple[SilenceStarted, ...] = ()
    maintenance: tuple[MaintenancePlanned, ...] = ()
    time_zone: str = "UTC"  # of the site
    offline: tuple[Offline, ...] = ()


class Muter(msgspec.Struct, frozen=True):
    """What mutes a trouble, and until when, where that is known."""

    by: MutedBy
    id: UUID
    until: datetime | None


def muted(in_force: InForce, trouble: Trouble, at: datetime) -> Muter | None:
    """Return what mutes a trouble at a moment: a silence, else a maintenance, else an inhibition.

    Of several silences it is the one that ends last, since it is the one that decides.
    """
    silences = [
        each
        for each in in_force.silences
        if each.starts_at <= at < each.ends_at and matches(each.matcher, trouble)
    ]
    if silences:
        last = max(silences, key=lambda each: (each.ends_at, str(each.silence_id)))
        return Muter(MutedBy.SILENCE, last.silence_id, last.ends_at)
    for plan in in_force.maintenance:
        if plan.site_id == trouble.site_id and of_kinds(plan.kinds, trouble.kind):
            window = window_at(plan, in_force.time_zone, at)
            if window is not None:
                return Muter(MutedBy.MAINTENANCE, plan.window_id, window.ends_at)
    if trouble.kind in INHIBITED_KINDS:
        for offline in in_force.offline:
            if offline.since < trouble.until and trouble.since < offline.until:
                return Muter(MutedBy.INHIBITION, offline.finding_id, None)
    return None


def matches(matcher: Matcher, trouble: Trouble) -> bool:
    """Return whether a trouble agrees with each field that a matcher names."""
    if matcher.severity_at_most is not None and rank(trouble.severity) > rank(
        matcher.severity_at_most
    ):
        return False
    named = (
        (matcher.site_id, trouble.site_id),
        (matcher.person_id, trouble.person_id),
        (matcher.device_id, trouble.device_id),
    )
    agrees = all(wanted is None or wanted == is_ for wanted, is_ in named)
    return agrees and of_kinds(matcher.kinds, trouble.kind)


def of_kinds(kinds: tuple[str, ...], kind: str) -> bool:
    """Return whether a kind is among these, by itself or by its family; no kinds mean all."""
    return not kinds or kind in kinds or kind.partition(":")[0] in kinds
