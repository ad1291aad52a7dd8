"""Which ticket a subject is counted in, and which subjects a ticket stands on."""

from __future__ import annotations

from uuid import UUID

from application.escalation.subjects import Standing, Subject, behind, cases_of, subject_of
from application.following import Desk
from domain.alert.facts import DEDUP_WINDOW
from domain.ticket import TICKET, Ticket, TicketStatus, ticket_stream

# States in which a repeat is counted instead of opening another ticket (product rule).
TAKING_REPEATS = frozenset({TicketStatus.NEW, TicketStatus.ASSIGNED, TicketStatus.IN_PROGRESS})
UNTOUCHED = frozenset({TicketStatus.NEW, TicketStatus.ASSIGNED})


def taking(desk: Desk, subject: Subject) -> UUID | None:
    """Return the ticket in which a subject is counted, as it was seen last."""
    for case in cases_of(desk, subject.dedup_key):
        if abs(subject.seen_at - case.seen_at) <= DEDUP_WINDOW:
            ticket_id, ticket = going_on(desk, case.ticket_id)
            if ticket.status in TAKING_REPEATS:
                return ticket_id
    return None


def worked_on(desk: Desk, subject: Subject) -> tuple[UUID | None, Ticket]:
    """Return the latest of a subject's own tickets that takes repeats."""
    for own in reversed(subject.tickets):
        ticket_id, ticket = going_on(desk, own)
        if ticket.status in TAKING_REPEATS:
            return ticket_id, ticket
    return None, Ticket()


def going_on(desk: Desk, ticket_id: UUID) -> tuple[UUID, Ticket]:
    """Return the ticket in which a ticket's work goes on: itself, unless it was merged."""
    seen: set[UUID] = set()
    ticket = desk.state(TICKET, ticket_stream(ticket_id))
    while ticket.merged_into is not None and ticket_id not in seen:
        seen.add(ticket_id)
        ticket_id = ticket.merged_into
        ticket = desk.state(TICKET, ticket_stream(ticket_id))
    return ticket_id, ticket


def carrying(desk: Desk, ticket_id: UUID) -> list[Subject]:
    """Return the subjects that are reason enough for a ticket; a verdict of a person leaves one so."""
    subjects = [subject_of(desk, stream) for stream in behind(desk, ticket_id)]
    return [
        each
        for each in subjects
        if each is not None and each.standing is not Standing.WITHDRAWN and each.is_severe
    ]
