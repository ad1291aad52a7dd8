"""Hours in which a guard did not use the phone, or sent no position, wherever they begin."""

from __future__ import annotations

import pytest

from domain.finding.facts import FindingType
from domain.kernel import Event
from domain.signals import DeviceStatus, Direction, SignalEvent
from tests.auditing.field import (
    activity,
    attendance,
    completion,
    location,
    scan,
    shift,
    site,
    status,
)
from tests.auditing.night import Night

PLAN: list[Event] = [site(), shift(hours=4)]
THERE: list[SignalEvent] = [attendance(-5), *(location(minute) for minute in range(3, 240, 5))]


def uses(*counts: int) -> list[SignalEvent]:
    """Return a report of each quarter of an hour from the shift's beginning on."""
    return [activity(15 * number + 10, count) for number, count in enumerate(counts)]


def begins(night: Night, type_: FindingType) -> list[str]:
    """Return when the windows of the findings of a type begin, oldest first."""
    starts = [each.window_start for each in night.standing().values() if each.finding_type is type_]
    return [f"{start:%H:%M}" for start in sorted(starts)]


def quiet(*signals: SignalEvent) -> list[str]:
    """Return when low phone activity is said to begin, and hold that audits and policy agree."""
    night = Night(*PLAN)
    night.tell(*THERE, *signals)
    night.audit(700)
    assert night.standing() == night.expected()
    return begins(night, FindingType.LOW_PHONE_ACTIVITY)


@pytest.mark.parametrize(
    ("counts", "hours"),
    [
        ((1, 2, 0, 1) * 4, []),  # hardly a talker, and awake
        ((4, 1, 0, 0, 2, 0, 0, 0) * 2, []),  # for three quarters of an hour not
        ((8,) * 2 + (0,) * 6 + (8,) * 8, ["23:00"]),  # ninety minutes that fill no hour before
        ((8,) * 2 + (0,) * 7 + (8,) * 7, ["23:00"]),
        ((8,) * 3 + (0,) * 11 + (8,) * 2, ["23:00", "00:00"]),  # the third is not a full hour
        ((20,) * 3 + (1,) * 6 + (20,) * 7, ["23:00"]),  # a touch is no use
        ((1,) * 3 + (0,) * 5 + (1,) * 8, []),  # so little is usual that it may be chance
        ((1,) * 3 + (0,) * 13, ["01:00"]),  # but not for hours
        ((0,) * 16, ["22:00", "23:00", "00:00", "01:00"]),
    ],
)
def test_a_phone_is_used_as_its_guard_uses_it(counts: tuple[int, ...], hours: list[str]) -> None:
    assert quiet(*uses(*counts)) == hours


def test_whoever_scans_or_does_a_task_is_awake() -> None:
    asleep = uses(*(8,) * 3, *(0,) * 9, *(8,) * 4)
    assert quiet(*asleep) == ["23:00", "00:00"]
    assert quiet(*asleep, scan(70, "C-1"), completion(120), scan(150, "C-2")) == []


def test_whoever_left_is_not_asleep() -> None:
    out = attendance(50, direction=Direction.CHECK_OUT)
    assert quiet(*uses(8, 0, 0, 0, 0), out, attendance(80), *uses(*(8,) * 16)[6:]) == []


def test_a_phone_that_stops_to_report_and_is_used_for_scans() -> None:
    first = uses(8, 8, 8, 8)
    assert quiet(*first) == ["23:00", "00:00", "01:00"]
    assert quiet(*first, scan(130, "C-1")) == ["23:00", "01:00"]
    assert quiet() == []


def unplaced(*signals: SignalEvent) -> list[str]:
    """Return when a guard's position is said to be wanting."""
    night = Night(*PLAN)
    night.tell(attendance(-5), *signals, *(activity(15 * number + 10) for number in range(16)))
    night.audit(700)
    assert night.standing() == night.expected()
    return begins(night, FindingType.GPS_OFF)


def places(since: int, until: int) -> list[SignalEvent]:
    """Return positions in a time."""
    return [location(minute) for minute in range(since, until, 5)]


def test_positions_that_stop_in_the_middle_of_an_hour() -> None:
    assert unplaced(*places(0, 240)) == []
    assert unplaced(*places(0, 40), *places(90, 240)) == []
    assert unplaced(*places(0, 40), *places(110, 240)) == ["23:00"]
    assert unplaced(*places(0, 40), *places(140, 240)) == ["23:00"]
    assert unplaced(*places(0, 40), *places(200, 240)) == ["23:00", "00:00"]
    assert unplaced() == ["22:00", "23:00", "00:00", "01:00"]


def test_a_phone_that_says_nothing_has_its_gps_not_off() -> None:
    """It is silent; what others say of it does not make it talk."""
    night = Night(*PLAN)
    night.tell(*THERE[:9], status(60), status(118, DeviceStatus.ONLINE), *places(120, 240))
    night.audit(700)
    assert "GPS_OFF" not in night.types()
