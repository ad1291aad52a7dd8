"""What a missed target does to a ticket: warned once, breached once, lifted a level.

Timers may run late, twice and in two processes. So what they want to tell is held against the
ticket as it stands, and refused where it is not true any more.
"""

from __future__ import annotations

from domain.ticket.facts import (
    ESCALATION_LEVEL_MAX,
    Priority,
    ServiceTarget,
    TicketAssigned,
    TicketAssignmentLeft,
    TicketAssignmentRequested,
    TicketEscalated,
    TicketEvent,
    TicketPrioritised,
    TicketSlaAtRisk,
    TicketSlaBreached,
    TicketStatus,
)
from domain.ticket.refusals import TargetIsReached
from domain.ticket.state import Ticket
from domain.ticket.wishes import EscalateTicket, TellTicketAtRisk, TellTicketBreached

ONE_STEP_UP = {
    Priority.LOW: Priority.NORMAL,
    Priority.NORMAL: Priority.HIGH,
    Priority.HIGH: Priority.URGENT,
    Priority.URGENT: Priority.URGENT,
}
IN_WORDS = {ServiceTarget.ACKNOWLEDGE: "acknowledged", ServiceTarget.RESOLVE: "resolved"}


def at_risk(ticket: Ticket, command: TellTicketAtRisk) -> list[TicketEvent]:
    """Warn of a target, unless somebody was warned of it or it is missed already."""
    require_unreached(ticket, command.target)
    if command.target in ticket.warned | ticket.missed:
        return []
    return [
        TicketSlaAtRisk(target=command.target, due_at=command.due_at, elapsed_s=command.elapsed_s)
    ]


def breached(ticket: Ticket, command: TellTicketBreached) -> list[TicketEvent]:
    """Say that a target is missed, once in a term."""
    require_unreached(ticket, command.target)
    if command.target in ticket.missed:
        return []
    return [
        TicketSlaBreached(target=command.target, due_at=command.due_at, elapsed_s=command.elapsed_s)
    ]


def require_unreached(ticket: Ticket, target: ServiceTarget) -> None:
    if target is ServiceTarget.ACKNOWLEDGE and ticket.status is not TicketStatus.NEW:
        raise TargetIsReached("Somebody has taken the ticket on.")


def escalate(ticket: Ticket, command: EscalateTicket) -> list[TicketEvent]:
    """Lift a ticket one level for one miss: one step up and into other hands, then URGENT."""
    level = ticket.escalation_level + 1
    if (command.target, command.due_at) in ticket.escalated_for or level > ESCALATION_LEVEL_MAX:
        return []
    first = level == 1
    priority = ONE_STEP_UP[ticket.priority] if first else Priority.URGENT
    assignee = (command.assignee if first else None) or ticket.assignee
    facts: list[TicketEvent] = []
    if priority is not ticket.priority:
        facts.append(TicketPrioritised(priority=priority))
    if assignee is not None and assignee != ticket.assignee:
        facts.append(TicketAssigned(assignee=assignee))
    missed_at = command.due_at.isoformat(" ", "minutes")
    escalated = TicketEscalated(
        level=level,
        reason=f"It was to be {IN_WORDS[command.target]} by {missed_at}.",
        target=command.target,
        due_at=command.due_at,
        priority=priority,
        assignee=assignee,
    )
    return [*facts, escalated]


def request_assignment(ticket: Ticket) -> list[TicketEvent]:
    return [] if ticket.assignment_asked else [TicketAssignmentRequested()]


def leave_assignment(ticket: Ticket, reason: str) -> list[TicketEvent]:
    return [TicketAssignmentLeft(reason=reason)] if ticket.assignment_asked else []
