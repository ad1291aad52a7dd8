"""Judging: how far a value lies from what is normal, and whether that is an anomaly."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from domain.baseline.history import Expected
from domain.baseline.thresholds import Ruling, Threshold, threshold_for
from domain.severity import Severity

Z_MAX = 1_000.0  # deviations; more says nothing more, and a deviation of 0 would make it infinite
#: From how many times the threshold on it is how bad; assumption, each step about twice the one before.
SEVERITY_FROM = ((6.0, Severity.CRITICAL), (3.0, Severity.HIGH), (1.5, Severity.MEDIUM))


class NoJudgement(StrEnum):
    """Why a value is not judged: an answer of its own, which is not a score of 0."""

    NOT_ENOUGH_HISTORY = "not_enough_history"


class Judgement(msgspec.Struct, frozen=True):
    """One value against what is normal."""

    expected: Expected
    deviation: float  # that divided: never finer than differences that mean anything
    z: float  # signed
    threshold: Threshold

    @property
    def anomalous(self) -> bool:
        """Return whether the value lies farther out than the threshold allows."""
        return abs(self.z) > self.threshold.deviations


def judge(
    value: float, expected: Expected | None, ruling: Ruling | None, finest: float
) -> Judgement | NoJudgement:
    """Compare a value with what is expected.

    Where nothing ever varied, the finest difference that means anything stands for the deviation;
    where there is no such thing, any difference at all is as far out as can be.
    """
    if expected is None:
        return NoJudgement.NOT_ENOUGH_HISTORY
    deviation = max(expected.deviation, finest)
    away = value - expected.mean
    if deviation > 0.0:
        z = min(max(away / deviation, -Z_MAX), Z_MAX)
    elif away == 0.0:
        z = 0.0
    else:
        z = Z_MAX if away > 0.0 else -Z_MAX
    return Judgement(expected, deviation, z, threshold_for(expected.count, ruling))


def highest_normal(expected: Expected, ruling: Ruling | None, finest: float) -> float:
    """Return the value above which `judge` finds an anomaly."""
    threshold = threshold_for(expected.count, ruling)
    return expected.mean + threshold.deviations * max(expected.deviation, finest)


def severity_of(judgement: Judgement) -> Severity:
    """Return how bad it is to lie so far out."""
    times = abs(judgement.z) / judgement.threshold.deviations
    for from_, severity in SEVERITY_FROM:
        if times >= from_:
            return severity
    return Severity.LOW
