"""What an alert's facts leave to know: as much as the next decision needs."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.alert.facts import (
    AlertAcknowledged,
    AlertAssigned,
    AlertCommented,
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
from domain.severity import Severity


class AlertStatus(StrEnum):
    """Where an alert stands."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"
    WITHDRAWN = "WITHDRAWN"


class Evidence(msgspec.Struct, frozen=True):
    """What one judged signal adds to an alert."""

    score: float  # likelihood, 0 to 1
    severity: Severity


class Alert(msgspec.Struct, frozen=True):
    """What the next decision needs to know, and what those who learn from a verdict must hear."""

    status: AlertStatus | None = None  # None: nobody heard of it
    dedup_key: str = ""
    kind: AlertKind = AlertKind.FRAUD
    site_id: str | None = None
    person_id: str | None = None
    device_id: str | None = None
    metric: Metric | None = None
    severity: Severity = Severity.INFO
    evidences: dict[UUID, Evidence] = {}  # those that stand, in the order in which they came
    assignee: str | None = None
    verdict: tuple[Verdict, str | None] | None = None  # with its comment


def without(evidences: dict[UUID, Evidence], dropped: UUID) -> dict[UUID, Evidence]:
    return {signal: evidence for signal, evidence in evidences.items() if signal != dropped}


def evolve(alert: Alert, event: AlertEvent) -> Alert:
    """Fold one fact into the state. It never refuses: what happened, happened."""
    match event:
        case AlertRaised():
            return Alert(
                status=AlertStatus.OPEN,
                dedup_key=event.dedup_key,
                kind=event.kind,
                site_id=event.site_id,
                person_id=event.person_id,
                device_id=event.device_id,
                metric=event.metric,
                severity=event.severity,
                evidences={event.evidence: Evidence(event.score, event.severity)},
            )
        case AlertRepeated() | AlertEvidenceRevised():
            evidence = Evidence(event.score, event.evidence_severity)
            standing = {**alert.evidences, event.evidence: evidence}
            return replace(alert, severity=event.severity, evidences=standing)
        case AlertEvidenceDropped(evidence=dropped, severity=severity):
            left = without(alert.evidences, dropped)
            return replace(alert, severity=severity, evidences=left)
        case AlertWithdrawn():
            return replace(alert, status=AlertStatus.WITHDRAWN)
        case AlertAcknowledged():
            return replace(alert, status=AlertStatus.ACKNOWLEDGED)
        case AlertAssigned(assignee=assignee):
            return replace(alert, assignee=assignee)
        case AlertCommented():
            return alert
        case AlertResolved(reason=reason, comment=comment):
            return replace(alert, status=AlertStatus.RESOLVED, verdict=(reason, comment))
        case AlertReopened():
            return replace(alert, status=AlertStatus.OPEN, verdict=None)
        case _:
            assert_never(event)
