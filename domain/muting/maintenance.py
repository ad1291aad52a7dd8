"""Maintenance: work that makes noise at a site, in recurring windows of the site's own time.

    wish \\ status            unheard   planned     cancelled
    PlanMaintenance          Planned   so          so
    CloseMaintenanceWindow   unknown   Closed ¹    so
    CancelMaintenance        unknown   Cancelled   so

"so" is already so: no fact; "unknown" is a refusal. ¹ So where that window, or a later one, was
closed before. The author stands in the envelope of the facts.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, TypeAlias, assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from domain.kernel import (
    Command,
    Decider,
    Identifier,
    Instant,
    LongText,
    Senseless,
    ShortText,
    Unknown,
)
from domain.muting.facts import (
    DurationMinutes,
    Kinds,
    LocalDay,
    LocalTime,
    MaintenanceCancelled,
    MaintenancePlanned,
    MaintenanceWindowClosed,
    Weekday,
)
from domain.muting.windows import WEEKDAYS, upcoming

LAST_DAY_WITHIN = timedelta(days=366)  # product rule: a maintenance always expires

MaintenanceEvent: TypeAlias = MaintenancePlanned | MaintenanceWindowClosed | MaintenanceCancelled


class PlanMaintenance(Command, frozen=True):
    """Let a site call nobody in recurring windows of its own time."""

    window_id: UUID
    site_id: Identifier
    time_zone: str  # of the site, where the wish is decided
    weekdays: Annotated[tuple[Weekday, ...], msgspec.Meta(min_length=1, max_length=7)]
    starts_at: LocalTime
    duration_minutes: DurationMinutes
    first_day: LocalDay
    last_day: LocalDay
    reason: LongText
    asked_at: Instant  # the clock of the door
    kinds: Kinds = ()


class CloseMaintenanceWindow(Command, frozen=True):
    """Say that a window is over."""

    started_at: Instant
    ended_at: Instant


class CancelMaintenance(Command, frozen=True):
    """Cancel what is left of a maintenance."""

    reason: ShortText


MaintenanceCommand: TypeAlias = PlanMaintenance | CloseMaintenanceWindow | CancelMaintenance


class MaintenanceUnknown(Unknown):
    """No maintenance was planned under this id."""

    code = "maintenance.unknown"


class MaintenanceDayIsNone(Senseless):
    """The first and the last day are days of the calendar."""

    code = "maintenance.no_day"


class MaintenanceHasNoWindow(Senseless):
    """Between its first and its last day a maintenance has a window that is not over yet."""

    code = "maintenance.no_window"


class MaintenanceIsTooLong(Senseless):
    """The last day of a maintenance is at most a year ahead."""

    code = "maintenance.too_long"


class Maintenance(msgspec.Struct, frozen=True):
    """What the next decision needs to know."""

    plan: MaintenancePlanned | None = None  # None: nobody heard of it
    closed_until: datetime | None = None  # the end of the last window that was closed
    cancelled: bool = False


def decide(maintenance: Maintenance, command: MaintenanceCommand) -> list[MaintenanceEvent]:
    """Answer a command with the facts it brings about, or refuse it.

    Raises:
        MaintenanceDayIsNone: a day is not one of the calendar.
        MaintenanceHasNoWindow: no window would ever come.
        MaintenanceIsTooLong: the last day is more than a year ahead.
        MaintenanceUnknown: nothing was planned here yet.
    """
    if isinstance(command, PlanMaintenance):
        return plan(command) if maintenance.plan is None else []
    if maintenance.plan is None:
        raise MaintenanceUnknown("There is no maintenance of this id.")
    if maintenance.cancelled:
        return []
    match command:
        case CloseMaintenanceWindow(started_at=started_at, ended_at=ended_at):
            if maintenance.closed_until is not None and ended_at <= maintenance.closed_until:
                return []
            return [MaintenanceWindowClosed(started_at=started_at, ended_at=ended_at)]
        case CancelMaintenance(reason=reason):
            return [MaintenanceCancelled(reason=reason)]
        case _:
            assert_never(command)


def plan(command: PlanMaintenance) -> list[MaintenanceEvent]:
    today = command.asked_at.astimezone(ZoneInfo(command.time_zone)).date()
    day_of(command.first_day, "$.first_day")
    if day_of(command.last_day, "$.last_day") > today + LAST_DAY_WITHIN:
        raise MaintenanceIsTooLong(
            "The last day is at most a year ahead; plan anew after that.", field="$.last_day"
        )
    planned = MaintenancePlanned(
        window_id=command.window_id,
        site_id=command.site_id,
        kinds=tuple(sorted(set(command.kinds))),
        weekdays=tuple(sorted(set(command.weekdays), key=WEEKDAYS.index)),
        starts_at=command.starts_at,
        duration_minutes=command.duration_minutes,
        first_day=command.first_day,
        last_day=command.last_day,
        reason=command.reason,
    )
    if not upcoming(planned, command.time_zone, command.asked_at, 1):
        raise MaintenanceHasNoWindow(
            "No window of these weekdays comes between now and the last day.", field="$.last_day"
        )
    return [planned]


def day_of(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise MaintenanceDayIsNone(f"{text} is not a day of the calendar.", field=field) from error


def evolve(maintenance: Maintenance, event: MaintenanceEvent) -> Maintenance:
    """Fold one fact into the state."""
    match event:
        case MaintenancePlanned():
            return Maintenance(plan=event)
        case MaintenanceWindowClosed(ended_at=ended_at):
            return replace(maintenance, closed_until=ended_at)
        case MaintenanceCancelled():
            return replace(maintenance, cancelled=True)
        case _:
            assert_never(event)


MAINTENANCE = Decider(initial=Maintenance(), decide=decide, evolve=evolve)
