"""Whenever a finding is raised HIGH or CRITICAL, see to it that one open ticket is about it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from application.policies.escalate_finding_whenever_raised_high import (
    NAME,
    EscalateFindingWheneverRaisedHigh,
)
from domain.access import UserBound, UserReinstated, UserReleased, UserSuspended, user_stream
from domain.alert.facts import Verdict
from domain.directory.shift import ShiftCancelled, ShiftPlanned, ShiftRole, shift_stream
from domain.finding.facts import FindingResolved, FindingTakenUp, FindingType, finding_stream
from domain.muting.facts import ActionMuted, MutedBy
from domain.severity import Severity
from domain.ticket import (
    AssignTicket,
    CancelTicket,
    HoldTicket,
    OpenTicket,
    Priority,
    ResolveTicket,
    StartTicket,
    TicketAssigned,
    TicketCategory,
    TicketOpened,
    TicketRepeated,
    TicketStatus,
    ticket_stream,
)
from tests.application.watchroom import (
    GPS_OFF,
    NO_SHOW,
    SILENT_SITE,
    Watchroom,
    at_hours,
    finding_id,
)
from tests.memory_desk import Following, settle

CRITICAL, HIGH, MEDIUM = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM
BEGIN = (AssignTicket(assignee="eve"), StartTicket())


@pytest.fixture
def room() -> Watchroom:
    return Watchroom()


def test_a_high_finding_opens_a_ticket_for_operations_at_the_security_manager(
    room: Watchroom,
) -> None:
    room.site("eve")
    found = room.found(1)
    room.settle()
    (opened,) = room.opened()
    assert opened == TicketOpened(
        ticket_id=opened.ticket_id,
        category=TicketCategory.OPERATIONS,
        title="NO_SHOW at S-1",
        severity=HIGH,
        priority=Priority.HIGH,
        site_id="S-1",
        person_id="G-1",
        dedup_key="finding/NO_SHOW/S-1",
        finding_id=found,
        assignee="eve",
        seen_at=at_hours(-2),
    )
    story = room.log.stream(ticket_stream(opened.ticket_id))
    assert story[1].event == TicketAssigned(assignee="eve")
    cause = room.log.stream(finding_stream(found))[0]
    assert (story[0].actor, story[0].caused_by) == (f"policy:{NAME}", cause.position)


@pytest.mark.parametrize("severity", [MEDIUM, Severity.LOW, Severity.INFO])
def test_what_is_milder_calls_nobody(room: Watchroom, severity: Severity) -> None:
    room.found(1, severity=severity)
    room.settle()
    assert room.opened() == []
    assert room.lines() == []


def test_without_a_security_manager_the_supervisor_on_duty_gets_it(room: Watchroom) -> None:
    room.site()
    room.supervisor("early", -9, -0.5)
    room.supervisor("sam", -1, 7)
    room.supervisor("late", 6, 14)
    room.supervisor("elsewhere", -1, 7, site="S-2")
    room.found(1)
    room.settle()
    assert [each.assignee for each in room.opened()] == ["sam"]


def test_who_is_bound_to_the_person_on_duty_gets_it(room: Watchroom) -> None:
    room.site()
    room.on_duty("G-7")
    room.user("sam", bound_to="G-7")
    room.found(1)
    room.settle()
    assert [each.assignee for each in room.opened()] == ["sam"]


def test_of_those_who_are_bound_to_a_person_the_last_one_who_may_sign_in_gets_it(
    room: Watchroom,
) -> None:
    room.site()
    room.on_duty("kim")
    room.user("kim")  # whose username is the person's id
    room.user("eve", bound_to="kim")
    room.user("sam", bound_to="kim")
    room.found(1)
    room.settle()
    room.log.state(user_stream("sam"), UserSuspended(reason="Ill"))
    room.found(2, GPS_OFF)
    room.settle()
    room.log.state(user_stream("sam"), UserReinstated())
    room.log.state(user_stream("sam"), UserBound(person_id="G-8"))
    room.log.state(user_stream("eve"), UserReleased())
    room.found(3, FindingType.LOW_PHONE_ACTIVITY)
    room.settle()
    # Somebody else by now, whatever the name says.
    room.log.state(user_stream("kim"), UserBound(person_id="G-9"))
    room.found(4, SILENT_SITE)
    room.settle()
    assert [each.assignee for each in room.opened()] == ["sam", "eve", "kim", None]
    assert room.redeliver() == []


def test_what_duty_remembers_is_the_same_however_it_was_read(room: Watchroom) -> None:
    room.site()
    room.on_duty("G-7")
    room.user("sam", bound_to="G-7")
    room.user("eve", bound_to="G-7")
    room.log.state(user_stream("eve"), UserSuspended(reason="Ill"))
    room.log.state(user_stream("eve"), UserReleased())
    room.settle(batch_facts_max=1)
    again = Following(EscalateFindingWheneverRaisedHigh(), room.log, replaying=True)
    settle(again)
    assert again.kept == room.findings.kept
    assert b"G-7" in room.findings.kept["user-sam"]


def test_a_supervisors_shift_that_moved_or_was_cancelled_is_nobodys(room: Watchroom) -> None:
    room.site()
    for name in ("sam", "kim"):
        room.supervisor(name, -1, 7)
    room.log.state(shift_stream("shift-of-sam"), ShiftCancelled())
    moved = ShiftPlanned(
        shift_id="shift-of-kim",
        site_id="S-1",
        role=ShiftRole.GUARD,
        person_id="kim",
        starts_at=at_hours(-1),
        ends_at=at_hours(7),
    )
    room.log.state(shift_stream("shift-of-kim"), moved)
    room.found(1)
    room.settle()
    assert [each.assignee for each in room.opened()] == [None]


def test_without_anybody_the_ticket_waits_in_the_queue(room: Watchroom) -> None:
    room.found(1)
    room.settle()
    (opened,) = room.opened()
    assert opened.assignee is None
    assert room.ticket(opened.ticket_id).status is TicketStatus.NEW


@pytest.mark.parametrize("work", [(), BEGIN[:1], BEGIN], ids=["new", "assigned", "begun"])
def test_a_further_finding_of_the_type_and_site_is_counted_and_may_be_worse(
    room: Watchroom, work: tuple[AssignTicket | StartTicket, ...]
) -> None:
    room.site("eve")
    room.found(1)
    room.settle()
    (opened,) = room.opened()
    room.ask(opened.ticket_id, *work)
    second = room.found(2, severity=CRITICAL, hours=20)
    room.settle()
    assert len(room.opened()) == 1
    repeated = room.log.stream(ticket_stream(opened.ticket_id))[-1].event
    assert repeated == TicketRepeated(severity=CRITICAL, count=1, finding_id=second)
    (line,) = room.lines()
    assert (line.subject, line.subject_id) == ("finding:NO_SHOW", second)
    assert (line.muted_by, line.muter_id) == (MutedBy.DEDUPLICATION, opened.ticket_id)
    assert (line.severity, line.assignee, line.until) == (CRITICAL, "eve", None)


def test_each_finding_is_told_which_ticket_works_on_it(room: Watchroom) -> None:
    first = room.found(1)
    second = room.found(2)
    room.settle()
    (opened,) = room.opened()
    for found in (first, second):
        told = room.log.stream(finding_stream(found))[-1]
        assert told.event == FindingTakenUp(ticket_id=opened.ticket_id)
        assert told.actor == f"policy:{NAME}"
    causes = [fact.caused_by for fact in room.log.facts if isinstance(fact.event, FindingTakenUp)]
    because = [room.log.facts[cause - 1].event for cause in causes if cause is not None]
    assert because == [opened, *room.lines()]
    by_hand = OpenTicket(
        ticket_id=UUID(int=77),
        category=TicketCategory.OPERATIONS,
        title="Look again",
        severity=HIGH,
        priority=Priority.HIGH,
        site_id="S-1",
        finding_id=first,
    )
    room.ask(by_hand.ticket_id, by_hand)
    room.settle()
    told = room.log.stream(finding_stream(first))[-1]
    assert told.event == FindingTakenUp(ticket_id=by_hand.ticket_id)
    assert room.redeliver() == []


def test_another_type_another_site_and_another_day_are_other_troubles(room: Watchroom) -> None:
    room.found(1)
    room.found(2, GPS_OFF)
    room.found(3, site="S-2")
    room.found(4, hours=23)
    room.settle()
    assert len(room.opened()) == 4
    assert room.lines() == []


@pytest.mark.parametrize(
    "work",
    [
        [*BEGIN, HoldTicket(reason="Waits", waiting_until=datetime(2026, 11, 30, tzinfo=UTC))],
        [*BEGIN, ResolveTicket(resolution="Seen to")],
        [CancelTicket(reason="Nothing to do")],
    ],
    ids=["on hold", "resolved", "cancelled"],
)
def test_a_ticket_that_nobody_works_on_takes_no_repeats(
    room: Watchroom, work: list[object]
) -> None:
    room.found(1)
    room.settle()
    room.ask(room.opened()[0].ticket_id, *work)  # type: ignore[arg-type]  # commands of a ticket
    room.found(2)
    room.settle()
    assert len(room.opened()) == 2


def test_a_finding_that_turns_out_worse_raises_its_ticket_and_is_no_repeat(
    room: Watchroom,
) -> None:
    room.found(1)
    room.revised(1, HIGH)
    room.revised(1, CRITICAL)
    room.settle()
    (opened,) = room.opened()
    assert room.log.events(TicketRepeated) == [
        TicketRepeated(severity=CRITICAL, count=0, finding_id=finding_id(1))
    ]
    assert room.ticket(opened.ticket_id).severity is CRITICAL


def test_a_finding_that_turns_out_high_calls_then(room: Watchroom) -> None:
    room.found(1, severity=MEDIUM)
    room.revised(1, HIGH)
    room.settle()
    assert [(each.severity, each.title) for each in room.opened()] == [(HIGH, "Revised")]


def test_a_worse_finding_does_not_open_a_ticket_that_is_over(room: Watchroom) -> None:
    room.found(1)
    room.settle()
    room.ask(room.opened()[0].ticket_id, CancelTicket(reason="Known"))
    room.revised(1, CRITICAL)
    room.settle()
    assert len(room.opened()) == 1
    assert room.log.events(TicketRepeated) == []


@pytest.mark.parametrize("how", ["withdrawn", "revised"])
def test_a_finding_that_was_wrong_cancels_a_ticket_that_nobody_touched(
    room: Watchroom, how: str
) -> None:
    room.found(1)
    room.settle()
    if how == "withdrawn":
        room.withdrawn(1)
    else:
        room.revised(1, MEDIUM)
        room.revised(1, Severity.LOW)
    room.settle()
    (opened,) = room.opened()
    ticket = room.ticket(opened.ticket_id)
    assert (ticket.status, ticket.evidence_withdrawn) == (TicketStatus.CANCELLED, True)


def test_a_ticket_is_as_bad_as_what_stands_behind_it(room: Watchroom) -> None:
    """Whatever was thought of it before; work that was begun is not rated anew."""
    room.found(1, severity=Severity.CRITICAL)
    room.found(2)
    room.settle()
    (opened,) = room.opened()
    room.withdrawn(1)
    room.settle()
    assert room.ticket(opened.ticket_id).severity is Severity.HIGH
    room.revised(2, Severity.CRITICAL)
    room.settle()
    assert room.ticket(opened.ticket_id).severity is Severity.CRITICAL
    room.revised(2, Severity.HIGH)
    room.settle()
    assert room.ticket(opened.ticket_id).severity is Severity.HIGH
    room.revised(2, Severity.CRITICAL)
    room.settle()
    room.ask(opened.ticket_id, *BEGIN)
    room.revised(2, Severity.HIGH)
    room.settle()
    assert room.ticket(opened.ticket_id).severity is Severity.CRITICAL


def test_a_finding_that_was_wrong_only_tells_a_ticket_that_was_begun(room: Watchroom) -> None:
    room.found(1)
    room.settle()
    (opened,) = room.opened()
    room.ask(opened.ticket_id, *BEGIN)
    room.withdrawn(1)
    room.settle()
    ticket = room.ticket(opened.ticket_id)
    assert (ticket.status, ticket.evidence_withdrawn) == (TicketStatus.IN_PROGRESS, True)


def test_a_ticket_that_another_finding_stands_behind_stays(room: Watchroom) -> None:
    for number in (1, 2, 3):
        room.found(number)
    room.revised(3, Severity.LOW)
    room.withdrawn(1)
    room.settle()
    (opened,) = room.opened()
    assert room.ticket(opened.ticket_id).status is TicketStatus.NEW
    room.withdrawn(2)
    room.settle()
    assert room.ticket(opened.ticket_id).status is TicketStatus.CANCELLED


def test_a_verdict_takes_no_work_back_and_carries_the_ticket(room: Watchroom) -> None:
    room.found(1)
    verdict = FindingResolved(reason=Verdict.CONFIRMED_NEGLIGENCE)
    room.log.state(finding_stream(finding_id(1)), verdict)
    room.found(2)
    room.withdrawn(2)
    room.settle()
    (opened,) = room.opened()
    assert room.ticket(opened.ticket_id).status is TicketStatus.NEW


def test_a_finding_that_is_raised_again_calls_again(room: Watchroom) -> None:
    room.found(1)
    room.settle()
    room.withdrawn(1)
    room.settle()
    room.found(1)
    room.settle()
    assert len(room.opened()) == 2
    room.found(1)
    room.settle()
    assert len(room.opened()) == 2


def test_a_finding_raised_again_in_a_ticket_that_goes_on_is_no_repeat(room: Watchroom) -> None:
    room.found(1)
    room.settle()
    (opened,) = room.opened()
    room.ask(opened.ticket_id, *BEGIN)
    room.withdrawn(1)
    room.found(1)
    room.settle()
    assert len(room.opened()) == 1
    assert room.log.events(ActionMuted) == []


def test_the_same_facts_again_state_nothing_more(room: Watchroom) -> None:
    room.site("eve")
    room.supervisor("sam", -1, 7)
    room.silence(1, kinds=("finding:GPS_OFF",))
    room.found(1)
    room.found(2, GPS_OFF)
    room.revised(1, CRITICAL)
    room.found(3, NO_SHOW, CRITICAL)
    room.settle()
    room.ended(1)
    room.withdrawn(1)
    room.settle()
    assert room.redeliver() == []


def test_memories_read_again_take_back_no_ticket_a_second_time(room: Watchroom) -> None:
    room.found(1)
    room.found(2, GPS_OFF)
    room.settle()
    room.withdrawn(1)
    room.revised(2, MEDIUM)
    room.settle()
    assert {room.ticket(each.ticket_id).status for each in room.opened()} == {
        TicketStatus.CANCELLED
    }
    stated = list(room.log.facts)
    again = Following(room.findings.policy, room.log, replaying=True)
    while again.follow(2):
        pass
    assert again.kept == room.findings.kept
    assert room.log.facts == stated
