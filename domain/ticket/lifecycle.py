"""How a ticket lives: which wish is granted when, and why not.

    wish \\ status   unheard  NEW        ASSIGNED    IN_PROGRESS  ON_HOLD     RESOLVED  CLOSED    CANCELLED  MERGED
    OpenTicket      Opened   so         so          so           so          so        so        so         so
    AssignTicket    unknown  Assigned   Assigned ¹  Assigned ¹   Assigned ¹  over      over      over       over
    StartTicket     unknown  not_assgd  Started     so           on_hold     over      over      over       over
    HoldTicket      unknown  not_strtd  not_strtd   Held         Held ¹      over      over      over       over
    ResumeTicket    unknown  not_held   not_held    so           Resumed     over      over      over       over
    ResolveTicket   unknown  not_strtd  not_strtd   Resolved     on_hold     over ¹    over      over       over
    CloseTicket     unknown  not_rslvd  not_rslvd   not_rslvd    not_rslvd   Closed    so        over       over
    ReopenTicket    unknown  so         so          so           so          Reopened  Reopened  Reopened   over
    CancelTicket    unknown  Cancelled  Cancelled   Cancelled    Cancelled   over      over      so         over
    PrioritiseTicket         Prioritised ¹ in these four                     over      over      over       over
    MergeTicket              Merged in these four                            over      over      over       over ¹
    AbsorbTicket             Absorbed ¹ in these four                        over ¹    over ¹    over ¹     over ¹
    TellTicketAtRisk unknown AtRisk ³   AtRisk ³    AtRisk ³     on_hold     over      over      over       over
    TellTicketBreached       Breached ³ Breached ³  Breached ³   on_hold     over      over      over       over
    EscalateTicket           Escalated ¹ in these four                       over      over      over       over
    RequestAssignment        AssignmentRequested ¹ in these four             over      over      over       over
    RepeatTicket    unknown  Repeated ² Repeated ²  Repeated ²   on_hold     over      over      over       over
    EaseTicket      unknown  Eased ⁴    Eased ⁴     so           so          so        so        so         so
    CommentTicket, LinkTicket ¹, WithdrawTicketEvidence ¹: granted in every status but the first
    LeaveAssignment: granted wherever an assignment is asked for, else so

"so" is already so: no fact. The words in small letters are refusals: ticket.unknown, ticket.over,
ticket.not_assigned, ticket.not_started, ticket.on_hold, ticket.not_on_hold, ticket.not_resolved.
¹ So where nothing would differ: the assignee, the hold, the resolution, the priority, the ticket
that is named, the evidence that was withdrawn before, the miss that lifted it before.
² So where the evidence is known and no worse than the ticket; it is counted once.
³ So where it was told in this term; ticket.target_reached where ACKNOWLEDGE is told and somebody has it.
⁴ So where it is no less bad, or other tickets were merged into it.

A repeat that comes while a ticket is on hold is refused: it waits for something outside and nobody
looks at it, so the same trouble deserves a ticket of its own.
"""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

from domain.kernel import Decider
from domain.ticket import service, taking, working
from domain.ticket.facts import (
    TicketAssigned,
    TicketCommented,
    TicketEvent,
    TicketEvidenceWithdrawn,
    TicketLinked,
    TicketOpened,
    TicketPrioritised,
)
from domain.ticket.guards import require_another, require_going_on, require_open
from domain.ticket.refusals import (
    TicketUnknown,
)
from domain.ticket.state import Ticket, evolve
from domain.ticket.wishes import (
    AbsorbTicket,
    AssignTicket,
    CancelTicket,
    CloseTicket,
    CommentTicket,
    EaseTicket,
    EscalateTicket,
    HoldTicket,
    LeaveAssignment,
    LinkTicket,
    MergeTicket,
    OpenTicket,
    PrioritiseTicket,
    ReopenTicket,
    RepeatTicket,
    RequestAssignment,
    ResolveTicket,
    ResumeTicket,
    StartTicket,
    TellTicketAtRisk,
    TellTicketBreached,
    TicketCommand,
    WithdrawTicketEvidence,
)


