"""Windows: the times in which a maintenance mutes, from the wall of the site to the one time line.

A window begins when the site's clock shows its time on one of its weekdays, and lasts so many
minutes of elapsed time. Where a clock change meets the beginning, the rule of iCalendar (RFC 5545,
3.3.5) holds: a time that the clock skips counts as if it had not been moved yet (01:30 of a night
in which London goes from 01:00 to 02:00 begins at 02:30 summer time), and a time that comes twice
means the first. So there is one window for each day, never none and never two, and each is as long
as it was planned, whatever the clock does while it lasts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec

from domain.muting.facts import MaintenancePlanned, Weekday

WEEKDAYS = tuple(Weekday)  # Monday first, as Python counts
# A window that touches a moment began at most a day before it, as the site's wall tells days.
LOOK_BACK_DAYS = 2


class Occurrence(msgspec.Struct, frozen=True):
    """One window on the one time line."""

    starts_at: datetime
    ends_at: datetime  # not included


def occurrence(plan: MaintenancePlanned, time_zone: str, day: date) -> Occurrence | None:
    """Return the window that begins on a day of the site's wall; None where none does."""
    if WEEKDAYS[day.weekday()] not in plan.weekdays:
        return None
    if not date.fromisoformat(plan.first_day) <= day <= date.fromisoformat(plan.last_day):
        return None
    on_the_wall = datetime.combine(day, time.fromisoformat(plan.starts_at), ZoneInfo(time_zone))
    starts_at = on_the_wall.astimezone(UTC)
    return Occurrence(starts_at, starts_at + timedelta(minutes=plan.duration_minutes))


def window_at(plan: MaintenancePlanned, time_zone: str, at: datetime) -> Occurrence | None:
    """Return the window that a moment falls into: of several, the one that ends last."""
    found = [each for each in windows_around(plan, time_zone, at) if each.starts_at <= at]
    standing = [each for each in found if at < each.ends_at]
    return standing[-1] if standing else None


def last_closed(plan: MaintenancePlanned, time_zone: str, at: datetime) -> Occurrence | None:
    """Return the latest window that was over at a moment."""
    last = date.fromisoformat(plan.last_day)
    day = min(local_day(time_zone, at), last)
    first = date.fromisoformat(plan.first_day)
    while day >= first:
        window = occurrence(plan, time_zone, day)
        if window is not None and window.ends_at <= at:
            return window
        day -= timedelta(days=1)
    return None


def upcoming(
    plan: MaintenancePlanned, time_zone: str, at: datetime, count: int
) -> list[Occurrence]:
    """Return the next windows that are not over at a moment, in order."""
    first = date.fromisoformat(plan.first_day)
    begin = max(first, local_day(time_zone, at) - timedelta(days=LOOK_BACK_DAYS))
    days = (date.fromisoformat(plan.last_day) - begin).days + 1
    windows = (occurrence(plan, time_zone, begin + timedelta(days=n)) for n in range(days))
    return list(islice((each for each in windows if each and each.ends_at > at), count))


def windows_around(plan: MaintenancePlanned, time_zone: str, at: datetime) -> Iterator[Occurrence]:
    today = local_day(time_zone, at)
    for days_before in range(LOOK_BACK_DAYS, -1, -1):
        window = occurrence(plan, time_zone, today - timedelta(days=days_before))
        if window is not None:
            yield window


def local_day(time_zone: str, at: datetime) -> date:
    """Return the day that the site's wall shows at a moment."""
    return at.astimezone(ZoneInfo(time_zone)).date()
