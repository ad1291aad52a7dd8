"""Windows on the wall of a site: right on every day, also when its clock is changed.

In 2026 London goes to summer time on 29 March (01:00 to 02:00) and back on 25 October (02:00 to
01:00); New York on 8 March (02:00 to 03:00) and on 1 November (02:00 to 01:00).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import strategies as st

from domain.muting.facts import MaintenancePlanned, Weekday
from domain.muting.windows import (
    WEEKDAYS,
    Occurrence,
    last_closed,
    occurrence,
    upcoming,
    window_at,
)
from tests.strategies import forall

LONDON, NEW_YORK = "Europe/London", "America/New_York"


def plan(
    starts_at: str,
    minutes: int,
    *days: Weekday,
    first: str = "2026-01-01",
    last: str = "2026-12-31",
) -> MaintenancePlanned:
    return MaintenancePlanned(
        window_id=UUID(int=1),
        site_id="S-1",
        kinds=(),
        weekdays=days or WEEKDAYS,
        starts_at=starts_at,
        duration_minutes=minutes,
        first_day=first,
        last_day=last,
        reason="Work",
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(begins: str, ends: str) -> Occurrence:
    return Occurrence(at(begins), at(ends))


@pytest.mark.parametrize(
    ("zone", "day", "starts_at", "minutes", "begins", "ends"),
    [
        # Plain winter and summer days.
        (LONDON, "2026-01-15", "01:30", 60, "2026-01-15T01:30", "2026-01-15T02:30"),
        (LONDON, "2026-07-15", "01:30", 60, "2026-07-15T00:30", "2026-07-15T01:30"),
        (NEW_YORK, "2026-01-15", "22:00", 240, "2026-01-16T03:00", "2026-01-16T07:00"),
        # A beginning that the clock skips counts as if it had not been moved yet.
        (LONDON, "2026-03-29", "01:30", 60, "2026-03-29T01:30", "2026-03-29T02:30"),
        (NEW_YORK, "2026-03-08", "02:30", 60, "2026-03-08T07:30", "2026-03-08T08:30"),
        # A beginning that comes twice is the first.
        (LONDON, "2026-10-25", "01:30", 60, "2026-10-25T00:30", "2026-10-25T01:30"),
        (NEW_YORK, "2026-11-01", "01:30", 60, "2026-11-01T05:30", "2026-11-01T06:30"),
        # A window over the change lasts as long as any: on the wall, 23:00 to 04:00 and to 02:00.
        (LONDON, "2026-03-28", "23:00", 240, "2026-03-28T23:00", "2026-03-29T03:00"),
        (LONDON, "2026-10-24", "23:00", 240, "2026-10-24T22:00", "2026-10-25T02:00"),
        (NEW_YORK, "2026-03-07", "23:00", 300, "2026-03-08T04:00", "2026-03-08T09:00"),
        (NEW_YORK, "2026-10-31", "23:00", 300, "2026-11-01T03:00", "2026-11-01T08:00"),
    ],
)
def test_a_window_begins_on_the_wall_and_lasts_its_minutes(  # noqa: PLR0917 - a table of six columns
    zone: str, day: str, starts_at: str, minutes: int, begins: str, ends: str
) -> None:
    wanted = window(begins, ends)
    work = plan(starts_at, minutes)
    assert occurrence(work, zone, date.fromisoformat(day)) == wanted
    for moment in (wanted.starts_at, wanted.ends_at - timedelta(microseconds=1)):
        assert window_at(work, zone, moment) == wanted
    for moment in (wanted.starts_at - timedelta(microseconds=1), wanted.ends_at):
        assert window_at(work, zone, moment) is None
    assert last_closed(work, zone, wanted.ends_at) == wanted
    assert last_closed(work, zone, wanted.ends_at - timedelta(microseconds=1)) != wanted
    assert upcoming(work, zone, wanted.starts_at, 1) == [wanted]


def test_only_the_weekdays_between_the_first_and_the_last_day_have_windows() -> None:
    work = plan("22:00", 60, Weekday.SUNDAY, first="2026-03-22", last="2026-04-05")
    sundays = [
        window("2026-03-22T22:00", "2026-03-22T23:00"),
        window("2026-03-29T21:00", "2026-03-29T22:00"),
        window("2026-04-05T21:00", "2026-04-05T22:00"),
    ]
    assert upcoming(work, LONDON, at("2026-03-01T00:00"), 10) == sundays
    assert upcoming(work, LONDON, at("2026-03-29T21:30"), 10) == sundays[1:]
    assert upcoming(work, LONDON, at("2026-03-29T22:00"), 1) == sundays[2:]
    assert upcoming(work, LONDON, at("2026-04-05T22:00"), 10) == []
    assert window_at(work, LONDON, at("2026-04-12T21:30")) is None
    assert window_at(work, LONDON, at("2026-03-15T22:30")) is None
    assert last_closed(work, LONDON, at("2026-12-01T00:00")) == sundays[2]
    assert last_closed(work, LONDON, at("2026-03-22T22:30")) is None


def test_of_windows_that_overlap_the_one_that_ends_last_holds() -> None:
    """At the autumn change a day of 24 hours from midnight ends an hour before the day does."""
    work = plan("00:00", 1_440)
    assert window_at(work, LONDON, at("2026-03-28T23:30")) == window(
        "2026-03-28T00:00", "2026-03-29T00:00"
    )
    assert window_at(work, LONDON, at("2026-03-29T23:30")) == window(
        "2026-03-29T23:00", "2026-03-30T23:00"
    )
    assert window_at(work, LONDON, at("2026-10-25T23:30")) is None


@forall(
    st.sampled_from([LONDON, NEW_YORK, "Pacific/Apia", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(0, 23),
    st.sampled_from([0, 30, 59]),
    st.integers(1, 1_440),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
)
def test_every_day_has_one_window_of_its_length_whatever_the_clock_does(
    zone: str, hour: int, minute: int, minutes: int, day: date
) -> None:
    work = plan(f"{hour:02}:{minute:02}", minutes, first="2025-12-01", last="2027-01-31")
    found = occurrence(work, zone, day)
    assert found is not None
    assert found.ends_at - found.starts_at == timedelta(minutes=minutes)
    before = occurrence(work, zone, day - timedelta(days=1))
    assert before is not None
    assert timedelta(hours=22) < found.starts_at - before.starts_at < timedelta(hours=26)
    inside = window_at(work, zone, found.starts_at)
    assert inside is not None
    assert inside.starts_at <= found.starts_at < inside.ends_at
