"""What a ticket's story is made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from domain.alert.facts import DedupKey, Score
from domain.fraud.types import FraudType
from domain.kernel import Event, Identifier, Instant, LongText, ShortText
from domain.severity import Severity


class TicketCategory(StrEnum):
    """Whose kind of work it is."""

    SECURITY_FRAUD = "SECURITY_FRAUD"
    SECURITY = "SECURITY"
    OPERATIONS = "OPERATIONS"


class TicketStatus(StrEnum):
    """Where a ticket stands: four statuses in which it is open, and four in which it is over."""

    NEW = "NEW"
    ASSIGNED = "ASSIGNED"
    IN_PROGRESS = "IN_PROGRESS"
    ON_HOLD = "ON_HOLD"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"
    MERGED = "MERGED"


class Priority(StrEnum):
    """What comes first in a queue, the most pressing first."""

    URGENT = "URGENT"
    HIGH = "HIGH"
    NORMAL = "NORMAL"
    LOW = "LOW"


class ServiceTarget(StrEnum):
    """What a service level promises: that somebody takes a ticket on, and that the work gets done."""

    ACKNOWLEDGE = "ACKNOWLEDGE"
    RESOLVE = "RESOLVE"


ESCALATION_LEVEL_MAX = 2

RepeatCount = Annotated[int, msgspec.Meta(ge=0)]
ElapsedS = Annotated[float, msgspec.Meta(ge=0)]
EscalationLevel = Annotated[int, msgspec.Meta(ge=1, le=ESCALATION_LEVEL_MAX)]


class TicketOpened(Event, frozen=True, tag="ticket.opened"):
    """There is work for a person. Stated by a policy or a person; the ticket is NEW until it is assigned."""

    ticket_id: UUID
    category: TicketCategory
    title: ShortText
    severity: Severity
    priority: Priority
    site_id: Identifier | None = None  # none where a call for help named none
    person_id: Identifier | None = None  # whom it is about
    fraud_type: FraudType | None = None
    dedup_key: DedupKey | None = None
    alert_id: UUID | None = None  # the alert that it was opened for
    assignee: Identifier | None = None  # for whom it was opened; TicketAssigned follows
    evidence: UUID | None = None  # the signal that was judged
    finding_id: UUID | None = None  # the finding that it was opened for
    seen_at: Instant | None = (
        None  # when the trouble happened; a repeat is told by the time from it
    )
    incident_id: UUID | None = None  # the incident that it was opened for


class TicketAssigned(Event, frozen=True, tag="ticket.assigned"):
    """A ticket was given to a user. A NEW one becomes ASSIGNED; work that was begun goes on in other hands."""

    assignee: Identifier  # username


class TicketStarted(Event, frozen=True, tag="ticket.started"):
    """The assignee began to work on a ticket."""


class TicketHeld(Event, frozen=True, tag="ticket.held"):
    """Work on a ticket waits for something outside. The clock of its service level stands still."""

    reason: ShortText
    waiting_until: Instant  # when the hold ends by itself, if nobody resumed before


class TicketResumed(Event, frozen=True, tag="ticket.resumed"):
    """Work on a ticket goes on after a hold: somebody said so, or what it waited until has come."""


class TicketResolved(Event, frozen=True, tag="ticket.resolved"):
    """The work is done, as the assignee sees it. It waits for a second look before it is closed."""

    resolution: LongText


class TicketClosed(Event, frozen=True, tag="ticket.closed"):
    """A resolved ticket was looked at and needs nothing more."""


class TicketReopened(Event, frozen=True, tag="ticket.reopened"):
    """A ticket that was over needs work again: ASSIGNED where it had an assignee, else NEW."""

    reason: ShortText


class TicketCancelled(Event, frozen=True, tag="ticket.cancelled"):
    """A ticket needs no work, for instance because what caused it was disproved. It was not worked off."""

    reason: ShortText


class TicketCommented(Event, frozen=True, tag="ticket.commented"):
    """A person wrote something down about a ticket."""

    text: LongText


class TicketPrioritised(Event, frozen=True, tag="ticket.prioritised"):
    """A ticket got another place in the queue. Its severity stays."""

    priority: Priority


class TicketLinked(Event, frozen=True, tag="ticket.linked"):
    """A ticket was found to belong with another one. The other ticket states its own link."""

    other_ticket_id: UUID


class TicketMerged(Event, frozen=True, tag="ticket.merged"):
    """A ticket turned out to be the same work as another one, where it goes on. This one is over."""

    into_ticket_id: UUID


class TicketAbsorbed(Event, frozen=True, tag="ticket.absorbed"):
    """Another ticket turned out to be the same work and was merged into this one. What was said about it stays with it."""

    other_ticket_id: UUID


class TicketSlaAtRisk(Event, frozen=True, tag="ticket.sla_at_risk"):
    """Four fifths of the time for a target are gone and the target is not reached. Stated once for each term of a ticket, by its timer."""

    target: ServiceTarget
    due_at: Instant  # when the target is missed
    elapsed_s: ElapsedS  # time that counted so far, in seconds; a hold does not


class TicketSlaBreached(Event, frozen=True, tag="ticket.sla_breached"):
    """The time for a target is over and the target was not reached. Stated once for each term of a ticket, by its timer; late, if nothing ran when it was due."""

    target: ServiceTarget
    due_at: Instant  # when the target was missed
    elapsed_s: ElapsedS  # time that counted so far, in seconds; a hold does not


class TicketEscalated(Event, frozen=True, tag="ticket.escalated"):
    """A ticket was lifted to a higher level since a target was missed; its time begins anew. Stated by a policy; facts of its new priority and assignee stand before it."""

    level: EscalationLevel  # 1: to the supervisor; 2: to the tenant's escalation address
    reason: ShortText
    target: ServiceTarget  # that was missed
    due_at: Instant  # when it was missed
    priority: Priority  # from here on
    assignee: Identifier | None = None  # who has it from here on


class TicketAssignmentRequested(Event, frozen=True, tag="ticket.assignment_requested"):
    """A person asked that the tenant's rules find an assignee for a ticket. A policy answers by TicketAssigned or TicketAssignmentLeft."""


