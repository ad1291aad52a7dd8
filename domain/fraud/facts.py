"""Fraud facts: how likely an attendance is fraudulent, from what was known when it was judged.

A score stands in history for ever. What arrives later brings a new score in the same stream that
names the one it replaces; the last one of a stream is the standing one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from domain.fraud.types import FraudType
from domain.kernel import Event, Identifier, Sha256Hex

Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Features(msgspec.Struct, frozen=True, kw_only=True):
    """The twelve features of one attendance. None means not known, and that raises no score.

    biometric_quality_score: quality of the biometric sample, 0 to 1; 0 when it did not match
    gps_accuracy: radius of the reported position's uncertainty, metres, 0 and above
    geofence_distance_meters: how far outside the geofence, accuracy subtracted, metres; 0 inside
    time_of_day_anomaly_score: how unusual the local time is for this person, 0 to 1
    day_of_week_pattern_score: how unusual the weekday is for this person, 0 to 1
    velocity_kmh: fastest travel that the position demands, over at least 60 s, km/h
    historical_fraud_rate: smoothed share of fraud among verdicts known then, 0 to 1
    consecutive_violations: attendances in a row before this one that stand at 0.5 or above, 0 to 10
    tour_completion_rate: share of the tour's checkpoints that were scanned, 0 to 1
    phone_signal_strength: dBm, -140 to 0
    battery_level: percent, 0 to 100
    location_update_frequency: five-minute spans with a location, per hour of the shift, 0 to 12
    """

    biometric_quality_score: float | None = None
    gps_accuracy: float | None = None
    geofence_distance_meters: float | None = None
    time_of_day_anomaly_score: float | None = None
    day_of_week_pattern_score: float | None = None
    velocity_kmh: float | None = None
    historical_fraud_rate: float | None = None
    consecutive_violations: float | None = None
    tour_completion_rate: float | None = None
    phone_signal_strength: float | None = None
    battery_level: float | None = None
    location_update_frequency: float | None = None


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that raised a score, in plain words."""

    code: str  # stable and public: a feature's name or a contradiction's code
    text: str  # one line for people, with numbers
    contribution: float  # log-odds, above 0


class FraudScored(Event, frozen=True, tag="fraud.scored"):
    """An attendance was judged. Stated by Vedette when it learns of the attendance, and again when signals that came late change the judgement; it does not mean that anybody looked."""

    attendance: UUID  # the signal
    person_id: Identifier
    site_id: Identifier
    device_id: Identifier
    occurred_at: datetime  # corrected time of the attendance
    features: Features
    probability: Probability
    fraud_type: FraudType  # what it looks like most, also where it is unlikely
    model: str  # "rules", or the name of a trained model
    model_version: str
    model_digest: Sha256Hex  # of the rules' parameters, or of the model's file
    reasons: list[Reason] = msgspec.field(default_factory=list)  # the strongest first
    supersedes: int | None = None  # position of the score that this one replaces
    because: list[UUID] = msgspec.field(
        default_factory=list
    )  # signals that made it be judged anew, at most 32
    contradictions: list[str] = msgspec.field(
        default_factory=list
    )  # codes of the hard rules that fired
    witnesses: list[UUID] = msgspec.field(
        default_factory=list
    )  # attendances that it cannot be true together with, by any rule; each once


FraudEvent: TypeAlias = FraudScored


def score_stream(attendance: UUID) -> str:
    """Return the stream that holds the scores of one attendance."""
    return f"score-{attendance}"
