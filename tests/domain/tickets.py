"""Ticket stories that several tests begin with."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from domain.fraud.types import FraudType
from domain.severity import Severity
from domain.ticket import (
    OpenTicket,
    Priority,
    TicketAssigned,
    TicketCancelled,
    TicketCategory,
    TicketClosed,
    TicketEvent,
    TicketHeld,
    TicketMerged,
    TicketOpened,
    TicketResolved,
    TicketStarted,
    TicketStatus,
)

TICKET_ID = UUID(int=1)
OTHER_ID = UUID(int=2)
ALERT_ID = UUID(int=21)
EVIDENCE = UUID(int=31)
UNTIL = datetime(2026, 11, 23, 8, tzinfo=UTC)

opened = TicketOpened(
    ticket_id=TICKET_ID,
    category=TicketCategory.SECURITY_FRAUD,
    title="The position of G-001 is not to be believed",
    severity=Severity.HIGH,
    priority=Priority.HIGH,
    site_id="S-01",
    person_id="G-001",
    fraud_type=FraudType.GPS_SPOOFING,
    dedup_key="fraud/G-001/gps_spoofing",
    alert_id=ALERT_ID,
    evidence=EVIDENCE,
)
open_it = OpenTicket(
    ticket_id=TICKET_ID,
    category=TicketCategory.SECURITY_FRAUD,
    title="The position of G-001 is not to be believed",
    severity=Severity.HIGH,
    priority=Priority.HIGH,
    site_id="S-01",
    person_id="G-001",
    fraud_type=FraudType.GPS_SPOOFING,
    dedup_key="fraud/G-001/gps_spoofing",
    alert_id=ALERT_ID,
    evidence=EVIDENCE,
)
assigned = TicketAssigned(assignee="dora")
started = TicketStarted()
held = TicketHeld(reason="The site is closed", waiting_until=UNTIL)
resolved = TicketResolved(resolution="The guard was warned")
closed = TicketClosed()
cancelled = TicketCancelled(reason="A late location disproved it")
merged = TicketMerged(into_ticket_id=OTHER_ID)

IN_PROGRESS: list[TicketEvent] = [opened, assigned, started]

#: A story that ends in each status; None is the ticket that nobody heard of.
STORIES: dict[TicketStatus | None, list[TicketEvent]] = {
    None: [],
    TicketStatus.NEW: [opened],
    TicketStatus.ASSIGNED: [opened, assigned],
    TicketStatus.IN_PROGRESS: IN_PROGRESS,
    TicketStatus.ON_HOLD: [*IN_PROGRESS, held],
    TicketStatus.RESOLVED: [*IN_PROGRESS, resolved],
    TicketStatus.CLOSED: [*IN_PROGRESS, resolved, closed],
    TicketStatus.CANCELLED: [opened, cancelled],
    TicketStatus.MERGED: [opened, merged],
}
