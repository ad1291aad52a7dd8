"""What may be wished of an alert: by policies on new evidence, by people on what they found."""

from __future__ import annotations

from typing import TypeAlias
from uuid import UUID

from domain.alert.facts import AlertKind, DedupKey, Score, Verdict
from domain.anomaly.facts import Metric
from domain.fraud.types import FraudType
from domain.kernel import Command, Identifier, Instant, LongText, ShortText
from domain.severity import Severity


class RaiseAlert(Command, frozen=True):
    """Ask an operator to look at something, on a first evidence."""

    alert_id: UUID
    kind: AlertKind
    dedup_key: DedupKey
    severity: Severity
    score: Score
    title: ShortText
    evidence: UUID
    seen_at: Instant
    site_id: Identifier | None = None
    person_id: Identifier | None = None
    device_id: Identifier | None = None
    fraud_type: FraudType | None = None
    metric: Metric | None = None


class RepeatAlert(Command, frozen=True):
    """Count an evidence, or give one that is counted its latest score."""

    evidence: UUID
    score: Score
    severity: Severity  # of this evidence alone
    seen_at: Instant


class DropEvidence(Command, frozen=True):
    """Count an evidence no more."""

    evidence: UUID
    reason: ShortText


class AcknowledgeAlert(Command, frozen=True):
    """Say that somebody has seen the alert."""


class AssignAlert(Command, frozen=True):
    """Give the alert to a user."""

    assignee: Identifier


class CommentAlert(Command, frozen=True):
    """Write something down about the alert."""

    text: LongText


class ResolveAlert(Command, frozen=True):
    """Give a verdict."""

    reason: Verdict
    comment: LongText | None = None


class ReopenAlert(Command, frozen=True):
    """Take a verdict back."""

    reason: ShortText


AlertCommand: TypeAlias = (
    RaiseAlert
    | RepeatAlert
    | DropEvidence
    | AcknowledgeAlert
    | AssignAlert
    | CommentAlert
    | ResolveAlert
    | ReopenAlert
)
