"""What audits have judged is kept right: by late signals, changes of the plan, and slow audits."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from application.auditing import RunAudit
from application.ports import Append, Outcome, StreamMoved
from domain.directory.shift import ShiftCancelled
from domain.directory.site import GeofenceResized, SiteRelocated, SiteTimeZoneCorrected
from domain.directory.task import TaskCancelled
from domain.directory.tour import TourRetired
from domain.finding.facts import (
    AuditCompleted,
    AuditKind,
    AuditRequested,
    FindingRaised,
    FindingRevised,
    FindingType,
    FindingWithdrawn,
)
from domain.kernel import Event
from tests.auditing.field import (
    LATITUDE,
    LONGITUDE,
    activity,
    at,
    attendance,
    location,
    scan,
    shift,
    site,
    task,
    tour,
)
from tests.auditing.night import Night
from tests.auditing.port import AsEventLog, Reading
from tests.memory_desk import MemoryLog


def test_late_signals_withdraw_what_they_disprove_and_are_named() -> None:
    night = Night(site(), tour(("23:00",)))
    night.audit(700)
    (raised,) = night.log.events(FindingRaised)
    night.tell(*(scan(62 + number, f"C-{number}") for number in range(3)))
    night.follow(1)
    revised = night.log.events(FindingRevised)
    (withdrawn,) = night.log.events(FindingWithdrawn)
    assert [len(each.evidence.received) for each in revised] == [1, 2]
    assert len(withdrawn.because) == 1
    assert withdrawn.evidence.judged_up_to > raised.evidence.judged_up_to
    assert night.standing() == {}


def test_signals_in_order_ask_nothing_of_the_policy() -> None:
    """What happened after the last audit is looked at by the next one."""
    night = Night(site(), shift(hours=4))
    night.audit(90, AuditKind.HEARTBEAT)
    night.tell(location(100), activity(110))
    before = len(night.log.facts)
    night.follow()
    assert len(night.log.facts) == before


def test_a_signal_that_nobody_stands_behind_is_passed_over() -> None:
    night = Night(site(), shift(hours=1))
    night.audit(700)
    night.tell(location(30, "G-9"))
    before = len(night.log.facts)
    night.follow()
    assert len(night.log.facts) == before


def told_in_order(night: Night) -> list[bool]:
    """Return of each finding, as they were raised, whether it is that a site was silent."""
    raised = night.log.events(FindingRaised)
    return [each.finding_type is FindingType.SILENT_SITE for each in raised]


def test_a_silent_site_is_told_before_what_it_explains() -> None:
    """Whoever calls people goes by what is known then: the order must not depend on the plan's."""
    audited = Night(site(), tour(("23:00",)), shift(hours=3))
    audited.audit(700)
    planned = Night(site())
    planned.audit(700)
    for event in (tour(("23:00",)), shift(hours=3)):
        planned.plan(event)
    planned.follow()
    for night in (audited, planned):
        order = told_in_order(night)
        assert (True in order, False in order) == (True, True)
        assert order == sorted(order, reverse=True)


def test_an_audit_on_older_knowledge_is_put_right() -> None:
    """The check-in comes while the audit is at work: it is asked again when the finding comes back."""
    night = Night(site(), shift(hours=1))
    asked = night.ask(700)
    night.tell(attendance(-5))
    night.follow()
    night.run(asked)
    assert "NO_SHOW" in night.types()
    night.follow()
    assert "NO_SHOW" not in night.types()
    assert night.standing() == night.expected()


def test_a_finding_whose_duty_is_gone_is_withdrawn() -> None:
    """The shift is cancelled while the audit is at work on what it read before."""
    night = Night(site(), shift(hours=1))
    asked = night.ask(700)
    stale = Reading(night.log)
    stale.log = MemoryLog()
    stale.log.facts = list(night.log.facts)
    night.plan(ShiftCancelled(), "shift-N-1")
    night.follow()
    assert isinstance(asked.event, AuditRequested)
    RunAudit(night.port, stale, stale)("t", asked.event.audit_id, asked.position)  # type: ignore[arg-type]
    assert night.types()
    night.follow()
    assert night.types() == []


