"""Pairs of tickets: a link and a merge are told on both sides at once, or on neither."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from application.handling import VersionMismatch, require_valid
from application.ports import Append, Cause, EventLog, NewFact, Slice
from domain.ticket import (
    TICKET,
    AbsorbTicket,
    LinkTicket,
    MergeTicket,
    TicketCommand,
    TicketEvent,
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
    return both(log, tenant_id, (ticket_id, command), (other, back), cause, if_match)


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
    return both(log, tenant_id, (ticket_id, command), (into, absorb), cause, if_match)


def both(  # noqa: PLR0917 - two wishes for one log, because of one cause
    log: EventLog,
    tenant_id: str,
    first: tuple[UUID, TicketCommand],
    second: tuple[UUID, TicketCommand],
    cause: Cause,
    if_match: int | None,
) -> int | None:
    """Grant two wishes in one append; the version that was named is the first ticket's."""
    slices = []
    for (ticket_id, command), wanted in ((first, if_match), (second, None)):
        require_valid(command)
        stream = ticket_stream(ticket_id)
        recorded = log.read_stream(tenant_id, stream)
        version = recorded[-1].version if recorded else 0
        if wanted is not None and wanted != version:
            raise VersionMismatch(stream, wanted, version)
        state = TICKET.replay(cast("TicketEvent", fact.event) for fact in recorded)
        facts = [NewFact(event) for event in TICKET.decide(state, command)]
        if facts:
            slices.append(Slice(stream, version, facts, cause))
    return log.append(tenant_id, Append(slices)).last if slices else None
