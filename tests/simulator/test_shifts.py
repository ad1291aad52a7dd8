"""Shifts run by the site's own clock: across midnight, across zones, across the change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interfaces.simulator import WorldParameters, world
from interfaces.simulator.shifts import Shift, plan, shifts
from interfaces.simulator.world import Guard, World

DAY_S = 86_400.0
DRAWN = world(3, WorldParameters(sites=3, guards=60, fraud_rate=0.2))


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def night_guard(zone: str) -> tuple[World, Guard]:
    """A guard of the eight-hour night shift at a site in that zone."""
    night = next(guard for guard in DRAWN.guards if guard.start_hour == 22)
    site = msgspec.structs.replace(night.site, time_zone=zone)
    return DRAWN, msgspec.structs.replace(night, site=site)


def around(guard: Guard, day: str) -> Shift:
    """The guard's shift that begins on that local day, whatever the week of rest says."""
    for phase in range(7):
        tired = msgspec.structs.replace(guard, rest_phase=phase)
        for shift in shifts(
            DRAWN, tired, at(f"{day}T00:00Z") - DAY_S, at(f"{day}T00:00Z") + 3 * DAY_S
        ):
            if shift.shift_id.endswith(day.replace("-", "")):
                return shift
    raise AssertionError(f"no shift on {day}")


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/London", "2026-10-24", 9),  # the clocks go back at 02:00
        ("Europe/London", "2026-03-28", 7),  # the clocks go forward at 01:00
        ("Europe/London", "2026-07-01", 8),
        ("America/New_York", "2026-10-31", 9),
        ("Australia/Sydney", "2026-10-03", 7),
        ("Asia/Kathmandu", "2026-10-24", 8),
    ],
)
def test_a_night_shift_follows_the_local_clock(zone: str, day: str, hours: int) -> None:
    shift = around(night_guard(zone)[1], day)
    starts, ends = (
        datetime.fromtimestamp(moment, ZoneInfo(zone))
        for moment in (shift.starts_at, shift.ends_at)
    )
    assert (starts.hour, starts.minute, ends.hour, ends.minute) == (22, 0, 6, 0)
    assert ends.date() > starts.date()
    assert shift.ends_at - shift.starts_at == hours * 3_600


@settings(max_examples=40)
@given(st.integers(0, 59), st.integers(1_600_000_000, 1_900_000_000))
def test_a_guards_shifts_come_in_order_and_do_not_overlap(index: int, since: int) -> None:
    found = list(shifts(DRAWN, DRAWN.guards[index], since, since + 21 * DAY_S))
    assert found
    for earlier, later in pairwise(found):
        assert plan(DRAWN, earlier).check_out_at < plan(DRAWN, later).check_in_at
    assert len({shift.shift_id for shift in found}) == len(found)


@settings(max_examples=40)
@given(st.integers(0, 59), st.integers(1_600_000_000, 1_900_000_000), st.floats(0.1, 5))
def test_two_spans_have_the_shifts_of_the_whole(index: int, since: int, days: float) -> None:
    guard, cut, until = DRAWN.guards[index], since + days * DAY_S, since + 6 * DAY_S
    whole = {shift.shift_id for shift in shifts(DRAWN, guard, since, until)}
    parts = {shift.shift_id for shift in shifts(DRAWN, guard, since, cut)}
    parts |= {shift.shift_id for shift in shifts(DRAWN, guard, cut, until)}
    assert parts == whole


def test_a_relay_always_has_somebody_on_duty() -> None:
    relay = world(3, WorldParameters(sites=2, guards=16, relay_minutes=20))
    since = at("2026-05-01T00:00Z")
    spans = [
        (shift.starts_at, shift.ends_at)
        for guard in relay.guards
        for shift in shifts(relay, guard, since, since + DAY_S)
    ]
    for minute in range(24 * 60):
        moment = since + minute * 60 + 1
        assert any(starts <= moment < ends for starts, ends in spans)


def test_guards_keep_their_habits() -> None:
    guard = max(DRAWN.guards, key=lambda guard: guard.shift_hours)
    since = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    late_s = [
        plan(DRAWN, shift).check_in_at - shift.starts_at
        for shift in shifts(DRAWN, guard, since, since + 365 * DAY_S)
    ]
    assert len(late_s) == pytest.approx(365 * 4 / 7, abs=4)
    mean_s = sum(late_s) / len(late_s)
    spread_s = (sum((value - mean_s) ** 2 for value in late_s) / len(late_s)) ** 0.5
    assert mean_s == pytest.approx(guard.arrival_offset_s, abs=guard.arrival_spread_s / 3)
    assert spread_s == pytest.approx(guard.arrival_spread_s, rel=0.2)
