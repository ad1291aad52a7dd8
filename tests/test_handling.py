"""Handling a wish: the one way in which a person's wish becomes facts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from application.handling import VersionMismatch, handle
from application.ports import Append, Cause, EventLog, NoSuchTenant, StreamMoved
from domain.access import USER, EnrolUser, Role
from domain.catalogue import AnyRecorded
from domain.kernel import Command
from domain.ticket import (
    TICKET,
    AssignTicket,
    CommentTicket,
    StartTicket,
    TicketAssigned,
    TicketIsNotAssigned,
    TicketUnknown,
)
from tests.domain.tickets import open_it, opened
from tests.memory_log import MemoryLog

CAUSE = Cause(actor="user:dora", caused_by=None)
STREAM = "ticket-1"


@pytest.fixture
def log() -> MemoryLog:
    log = MemoryLog()
    log.open_tenant("acme")
    return log


def wish(log: EventLog, command: Any, if_match: int | None = None) -> int | None:
    return handle(log, "acme", TICKET, STREAM, command, CAUSE, if_match=if_match)


def test_a_wish_that_is_granted_answers_with_the_position_reached(log: MemoryLog) -> None:
    assigned = msgspec.structs.replace(open_it, assignee="dora")
    assert wish(log, assigned) == 2
    facts = log.read_stream("acme", STREAM)
    assert [fact.event for fact in facts] == [
        msgspec.structs.replace(opened, assignee="dora"),
        TicketAssigned(assignee="dora"),
    ]
    assert {(fact.actor, fact.correlation_id) for fact in facts} == {
        ("user:dora", CAUSE.correlation_id)
    }


def test_a_wish_that_is_true_already_records_nothing(log: MemoryLog) -> None:
    wish(log, open_it)
    assert wish(log, open_it) is None
    assert log.head("acme").position == 1


def test_a_wish_that_is_refused_records_nothing(log: MemoryLog) -> None:
    with pytest.raises(TicketUnknown):
        wish(log, StartTicket())
    wish(log, open_it)
    with pytest.raises(TicketIsNotAssigned):
        wish(log, StartTicket())
    assert log.head("acme").position == 1


def test_a_wish_may_name_the_version_that_it_is_for(log: MemoryLog) -> None:
    wish(log, open_it, if_match=0)
    with pytest.raises(VersionMismatch) as mismatch:
        wish(log, AssignTicket(assignee="dora"), if_match=2)
    assert (mismatch.value.wanted, mismatch.value.version) == (2, 1)
    assert mismatch.value.stream_id == STREAM
    assert wish(log, AssignTicket(assignee="dora"), if_match=1) == 2


class Overtaken(MemoryLog):
    """A log in which somebody else always writes between the reading and the append."""

    def read_stream(self, tenant_id: str, stream_id: str) -> list[AnyRecorded]:
        facts = super().read_stream(tenant_id, stream_id)
        other = Append.of(stream_id, len(facts), [TicketAssigned(assignee="emil")], CAUSE)
        self.append(tenant_id, other)
        return facts


def test_whoever_was_overtaken_is_told_so() -> None:
    log = Overtaken()
    log.open_tenant("acme")
    with pytest.raises(StreamMoved):
        wish(log, open_it)


@pytest.mark.parametrize(
    "command",
    [
        CommentTicket(text=""),
        CommentTicket(text="a\u0000b"),
        CommentTicket(text="a" * 4_001),
        AssignTicket(assignee="nobody at all"),
        AssignTicket(assignee="dora\n"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(log: MemoryLog, command: Command) -> None:
    wish(log, open_it)
    with pytest.raises(msgspec.ValidationError):
        wish(log, command)
    assert log.head("acme").position == 1


def test_a_user_without_a_role_is_not_enrolled(log: MemoryLog) -> None:
    command = EnrolUser(username="dora", name="Dora Maar", roles=())
    with pytest.raises(msgspec.ValidationError, match=r"\$\.roles"):
        handle(log, "acme", USER, "user-dora", command, CAUSE)
    granted = msgspec.structs.replace(command, roles=(Role.OPERATOR,))
    assert handle(log, "acme", USER, "user-dora", granted, CAUSE) == 1


def test_a_tenant_without_a_log_is_nobodys(log: MemoryLog) -> None:
    with pytest.raises(NoSuchTenant):
        handle(log, "globex", TICKET, STREAM, open_it, CAUSE)
