"""Whenever a fraud alert is raised or repeated, see to it that one open ticket is about it.

Tickets are told apart by the alert's dedup key: up to 24 hours before or after the attendance that
a ticket began with, while it is NEW, ASSIGNED or IN_PROGRESS, a further alert is counted in it and
may raise its severity; it never opens a second one. A new ticket goes to the site's security
manager, else it waits in the queue. When the last alert behind a ticket is withdrawn, the ticket is
told, and cancelled if nobody has begun to work on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec

from application.following import Desk, derived_id
from domain.alert import AlertEvidenceRevised, AlertRaised, AlertRepeated, AlertWithdrawn
from domain.catalogue import AnyRecorded
from domain.directory.site import (
    SecurityManagerAppointed,
    SecurityManagerRelieved,
    SiteRegistered,
)
from domain.severity import Severity, rank
from domain.ticket import (
    OPEN_STATUSES,
    TICKET,
    CancelTicket,
    OpenTicket,
    Priority,
    RepeatTicket,
    Ticket,
    TicketCategory,
    TicketStatus,
    WithdrawTicketEvidence,
    ticket_stream,
)

NAME = "open-ticket-whenever-alert-raised"
DEDUP_WINDOW = timedelta(hours=24)  # product rule
CASES_MAX = 32  # tickets remembered of a dedup key

AlertTold: TypeAlias = AlertRaised | AlertRepeated | AlertEvidenceRevised | AlertWithdrawn

PRIORITIES = {
    Severity.CRITICAL: Priority.URGENT,
    Severity.HIGH: Priority.HIGH,
    Severity.MEDIUM: Priority.NORMAL,
    Severity.LOW: Priority.LOW,
    Severity.INFO: Priority.LOW,
}
# States in which a repeat is counted instead of opening another ticket (product rule).
TAKING_REPEATS = frozenset({TicketStatus.NEW, TicketStatus.ASSIGNED, TicketStatus.IN_PROGRESS})
UNTOUCHED = frozenset({TicketStatus.NEW, TicketStatus.ASSIGNED})


class Case(msgspec.Struct, frozen=True):
    """A ticket of a dedup key."""

    ticket_id: UUID
    seen_at: datetime  # corrected time of the attendance that it began with


class Cases(msgspec.Struct, frozen=True):
    """The latest tickets of a dedup key, in the order in which they were opened."""

    cases: tuple[Case, ...] = ()


class SiteDuty(msgspec.Struct, frozen=True):
    """Who gets a site's security tickets."""

    security_manager: str | None
    version: int  # of the site's stream; what is not newer was taken in already


class KnownAlert(msgspec.Struct, frozen=True):
    """What the facts of an alert do not repeat, and where it is worked on."""

    raised: AlertRaised
    version: int  # of the alert's stream; what is not newer was answered already
    tickets: tuple[UUID, ...] = ()  # that it was counted in, the latest last


class Behind(msgspec.Struct, frozen=True):
    """The alerts that a ticket stands on."""

    alerts: tuple[UUID, ...] = ()


class OpenTicketWheneverAlertRaised:
    """The policy `open-ticket-whenever-alert-raised`."""

    name = NAME
    behind = None
    facts = (
        AlertRaised,
        AlertRepeated,
        AlertEvidenceRevised,
        AlertWithdrawn,
        SiteRegistered,
        SecurityManagerAppointed,
        SecurityManagerRelieved,
    )

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        fetch_for(desk, batch)
        for fact in batch:
            match fact.event:
                case (
                    SiteRegistered(security_manager=name)
                    | SecurityManagerAppointed(security_manager=name)
                ):
                    learn_duty(desk, fact, name)
                case SecurityManagerRelieved():
                    learn_duty(desk, fact, None)
                case AlertRaised() | AlertRepeated() | AlertEvidenceRevised() | AlertWithdrawn():
                    react(desk, fact, fact.event)
                case _:
                    continue


def fetch_for(desk: Desk, batch: Sequence[AnyRecorded]) -> None:
    """Have in hand what the batch will ask for, in five questions instead of five an alert."""
    told = [fact for fact in batch if isinstance(fact.event, AlertTold)]
    if not told:
        return
    known = desk.memories([fact.stream_id for fact in told], KnownAlert)
    raised = [held.raised for held in known.values()]
    raised += [fact.event for fact in told if isinstance(fact.event, AlertRaised)]
    cases = desk.memories([each.dedup_key for each in raised], Cases)
    tickets = [case.ticket_id for held in cases.values() for case in held.cases]
    tickets += [ticket_id for held in known.values() for ticket_id in held.tickets]
    tickets += [new_ticket_id(fact) for fact in told]
    streams = [ticket_stream(ticket_id) for ticket_id in tickets]
    desk.memories(streams, Behind)
    desk.memories([f"site-{each.site_id}" for each in raised], SiteDuty)
    desk.fetch_streams(streams)


def learn_duty(desk: Desk, fact: AnyRecorded, security_manager: str | None) -> None:
    """Remember who gets the tickets of a site from here on."""
    known = desk.memories([fact.stream_id], SiteDuty).get(fact.stream_id)
    if known is None or fact.version > known.version:
        desk.remember(fact.stream_id, SiteDuty(security_manager, fact.version))


