"""What is wanting in a duty, given the plan and what is known."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.directory.shift import ShiftRole
from domain.directory.tour import TourDefined, TourRetired
from domain.finding.facts import FindingType
from domain.finding.plan import tour_versions
from domain.finding.planning import starts_of
from domain.kernel import Event
from domain.severity import Severity, rank
from domain.signals import HORIZON, Direction, SignalEvent
from tests.auditing.field import (
    LONG_AGO,
    activity,
    at,
    attendance,
    completion,
    location,
    scan,
    shift,
    site,
    status,
    task,
    tour,
)
from tests.auditing.night import Night

Found = dict[str, Severity]
OUT = attendance(239, direction=Direction.CHECK_OUT)
AWAKE: list[SignalEvent] = [
    *(activity(minute) for minute in range(5, 240, 20)),
    *(location(minute) for minute in range(3, 240, 10)),
]


def audited(plan: list[Event], signals: list[SignalEvent], as_of: float = 700) -> Night:
    night = Night(*plan)
    night.tell(*signals)
    night.audit(as_of)
    assert night.standing() == night.expected()
    return night


def found(night: Night) -> Found:
    """Return which findings stand, and how bad the worst of each type is."""
    graver_last = sorted(night.standing().values(), key=lambda each: rank(each.severity))
    return {each.finding_type.value: each.severity for each in graver_last}


def only(night: Night, type_: FindingType) -> str:
    """Return the explanation of the one finding of a type."""
    (finding,) = [each for each in night.standing().values() if each.finding_type is type_]
    return finding.evidence.explanation


PLAN: list[Event] = [site(), shift(hours=4)]


def test_a_guard_who_does_all_of_it_leaves_nothing_to_find() -> None:
    night = audited(PLAN, [attendance(-5), *AWAKE, OUT])
    assert found(night) == {}


def test_nobody_came() -> None:
    night = audited(PLAN, [])
    assert found(night) == {
        "NO_SHOW": Severity.HIGH,
        "UNCOVERED_SHIFT": Severity.CRITICAL,
        "SILENT_SITE": Severity.HIGH,
    }


def test_a_colleague_who_is_there_covers_the_site() -> None:
    night = audited(PLAN, [attendance(-60, "G-2"), *(location(m, "G-2") for m in range(9))])
    assert "NO_SHOW" in found(night)
    assert "UNCOVERED_SHIFT" not in found(night)


def test_who_comes_late_is_told_as_late() -> None:
    night = audited(PLAN, [attendance(25), *AWAKE, OUT])
    assert found(night) == {"NO_SHOW": Severity.MEDIUM, "UNCOVERED_SHIFT": Severity.HIGH}
    assert "25 min" in only(night, FindingType.NO_SHOW)


def test_a_shift_without_a_person() -> None:
    empty: list[Event] = [site(), shift(person=None, hours=4)]
    assert found(audited(empty, [])) == {"UNCOVERED_SHIFT": Severity.CRITICAL}
    there = audited(empty, [attendance(-5, "G-2")])
    assert found(there) == {"UNCOVERED_SHIFT": Severity.MEDIUM}
    later = audited(empty, [attendance(50, "G-2")])
    assert found(later) == {"UNCOVERED_SHIFT": Severity.HIGH}


def test_a_supervisor_who_does_not_come_uncovers_nothing() -> None:
    night = audited([site(), shift(hours=2, role=ShiftRole.SUPERVISOR)], [])
    assert found(night) == {"NO_SHOW": Severity.HIGH}


def test_who_goes_on_into_the_next_shift_need_not_check_in_again() -> None:
    night = audited(
        [site(), shift(hours=2), shift("N-2", start=120, hours=2)],
        [attendance(-5), *AWAKE],
    )
    assert found(night) == {}


def test_a_long_gap_between_shifts_is_a_new_beginning() -> None:
    night = audited(
        [site(), shift(hours=1), shift("N-2", start=300, hours=1)], [attendance(-5), *AWAKE]
    )
    assert found(night)["NO_SHOW"] is Severity.HIGH


def test_a_phone_that_is_hardly_used() -> None:
    few: list[SignalEvent] = [activity(minute, 0) for minute in range(5, 240, 20)]
    night = audited(PLAN, [attendance(-5), *few, *(location(m) for m in range(0, 240, 20))])
    assert found(night) == {"LOW_PHONE_ACTIVITY": Severity.MEDIUM}
    assert len(night.standing()) == 4


def test_a_phone_that_stops_to_report() -> None:
    night = audited(PLAN, [attendance(-5), activity(5), *(location(m) for m in range(0, 240, 20))])
    assert found(night) == {"LOW_PHONE_ACTIVITY": Severity.MEDIUM}
    assert len(night.standing()) == 3


def test_a_device_that_falls_silent() -> None:
    night = audited(
        [site(), shift(hours=2)],
        [attendance(-5), location(50), location(20), status(90), status(95)],
    )
    assert found(night) == {
        "SILENT_DEVICE": Severity.MEDIUM,
        "SILENT_SITE": Severity.HIGH,
    }
    assert "offline" in only(night, FindingType.SILENT_DEVICE)


def test_a_reader_on_the_wall_is_not_expected_to_talk() -> None:
    night = audited([site(), shift(hours=1)], [attendance(-5, phone=False)])
    assert "SILENT_DEVICE" not in found(night)


def test_a_guard_without_a_position() -> None:
    night = audited([site(), shift(hours=1)], [attendance(-5), *(activity(m) for m in (5, 30))])
    assert found(night) == {"GPS_OFF": Severity.MEDIUM}


@pytest.mark.parametrize(
    ("outside", "breaches"),
    [
        ([10, 12, 16], 1),
        ([10, 12, 14], 0),  # four minutes
        ([10, 40], 0),  # too far apart to know
        ([10, 30, 33, 36], 1),
        ([57, 64], 1),  # five minutes are reached in the second hour
        ([52, 56, 61], 1),
        ([51, 57, 61], 1),  # and here in the first
        ([51, 57, 61, 66], 2),
    ],
)
def test_positions_outside_the_fence(outside: list[int], breaches: int) -> None:
    away = [location(minute, north_m=900) for minute in outside]
    back = [location(minute) for minute in (1, max(outside) + 1, 100)]
    used = [activity(minute) for minute in (20, 80)]
    night = audited([site(), shift(hours=2)], [attendance(-5), *away, *back, *used])
    assert [each for each in night.types() if each == "GEOFENCE_BREACH"] == (
        ["GEOFENCE_BREACH"] * breaches
    )


def test_nobody_is_outside_of_a_site_that_is_not_registered() -> None:
    """The policy remembers a plan whose site comes later; an audit begins with the sites."""
    night = Night(shift(hours=2))
    night.ask(700)
    night.tell(attendance(-5), *(location(minute, north_m=900) for minute in range(0, 120, 4)))
    night.follow()
    assert "GEOFENCE_BREACH" not in night.types()


def test_a_walk_with_missed_and_late_checkpoints() -> None:
    plan: list[Event] = [site(), tour(("23:00",))]
    walk = audited(plan, [scan(55, "C-0"), scan(72, "C-1"), scan(110, "C-2"), scan(80, "C-9")])
    assert found(walk) == {"LATE_CHECKPOINT": Severity.LOW}
    assert "30 min" in only(walk, FindingType.LATE_CHECKPOINT)
    one = audited(plan, [scan(61, "C-0"), scan(72, "C-1"), scan(200, "C-2")])
    assert found(one) == {"MISSED_CHECKPOINT": Severity.MEDIUM}
    none = audited(plan, [])
    assert found(none) == {"MISSED_CHECKPOINT": Severity.HIGH}


def test_a_walk_is_of_who_is_on_shift() -> None:
    night = audited([site(), shift(hours=4), tour(("23:00",))], [attendance(-5), *AWAKE, OUT])
    (finding,) = night.standing().values()
    assert finding.person_id == "G-1"


def test_a_walk_ends_where_the_scans_of_the_next_begin() -> None:
    plan: list[Event] = [site(), tour(("23:00", "23:40"))]
    night = audited(plan, [*(scan(60, f"C-{n}") for n in range(3)), scan(96, "C-0")])
    (finding,) = night.standing().values()
    assert (finding.window_start, finding.window_end) == (at(100), at(155))


def test_a_tour_is_judged_as_it_was_when_the_walk_began() -> None:
    facts: list[tuple[TourDefined | TourRetired, str, datetime]] = [
        (tour(("23:00",)), "T-1", LONG_AGO),
        (TourRetired(), "T-1", at(0)),
        (tour(("01:00",)), "T-1", at(30)),
    ]
    (first,) = tour_versions(facts[:2])["S-1"]
    assert first.until == at(0)
    # Whoever defines it anew from an earlier moment on takes the versions behind that back.
    (again,) = tour_versions(facts)["S-1"]
    assert (again.since, again.until, again.starts) == (LONG_AGO, None, ("01:00",))
    assert tour_versions([(TourRetired(), "T-1", at(0))]) == {}


def test_a_walk_of_a_version_that_is_not_in_force_is_nobodys_duty() -> None:
    night = Night(site(), tour(("23:00", "02:00")))
    night.plan(TourRetired(), "tour-T-1")
    night.audit(700)
    assert len(night.standing()) == 2  # it is retired on the log's clock, a day after the night
    assert night.standing() == night.expected()


def test_clocks_that_change() -> None:
    """A start that the clocks leave out is walked after it; one that comes twice, once."""
    march = at(0).replace(month=3, day=28)
    assert [f"{each:%d %H:%M}" for each in starts_of(("01:30",), "Europe/London", march, march + timedelta(days=1))] == ["28 01:30", "29 01:30"]  # fmt: skip
    october = at(0).replace(month=10, day=25)
    assert [f"{each:%d %H:%M}" for each in starts_of(("01:30",), "Europe/London", october, october)] == ["25 00:30"]  # fmt: skip


def test_tasks() -> None:
    plan: list[Event] = [site(), task(due=120)]
    assert found(audited(plan, [completion(100)])) == {}
    assert found(audited(plan, [])) == {"TASK_OVERDUE": Severity.MEDIUM}
    late = audited(plan, [completion(190)])
    assert found(late) == {"TASK_OVERDUE": Severity.LOW}
    assert "70 min" in only(late, FindingType.TASK_OVERDUE)


def test_signals_that_come_too_late_judge_nothing() -> None:
    night = Night(site(), shift(start=-8 * 1440, hours=1))
    night.tell(attendance(-8 * 1440))
    night.audit(-8 * 1440 + 600)
    assert "NO_SHOW" in night.types()
    assert timedelta(days=7) == HORIZON
