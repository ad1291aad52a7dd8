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

from datetime import UTC, datetime
from typing import assert_never
from uuid import UUID

from domain.kernel import Decider
from domain.severity import rank, worst
from domain.ticket import service
from domain.ticket.facts import (
    TicketAbsorbed,
    TicketAssigned,
    TicketCancelled,
    TicketClosed,
    TicketCommented,
    TicketEased,
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
    TicketStarted,
    TicketStatus,
)
from domain.ticket.refusals import (
    TicketIsNotAssigned,
    TicketIsNotOnHold,
    TicketIsNotResolved,
    TicketIsNotStarted,
    TicketIsOnHold,
    TicketIsOver,
    TicketIsTheSame,
    TicketUnknown,
    WaitingUntilIsNoDate,
    WaitingUntilNeedsZone,
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

# A hold that reached beyond a calendar's first or last year in some time zone could be stored, but
# no read model could be read any more.
WAITING_FROM = datetime(2000, 1, 1, tzinfo=UTC)
WAITING_BEFORE = datetime(2200, 1, 1, tzinfo=UTC)

OPEN_STATUSES = frozenset(
    {
        TicketStatus.NEW,
        TicketStatus.ASSIGNED,
        TicketStatus.IN_PROGRESS,
        TicketStatus.ON_HOLD,
    }
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
            return start(ticket)
        case HoldTicket():
            return hold(ticket, command)
        case ResumeTicket():
            return resume(ticket)
        case ResolveTicket(resolution=resolution):
            return resolve(ticket, resolution)
        case CloseTicket():
            return close(ticket)
        case ReopenTicket(reason=reason):
            return reopen(ticket, reason)
        case CancelTicket(reason=reason):
            return cancel(ticket, reason)
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
            return merge(ticket, into)
        case AbsorbTicket(other_ticket_id=other):
            require_another(ticket, other, "$.other_ticket_id")
            return absorb(ticket, other)
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
            return repeat(ticket, command)
        case EaseTicket():
            return ease(ticket, command)
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


TICKET = Decider(initial=Ticket(), decide=decide, evolve=evolve)


def ticket_stream(ticket_id: UUID) -> str:
    """Return the stream that tells a ticket's story."""
    return f"ticket-{ticket_id}"
