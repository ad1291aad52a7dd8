"""Alert board: one row per alert, as the queue of an operator and the feed show it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import get_args
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.alert import (
    AlertAcknowledged,
    AlertAssigned,
    AlertEvent,
    AlertEvidenceDropped,
    AlertEvidenceRevised,
    AlertKind,
    AlertRaised,
    AlertReopened,
    AlertRepeated,
    AlertResolved,
    AlertWithdrawn,
    Verdict,
)
from domain.anomaly.facts import Metric
from domain.catalogue import AnyRecorded
from domain.fraud.types import FraudType
from domain.severity import Severity
from projections.kernel import Projection, key_behind, stamped


class AlertShown(StrEnum):
    """Where an alert stands, as a queue names it."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"
    WITHDRAWN = "WITHDRAWN"


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as it stands."""

    alert_id: UUID
    kind: AlertKind
    fraud_type: FraudType | None = None  # of kind fraud
    title: str
    status: AlertShown
    severity: Severity  # the worst of the evidences that stand
    score: float  # of the newest evidence, 0..1
    site_id: str | None = None
    person_id: str | None = None
    dedup_key: str
    count: int  # evidences that stand
    evidence: list[UUID]  # signals or anomalies that it stands on
    assignee: str | None = None
    acknowledged_by: str | None = None
    verdict: Verdict | None = None
    comment: str | None = None
    first_seen_at: datetime  # when the first evidence happened
    last_seen_at: datetime
    raised_at: datetime
    updated_at: datetime
    position: int  # of the last fact folded into the row
    version: int  # of the alert's stream
    metric: Metric | None = None  # of kind anomaly
    device_id: str | None = None


def project(row: AlertRow | None, fact: AnyRecorded) -> AlertRow | None:
    """Fold one fact into its alert's row."""
    if isinstance(fact.event, AlertRaised):
        return raised(fact, fact.event)
    if row is None:
        return None
    return stamped(told(row, fact), fact)


def told(row: AlertRow, fact: AnyRecorded) -> AlertRow:
    """Return the row with what a fact says; a comment leaves the fields as they are."""
    match fact.event:
        case AlertRepeated() as repeat:
            return replace(
                row,
                severity=repeat.severity,
                score=repeat.score,
                count=repeat.count,
                evidence=[*row.evidence, repeat.evidence],
                first_seen_at=min(row.first_seen_at, repeat.seen_at),
                last_seen_at=max(row.last_seen_at, repeat.seen_at),
            )
        case AlertEvidenceRevised(severity=severity, score=score):
            return replace(row, severity=severity, score=score)
        case AlertEvidenceDropped(evidence=evidence, severity=severity, count=count):
            left = [signal for signal in row.evidence if signal != evidence]
            return replace(row, evidence=left, severity=severity, count=count)
        case AlertWithdrawn(reason=reason):
            return replace(row, status=AlertShown.WITHDRAWN, comment=reason)
        case AlertAcknowledged():
            return replace(row, status=AlertShown.ACKNOWLEDGED, acknowledged_by=fact.actor)
        case AlertAssigned(assignee=assignee):
            return replace(row, assignee=assignee)
        case AlertResolved(reason=verdict, comment=comment):
            return replace(row, status=AlertShown.RESOLVED, verdict=verdict, comment=comment)
        case AlertReopened():
            return replace(row, status=AlertShown.OPEN, verdict=None, comment=None)
        case _:
            return row


def raised(fact: AnyRecorded, alert: AlertRaised) -> AlertRow:
    """Return the row of a new alert."""
    return AlertRow(
        alert_id=alert.alert_id,
        kind=alert.kind,
        fraud_type=alert.fraud_type,
        metric=alert.metric,
        title=alert.title,
        status=AlertShown.OPEN,
        severity=alert.severity,
        score=alert.score,
        site_id=alert.site_id,
        person_id=alert.person_id,
        device_id=alert.device_id,
        dedup_key=alert.dedup_key,
        count=1,
        evidence=[alert.evidence],
        first_seen_at=alert.seen_at,
        last_seen_at=alert.seen_at,
        raised_at=fact.recorded_at,
        updated_at=fact.recorded_at,
        position=fact.position,
        version=fact.version,
    )


ALERT_BOARD = Projection(
    name="alert-board",
    table="alert_board",
    row=AlertRow,
    key="alert_id",
    newest_first="raised_at",
    facts=get_args(AlertEvent),
    key_of=key_behind("alert-"),
    project=project,
)
