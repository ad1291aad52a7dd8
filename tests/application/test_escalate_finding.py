"""Whenever a finding is raised HIGH or CRITICAL, see to it that one open ticket is about it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from application.policies.escalate_finding_whenever_raised_high import (
    NAME,
)
from domain.finding.facts import FindingTakenUp, finding_stream
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
    BEGIN,
    GPS_OFF,
    NO_SHOW,
    Watchroom,
    at_hours,
    finding_id,
)
from tests.memory_desk import Following

CRITICAL, HIGH, MEDIUM = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM


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
