"""What may be wished of a ticket."""

from __future__ import annotations

from typing import TypeAlias
from uuid import UUID

from domain.alert.facts import DedupKey, Score
from domain.fraud.types import FraudType
from domain.kernel import Command, Identifier, Instant, LongText, ShortText
from domain.severity import Severity
from domain.ticket.facts import ElapsedS, Priority, ServiceTarget, TicketCategory


class OpenTicket(Command, frozen=True):
    """Ask for work, and give it to the assignee where one is named."""

    ticket_id: UUID
    category: TicketCategory
    title: ShortText
    severity: Severity
    priority: Priority
    site_id: Identifier | None = None
    person_id: Identifier | None = None
    fraud_type: FraudType | None = None
    dedup_key: DedupKey | None = None
    alert_id: UUID | None = None
    assignee: Identifier | None = None
    evidence: UUID | None = None
    finding_id: UUID | None = None
    incident_id: UUID | None = None
    seen_at: Instant | None = None


class AssignTicket(Command, frozen=True):
    """Give the ticket to a user."""

    assignee: Identifier


class StartTicket(Command, frozen=True):
    """Begin to work on the ticket."""


class HoldTicket(Command, frozen=True):
    """Let the ticket wait for something outside."""

    reason: ShortText
    waiting_until: Instant


class ResumeTicket(Command, frozen=True):
    """Go on after a hold."""


class ResolveTicket(Command, frozen=True):
    """Say that the work is done, and how."""

    resolution: LongText


class CloseTicket(Command, frozen=True):
    """Say that a resolved ticket needs nothing more."""


class ReopenTicket(Command, frozen=True):
    """Say that a ticket that was over needs work again."""

    reason: ShortText


class CancelTicket(Command, frozen=True):
    """Say that the ticket needs no work."""

    reason: ShortText


class CommentTicket(Command, frozen=True):
    """Write something down about the ticket."""

    text: LongText


class PrioritiseTicket(Command, frozen=True):
    """Give the ticket its place in the queue."""

    priority: Priority


class LinkTicket(Command, frozen=True):
    """Say that the ticket belongs with another one."""

    other_ticket_id: UUID


class MergeTicket(Command, frozen=True):
    """Say that the ticket is the same work as another one, where it goes on."""

    into_ticket_id: UUID


class AbsorbTicket(Command, frozen=True):
    """Say that another ticket was merged into this one."""

    other_ticket_id: UUID


class TellTicketAtRisk(Command, frozen=True):
    """Say that four fifths of the time for a target are gone."""

    target: ServiceTarget
    due_at: Instant
    elapsed_s: ElapsedS


class TellTicketBreached(Command, frozen=True):
    """Say that the time for a target is over."""

    target: ServiceTarget
    due_at: Instant
    elapsed_s: ElapsedS


class EscalateTicket(Command, frozen=True):
    """Lift the ticket one level, because of a target that was missed; the first level takes an assignee."""

    target: ServiceTarget
    due_at: Instant  # when it was missed; one miss lifts once
    assignee: Identifier | None = None


class RequestAssignment(Command, frozen=True):
    """Let the tenant's rules find an assignee."""


class LeaveAssignment(Command, frozen=True):
    """Answer a request for an assignee: nobody else was found."""

    reason: ShortText


class RepeatTicket(Command, frozen=True):
    """Say that the same trouble came again. An evidence, else a finding, counts once, however often it is said."""

    severity: Severity
    alert_id: UUID | None = None
    finding_id: UUID | None = None
    score: Score | None = None
    evidence: UUID | None = None


class EaseTicket(Command, frozen=True):
    """Say how bad what a ticket stands on is by now, where that is less than was thought."""

    severity: Severity
    reason: ShortText


class WithdrawTicketEvidence(Command, frozen=True):
    """Say that what caused the ticket was disproved."""

    reason: ShortText


TicketCommand: TypeAlias = (
    OpenTicket
    | AssignTicket
    | StartTicket
    | HoldTicket
    | ResumeTicket
    | ResolveTicket
    | CloseTicket
    | ReopenTicket
    | CancelTicket
    | CommentTicket
    | PrioritiseTicket
    | LinkTicket
    | MergeTicket
    | AbsorbTicket
    | TellTicketAtRisk
    | TellTicketBreached
    | EscalateTicket
    | RequestAssignment
    | LeaveAssignment
    | RepeatTicket
    | EaseTicket
    | WithdrawTicketEvidence
)
