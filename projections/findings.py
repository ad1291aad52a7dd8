"""Findings: one row per finding, and one per audit, as lists, pages and the feed show them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import get_args
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.alert import Verdict
from domain.catalogue import AnyRecorded
from domain.finding.facts import (
    AuditCompleted,
    AuditEvent,
    AuditFailed,
    AuditKind,
    AuditRequested,
    Evidence,
    Expected,
    FindingAcknowledged,
    FindingEvent,
    FindingRaised,
    FindingResolved,
    FindingRevised,
    FindingTakenUp,
    FindingType,
    FindingWithdrawn,
)
from domain.muting.facts import ActionMuted, MutedBy
from domain.severity import Severity
from domain.ticket import TicketOpened
from projections.kernel import Projection, key_behind, stamped

_key_of_story = key_behind("finding-")


class FindingShown(StrEnum):
    """Where a finding stands, as a queue names it."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"
    WITHDRAWN = "WITHDRAWN"


class FindingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One finding as it stands; what was known earlier is in its timeline."""

    finding_id: UUID
    finding_type: FindingType
    status: FindingShown
    severity: Severity
    title: str
    site_id: str
    person_id: str | None
    device_id: str | None
    subject_id: str  # the shift, tour, task or site that it is about
    window_start: datetime
    window_end: datetime
    expected: list[Expected]
    received: list[UUID]  # signals
    explanation: str
    judged_up_to: int  # position
    because: list[UUID]  # late signals that brought the last judgement about
    audit_id: UUID | None
    acknowledged_by: str | None = None
    verdict: Verdict | None = None
    comment: str | None = None
    revisions: int = 0  # judgements that this one superseded
    raised_at: datetime
    updated_at: datetime
    position: int  # of the last fact folded into the row
    version: int  # of the finding's stream, for If-Match
    ticket_id: UUID | None = None  # opened for it, or open and it was counted there; the last one


def tell_finding(row: FindingRow | None, fact: AnyRecorded) -> FindingRow | None:
    """Fold one fact of a finding's own story."""
    if isinstance(fact.event, FindingRaised):
        return raised(row, fact, fact.event)
    return None if row is None else later(row, fact)


def list_finding(row: FindingRow | None, fact: AnyRecorded) -> FindingRow | None:
    """Fold one fact into its finding's row of the lists.

    Findings that stand from before they were told of their tickets have them from the tickets'
    stories and the ledger; for the others that is only a little sooner.
    """
    match fact.event, row:
        case ((TicketOpened(ticket_id=ticket_id) | ActionMuted(muter_id=ticket_id)), FindingRow()):
            return replace(row, ticket_id=ticket_id, position=fact.position)
        case _:
            return tell_finding(row, fact)


def listed_key(fact: AnyRecorded) -> str | None:
    """Return the finding whose row of the lists a fact tells of."""
    match fact.event:
        case TicketOpened(finding_id=UUID() as finding_id):
            return str(finding_id)
        case ActionMuted(muted_by=MutedBy.DEDUPLICATION, subject=subject, subject_id=subject_id):
            return str(subject_id) if subject.startswith("finding") else None
        case _:
            return _key_of_story(fact)


def later(row: FindingRow, fact: AnyRecorded) -> FindingRow:
    """Return the row after a fact that came later than the raising."""
    return stamped(told(row, fact), fact)


def raised(row: FindingRow | None, fact: AnyRecorded, event: FindingRaised) -> FindingRow:
    """Return the row of a finding that is raised, for the first time or again."""
    return FindingRow(
        finding_id=event.finding_id,
        finding_type=event.finding_type,
        status=FindingShown.OPEN,
        severity=event.severity,
        title=event.title,
        site_id=event.site_id,
        person_id=event.person_id,
        device_id=event.device_id,
        subject_id=event.subject_id,
        window_start=event.window_start,
        window_end=event.window_end,
        expected=list(event.evidence.expected),
        received=list(event.evidence.received),
        explanation=event.evidence.explanation,
        judged_up_to=event.evidence.judged_up_to,
        because=list(event.because),
        audit_id=event.audit_id,
        revisions=0 if row is None else row.revisions + 1,
        raised_at=fact.recorded_at,
        updated_at=fact.recorded_at,
        position=fact.position,
        version=fact.version,
        # What is raised again was worked on before, and people look there first.
        ticket_id=None if row is None else row.ticket_id,
    )


