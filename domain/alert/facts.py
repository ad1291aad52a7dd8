"""What an alert's story is made of.

An alert stands on evidences, each a signal or an anomaly that was judged. It lives as long as one
of them stands: late signals may change the score of an evidence, or disprove it.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from domain.anomaly.facts import Metric
from domain.fraud.types import FraudType
from domain.kernel import ONE_LINE, Event, Identifier, Instant, LongText, ShortText
from domain.severity import Severity

#: Product rule: what is about the same trouble so soon after is a repeat of the alert or ticket.
DEDUP_WINDOW = timedelta(hours=24)
#: What two alerts or two tickets about the same trouble share; visible to people.
DedupKey = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=ONE_LINE)]
Score = Annotated[float, msgspec.Meta(ge=0, le=1)]  # likelihood
Count = Annotated[int, msgspec.Meta(ge=0)]


class AlertKind(StrEnum):
    """What an alert is about."""

    FRAUD = "fraud"
    ANOMALY = "anomaly"
    PANIC = "panic"
    TAMPER = "tamper"


class Verdict(StrEnum):
    """Why an alert was resolved: the reason that a person gives, and the label that models learn from."""

    CONFIRMED_FRAUD = "CONFIRMED_FRAUD"
    CONFIRMED_NEGLIGENCE = "CONFIRMED_NEGLIGENCE"
    BENIGN_EXPECTED = "BENIGN_EXPECTED"
    FALSE_POSITIVE_LOGIC = "FALSE_POSITIVE_LOGIC"
    FALSE_POSITIVE_DATA = "FALSE_POSITIVE_DATA"
    DUPLICATE = "DUPLICATE"
    DEVICE_FAULT = "DEVICE_FAULT"
    UNDETERMINED = "UNDETERMINED"


class AlertRaised(Event, frozen=True, tag="alert.raised"):
    """Something happened that an operator must look at. Stated by a policy on a first evidence; it does not mean that it is true."""

    alert_id: UUID
    kind: AlertKind
    dedup_key: DedupKey
    severity: Severity
    score: Score  # of the evidence
    title: ShortText
    evidence: UUID  # the signal that was judged, or the anomaly
    seen_at: Instant  # when the evidence happened, by our clock
    site_id: Identifier | None = (
        None  # where nobody said so, nobody who is limited to sites sees it
    )
    person_id: Identifier | None = None
    device_id: Identifier | None = None
    fraud_type: FraudType | None = None  # of kind fraud
    metric: Metric | None = None  # of kind anomaly


class AlertRepeated(Event, frozen=True, tag="alert.repeated"):
    """Another evidence of the same trouble came while its alert was open. Stated by a policy, once for each evidence."""

    dedup_key: DedupKey
    evidence: UUID
    score: Score  # of this evidence
    evidence_severity: Severity  # of this evidence alone
    severity: Severity  # of the alert: the worst of the evidences that stand
    count: Count  # evidences that stand
    seen_at: Instant  # when the evidence happened, by our clock


class AlertEvidenceRevised(Event, frozen=True, tag="alert.evidence_revised"):
    """A late signal gave an evidence of an open alert another score. Stated by a policy; the earlier score stays in history."""

    dedup_key: DedupKey
    evidence: UUID
    score: Score  # of this evidence, by now
    evidence_severity: Severity  # of this evidence alone
    severity: Severity  # of the alert: the worst of the evidences that stand


class AlertEvidenceDropped(Event, frozen=True, tag="alert.evidence_dropped"):
    """What became known later disproved an evidence of an open alert. Stated by a policy; the evidence stays in history."""

    dedup_key: DedupKey
    evidence: UUID
    reason: ShortText
    severity: Severity  # of the alert: the worst of the evidences that are left, if any
    count: Count  # evidences that are left


class AlertWithdrawn(Event, frozen=True, tag="alert.withdrawn"):
    """No evidence of an alert is left. Stated with the drop of the last one; it is not a person's verdict."""

    dedup_key: DedupKey
    reason: ShortText


class AlertAcknowledged(Event, frozen=True, tag="alert.acknowledged"):
    """An operator has seen an alert and looks into it. It says nothing of who is right."""


class AlertAssigned(Event, frozen=True, tag="alert.assigned"):
    """An alert was given to a user to look into."""

    assignee: Identifier  # username


class AlertCommented(Event, frozen=True, tag="alert.commented"):
    """A person wrote something down about an alert."""

    text: LongText


class AlertResolved(Event, frozen=True, tag="alert.resolved"):
    """A person gave a verdict on an alert, on the evidences that stood then. Models and thresholds learn from it."""

    dedup_key: DedupKey
    reason: Verdict
    evidence: tuple[
        UUID, ...
    ]  # the signals or anomalies that stood, in the order in which they came
    comment: LongText | None = None
    kind: AlertKind = AlertKind.FRAUD
    site_id: Identifier | None = None
    person_id: Identifier | None = None
    device_id: Identifier | None = None
    metric: Metric | None = None  # of kind anomaly


class AlertReopened(Event, frozen=True, tag="alert.reopened"):
    """A person took a verdict back; the alert is open again. The verdict stays in history and counts no more."""

    dedup_key: DedupKey
    reason: ShortText
    verdict: Verdict | None = None  # that was taken back
    evidence: tuple[UUID, ...] = ()  # on which it had been given
    kind: AlertKind = AlertKind.FRAUD
    site_id: Identifier | None = None
    person_id: Identifier | None = None
    device_id: Identifier | None = None
    metric: Metric | None = None  # of kind anomaly


AlertEvent: TypeAlias = (
    AlertRaised
    | AlertRepeated
    | AlertEvidenceRevised
    | AlertEvidenceDropped
    | AlertWithdrawn
    | AlertAcknowledged
    | AlertAssigned
    | AlertCommented
    | AlertResolved
    | AlertReopened
)
