"""What a finding's story is made of, and the audits that ask for findings.

A finding is a judgement about one window of duty (a shift, a tour, half an hour of a site), a pure
function of the signals that are known for it. Late signals revise it or withdraw it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from domain.alert.facts import Verdict
from domain.kernel import Event, Identifier, Instant, LongText, ShortText
from domain.severity import Severity


class FindingType(StrEnum):
    """Which duty was not done."""

    LOW_PHONE_ACTIVITY = "LOW_PHONE_ACTIVITY"
    MISSED_CHECKPOINT = "MISSED_CHECKPOINT"
    LATE_CHECKPOINT = "LATE_CHECKPOINT"
    GEOFENCE_BREACH = "GEOFENCE_BREACH"
    NO_SHOW = "NO_SHOW"
    UNCOVERED_SHIFT = "UNCOVERED_SHIFT"
    SILENT_DEVICE = "SILENT_DEVICE"
    SILENT_SITE = "SILENT_SITE"
    GPS_OFF = "GPS_OFF"
    TASK_OVERDUE = "TASK_OVERDUE"


class AuditKind(StrEnum):
    """How much an audit looks at."""

    HEARTBEAT = "heartbeat"  # sites on shift, what has just become due
    COMPREHENSIVE = "comprehensive"  # every site, the last day


Position = Annotated[int, msgspec.Meta(ge=0)]
Number = Annotated[int, msgspec.Meta(ge=0)]


class Expected(msgspec.Struct, frozen=True):
    """One thing that duty asked for, and by when."""

    what: ShortText
    by: Instant | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Expected against received, as it was known up to a position of the log."""

    expected: tuple[Expected, ...]
    received: tuple[UUID, ...]  # signals, in the order in which they happened
    explanation: ShortText  # "3 of 8 checkpoints, 2 of them late by up to 14 min"
    judged_up_to: Position


class FindingRaised(Event, frozen=True, tag="finding.raised"):
    """What was received falls short of what duty asked for. Stated by an audit on what was known then; on the same stream again where it was withdrawn and turned out true after all."""

    finding_id: UUID
    finding_type: FindingType
    severity: Severity
    site_id: Identifier
    person_id: Identifier | None
    device_id: Identifier | None
    subject_id: Identifier  # the shift, tour, task, device or site that it is about
    title: ShortText
    window_start: Instant
    window_end: Instant
    evidence: Evidence
    because: tuple[UUID, ...] = ()  # the late signals that brought it about, if any did
    audit_id: UUID | None = None


class FindingRevised(Event, frozen=True, tag="finding.revised"):
    """Late signals, or a change of the plan, changed the evidence of a finding that stands still. Stated by a policy or an audit; the earlier evidence stays in history."""

    severity: Severity
    title: ShortText
    evidence: Evidence
    because: tuple[UUID, ...]
    person_id: Identifier | None = None  # as it is judged now
    device_id: Identifier | None = None


class FindingWithdrawn(Event, frozen=True, tag="finding.withdrawn"):
    """Late signals showed that duty was done after all. Stated by a policy or an audit; it is not a person's verdict."""

    reason: ShortText
    evidence: Evidence
    because: tuple[UUID, ...]


class FindingAcknowledged(Event, frozen=True, tag="finding.acknowledged"):
    """A person has seen a finding and looks into it."""


class FindingResolved(Event, frozen=True, tag="finding.resolved"):
    """A person gave a verdict on a finding."""

    reason: Verdict
    comment: LongText | None = None


class FindingTakenUp(Event, frozen=True, tag="finding.taken_up"):
    """A ticket works on a finding: it was opened for it, or was open and counts it. Stated by a policy after the fact that says so in the ticket's or the ledger's story."""

    ticket_id: UUID


class AuditRequested(Event, frozen=True, tag="audit.requested"):
    """Somebody, or the schedule, asked for duty to be looked at as of an instant."""

    audit_id: UUID
    kind: AuditKind
    as_of: Instant
    site_id: Identifier | None = None  # None: every site


class AuditCompleted(Event, frozen=True, tag="audit.completed"):
    """An audit looked at everything that it was asked to. What it found are facts of their own."""

    audit_id: UUID
    judged_up_to: Position
    sites: Number
    windows: Number
    raised: Number
    revised: Number
    withdrawn: Number


class AuditFailed(Event, frozen=True, tag="audit.failed"):
    """An audit could not be done; it says nothing of duty."""

    audit_id: UUID
    reason: ShortText


FindingEvent: TypeAlias = (
    FindingRaised
    | FindingRevised
    | FindingWithdrawn
    | FindingAcknowledged
    | FindingResolved
    | FindingTakenUp
)
AuditEvent: TypeAlias = AuditRequested | AuditCompleted | AuditFailed


def finding_stream(finding_id: UUID) -> str:
    """Return the stream of one finding; its id is derived from type, site, subject and window."""
    return f"finding-{finding_id}"


def audit_stream(audit_id: UUID) -> str:
    """Return the stream of one audit."""
    return f"audit-{audit_id}"
