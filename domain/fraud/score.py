"""The rule score: a documented logistic sum of what is unusual about an attendance.

Every slope and weight only ever adds: what is normal or not known adds nothing, so a missing
feature never raises a score, and each reason names its share. `docs/fraud-score.md` tells the
parameters and where they come from; a changed parameter changes the digest in every score.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from hashlib import sha256
from math import exp, log
from typing import Protocol

import msgspec

from domain.fraud.contradictions import HARD, Contradiction, ContradictionCode
from domain.fraud.facts import Features, Reason
from domain.fraud.types import FraudType


class Judgement(msgspec.Struct, frozen=True):
    """How likely an attendance is fraudulent, why, and what it looks like most."""

    probability: float  # 0 to 1
    reasons: list[Reason]  # the strongest first
    fraud_type: FraudType


class Scorer(Protocol):
    """What judges features: the rules, or a trained model."""

    @property
    def model(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def digest(self) -> str:
        """Return the SHA-256, in hex, of everything that its judgements depend on."""
        ...

    def score(
        self,
        features: Features,
        contradictions: Sequence[Contradiction],
        geofence_radius_m: float | None = None,
    ) -> Judgement:
        """Judge an attendance; the radius is only told in a reason."""
        ...


class Slope(msgspec.Struct, frozen=True):
    """Adds nothing up to one value of a feature, everything from another on, linear between."""

    feature: str
    nothing_at: float
    everything_at: float  # below `nothing_at` where a low value is the unusual one
    weight: float  # log-odds

    def contribution(self, value: float) -> float:
        """Return the log-odds that a value adds, 0 to `weight`."""
        part = (value - self.nothing_at) / (self.everything_at - self.nothing_at)
        # Most values are usual; comparing is several times faster than min and max.
        return 0.0 if part <= 0 else self.weight if part >= 1 else self.weight * part


class Parameters(msgspec.Struct, frozen=True):
    """Everything that the rule score depends on."""

    version: str
    base: float  # log-odds of an attendance of which nothing is unusual
    slopes: tuple[Slope, ...]
    soft: dict[ContradictionCode, float]  # log-odds
    hard_floor: float  # probability that one hard contradiction leaves at least


# All weights are assumptions, chosen for the tactics that the product names, until labels exist.
PARAMETERS = Parameters(
    version="1",
    base=-3.5,  # a probability of 0.029
    slopes=(
        Slope("biometric_quality_score", 0.6, 0.0, 4.2),
        Slope("gps_accuracy", 50.0, 500.0, 1.0),
        Slope("geofence_distance_meters", 0.0, 200.0, 5.0),
        Slope("geofence_distance_meters", 200.0, 1_000.0, 1.5),
        Slope("time_of_day_anomaly_score", 0.3, 1.0, 1.5),
        Slope("day_of_week_pattern_score", 0.6, 1.0, 0.8),
        Slope("velocity_kmh", 90.0, 200.0, 3.0),
        Slope("velocity_kmh", 200.0, 400.0, 1.5),
        Slope("historical_fraud_rate", 0.05, 0.5, 1.5),
        Slope("consecutive_violations", 0.0, 4.0, 1.2),
        Slope("tour_completion_rate", 0.8, 0.0, 1.0),
        Slope("phone_signal_strength", -110.0, -130.0, 0.3),
        Slope("battery_level", 5.0, 0.0, 0.2),
        Slope("location_update_frequency", 2.0, 0.0, 4.0),
    ),
    soft={
        ContradictionCode.PHONE_ELSEWHERE: 5.0,
        ContradictionCode.DEVICE_OF_ANOTHER: 2.2,
    },
    hard_floor=0.90,
)

# What each reason speaks for; the rest speaks for an unusual attendance.
SPEAKS_FOR = {
    "biometric_quality_score": FraudType.BUDDY_PUNCHING,
    "gps_accuracy": FraudType.GPS_SPOOFING,
    "geofence_distance_meters": FraudType.GPS_SPOOFING,
    "velocity_kmh": FraudType.IMPOSSIBLE_TRAVEL,
    "tour_completion_rate": FraudType.GHOST_SHIFT,
    "location_update_frequency": FraudType.GHOST_SHIFT,
    ContradictionCode.TWO_PLACES_AT_ONCE: FraudType.TWO_PLACES_AT_ONCE,
    ContradictionCode.DEVICE_SHARED: FraudType.DEVICE_SHARING,
    ContradictionCode.IMPOSSIBLE_TRAVEL: FraudType.IMPOSSIBLE_TRAVEL,
    ContradictionCode.TAGS_IN_ONE_PLACE: FraudType.TAGS_IN_ONE_PLACE,
    ContradictionCode.PHONE_ELSEWHERE: FraudType.GPS_SPOOFING,
    ContradictionCode.DEVICE_OF_ANOTHER: FraudType.BUDDY_PUNCHING,
}

TEXTS: dict[str, Callable[[float], str]] = {
    "biometric_quality_score": lambda value: (
        f"The biometric sample scored {value:.2f} of 1."
        if value > 0
        else "The biometric sample did not match."
    ),
    "gps_accuracy": lambda value: f"The position is known to {value:.0f} m only.",
    "time_of_day_anomaly_score": lambda value: (
        f"The time of day is unusual for this person: {value:.2f} of 1."
    ),
    "day_of_week_pattern_score": lambda value: (
        f"The weekday is unusual for this person: {value:.2f} of 1."
    ),
    "velocity_kmh": lambda value: f"Being here took travelling at {value:.0f} km/h.",
    "historical_fraud_rate": lambda value: (
        f"Of the verdicts on this person {value:.0%} were fraud."
    ),
    "consecutive_violations": lambda value: (
        f"The attendances before were high risk, {value:.0f} in a row."
    ),
    "tour_completion_rate": lambda value: f"{value:.0%} of the tour was scanned.",
    "phone_signal_strength": lambda value: f"The phone's signal was weak, {value:.0f} dBm.",
    "battery_level": lambda value: f"The phone's battery stood at {value:.0f} %.",
    "location_update_frequency": lambda value: (
        f"Over the shift the phone told where it was in {value:.1f} of 12 five-minute spans an hour."
    ),
}


class Rules:
    """The scorer that every tenant has: documented parameters, no training."""

    model = "rules"

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.version = parameters.version
        # Sorted, because the digest must not hang on the order in which a dict was written.
        encoded = msgspec.json.encode(parameters, order="sorted")
        self.digest = sha256(encoded).hexdigest()

    def score(
        self,
        features: Features,
        contradictions: Sequence[Contradiction],
        geofence_radius_m: float | None = None,
    ) -> Judgement:
        """Judge an attendance: base, slopes and soft contradictions add up; hard ones set a floor.

        The reasons' contributions and the base add up to the log-odds of the probability.
        """
        reasons = self._from_features(features, geofence_radius_m)
        for contradiction in contradictions:
            if contradiction.code not in HARD:
                weight = self.parameters.soft[contradiction.code]
                reasons.append(_reason(contradiction.code, contradiction.text, weight))
        sum_ = self.parameters.base + sum(reason.contribution for reason in reasons)
        probability = 1 / (1 + exp(-sum_))
        hard = [contradiction for contradiction in contradictions if contradiction.code in HARD]
        if hard:
            # Each further one halves what is left of doubt, and the rest of the score still counts.
            floor = 1 - (1 - self.parameters.hard_floor) * 0.5 ** (len(hard) - 1)
            probability = floor + (1 - floor) * probability
            share = (log(probability / (1 - probability)) - sum_) / len(hard)
            reasons += [_reason(each.code, each.text, share) for each in hard]
        reasons.sort(key=lambda reason: (-reason.contribution, reason.code))
        return Judgement(round(probability, 6), reasons, fraud_type(reasons))

    def _from_features(self, features: Features, geofence_radius_m: float | None) -> list[Reason]:
        contributions: dict[str, float] = defaultdict(float)
        for slope in self.parameters.slopes:
            value = getattr(features, slope.feature)
            if value is not None:
                contributions[slope.feature] += slope.contribution(value)
        return [
            _reason(feature, _text(feature, features, geofence_radius_m), contribution)
            for feature, contribution in contributions.items()
            if contribution > 0
        ]


def fraud_type(reasons: Sequence[Reason]) -> FraudType:
    """Return what the reasons together speak for most."""
    codes = {reason.code for reason in reasons}
    strengths: dict[FraudType, float] = defaultdict(float)
    for reason in reasons:
        speaks_for = SPEAKS_FOR.get(reason.code, FraudType.UNUSUAL_ATTENDANCE)
        # A shared device with somebody else's face is more than a borrowed phone.
        if speaks_for is FraudType.DEVICE_SHARING and "biometric_quality_score" in codes:
            speaks_for = FraudType.BUDDY_PUNCHING
        strengths[speaks_for] += reason.contribution
    if not strengths:
        return FraudType.UNUSUAL_ATTENDANCE
    return max(FraudType, key=lambda each: strengths.get(each, 0.0))


def _reason(code: str, text: str, contribution: float) -> Reason:
    return Reason(code=str(code), text=text, contribution=round(contribution, 4))


def _text(feature: str, features: Features, geofence_radius_m: float | None) -> str:
    if feature == "geofence_distance_meters":
        fence = "" if geofence_radius_m is None else f" of {geofence_radius_m:.0f} m"
        return (
            f"The attendance was {features.geofence_distance_meters:.0f} m outside the geofence{fence};"
            f" accuracy {features.gps_accuracy or 0:.0f} m."
        )
    return TEXTS[feature](getattr(features, feature))


RULES = Rules(PARAMETERS)
score = RULES.score