def told(row: FindingRow, fact: AnyRecorded) -> FindingRow:
    """Return the row with what a later fact says."""
    match fact.event:
        case FindingRevised() as event:
            return replace(
                judged(row, event.evidence, event.because),
                severity=event.severity,
                title=event.title,
                person_id=event.person_id,
                device_id=event.device_id,
            )
        case FindingWithdrawn(evidence=evidence, because=because):
            return replace(judged(row, evidence, because), status=FindingShown.WITHDRAWN)
        case FindingAcknowledged():
            return replace(row, status=FindingShown.ACKNOWLEDGED, acknowledged_by=fact.actor)
        case FindingResolved(reason=verdict, comment=comment):
            return replace(row, status=FindingShown.RESOLVED, verdict=verdict, comment=comment)
        case FindingTakenUp(ticket_id=ticket_id):
            return replace(row, ticket_id=ticket_id)
        case _:
            return row


def judged(row: FindingRow, evidence: Evidence, because: tuple[UUID, ...]) -> FindingRow:
    return replace(
        row,
        expected=list(evidence.expected),
        received=list(evidence.received),
        explanation=evidence.explanation,
        judged_up_to=evidence.judged_up_to,
        because=list(because),
        revisions=row.revisions + 1,
    )


class AuditShown(StrEnum):
    """What has become of an audit."""

    OPEN = "OPEN"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One audit: what was asked, and what it came to."""

    audit_id: UUID
    kind: AuditKind
    status: AuditShown
    as_of: datetime
    site_id: str | None  # None: every site
    requested_by: str
    requested_at: datetime
    answered_at: datetime | None = None
    judged_up_to: int  # position; that of the request
    sites: int = 0
    windows: int = 0
    raised: int = 0
    revised: int = 0
    withdrawn: int = 0
    reason: str | None = None  # why it failed
    position: int


def project_audit(row: AuditRow | None, fact: AnyRecorded) -> AuditRow | None:
    """Fold one fact into its audit's row."""
    match fact.event, row:
        case AuditRequested() as event, _:
            return AuditRow(
                audit_id=event.audit_id,
                kind=event.kind,
                status=AuditShown.OPEN,
                as_of=event.as_of,
                site_id=event.site_id,
                requested_by=fact.actor,
                requested_at=fact.recorded_at,
                judged_up_to=fact.position,
                position=fact.position,
            )
        case AuditCompleted() as event, AuditRow():
            return replace(
                row,
                status=AuditShown.COMPLETED,
                answered_at=fact.recorded_at,
                judged_up_to=event.judged_up_to,
                sites=event.sites,
                windows=event.windows,
                raised=event.raised,
                revised=event.revised,
                withdrawn=event.withdrawn,
                position=fact.position,
            )
        case AuditFailed(reason=reason), AuditRow():
            return replace(
                row,
                status=AuditShown.FAILED,
                answered_at=fact.recorded_at,
                reason=reason,
                position=fact.position,
            )
        case _:
            return row


FINDINGS = Projection(
    name="findings",
    table="findings",
    row=FindingRow,
    key="finding_id",
    newest_first="raised_at",
    facts=(*get_args(FindingEvent), TicketOpened, ActionMuted),
    key_of=listed_key,
    project=list_finding,
)
AUDITS = Projection(
    name="audits",
    table="audits",
    row=AuditRow,
    key="audit_id",
    newest_first="requested_at",
    facts=get_args(AuditEvent),
    key_of=key_behind("audit-"),
    project=project_audit,
)
