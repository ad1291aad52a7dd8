"""Anomalies: one row per unusual window, with the numbers that decided, as they stand."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import get_args
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.anomaly.facts import (
    AnomalyDetected,
    AnomalyEvent,
    AnomalyRevised,
    AnomalyWithdrawn,
    Measured,
    Metric,
    SubjectKind,
)
from domain.catalogue import AnyRecorded
from domain.severity import Severity
from projections.kernel import Projection, key_behind, stamped


class AnomalyShown(StrEnum):
    """Whether an anomaly is one still."""

    STANDING = "STANDING"
    WITHDRAWN = "WITHDRAWN"


class AnomalyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One anomaly as it stands; its earlier numbers remain in the log."""

    anomaly_id: UUID
    status: AnomalyShown
    metric: Metric
    subject_kind: SubjectKind
    subject_id: str
    site_id: str | None
    person_id: str | None
    device_id: str | None
    severity: Severity
    window_start: datetime
    window_end: datetime
    measured: Measured
    reason: str | None = None  # why it was withdrawn
    revisions: int = 0  # how often late signals changed it
    detected_at: datetime  # when it was first stated
    updated_at: datetime
    position: int  # of the last fact folded into the row
    version: int  # of the anomaly's stream


def project(row: AnomalyRow | None, fact: AnyRecorded) -> AnomalyRow | None:
    """Fold one fact; a withdrawn anomaly may come to stand again."""
    event = fact.event
    if isinstance(event, AnomalyDetected):
        return detected(row, fact, event)
    if row is None:
        return None
    row = stamped(row, fact)
    match event:
        case AnomalyRevised(severity=severity, measured=measured):
            revisions = row.revisions + 1
            return replace(row, severity=severity, measured=measured, revisions=revisions)
        case AnomalyWithdrawn(reason=reason):
            return replace(row, status=AnomalyShown.WITHDRAWN, reason=reason)
        case _:
            return row


def detected(row: AnomalyRow | None, fact: AnyRecorded, event: AnomalyDetected) -> AnomalyRow:
    """Return the row of an anomaly that stands from now on, again or for the first time."""
    return AnomalyRow(
        anomaly_id=event.anomaly_id,
        status=AnomalyShown.STANDING,
        metric=event.metric,
        subject_kind=event.subject_kind,
        subject_id=event.subject_id,
        site_id=event.site_id,
        person_id=event.person_id,
        device_id=event.device_id,
        severity=event.severity,
        window_start=event.window_start,
        window_end=event.window_end,
        measured=event.measured,
        revisions=0 if row is None else row.revisions + 1,
        detected_at=fact.recorded_at if row is None else row.detected_at,
        updated_at=fact.recorded_at,
        position=fact.position,
        version=fact.version,
    )


ANOMALIES = Projection(
    name="anomalies",
    table="anomalies",
    row=AnomalyRow,
    key="anomaly_id",
    newest_first="detected_at",
    facts=get_args(AnomalyEvent),
    key_of=key_behind("anomaly-"),
    project=project,
)