@pytest.mark.parametrize(
    ("change", "stream"),
    [
        (ShiftCancelled(), "shift-N-1"),
        (ShiftCancelled(), "shift-N-9"),
        (shift("N-1", "G-2", hours=1), "shift-N-1"),
        (shift("N-1", None, hours=1), "shift-N-1"),
        (shift("N-1", start=10, hours=2), "shift-N-1"),
        (shift("N-1", site="S-2"), "shift-N-1"),
        (TaskCancelled(), "task-J-1"),
        (TaskCancelled(), "task-J-9"),
        (task(due=60), "task-J-1"),
        (TourRetired(), "tour-T-1"),
        (TourRetired(), "tour-T-9"),
        (tour(("23:30",)), "tour-T-1"),
        (SiteRelocated(latitude=LATITUDE + 0.1, longitude=LONGITUDE), "site-S-1"),
        (SiteRelocated(latitude=LATITUDE + 0.1, longitude=LONGITUDE), "site-S-9"),
        (GeofenceResized(geofence_radius_m=5_000.0), "site-S-1"),
    ],
)
def test_a_change_of_the_plan_judges_what_it_touches(change: Event, stream: str) -> None:
    night = Night(site(), site("S-2"), shift(hours=3), tour(("23:00",)), task())
    night.tell(attendance(-5), *(location(minute, north_m=900) for minute in range(0, 180, 4)))
    night.audit(700)
    night.plan(change, stream)
    night.follow()
    assert night.standing() == night.expected()
    taken = night.log.facts[-1:]
    before = len(night.log.facts)
    night.policy.take(taken, before)  # what is taken in twice changes nothing
    assert len(night.log.facts) == before


def test_walks_move_with_the_clock_of_their_site() -> None:
    night = Night(site(), tour(("23:00",)))
    night.audit(700)
    night.plan(SiteTimeZoneCorrected(time_zone="Europe/Paris"), "site-S-1")
    night.follow()
    (finding,) = night.standing().values()
    assert finding.window_start == at(0)  # 23:00 in Paris


def test_a_duty_that_ended_long_ago_stays_as_it_is() -> None:
    long_ago = -10 * 24 * 60
    night = Night(site(), shift(start=long_ago, hours=1))
    night.audit(long_ago + 300)
    assert "NO_SHOW" in night.types()
    night.plan(ShiftCancelled(), "shift-N-1")
    night.follow()
    assert "NO_SHOW" in night.types()


def test_what_a_killed_audit_did_is_counted_and_not_done_again() -> None:
    night = Night(site(), shift(hours=4))
    asked = night.ask(700)
    night.run(asked, kill_after=3)
    night.run(asked)
    night.run(asked)
    (completed,) = night.log.events(AuditCompleted)
    assert completed.raised == len(night.log.events(FindingRaised)) == len(night.standing())


def test_an_audit_withdraws_what_the_policy_has_not_seen_yet() -> None:
    night = Night(site(), shift(hours=1))
    night.audit(700)
    night.tell(attendance(-5))
    asked = night.ask(700)
    night.run(asked, kill_after=1)
    night.run(asked)
    completed = night.log.events(AuditCompleted)[-1]
    assert (completed.withdrawn, completed.revised) == (2, 0)
    night.follow()
    assert night.standing() == night.expected()


class Raced(AsEventLog):
    """A log to which somebody else is always faster, so many times."""

    def __init__(self, log: MemoryLog, races: int) -> None:
        super().__init__(log)
        self.races = races

    def append_each(self, tenant_id: str, appends: Sequence[Append]) -> list[Outcome]:
        if self.races:
            self.races -= 1
            return [StreamMoved(append.slices[0].stream_id, 1) for append in appends]
        return super().append_each(tenant_id, appends)


@pytest.mark.parametrize(("races", "finds"), [(1, True), (99, False)])
def test_an_audit_tries_again_when_others_are_faster(races: int, finds: bool) -> None:
    night = Night(site(), shift(hours=1))
    night.port = Raced(night.log, races)
    asked = night.ask(700)
    if finds:
        night.run(asked)
    else:
        with pytest.raises(StreamMoved):
            night.run(asked)
    assert bool(night.standing()) is finds


def test_the_answer_of_a_faster_worker_stands() -> None:
    night = Night(site())
    asked = night.ask(700)
    night.port = Raced(night.log, 1)  # nothing is to be found, so the answer is the only append
    night.run(asked)
    assert night.log.events(AuditCompleted) == []