def react(desk: Desk, fact: AnyRecorded, event: AlertTold) -> None:
    """Answer one fact of an alert."""
    known = desk.memories([fact.stream_id], KnownAlert).get(fact.stream_id)
    if known is None:
        assert isinstance(event, AlertRaised), f"{event} stands before its alert was raised."
        known = KnownAlert(event, 0)
    if fact.version <= known.version:
        return
    tickets = known.tickets
    match event:
        case AlertRaised() | AlertRepeated():
            command = repeat_command(known.raised, event)
            ticket_id = work_on(desk, fact, known.raised, command, event.seen_at)
            tickets = (*(each for each in tickets if each != ticket_id), ticket_id)
        case AlertEvidenceRevised():
            raise_severity(desk, fact, known, repeat_command(known.raised, event))
        case AlertWithdrawn(reason=reason):
            for ticket_id in tickets:
                withdraw(desk, fact, known.raised.alert_id, ticket_id, reason)
        case _:
            assert_never(event)
    desk.remember(fact.stream_id, KnownAlert(known.raised, fact.version, tickets))


def work_on(
    desk: Desk, fact: AnyRecorded, raised: AlertRaised, command: RepeatTicket, seen_at: datetime
) -> UUID:
    """Count an alert in the ticket that takes it, or open one; return the ticket's id."""
    ticket_id = taking(desk, raised.dedup_key, seen_at)
    if ticket_id is not None:
        desk.do(TICKET, ticket_stream(ticket_id), command, fact)
    else:
        ticket_id = new_ticket_id(fact)
        site = f"site-{raised.site_id}"
        duty = desk.memories([site], SiteDuty).get(site)
        manager = None if duty is None else duty.security_manager
        opening = open_command(ticket_id, raised, command, manager)
        desk.do(TICKET, ticket_stream(ticket_id), opening, fact)
        cases = (*cases_of(desk, raised.dedup_key), Case(ticket_id, seen_at))
        desk.remember(raised.dedup_key, Cases(cases[-CASES_MAX:]))
    alerts = alerts_behind(desk, ticket_id)
    if raised.alert_id not in alerts:
        desk.remember(ticket_stream(ticket_id), Behind((*alerts, raised.alert_id)))
    return ticket_id


def new_ticket_id(fact: AnyRecorded) -> UUID:
    """Return the id of the ticket that a fact would open: the same every time."""
    return derived_id(f"{NAME}/ticket", fact, 0)


def taking(desk: Desk, key: str, seen_at: datetime) -> UUID | None:
    """Return the ticket in which an attendance of this moment is counted."""
    for case in cases_of(desk, key):
        if abs(seen_at - case.seen_at) <= DEDUP_WINDOW:
            ticket_id, ticket = going_on(desk, case.ticket_id)
            if ticket.status in TAKING_REPEATS:
                return ticket_id
    return None


def going_on(desk: Desk, ticket_id: UUID) -> tuple[UUID, Ticket]:
    """Return the ticket in which a ticket's work goes on: itself, unless it was merged."""
    seen: set[UUID] = set()
    ticket = desk.state(TICKET, ticket_stream(ticket_id))
    while ticket.merged_into is not None and ticket_id not in seen:
        seen.add(ticket_id)
        ticket_id = ticket.merged_into
        ticket = desk.state(TICKET, ticket_stream(ticket_id))
    return ticket_id, ticket


def raise_severity(desk: Desk, fact: AnyRecorded, alert: KnownAlert, command: RepeatTicket) -> None:
    """A revised score is no repeat; only a severity that rose is worth telling the ticket."""
    ticket_id, ticket = going_on(desk, alert.tickets[-1])
    if ticket.status in TAKING_REPEATS and rank(command.severity) > rank(ticket.severity):
        desk.do(TICKET, ticket_stream(ticket_id), command, fact)


def withdraw(desk: Desk, fact: AnyRecorded, alert_id: UUID, ticket_id: UUID, reason: str) -> None:
    """Take an alert from behind a ticket; tell the ticket when that was the last one."""
    stream_id = ticket_stream(ticket_id)
    left = tuple(each for each in alerts_behind(desk, ticket_id) if each != alert_id)
    desk.remember(stream_id, Behind(left))
    status = desk.state(TICKET, stream_id).status
    if left or status not in OPEN_STATUSES:
        return
    desk.do(TICKET, stream_id, WithdrawTicketEvidence(reason=reason), fact)
    if status in UNTOUCHED:
        desk.do(TICKET, stream_id, CancelTicket(reason=reason), fact)


def cases_of(desk: Desk, key: str) -> tuple[Case, ...]:
    """Return the tickets that are remembered under a dedup key."""
    remembered = desk.memories([key], Cases).get(key)
    return () if remembered is None else remembered.cases


def alerts_behind(desk: Desk, ticket_id: UUID) -> tuple[UUID, ...]:
    """Return the alerts that a ticket stands on."""
    key = ticket_stream(ticket_id)
    remembered = desk.memories([key], Behind).get(key)
    return () if remembered is None else remembered.alerts


def repeat_command(
    raised: AlertRaised, told: AlertRaised | AlertRepeated | AlertEvidenceRevised
) -> RepeatTicket:
    """Return the wish to count an alert's evidence in a ticket."""
    return RepeatTicket(
        severity=told.severity, alert_id=raised.alert_id, score=told.score, evidence=told.evidence
    )


def open_command(
    ticket_id: UUID, raised: AlertRaised, told: RepeatTicket, assignee: str | None
) -> OpenTicket:
    """Return the wish for a security ticket about an alert, on the evidence that it told of last."""
    return OpenTicket(
        ticket_id=ticket_id,
        category=TicketCategory.SECURITY_FRAUD,
        title=raised.title,
        severity=told.severity,
        priority=PRIORITIES[told.severity],
        site_id=raised.site_id,
        person_id=raised.person_id,
        fraud_type=raised.fraud_type,
        dedup_key=raised.dedup_key,
        alert_id=raised.alert_id,
        assignee=assignee,
        evidence=told.evidence,
    )
