"""A tour that nobody scanned while somebody who may have walked it was out of reach."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from domain.finding.duties import WalkDuty
from domain.finding.facts import FindingRaised, FindingType
from domain.finding.judging import concerns
from domain.finding.plan import SitePlan, tour_versions
from domain.finding.planning import JUDGED_BEFORE, duties_due
from domain.kernel import Event
from domain.severity import Severity
from domain.signals import Direction, SignalEvent
from tests.auditing.field import activity, at, attendance, location, scan, shift, site, tour
from tests.auditing.night import Night

# The walk begins after an hour, its last checkpoint is due twenty minutes later, scans count until 115.
PLAN: list[Event] = [site(), shift(hours=4), tour(("23:00",))]
OUT = attendance(245, direction=Direction.CHECK_OUT)
SCANS = [scan(61 + 10 * number, f"C-{number}") for number in range(3)]


def heard(*minutes: int, person: str = "G-1") -> list[SignalEvent]:
    return [location(minute, person) for minute in minutes]


def missed(night: Night) -> FindingRaised | None:
    """Return what is said of the walk, and hold that audits and policy agree."""
    assert night.standing() == night.expected()
    of_walk = [
        each
        for each in night.standing().values()
        if each.finding_type is FindingType.MISSED_CHECKPOINT
    ]
    return of_walk[0] if of_walk else None


def audited(plan: list[Event], *signals: SignalEvent) -> Night:
    night = Night(*plan)
    night.tell(*signals)
    night.audit(150)
    return night


@pytest.mark.parametrize(
    ("signals", "severity"),
    [
        ([], Severity.MEDIUM),  # whoever is not known to have come is told as a no-show
        ([attendance(-5)], Severity.MEDIUM),
        ([attendance(-5), *heard(20, 60, 79)], Severity.MEDIUM),
        ([attendance(-5), *heard(20, 60, 81)], Severity.HIGH),
        ([attendance(-5), activity(100, 0)], Severity.HIGH),
        ([attendance(-5, phone=False)], Severity.HIGH),  # a reader on the wall does not talk
        (
            [attendance(-5), *heard(20, 116)],
            Severity.MEDIUM,
        ),  # behind the walk positions say nothing
    ],
)
def test_a_walk_is_surely_missed_by_who_is_heard_of(
    signals: list[SignalEvent], severity: Severity
) -> None:
    finding = missed(audited(PLAN, *signals))
    assert finding is not None
    assert finding.severity is severity
    assert ("G-1" in finding.evidence.explanation) is (severity is Severity.MEDIUM)


def test_everybody_on_shift_may_have_walked() -> None:
    plan = [*PLAN, shift("N-2", "G-2", hours=4)]
    both = [attendance(-5), attendance(-5, "G-2")]
    alone = audited(plan, *both, *heard(20, 100))
    finding = missed(alone)
    assert finding is not None
    assert (finding.severity, finding.person_id) == (Severity.MEDIUM, None)
    assert "G-2" in finding.evidence.explanation
    alone.tell(*heard(90, person="G-2"))
    alone.follow()
    finding = missed(alone)
    assert finding is not None
    assert finding.severity is Severity.HIGH


def test_who_checks_out_without_scans_did_not_walk() -> None:
    night = audited(PLAN, attendance(-5), *heard(20, 40))
    night.tell(OUT)
    night.follow()
    finding = missed(night)
    assert finding is not None
    assert finding.severity is Severity.HIGH


def test_a_phone_that_is_back_tells_of_the_walk() -> None:
    night = audited(PLAN, attendance(-5), *heard(20, 40))
    assert missed(night) is not None
    night.tell(*SCANS, *heard(70, 90), OUT)
    night.follow()
    assert missed(night) is None


def test_in_whatever_order_a_silent_phone_comes_back() -> None:
    for seed in range(8):
        late = [*SCANS[:1], *heard(70, 90), OUT]
        Random(seed).shuffle(late)
        night = audited(PLAN, attendance(-5), *heard(20, 40))
        for each in late:
            night.tell(each)
            night.follow()
            assert night.standing() == night.expected()
        finding = missed(night)
        assert finding is not None
        assert finding.severity is Severity.HIGH


def test_a_check_out_is_waited_for_as_long_as_walks_are_judged_again() -> None:
    shifts = [shift(hours=40, start=-60), shift("N-2", None, hours=4)]
    plan = SitePlan(
        site_id="S-1",
        fence=None,
        time_zone="UTC",
        shifts=tuple(shifts),
        tours=tour_versions([(tour(("22:00",)), "T-1", at(-600))])["S-1"],
        tasks=(),
    )
    (walk,) = (each for each in duties_due(plan, at(0), at(300)) if isinstance(each, WalkDuty))
    (walker,) = walk.walkers
    assert walker.since == at(-180)
    assert walker.until <= walk.due + JUDGED_BEFORE
    assert concerns(walk, walker.until - timedelta(minutes=1), OUT)
    assert not concerns(walk, walker.until, OUT)
    assert not concerns(walk, walk.until, location(0))
    assert concerns(walk, walk.until - timedelta(minutes=1), location(0))
    assert not concerns(walk, walk.starts_at, location(0, "G-2"))
    assert concerns(walk, walk.starts_at, scan(0, "C-0", "G-2"))


@pytest.mark.parametrize(
    ("shifts", "severity"),
    [
        ([], Severity.HIGH),  # nobody plans shifts there
        ([shift(start=-30 * 60, hours=8)], Severity.HIGH),  # not on these days
        ([shift(start=-20 * 60, hours=8)], Severity.MEDIUM),
        ([shift(start=-60, hours=2.2)], Severity.MEDIUM),  # it ends on the way
        ([shift(start=-60, person=None, hours=8)], Severity.HIGH),  # somebody was to be found
        ([shift(start=-60, hours=8)], Severity.HIGH),
    ],
)
def test_a_walk_that_the_roster_leaves_to_nobody(shifts: list[Event], severity: Severity) -> None:
    finding = missed(audited([site(), tour(("23:00",)), *shifts], attendance(-65), *heard(20, 100)))
    assert finding is not None
    assert finding.severity is severity
    assert ("No shift" in finding.evidence.explanation) is (severity is Severity.MEDIUM)
