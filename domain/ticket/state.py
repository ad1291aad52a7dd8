"""What a ticket's facts leave to know: as much as the next decision needs."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.severity import Severity
from domain.ticket.facts import (
    Priority,
    ServiceTarget,
    TicketAbsorbed,
    TicketAssigned,
    TicketAssignmentLeft,
    TicketAssignmentRequested,
    TicketCancelled,
    TicketClosed,
    TicketCommented,
    TicketEased,
    TicketEscalated,
    TicketEvent,
    TicketEvidenceWithdrawn,
    TicketHeld,
    TicketLinked,
    TicketMerged,
    TicketOpened,
    TicketPrioritised,
    TicketReopened,
    TicketRepeated,
    TicketResolved,
    TicketResumed,
    TicketSlaAtRisk,
    TicketSlaBreached,
    TicketStarted,
    TicketStatus,
)


class Ticket(msgspec.Struct, frozen=True):
    """What the next decision needs to know."""

    status: TicketStatus | None = None  # None: nobody heard of it
    ticket_id: UUID | None = None
    severity: Severity = Severity.INFO
    priority: Priority = Priority.NORMAL
    assignee: str | None = None
    hold: tuple[str, datetime] | None = None  # reason and until when
    resolution: str | None = None
    merged_into: UUID | None = None
    links: frozenset[UUID] = frozenset()
    repeats: int = 0
    evidences: frozenset[UUID] = frozenset()  # signals, else findings, that were named
    evidence_withdrawn: bool = False
    absorbed: frozenset[UUID] = frozenset()  # tickets that were merged into this one
    warned: frozenset[ServiceTarget] = frozenset()  # at risk in this term
    missed: frozenset[ServiceTarget] = frozenset()  # breached in this term
    escalation_level: int = 0
    escalated_for: frozenset[tuple[ServiceTarget, datetime]] = frozenset()
    assignment_asked: bool = False


def evolve(ticket: Ticket, event: TicketEvent) -> Ticket:  # noqa: C901 - one arm a fact
    """Fold one fact into the state. It never refuses: what happened, happened."""
    match event:
        case TicketOpened():
            return opened(event)
        case TicketAssigned(assignee=assignee):
            return replace(
                ticket,
                status=after_assignment(ticket),
                assignee=assignee,
                assignment_asked=False,
            )
        case TicketStarted():
            return replace(ticket, status=TicketStatus.IN_PROGRESS)
        case TicketHeld(reason=reason, waiting_until=until):
            return replace(ticket, status=TicketStatus.ON_HOLD, hold=(reason, until))
        case TicketResumed():
            return replace(ticket, status=TicketStatus.IN_PROGRESS, hold=None)
        case TicketResolved(resolution=resolution):
            return replace(ticket, status=TicketStatus.RESOLVED, resolution=resolution)
        case TicketClosed():
            return replace(ticket, status=TicketStatus.CLOSED)
        case TicketReopened():
            return reopened(ticket)
        case TicketCancelled():
            return replace(ticket, status=TicketStatus.CANCELLED)
        case TicketCommented():
            return ticket
        case TicketPrioritised(priority=priority):
            return new_term(replace(ticket, priority=priority))
        case TicketLinked(other_ticket_id=other):
            return replace(ticket, links=ticket.links | {other})
        case TicketMerged(into_ticket_id=into):
            return replace(ticket, status=TicketStatus.MERGED, merged_into=into)
        case TicketAbsorbed(other_ticket_id=other):
            return replace(ticket, absorbed=ticket.absorbed | {other})
        case TicketSlaAtRisk(target=target):
            return replace(ticket, warned=ticket.warned | {target})
        case TicketSlaBreached(target=target):
            return replace(ticket, missed=ticket.missed | {target})
        case TicketEscalated(level=level, target=target, due_at=due_at):
            misses = ticket.escalated_for | {(target, due_at)}
            return new_term(replace(ticket, escalation_level=level, escalated_for=misses))
        case TicketAssignmentRequested():
            return replace(ticket, assignment_asked=True)
        case TicketAssignmentLeft():
            return replace(ticket, assignment_asked=False)
        case TicketRepeated():
            return repeated(ticket, event)
        case TicketEased(severity=severity):
            return replace(ticket, severity=severity)
        case TicketEvidenceWithdrawn():
            return replace(ticket, evidence_withdrawn=True)
        case _:
            assert_never(event)


def opened(event: TicketOpened) -> Ticket:
    return Ticket(
        status=TicketStatus.NEW,
        ticket_id=event.ticket_id,
        severity=event.severity,
        priority=event.priority,
        evidences=named(event.evidence or event.finding_id),
    )


def repeated(ticket: Ticket, event: TicketRepeated) -> Ticket:
    return replace(
        ticket,
        severity=event.severity,
        repeats=event.count,
        evidences=ticket.evidences | named(event.evidence or event.finding_id),
        evidence_withdrawn=False,  # what came again stands on evidence of its own
    )


def named(evidence: UUID | None) -> frozenset[UUID]:
    return frozenset() if evidence is None else frozenset({evidence})


def reopened(ticket: Ticket) -> Ticket:
    status = TicketStatus.NEW if ticket.assignee is None else TicketStatus.ASSIGNED
    afresh = new_term(replace(ticket, escalation_level=0))
    return replace(afresh, status=status, hold=None, resolution=None)


def new_term(ticket: Ticket) -> Ticket:
    """Return the ticket with targets of which nothing was told yet."""
    return replace(ticket, warned=frozenset(), missed=frozenset())


def after_assignment(ticket: Ticket) -> TicketStatus | None:
    return TicketStatus.ASSIGNED if ticket.status is TicketStatus.NEW else ticket.status
