"""What people who work on a ticket do to it: begun, put on hold, resumed, done, and taken up again."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.ticket.facts import (
    TicketCancelled,
    TicketClosed,
    TicketEvent,
    TicketHeld,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketStarted,
    TicketStatus,
)
from domain.ticket.guards import OPEN_STATUSES, require_going_on, require_open, require_started
from domain.ticket.refusals import (
    TicketIsNotAssigned,
    TicketIsNotOnHold,
    TicketIsNotResolved,
    WaitingUntilIsNoDate,
    WaitingUntilIsPast,
    WaitingUntilNeedsZone,
)
from domain.ticket.state import Ticket
from domain.ticket.wishes import HoldTicket

# A hold that reached beyond a calendar's first or last year in some time zone could be stored, but
# no read model could be read any more.
WAITING_FROM = datetime(2000, 1, 1, tzinfo=UTC)
WAITING_BEFORE = datetime(2200, 1, 1, tzinfo=UTC)


def start(ticket: Ticket) -> list[TicketEvent]:
    require_open(ticket)
    require_going_on(ticket)
    if ticket.status is TicketStatus.NEW:
        raise TicketIsNotAssigned("Nobody has the ticket yet; assign it first.")
    return [] if ticket.status is TicketStatus.IN_PROGRESS else [TicketStarted()]


def hold(ticket: Ticket, command: HoldTicket) -> list[TicketEvent]:
    if command.waiting_until.utcoffset() is None:
        raise WaitingUntilNeedsZone(
            "Say in which time zone to wait, for instance 2026-11-22T08:00:00+00:00.",
            field="$.waiting_until",
        )
    if not WAITING_FROM <= command.waiting_until < WAITING_BEFORE:
        raise WaitingUntilIsNoDate(
            f"Wait until a day from {WAITING_FROM:%Y} to {WAITING_BEFORE:%Y}.",
            field="$.waiting_until",
        )
    require_open(ticket)
    require_started(ticket)
    if ticket.hold == (command.reason, command.waiting_until):
        return []
    return [TicketHeld(reason=command.reason, waiting_until=command.waiting_until)]


def require_to_come(wish: object, now: datetime) -> None:
    """Refuse a hold that is over already. A door asks, since a decision knows no clock.

    Raises:
        WaitingUntilIsPast: the moment to wait for is not after `now`.
    """
    match wish:
        # What is no date at all, or has no zone, has a rule of its own.
        case HoldTicket(waiting_until=until) if is_past(until, now):
            raise WaitingUntilIsPast(
                f"Wait until a moment that is still to come; it is {now:%Y-%m-%d %H:%M:%S}Z.",
                field="$.waiting_until",
            )
        case _:
            pass


def is_past(until: datetime, now: datetime) -> bool:
    return until.utcoffset() is not None and WAITING_FROM <= until <= now


def resume(ticket: Ticket) -> list[TicketEvent]:
    require_open(ticket)
    if ticket.status is TicketStatus.ON_HOLD:
        return [TicketResumed()]
    if ticket.status is TicketStatus.IN_PROGRESS:
        return []
    raise TicketIsNotOnHold("The ticket is not on hold; start it to work on it.")


def resolve(ticket: Ticket, resolution: str) -> list[TicketEvent]:
    if ticket.status is TicketStatus.RESOLVED and resolution == ticket.resolution:
        return []
    require_open(ticket)
    require_going_on(ticket)
    require_started(ticket)
    return [TicketResolved(resolution=resolution)]


def close(ticket: Ticket) -> list[TicketEvent]:
    if ticket.status is TicketStatus.CLOSED:
        return []
    if ticket.status is TicketStatus.RESOLVED:
        return [TicketClosed()]
    require_open(ticket)
    raise TicketIsNotResolved("The work is not done; resolve the ticket first, or cancel it.")


def reopen(ticket: Ticket, reason: str) -> list[TicketEvent]:
    if ticket.status in OPEN_STATUSES:
        return []
    if ticket.status is TicketStatus.MERGED:
        require_open(ticket)
    return [TicketReopened(reason=reason)]


def cancel(ticket: Ticket, reason: str) -> list[TicketEvent]:
    if ticket.status is TicketStatus.CANCELLED:
        return []
    require_open(ticket)
    return [TicketCancelled(reason=reason)]
