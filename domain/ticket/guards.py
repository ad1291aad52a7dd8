"""Guards: how a ticket has to stand for a wish to be granted."""

from __future__ import annotations

from uuid import UUID

from domain.ticket.facts import TicketStatus
from domain.ticket.refusals import TicketIsNotStarted, TicketIsOnHold, TicketIsOver, TicketIsTheSame
from domain.ticket.state import Ticket

OPEN_STATUSES = frozenset(
    {
        TicketStatus.NEW,
        TicketStatus.ASSIGNED,
        TicketStatus.IN_PROGRESS,
        TicketStatus.ON_HOLD,
    }
)


def require_open(ticket: Ticket) -> None:
    if ticket.status is TicketStatus.MERGED:
        raise TicketIsOver(f"The ticket was merged; work on {ticket.merged_into} instead.")
    if ticket.status not in OPEN_STATUSES:
        raise TicketIsOver(f"The ticket is {ticket.status}; reopen it first.")


def require_going_on(ticket: Ticket) -> None:
    if ticket.status is TicketStatus.ON_HOLD:
        raise TicketIsOnHold("The ticket is on hold; resume it first.")


def require_started(ticket: Ticket) -> None:
    if ticket.status in {TicketStatus.NEW, TicketStatus.ASSIGNED}:
        raise TicketIsNotStarted("Nobody works on the ticket yet; start it first.")


def require_another(ticket: Ticket, other: UUID, field: str) -> None:
    if other == ticket.ticket_id:
        raise TicketIsTheSame("This is the ticket itself; name another one.", field=field)
