"""Judging: the rule of the threshold, with its reason, and the answers that are no number."""

from __future__ import annotations

import pytest

from domain.anomaly.facts import Bucket, ThresholdReason
from domain.baseline.history import Expected
from domain.baseline.judging import (
    Z_MAX,
    Judgement,
    NoJudgement,
    highest_normal,
    judge,
    severity_of,
)
from domain.baseline.thresholds import (
    FALSE_POSITIVES_THRESHOLD,
    Ruling,
    Threshold,
    threshold_for,
)
from domain.severity import Severity

YOUNG = Expected(10.0, 2.0, 100, Bucket.SUBJECT)
STABLE = Expected(10.0, 2.0, 101, Bucket.HOUR_OF_WEEK)
CONSTANT = Expected(10.0, 0.0, 50, Bucket.SUBJECT)
TOO_MANY = Threshold(FALSE_POSITIVES_THRESHOLD, ThresholdReason.FALSE_POSITIVES)


def judged(value: float, expected: Expected, ruling: Ruling | None = None) -> Judgement:
    judgement = judge(value, expected, ruling, 0.0)
    assert isinstance(judgement, Judgement)
    return judgement


def test_without_history_there_is_no_judgement() -> None:
    assert judge(41.0, None, None, 0.0) is NoJudgement.NOT_ENOUGH_HISTORY


@pytest.mark.parametrize(
    ("expected", "ruling", "threshold", "reason"),
    [
        (YOUNG, None, 3.0, ThresholdReason.DEFAULT),
        (STABLE, None, 2.5, ThresholdReason.STABLE),
        (YOUNG, Ruling(0), 3.0, ThresholdReason.DEFAULT),
        (
            STABLE,
            Ruling(0, tuned=Threshold(2.8, ThresholdReason.TUNED)),
            2.8,
            ThresholdReason.TUNED,
        ),
        (STABLE, Ruling(0, tuned=TOO_MANY), 4.0, ThresholdReason.FALSE_POSITIVES),
        (STABLE, Ruling(0, tuned=TOO_MANY, pinned=3.5), 3.5, ThresholdReason.PINNED),
    ],
)
def test_the_threshold_in_force_says_why(
    expected: Expected, ruling: Ruling | None, threshold: float, reason: ThresholdReason
) -> None:
    assert threshold_for(expected.count, ruling) == Threshold(threshold, reason)
    edge = 10.0 + 2.0 * threshold
    assert highest_normal(expected, ruling, 0.0) == pytest.approx(edge)
    assert not judged(edge - 0.01, expected, ruling).anomalous
    assert judged(edge + 0.01, expected, ruling).anomalous
    assert judged(20.0 - edge - 0.01, expected, ruling).anomalous


def test_a_deviation_of_zero_is_an_answer_of_its_own() -> None:
    assert judged(10.0, CONSTANT).z == 0.0
    assert judged(10.1, CONSTANT).z == Z_MAX
    assert judged(9.9, CONSTANT).z == -Z_MAX
    fine = judge(12.0, CONSTANT, None, 1.0)
    assert isinstance(fine, Judgement)
    assert (fine.z, fine.deviation, fine.anomalous) == (2.0, 1.0, False)


def test_z_is_capped() -> None:
    assert judged(1e12, YOUNG).z == Z_MAX
    assert judged(-1e12, YOUNG).z == -Z_MAX


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        (16.1, Severity.LOW),
        (19.1, Severity.MEDIUM),
        (28.1, Severity.HIGH),
        (0.5, Severity.MEDIUM),
        (-40.0, Severity.CRITICAL),
    ],
)
def test_the_farther_out_the_worse(value: float, severity: Severity) -> None:
    assert severity_of(judged(value, YOUNG)) is severity
