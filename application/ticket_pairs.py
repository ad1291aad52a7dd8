"""Pairs of tickets: a link and a merge are told on both sides at once, or on neither."""

from __future__ import annotations

from uuid import UUID

from application.handling import handle_both
from application.ports import Cause, EventLog
from domain.ticket import (
    TICKET,
    AbsorbTicket,
    LinkTicket,
    MergeTicket,
    ticket_stream,
)


def link(
    log: EventLog,
    tenant_id: str,
    ticket_id: UUID,
    command: LinkTicket,
    cause: Cause,
    *,
    if_match: int | None = None,
) -> int | None:
    """Link two tickets with each other and return the position that the log reached, if it moved.

    Raises:
        As `application.handling.handle` does, for either ticket.
    """
    back = LinkTicket(other_ticket_id=ticket_id)
    other = command.other_ticket_id
    first, second = (ticket_stream(ticket_id), command), (ticket_stream(other), back)
    return handle_both(log, tenant_id, TICKET, first, second, cause, if_match=if_match)


def merge(
    log: EventLog,
    tenant_id: str,
    ticket_id: UUID,
    command: MergeTicket,
    cause: Cause,
    *,
    if_match: int | None = None,
) -> int | None:
    """Merge a ticket into another one, which must be open, and tell that one as well.

    Raises:
        As `application.handling.handle` does, for either ticket.
    """
    absorb = AbsorbTicket(other_ticket_id=ticket_id)
    into = command.into_ticket_id
    first, second = (ticket_stream(ticket_id), command), (ticket_stream(into), absorb)
    return handle_both(log, tenant_id, TICKET, first, second, cause, if_match=if_match)