class TicketAssignmentLeft(Event, frozen=True, tag="ticket.assignment_left"):
    """The tenant's rules were asked for an assignee, and left a ticket with whom it was, or in the queue."""

    reason: ShortText


class TicketRepeated(Event, frozen=True, tag="ticket.repeated"):
    """The trouble that a ticket is about came again while it was open, or an evidence of it turned out worse. Stated by a policy in place of a second ticket."""

    severity: Severity  # of the ticket: the worst so far
    count: (
        RepeatCount  # repeats so far; the opening is none, nor is a worse look at a known evidence
    )
    alert_id: UUID | None = None  # the alert that told of it
    finding_id: UUID | None = None  # the finding that told of it
    score: Score | None = None  # that an alert told of
    evidence: UUID | None = None  # the signal that was judged


class TicketEased(Event, frozen=True, tag="ticket.eased"):
    """What a ticket stands on turned out to be less bad, before anybody had begun to work on it. Its priority stays."""

    severity: Severity
    reason: ShortText


class TicketEvidenceWithdrawn(Event, frozen=True, tag="ticket.evidence_withdrawn"):
    """What caused a ticket was disproved by what became known later. Stated by a policy; what to do with the work, people decide."""

    reason: ShortText


TicketEvent: TypeAlias = (
    TicketOpened
    | TicketAssigned
    | TicketStarted
    | TicketHeld
    | TicketResumed
    | TicketResolved
    | TicketClosed
    | TicketReopened
    | TicketCancelled
    | TicketCommented
    | TicketPrioritised
    | TicketLinked
    | TicketMerged
    | TicketAbsorbed
    | TicketSlaAtRisk
    | TicketSlaBreached
    | TicketEscalated
    | TicketAssignmentRequested
    | TicketAssignmentLeft
    | TicketRepeated
    | TicketEased
    | TicketEvidenceWithdrawn
)
