"""Ticket clocks, mails, and what the ticket board shows of both: facts in, row out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.kernel import Event
from domain.mail import MailFailed, MailKind, MailRequested, MailSent
from domain.service_level.facts import Deadline, Hours, TicketTimed
from domain.severity import Severity
from domain.ticket import (
    Priority,
    ServiceTarget,
    TicketAbsorbed,
    TicketCategory,
    TicketEscalated,
    TicketOpened,
    TicketPrioritised,
    TicketReopened,
    TicketSlaAtRisk,
    TicketSlaBreached,
    TicketStarted,
)
from projections.kernel import Projection
from projections.mails import MAILS, MailState
from projections.ticket_board import TICKET_BOARD, Sla
from projections.ticket_clocks import TICKET_CLOCKS
from tests.memory_desk import BEGAN_AT, MemoryLog

ONE, TWO = UUID(int=1), UUID(int=2)
HOUR = timedelta(hours=1)
OPENED = TicketOpened(
    ticket_id=ONE,
    category=TicketCategory.OPERATIONS,
    title="Look",
    severity=Severity.HIGH,
    priority=Priority.NORMAL,
    site_id="S-1",
    finding_id=TWO,
)
AT_RISK = TicketSlaAtRisk(target=ServiceTarget.RESOLVE, due_at=BEGAN_AT, elapsed_s=8.0)
BREACHED = TicketSlaBreached(target=ServiceTarget.RESOLVE, due_at=BEGAN_AT, elapsed_s=10.0)
ASKED = MailRequested(
    mail_id=ONE,
    kind=MailKind.SLA_BREACH,
    to=("noc@example.org",),
    subject="Breached",
    text="Look",
    ticket_id=TWO,
)


def row(projection: Projection[Any], stream_id: str, *events: Event) -> Any:
    """Return the row after facts of one stream."""
    log = MemoryLog()
    found = None
    for event in events:
        found = projection.project(found, log.state(stream_id, event))
    return found


def board(*events: Event) -> Any:
    return row(TICKET_BOARD, f"ticket-{ONE}", OPENED, *events)


def test_the_board_shows_the_worst_that_was_told_in_this_term() -> None:
    assert (board().sla, board().finding_id) == (Sla.OK, TWO)
    assert board(AT_RISK).sla is Sla.AT_RISK
    assert board(AT_RISK, BREACHED, AT_RISK).sla is Sla.BREACHED
    assert board(BREACHED, TicketPrioritised(priority=Priority.HIGH)).sla is Sla.OK
    escalated = TicketEscalated(
        level=1,
        reason="Late",
        target=ServiceTarget.RESOLVE,
        due_at=BEGAN_AT,
        priority=Priority.HIGH,
    )
    assert board(escalated).escalation_level == 1
    assert board(escalated, TicketReopened(reason="x")).escalation_level == 0
    assert board(TicketAbsorbed(other_ticket_id=TWO)).absorbed == [TWO]


def test_a_clock_shows_what_is_due_next_and_nothing_while_it_stands_still() -> None:
    late = Deadline(target_s=7_200, counted_s=0.0, at_risk_at=BEGAN_AT, due_at=BEGAN_AT + 2 * HOUR)
    soon = Deadline(target_s=3_600, counted_s=0.0, at_risk_at=BEGAN_AT, due_at=BEGAN_AT + HOUR)
    timed = TicketTimed(
        ticket_id=ONE,
        version=1,
        priority=Priority.NORMAL,
        hours=Hours.ALWAYS,
        time_zone="UTC",
        since=BEGAN_AT,
        acknowledge=soon,
        resolve=late,
    )
    shown = row(TICKET_CLOCKS, f"clock-{ONE}", timed)
    assert shown.next_due_at == shown.acknowledge_due_at == BEGAN_AT + HOUR
    assert (shown.resolve_due_at, shown.resolve_target_s) == (BEGAN_AT + 2 * HOUR, 7_200)
    held = TicketTimed(
        ticket_id=ONE,
        version=2,
        priority=Priority.NORMAL,
        hours=Hours.ALWAYS,
        time_zone="UTC",
        since=BEGAN_AT,
        paused=True,
        resolve=Deadline(target_s=7_200, counted_s=60.0),
    )
    shown = row(TICKET_CLOCKS, f"clock-{ONE}", timed, held)
    assert (shown.paused, shown.next_due_at, shown.acknowledge_due_at) == (True, None, None)
    assert shown.resolve_counted_s == 60.0
    assert row(TICKET_CLOCKS, f"clock-{ONE}", timed, TicketStarted()).position == 1


def test_a_mail_shows_what_became_of_it() -> None:
    stream = f"mail-{ONE}"
    asked = row(MAILS, stream, ASKED)
    assert (asked.state, asked.recipients) == (MailState.REQUESTED, ["noc@example.org"])
    sent = row(MAILS, stream, ASKED, MailSent(attempts=2))
    assert (sent.state, sent.attempts, sent.reason) == (MailState.SENT, 2, None)
    failed = row(MAILS, stream, ASKED, MailFailed(attempts=8, reason="Away"))
    assert (failed.state, failed.reason) == (MailState.FAILED, "Away")
    assert failed.answered_at is not None
    assert row(MAILS, stream, MailSent(attempts=1)) is None
