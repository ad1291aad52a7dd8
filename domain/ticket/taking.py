"""What a ticket takes in: another ticket, one more evidence, or that its evidence tells of less."""

from __future__ import annotations

from uuid import UUID

from domain.severity import rank, worst
from domain.ticket.facts import (
    TicketAbsorbed,
    TicketEased,
    TicketEvent,
    TicketMerged,
    TicketRepeated,
    TicketStatus,
)
from domain.ticket.guards import require_going_on, require_open
from domain.ticket.state import Ticket
from domain.ticket.wishes import EaseTicket, RepeatTicket


def merge(ticket: Ticket, into: UUID) -> list[TicketEvent]:
    if into == ticket.merged_into:
        return []
    require_open(ticket)
    return [TicketMerged(into_ticket_id=into)]


def absorb(ticket: Ticket, other: UUID) -> list[TicketEvent]:
    if other in ticket.absorbed:
        return []
    require_open(ticket)
    return [TicketAbsorbed(other_ticket_id=other)]


def repeat(ticket: Ticket, command: RepeatTicket) -> list[TicketEvent]:
    require_open(ticket)
    require_going_on(ticket)
    severity = worst(ticket.severity, command.severity)
    known = (command.evidence or command.finding_id) in ticket.evidences
    if known and severity is ticket.severity:
        return []
    return [
        TicketRepeated(
            severity=severity,
            count=ticket.repeats if known else ticket.repeats + 1,
            alert_id=command.alert_id,
            finding_id=command.finding_id,
            score=command.score,
            evidence=command.evidence,
        )
    ]


def ease(ticket: Ticket, command: EaseTicket) -> list[TicketEvent]:
    """Whoever began to work on a ticket does not find it changed; nor is a part taken for the whole."""
    untouched = ticket.status in {TicketStatus.NEW, TicketStatus.ASSIGNED}
    less = rank(command.severity) < rank(ticket.severity)
    if not (untouched and less) or ticket.absorbed:
        return []
    return [TicketEased(severity=command.severity, reason=command.reason)]
