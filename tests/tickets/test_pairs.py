"""Pairs of tickets: told on both sides at once, or on neither."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest

from application import ticket_pairs
from application.handling import VersionMismatch, handle
from application.ports import Cause
from domain.ticket import (
    TICKET,
    CancelTicket,
    LinkTicket,
    MergeTicket,
    TicketAbsorbed,
    TicketIsOver,
    TicketLinked,
    TicketMerged,
    ticket_stream,
)
from tests.memory_log import MemoryLog
from tests.tickets.desk import opening

CAUSE = Cause("user:tests")
ONE, TWO = UUID(int=1), UUID(int=2)
LINK = LinkTicket(other_ticket_id=TWO)
MERGE = MergeTicket(into_ticket_id=TWO)


@pytest.fixture
def log() -> MemoryLog:
    log = MemoryLog()
    log.open_tenant("t")
    for ticket in (ONE, TWO):
        handle(log, "t", TICKET, ticket_stream(ticket), opening(ticket), CAUSE)
    return log


def told(log: MemoryLog, ticket: UUID) -> Sequence[object]:
    return [fact.event for fact in log.read_stream("t", ticket_stream(ticket))][1:]


def test_a_link_is_told_on_both_sides_once(log: MemoryLog) -> None:
    assert ticket_pairs.link(log, "t", ONE, LINK, CAUSE, if_match=1) == 4
    assert ticket_pairs.link(log, "t", ONE, LINK, CAUSE) is None
    assert told(log, ONE) == [TicketLinked(other_ticket_id=TWO)]
    assert told(log, TWO) == [TicketLinked(other_ticket_id=ONE)]


def test_a_merge_is_told_on_both_sides_once(log: MemoryLog) -> None:
    assert ticket_pairs.merge(log, "t", ONE, MERGE, CAUSE) == 4
    assert ticket_pairs.merge(log, "t", ONE, MERGE, CAUSE) is None
    assert told(log, ONE) == [TicketMerged(into_ticket_id=TWO)]
    assert told(log, TWO) == [TicketAbsorbed(other_ticket_id=ONE)]


def test_what_one_side_refuses_is_told_on_neither(log: MemoryLog) -> None:
    handle(log, "t", TICKET, ticket_stream(TWO), CancelTicket(reason="No"), CAUSE)
    with pytest.raises(TicketIsOver):
        ticket_pairs.merge(log, "t", ONE, MERGE, CAUSE)
    with pytest.raises(VersionMismatch):
        ticket_pairs.link(log, "t", ONE, LINK, CAUSE, if_match=7)
    assert told(log, ONE) == []
