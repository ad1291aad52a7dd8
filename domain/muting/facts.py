"""What mutes an action, and the ledger of what was not done because of it.

What is muted is evaluated, stated and shown like everything else. Only what would call a person (a
ticket, a mail) does not happen, and the ledger says so.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from domain.kernel import END, Event, Identifier, Instant, LongText, ShortText
from domain.severity import Severity

DURATION_MINUTES_MAX = 1_440  # of one window of maintenance
KINDS_MAX = 50  # named in one silence or maintenance


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class MutedBy(StrEnum):
    """Why an action did not happen."""

    SILENCE = "silence"
    MAINTENANCE = "maintenance"
    INHIBITION = "inhibition"  # a greater trouble explains this one
    DEDUPLICATION = "deduplication"  # an open ticket is about it already


class Action(StrEnum):
    """What would have called a person."""

    TICKET = "ticket"
    MAIL = "mail"


#: What kind of trouble: "alert:fraud", "alert:anomaly", "finding:NO_SHOW", "incident". In what mutes,
#: "alert" and "finding" stand for all of theirs.
TroubleKind = Annotated[str, msgspec.Meta(pattern=r"^[a-z]+(:[A-Za-z_]+)?" + END, max_length=80)]
Kinds = Annotated[tuple[TroubleKind, ...], msgspec.Meta(max_length=KINDS_MAX)]
LocalTime = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]" + END)]
LocalDay = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}" + END)]
DurationMinutes = Annotated[int, msgspec.Meta(ge=1, le=DURATION_MINUTES_MAX)]


class Matcher(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is muted: everything that agrees with each field that is given; at least one must be."""

    site_id: Identifier | None = None
    person_id: Identifier | None = None
    device_id: Identifier | None = None
    kinds: Kinds = ()
    severity_at_most: Severity | None = None


class SilenceStarted(Event, frozen=True, tag="silence.started"):
    """A person muted what would call people, for a time and for a reason."""

    silence_id: UUID
    matcher: Matcher
    starts_at: Instant
    ends_at: Instant
    reason: LongText


class SilenceEnded(Event, frozen=True, tag="silence.ended"):
    """A person ended a silence before its time."""

    reason: ShortText


class SilenceLapsed(Event, frozen=True, tag="silence.lapsed"):
    """The time of a silence is over. Stated by the clock; what still stands calls people from here on."""


class MaintenancePlanned(Event, frozen=True, tag="maintenance.planned"):
    """Work that makes noise happens at a site in recurring windows of local time, until a last day."""

    window_id: UUID
    site_id: Identifier
    kinds: Kinds  # empty: all
    weekdays: tuple[Weekday, ...]  # on which a window begins
    starts_at: LocalTime  # in the site's time zone
    duration_minutes: DurationMinutes  # of elapsed time
    first_day: LocalDay
    last_day: LocalDay  # included
    reason: LongText


class MaintenanceCancelled(Event, frozen=True, tag="maintenance.cancelled"):
    """A person cancelled what is left of a maintenance."""

    reason: ShortText


class MaintenanceWindowClosed(Event, frozen=True, tag="maintenance.window_closed"):
    """One window of a maintenance is over. Stated by the clock; what still stands calls people from here on."""

    started_at: Instant
    ended_at: Instant


class ActionMuted(Event, frozen=True, tag="action.muted"):
    """Something would have called a person and did not. Stated by a policy, on the muted thing's own ledger stream."""

    action: Action
    subject: TroubleKind
    subject_id: UUID  # of the alert, finding or incident
    muted_by: MutedBy
    muter_id: UUID | None  # the silence, maintenance, ticket or finding that muted it
    severity: Severity
    title: ShortText
    site_id: Identifier | None
    person_id: Identifier | None
    assignee: Identifier | None  # who would have got it
    seen_at: Instant  # when the muted thing happened
    until: Instant | None = None  # when what muted it is over, where that is known


MutingEvent: TypeAlias = (
    SilenceStarted
    | SilenceEnded
    | SilenceLapsed
    | MaintenancePlanned
    | MaintenanceWindowClosed
    | MaintenanceCancelled
    | ActionMuted
)


def silence_stream(silence_id: UUID) -> str:
    """Return the stream of one silence."""
    return f"silence-{silence_id}"


def maintenance_stream(window_id: UUID) -> str:
    """Return the stream of one maintenance."""
    return f"maintenance-{window_id}"


def ledger_stream(subject_id: UUID) -> str:
    """Return the stream of what was muted about one alert, finding or incident."""
    return f"ledger-{subject_id}"