def decide(ticket: Ticket, command: TicketCommand) -> list[TicketEvent]:  # noqa: C901 - one arm a wish
    """Answer a command with the facts it brings about, or refuse it.

    An empty list means the wish is already true; that is not an error.

    Raises:
        TicketUnknown: nothing was opened here yet.
        TicketIsOver: the ticket is resolved, closed, cancelled or merged.
        TicketIsNotAssigned: nobody has it yet.
        TicketIsNotStarted: nobody works on it yet.
        TicketIsOnHold: it waits for something outside.
        TicketIsNotOnHold: it does not wait.
        TicketIsNotResolved: the work is not done.
        TargetIsReached: a timer wants to tell of a target that needs no clock any more.
        TicketIsTheSame: it was to be linked or merged with itself.
        WaitingUntilNeedsZone: the moment to wait for has no time zone.
    """
    if isinstance(command, OpenTicket):
        return opening(command) if ticket.status is None else []
    if ticket.status is None:
        raise TicketUnknown("There is no ticket of this id.")
    match command:
        case AssignTicket(assignee=assignee):
            require_open(ticket)
            return [] if assignee == ticket.assignee else [TicketAssigned(assignee=assignee)]
        case StartTicket():
            return working.start(ticket)
        case HoldTicket():
            return working.hold(ticket, command)
        case ResumeTicket():
            return working.resume(ticket)
        case ResolveTicket(resolution=resolution):
            return working.resolve(ticket, resolution)
        case CloseTicket():
            return working.close(ticket)
        case ReopenTicket(reason=reason):
            return working.reopen(ticket, reason)
        case CancelTicket(reason=reason):
            return working.cancel(ticket, reason)
        case CommentTicket(text=text):
            return [TicketCommented(text=text)]
        case PrioritiseTicket(priority=priority):
            require_open(ticket)
            return [] if priority is ticket.priority else [TicketPrioritised(priority=priority)]
        case LinkTicket(other_ticket_id=other):
            require_another(ticket, other, "$.other_ticket_id")
            return [] if other in ticket.links else [TicketLinked(other_ticket_id=other)]
        case MergeTicket(into_ticket_id=into):
            require_another(ticket, into, "$.into_ticket_id")
            return taking.merge(ticket, into)
        case AbsorbTicket(other_ticket_id=other):
            require_another(ticket, other, "$.other_ticket_id")
            return taking.absorb(ticket, other)
        case TellTicketAtRisk():
            require_open(ticket)
            require_going_on(ticket)
            return service.at_risk(ticket, command)
        case TellTicketBreached():
            require_open(ticket)
            require_going_on(ticket)
            return service.breached(ticket, command)
        case EscalateTicket():
            require_open(ticket)
            return service.escalate(ticket, command)
        case RequestAssignment():
            require_open(ticket)
            return service.request_assignment(ticket)
        case LeaveAssignment(reason=reason):
            return service.leave_assignment(ticket, reason)
        case RepeatTicket():
            return taking.repeat(ticket, command)
        case EaseTicket():
            return taking.ease(ticket, command)
        case WithdrawTicketEvidence(reason=reason):
            return [] if ticket.evidence_withdrawn else [TicketEvidenceWithdrawn(reason=reason)]
        case _:
            assert_never(command)


def opening(command: OpenTicket) -> list[TicketEvent]:
    opened = TicketOpened(
        ticket_id=command.ticket_id,
        category=command.category,
        title=command.title,
        severity=command.severity,
        priority=command.priority,
        site_id=command.site_id,
        person_id=command.person_id,
        fraud_type=command.fraud_type,
        dedup_key=command.dedup_key,
        alert_id=command.alert_id,
        assignee=command.assignee,
        evidence=command.evidence,
        finding_id=command.finding_id,
        incident_id=command.incident_id,
        seen_at=command.seen_at,
    )
    if command.assignee is None:
        return [opened]
    return [opened, TicketAssigned(assignee=command.assignee)]


TICKET = Decider(initial=Ticket(), decide=decide, evolve=evolve)


def ticket_stream(ticket_id: UUID) -> str:
    """Return the stream that tells a ticket's story."""
    return f"ticket-{ticket_id}"
