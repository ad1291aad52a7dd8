"""Timers: what rings when a moment has come. A timer holds no truth; the log decides what it may say.

A timer may ring late, twice, and in two processes at once. So each ring reads the log, tells what
is due and not told, and answers when to ring again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias, cast
from uuid import UUID

from application.handling import VersionMismatch, handle
from application.ports import Cause, EventLog, StreamMoved
from domain.catalogue import AnyRecorded
from domain.kernel import Refused
from domain.service_level.clock import ClockMoved, clock_stream, deadlines, elapsed_s, next_moment
from domain.service_level.facts import TicketTimed
from domain.ticket import (
    TICKET,
    ResumeTicket,
    TellTicketAtRisk,
    TellTicketBreached,
    TicketEvent,
    TicketHeld,
    TicketStatus,
    ticket_stream,
)

TIMER = "system:timer"
# What their rows in the book of timers are called: never rename.
CLOCK_TIMER = "ticket-clock"
HOLD_TIMER = "ticket-hold"
SOON = timedelta(seconds=1)  # when to ring again while the ticket's clock is being worked out

Now: TypeAlias = Callable[[], datetime]


class Bell(Protocol):
    """What rings for one kind of timer."""

    def __call__(self, tenant_id: str, subject: UUID, attempt: int, /) -> datetime | None:
        """Do what is due; answer when to ring again, or None for never.

        Raises:
            LogUnavailable: the database did not answer; ringing again is safe.
        """
        ...


class TellServiceLevel:
    """Tells that a ticket's targets are at risk or breached, when it is time."""

    def __init__(self, log: EventLog, now: Now) -> None:
        self._log = log
        self._now = now

    def __call__(self, tenant_id: str, ticket_id: UUID, attempt: int) -> datetime | None:  # noqa: ARG002 - each ring is as good as the first
        clock = self._log.read_stream(tenant_id, clock_stream(ticket_id))
        if not clock:
            return None
        timed = cast("TicketTimed", clock[-1].event)
        now = self._now()
        story = self._log.read_stream(tenant_id, ticket_stream(ticket_id))
        if is_behind(timed, story):
            return now + SOON
        cause = Cause(TIMER, correlation_id=clock[-1].correlation_id, caused_by=clock[-1].position)
        for wish in due_wishes(timed, now):
            try:
                handle(self._log, tenant_id, TICKET, ticket_stream(ticket_id), wish, cause)
            except Refused:
                continue  # it is not true any more; the clock says so in a moment
            except StreamMoved:
                return now + SOON
        return next_moment(timed, now)


class EndHolds:
    """Resumes a ticket when the moment has come that it waited for, so that no clock stands for good."""

    def __init__(self, log: EventLog, now: Now) -> None:
        self._log = log
        self._now = now

    def __call__(self, tenant_id: str, ticket_id: UUID, attempt: int) -> datetime | None:  # noqa: ARG002 - each ring is as good as the first
        stream = ticket_stream(ticket_id)
        story = self._log.read_stream(tenant_id, stream)
        ticket = TICKET.replay(cast("TicketEvent", fact.event) for fact in story)
        if ticket.status is not TicketStatus.ON_HOLD:
            return None
        held = next(fact for fact in reversed(story) if isinstance(fact.event, TicketHeld))
        until = cast("TicketHeld", held.event).waiting_until
        if until > self._now():
            return until
        cause = Cause(TIMER, correlation_id=held.correlation_id, caused_by=held.position)
        version = story[-1].version
        try:
            handle(self._log, tenant_id, TICKET, stream, ResumeTicket(), cause, if_match=version)
        except (VersionMismatch, StreamMoved):
            return self._now() + SOON  # somebody was faster, perhaps with another hold
        return None


def is_behind(timed: TicketTimed, story: list[AnyRecorded]) -> bool:
    """Tell whether the ticket's clock moved since its moments were worked out."""
    return any(
        fact.version > timed.version and isinstance(fact.event, ClockMoved) for fact in story
    )


def due_wishes(timed: TicketTimed, now: datetime) -> list[TellTicketAtRisk | TellTicketBreached]:
    """Return what is to be told by now: of each target the worst alone."""
    wishes: list[TellTicketAtRisk | TellTicketBreached] = []
    for target, deadline in deadlines(timed).items():
        if deadline.due_at is None or deadline.at_risk_at is None or deadline.at_risk_at > now:
            continue
        wish = TellTicketBreached if deadline.due_at <= now else TellTicketAtRisk
        elapsed = elapsed_s(timed, deadline, now)
        wishes.append(wish(target=target, due_at=deadline.due_at, elapsed_s=elapsed))
    return wishes
