"""Ticket board: one row per ticket, as queues, boards and the feed show it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import get_args
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.catalogue import AnyRecorded
from domain.fraud.types import FraudType
from domain.severity import Severity
from domain.ticket import (
    Priority,
    TicketAbsorbed,
    TicketAssigned,
    TicketCancelled,
    TicketCategory,
    TicketClosed,
    TicketEased,
    TicketEscalated,
    TicketEvent,
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
from projections.kernel import Projection, key_behind, stamped


class Sla(StrEnum):
    """What was told of a ticket's targets in this term, the worst of it. One that is over keeps it."""

    OK = "OK"
    AT_RISK = "AT_RISK"
    BREACHED = "BREACHED"


class TicketRow(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket as it stands."""

    ticket_id: UUID
    category: TicketCategory
    title: str
    status: TicketStatus
    severity: Severity
    priority: Priority
    site_id: str | None = None
    person_id: str | None = None
    fraud_type: FraudType | None = None
    dedup_key: str | None = None
    alert_id: UUID | None = None
    assignee: str | None = None
    repeat_count: int = 0  # repeats since it was opened
    waiting_until: datetime | None = None
    resolution: str | None = None
    links: list[UUID] = []
    merged_into: UUID | None = None
    opened_at: datetime
    updated_at: datetime
    position: int  # of the last fact folded into the row
    version: int  # of the ticket's stream, for If-Match
    finding_id: UUID | None = None
    incident_id: UUID | None = None
    absorbed: list[UUID] = []  # tickets that were merged into this one
    sla: Sla = Sla.OK
    escalation_level: int = 0


def project(row: TicketRow | None, fact: AnyRecorded) -> TicketRow | None:
    """Fold one fact into its ticket's row."""
    if isinstance(fact.event, TicketOpened):
        return opened(fact, fact.event)
    if row is None:
        return None
    return stamped(told(row, fact), fact)


def told(row: TicketRow, fact: AnyRecorded) -> TicketRow:  # noqa: C901 - one arm a fact
    """Return the row with what a fact says; a comment and the like leave the fields as they are."""
    match fact.event:
        case TicketAssigned(assignee=assignee):
            if row.status is TicketStatus.NEW:
                return replace(row, status=TicketStatus.ASSIGNED, assignee=assignee)
            return replace(row, assignee=assignee)
        case TicketStarted() | TicketResumed():
            return replace(row, status=TicketStatus.IN_PROGRESS, waiting_until=None)
        case TicketHeld(waiting_until=until):
            return replace(row, status=TicketStatus.ON_HOLD, waiting_until=until)
        case TicketResolved(resolution=resolution):
            return replace(
                row, status=TicketStatus.RESOLVED, resolution=resolution, waiting_until=None
            )
        case TicketClosed():
            return replace(row, status=TicketStatus.CLOSED)
        case TicketReopened():
            status = TicketStatus.NEW if row.assignee is None else TicketStatus.ASSIGNED
            return replace(row, status=status, resolution=None, sla=Sla.OK, escalation_level=0)
        case TicketCancelled():
            return replace(row, status=TicketStatus.CANCELLED, waiting_until=None)
        case TicketMerged(into_ticket_id=into):
            return replace(row, status=TicketStatus.MERGED, merged_into=into, waiting_until=None)
        case TicketPrioritised(priority=priority):
            return replace(row, priority=priority, sla=Sla.OK)
        case TicketSlaAtRisk():
            return row if row.sla is Sla.BREACHED else replace(row, sla=Sla.AT_RISK)
        case TicketSlaBreached():
            return replace(row, sla=Sla.BREACHED)
        case TicketEscalated(level=level):
            return replace(row, escalation_level=level)
        case TicketAbsorbed(other_ticket_id=other):
            return replace(row, absorbed=[*row.absorbed, other])
        case TicketLinked(other_ticket_id=other):
            return replace(row, links=[*row.links, other])
        case TicketEased(severity=severity):
            return replace(row, severity=severity)
        case TicketRepeated(severity=severity, count=count):
            return replace(row, severity=severity, repeat_count=count)
        case _:
            return row


def opened(fact: AnyRecorded, ticket: TicketOpened) -> TicketRow:
    """Return the row of a new ticket."""
    return TicketRow(
        ticket_id=ticket.ticket_id,
        category=ticket.category,
        title=ticket.title,
        status=TicketStatus.NEW,
        severity=ticket.severity,
        priority=ticket.priority,
        site_id=ticket.site_id,
        person_id=ticket.person_id,
        fraud_type=ticket.fraud_type,
        dedup_key=ticket.dedup_key,
        alert_id=ticket.alert_id,
        opened_at=fact.recorded_at,
        updated_at=fact.recorded_at,
        position=fact.position,
        version=fact.version,
        finding_id=ticket.finding_id,
        incident_id=ticket.incident_id,
    )


TICKET_BOARD = Projection(
    name="ticket-board",
    table="ticket_board",
    row=TicketRow,
    key="ticket_id",
    newest_first="opened_at",
    facts=get_args(TicketEvent),
    key_of=key_behind("ticket-"),
    project=project,
)
