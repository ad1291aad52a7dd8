"""Whenever a fraud alert is raised or repeated, see to it that one open ticket is about it.

Tickets are told apart by the alert's dedup key: within 24 hours, while a ticket is NEW, ASSIGNED
or IN_PROGRESS, a further alert is counted in it and may raise its severity; it never opens a
second one. A new ticket goes to the site's security manager, else it waits in the queue. When an
alert is withdrawn its ticket is told, and cancelled if nobody has begun to work on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.following import Desk, derived_id
from domain.alert import ALERT, AlertEvidenceRevised, AlertRaised, AlertRepeated, AlertWithdrawn
from domain.catalogue import AnyRecorded
from domain.directory.site import (
    SecurityManagerAppointed,
    SecurityManagerRelieved,
    SiteRegistered,
)
from domain.severity import Severity, rank
from domain.ticket import (
    TICKET,
    CancelTicket,
    OpenTicket,
    Priority,
    RepeatTicket,
    TicketCategory,
    TicketStatus,
    WithdrawTicketEvidence,
)

NAME = "open-ticket-whenever-alert-raised"
DEDUP_WINDOW = timedelta(hours=24)  # product rule

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


class OpenCase(msgspec.Struct, frozen=True):
    """The last ticket of a dedup key, and the latest attendance that it began with."""

    ticket_id: UUID
    seen_at: datetime


class SiteDuty(msgspec.Struct, frozen=True):
    """Who gets a site's security tickets."""

    security_manager: str | None


class KnownAlert(msgspec.Struct, frozen=True):
    """What the facts of an alert do not repeat: where, who, what."""

    raised: AlertRaised


class OpenTicketWheneverAlertRaised:
    """The policy `open-ticket-whenever-alert-raised`."""

    name = NAME
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
        for fact in batch:
            self._react(desk, fact)

    def _react(self, desk: Desk, fact: AnyRecorded) -> None:
        match fact.event:
            case SiteRegistered(security_manager=manager) | SecurityManagerAppointed(
                security_manager=manager
            ):
                desk.remember(fact.stream_id, SiteDuty(manager))
            case SecurityManagerRelieved():
                desk.remember(fact.stream_id, SiteDuty(None))
            case AlertRaised() as raised:
                desk.remember(fact.stream_id, KnownAlert(raised))
                repeat = RepeatTicket(
                    severity=raised.severity,
                    alert_id=raised.alert_id,
                    score=raised.score,
                    evidence=raised.evidence,
                )
                self._work_on(desk, fact, raised, repeat, raised.seen_at)
            case AlertRepeated(severity=severity, score=score, evidence=evidence, seen_at=seen_at):
                raised = desk.memories([fact.stream_id], KnownAlert)[fact.stream_id].raised
                repeat = RepeatTicket(
                    severity=severity, alert_id=raised.alert_id, score=score, evidence=evidence
                )
                self._work_on(desk, fact, raised, repeat, seen_at)
            case AlertEvidenceRevised(severity=severity, score=score, evidence=evidence):
                raised = desk.memories([fact.stream_id], KnownAlert)[fact.stream_id].raised
                repeat = RepeatTicket(
                    severity=severity, alert_id=raised.alert_id, score=score, evidence=evidence
                )
                self._raise_severity(desk, fact, raised, repeat)
            case AlertWithdrawn(dedup_key=key, reason=reason):
                self._withdraw(desk, fact, key, reason)
            case _:
                return

    def _work_on(
        self,
        desk: Desk,
        fact: AnyRecorded,
        raised: AlertRaised,
        repeat: RepeatTicket,
        seen_at: datetime,
    ) -> None:
        key = raised.dedup_key
        case = desk.memories([key], OpenCase).get(key)
        if case is not None and self._takes_repeats(desk, case, seen_at):
            desk.do(TICKET, f"ticket-{case.ticket_id}", repeat, fact)
            return
        ticket_id = derived_id(f"{NAME}/ticket", fact, 0)
        site = f"site-{raised.site_id}"
        duty = desk.memories([site], SiteDuty).get(site)
        manager = None if duty is None else duty.security_manager
        command = open_command(ticket_id, raised, repeat.severity, manager)
        desk.do(TICKET, f"ticket-{ticket_id}", command, fact)
        desk.remember(key, OpenCase(ticket_id, seen_at))

    def _takes_repeats(self, desk: Desk, case: OpenCase, seen_at: datetime) -> bool:
        if abs(seen_at - case.seen_at) > DEDUP_WINDOW:
            return False
        return desk.state(TICKET, f"ticket-{case.ticket_id}").status in TAKING_REPEATS

    def _raise_severity(
        self, desk: Desk, fact: AnyRecorded, raised: AlertRaised, repeat: RepeatTicket
    ) -> None:
        """A revised score is no repeat; only a severity that rose is worth telling the ticket."""
        case = desk.memories([raised.dedup_key], OpenCase).get(raised.dedup_key)
        if case is None:
            return
        stream_id = f"ticket-{case.ticket_id}"
        ticket = desk.state(TICKET, stream_id)
        if ticket.status in TAKING_REPEATS and rank(repeat.severity) > rank(ticket.severity):
            desk.do(TICKET, stream_id, repeat, fact)

    def _withdraw(self, desk: Desk, fact: AnyRecorded, key: str, reason: str) -> None:
        case = desk.memories([key], OpenCase).get(key)
        if case is None:
            return
        stream_id = f"ticket-{case.ticket_id}"
        status = desk.state(TICKET, stream_id).status
        if status in OVER:
            return
        desk.do(TICKET, stream_id, WithdrawTicketEvidence(reason=reason), fact)
        if status in UNTOUCHED:
            desk.do(TICKET, stream_id, CancelTicket(reason=reason), fact)


OVER = frozenset(
    {
        TicketStatus.RESOLVED,
        TicketStatus.CLOSED,
        TicketStatus.CANCELLED,
        TicketStatus.MERGED,
    }
)


def open_command(
    ticket_id: UUID, raised: AlertRaised, severity: Severity, assignee: str | None
) -> OpenTicket:
    """Return the wish for a security ticket about an alert."""
    return OpenTicket(
        ticket_id=ticket_id,
        category=TicketCategory.SECURITY_FRAUD,
        title=raised.title,
        severity=severity,
        priority=PRIORITIES[severity],
        site_id=raised.site_id,
        person_id=raised.person_id,
        fraud_type=raised.fraud_type,
        dedup_key=raised.dedup_key,
        alert_id=raised.alert_id,
        assignee=assignee,
    )
