"""Fraud scores: the standing score of each attendance, as the high risk board lists them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from domain.catalogue import AnyRecorded
from domain.fraud.facts import Features, FraudScored, Reason
from domain.fraud.types import FraudType
from projections.kernel import Projection


class ScoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """The score that stands for one attendance; earlier ones remain in the log."""

    attendance: UUID  # signal uuid
    person_id: str
    site_id: str
    device_id: str
    fraud_type: FraudType
    probability: float  # 0..1
    occurred_at: datetime  # of the attendance, corrected
    scored_at: datetime
    model: str
    model_version: str
    features: Features
    reasons: list[Reason]
    contradictions: list[str]
    revisions: int  # earlier scores that this one superseded
    position: int


def attendance_of(fact: AnyRecorded) -> str | None:
    """Return the key of the row that a score belongs to."""
    return str(fact.event.attendance) if isinstance(fact.event, FraudScored) else None


def project(row: ScoreRow | None, fact: AnyRecorded) -> ScoreRow | None:
    """Fold one fact: the newest score of an attendance is the one that stands."""
    score = fact.event
    if not isinstance(score, FraudScored):
        return row
    return ScoreRow(
        attendance=score.attendance,
        person_id=score.person_id,
        site_id=score.site_id,
        device_id=score.device_id,
        fraud_type=score.fraud_type,
        probability=score.probability,
        occurred_at=score.occurred_at,
        scored_at=fact.recorded_at,
        model=score.model,
        model_version=score.model_version,
        features=score.features,
        reasons=list(score.reasons),
        contradictions=[str(code) for code in score.contradictions],
        revisions=0 if row is None else row.revisions + 1,
        position=fact.position,
    )


FRAUD_SCORES = Projection(
    name="fraud-scores",
    table="fraud_scores",
    row=ScoreRow,
    key="attendance",
    newest_first="scored_at",
    facts=(FraudScored,),
    key_of=attendance_of,
    project=project,
)
