"""What becomes of a ticket when the finding behind it turns out wrong, milder or settled."""

from __future__ import annotations

import pytest

from domain.alert.facts import Verdict
from domain.finding.facts import FindingResolved, finding_stream
from domain.severity import Severity
from domain.ticket import (
    TicketStatus,
)
from tests.application.watchroom import (
    BEGIN,
    Watchroom,
    finding_id,
)

CRITICAL, HIGH, MEDIUM = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM


@pytest.fixture
def room() -> Watchroom:
    return Watchroom()


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
