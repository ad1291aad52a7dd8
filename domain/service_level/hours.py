"""Hours that count: elapsed time, or the business hours of a site, exact at clock changes.

Everything is computed between moments, never between readings of a wall clock, so the hour that a
site's clock skips or repeats is counted as long as it lasted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from domain.service_level.facts import Hours

OPENS_AT = time(8)
CLOSES_AT = time(18)
SATURDAY = 5
DAY = timedelta(days=1)


def counted_s(hours: Hours, time_zone: str, since: datetime, until: datetime) -> float:
    """Return the seconds that count between two moments; none where the second is the earlier."""
    if until <= since:
        return 0.0
    if hours is Hours.ALWAYS:
        return (until - since).total_seconds()
    total = timedelta()
    for opens, closes in takewhile(lambda shift: shift[0] < until, shifts(time_zone, since)):
        total += max(min(closes, until) - max(opens, since), timedelta())
    return total.total_seconds()


def moment_after(hours: Hours, time_zone: str, since: datetime, seconds: float) -> datetime:
    """Return when so many seconds have counted from a moment on; that moment itself for none."""
    left = timedelta(seconds=max(seconds, 0.0))
    if hours is Hours.ALWAYS or not left:
        return since + left
    following = shifts(time_zone, since)
    while True:
        opens, closes = next(following)
        begins = max(opens, since)
        if begins + left <= closes:
            return begins + left
        left -= max(closes - begins, timedelta())


def shifts(time_zone: str, since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield when business opens and closes at a site, in UTC, from the day of a moment on."""
    zone = ZoneInfo(time_zone)
    day = since.astimezone(zone).date()
    while True:
        if day.weekday() < SATURDAY:
            yield at(day, OPENS_AT, zone), at(day, CLOSES_AT, zone)
        day += DAY


def at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)
