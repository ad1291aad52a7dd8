"""Whenever a ticket is opened without an assignee, assign it by the tenant's rules.

The same is done for a ticket whenever a person asks for it; then a ticket that stays where it was
is an answer as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

import msgspec

from application.duty import (
    DUTY_FACTS,
    fetch_duty,
    learn_duty,
    security_manager,
    supervisor_on_duty,
)
from application.following import Desk
from domain.assignment import (
    ASSIGNMENT_STREAM,
    AssignmentRule,
    AssignmentRules,
    AssignmentRulesLaidDown,
    AssignTo,
)
from domain.catalogue import AnyRecorded
from domain.kernel import Event
from domain.severity import Severity
from domain.ticket import (
    OPEN_STATUSES,
    TICKET,
    AssignTicket,
    LeaveAssignment,
    TicketAssignmentRequested,
    TicketCategory,
    TicketEased,
    TicketOpened,
    TicketRepeated,
)

NAME = "assign-ticket-whenever-opened-without-assignee"

IN_QUEUE = "The rules leave it in the queue."
NO_RULE = "No rule fits the ticket."
NOBODY = "Nobody is there whom the rule means."
HAS_IT = "The rules mean the one who has it."


class Subject(msgspec.Struct, frozen=True):
    """What the rules ask of a ticket, and how far its story was answered."""

    category: TicketCategory
    severity: Severity
    site_id: str | None
    version: int  # of the ticket's stream


class Standing(msgspec.Struct, frozen=True):
    """The rules that stand."""

    version: int
    rules: tuple[AssignmentRule, ...]


class AssignTicketWheneverOpenedWithoutAssignee:
    """The policy `assign-ticket-whenever-opened-without-assignee`."""

    name = NAME
    behind = None
    facts: tuple[type[Event], ...] = (
        *DUTY_FACTS,
        AssignmentRulesLaidDown,
        TicketOpened,
        TicketRepeated,
        TicketEased,
        TicketAssignmentRequested,
    )

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        fetch_for(desk, batch)
        for fact in batch:
            match fact.event:
                case AssignmentRulesLaidDown(rules=rules):
                    known = desk.memories([ASSIGNMENT_STREAM], Standing).get(ASSIGNMENT_STREAM)
                    if known is None or fact.version > known.version:
                        desk.remember(ASSIGNMENT_STREAM, Standing(fact.version, rules))
                case (
                    TicketOpened() | TicketRepeated() | TicketEased() | TicketAssignmentRequested()
                ):
                    answer(desk, fact)
                case _:
                    learn_duty(desk, fact)


def fetch_for(desk: Desk, batch: Sequence[AnyRecorded]) -> None:
    """Have in hand what the batch will ask for."""
    told = (TicketOpened, TicketRepeated, TicketEased, TicketAssignmentRequested)
    streams = [fact.stream_id for fact in batch if isinstance(fact.event, told)]
    known = desk.memories(streams, Subject)
    sites = [each.site_id for each in known.values()]
    sites += [fact.event.site_id for fact in batch if isinstance(fact.event, TicketOpened)]
    fetch_duty(desk, batch, [site for site in sites if site is not None])
    if streams:
        desk.memories([ASSIGNMENT_STREAM], Standing)
        desk.fetch_streams(streams)


def answer(desk: Desk, fact: AnyRecorded) -> None:
    """Answer one fact of a ticket, once."""
    known = desk.memories([fact.stream_id], Subject).get(fact.stream_id)
    if known is not None and fact.version <= known.version:
        return
    match fact.event:
        case TicketOpened(category=category, severity=severity, site_id=site_id) as opened:
            subject = Subject(category, severity, site_id, fact.version)
            desk.remember(fact.stream_id, subject)
            if opened.assignee is None:
                assign_new(desk, fact, subject)
        case TicketRepeated(severity=severity) | TicketEased(severity=severity):
            assert known is not None, "A ticket is opened before anything else is told of it."
            known = msgspec.structs.replace(known, severity=severity, version=fact.version)
            desk.remember(fact.stream_id, known)
        case _:
            assert known is not None, "A ticket is opened before anything is asked of it."
            known = msgspec.structs.replace(known, version=fact.version)
            desk.remember(fact.stream_id, known)
            assign_asked(desk, fact, known)


def assign_new(desk: Desk, fact: AnyRecorded, subject: Subject) -> None:
    """Give a new ticket to whom the rules mean, unless somebody was faster."""
    ticket = desk.state(TICKET, fact.stream_id)
    assignee, _ = meant(desk, subject, fact.recorded_at)
    if assignee is not None and ticket.assignee is None and ticket.status in OPEN_STATUSES:
        desk.do(TICKET, fact.stream_id, AssignTicket(assignee=assignee), fact)


def assign_asked(desk: Desk, fact: AnyRecorded, subject: Subject) -> None:
    """Give a ticket to whom the rules mean, or say why it stays."""
    ticket = desk.state(TICKET, fact.stream_id)
    assignee, reason = meant(desk, subject, fact.recorded_at)
    if ticket.status in OPEN_STATUSES and assignee not in {None, ticket.assignee}:
        assert assignee is not None, "None is among those that were left out."
        desk.do(TICKET, fact.stream_id, AssignTicket(assignee=assignee), fact)
    elif ticket.assignment_asked:
        desk.do(TICKET, fact.stream_id, LeaveAssignment(reason=reason), fact)


def meant(desk: Desk, subject: Subject, at: datetime) -> tuple[str | None, str]:
    """Return whom the rules mean at a moment, and why it may be nobody else."""
    standing = desk.memories([ASSIGNMENT_STREAM], Standing).get(ASSIGNMENT_STREAM)
    rules = AssignmentRules(() if standing is None else standing.rules)
    rule = rules.fitting(subject.category, subject.severity, subject.site_id)
    if rule is None:
        return None, NO_RULE
    match rule.assign_to:
        case AssignTo.QUEUE:
            return None, IN_QUEUE
        case AssignTo.USER:
            found = rule.username
        case AssignTo.SECURITY_MANAGER:
            found = security_manager(desk, subject.site_id)
        case AssignTo.ON_DUTY_SUPERVISOR:
            found = supervisor_on_duty(desk, subject.site_id, at)
        case _:
            assert_never(rule.assign_to)
    return found, NOBODY if found is None else HAS_IT
