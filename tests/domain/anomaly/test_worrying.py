"""Which anomalies somebody must look at."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.anomaly.facts import Bucket, Measured, Metric, ThresholdReason
from domain.anomaly.worrying import WORRIES, is_worrying


def measured(z: float, *, threshold: float = 3.0, signals: int = 3) -> Measured:
    return Measured(
        value=41.0,
        mean=10.0,
        deviation=2.0,
        count=40,
        z=z,
        threshold=threshold,
        threshold_reason=ThresholdReason.DEFAULT,
        bucket=Bucket.SUBJECT,
        explanation="actual 41 m, typical 8-12 m so far",
        signals=tuple(UUID(int=number) for number in range(signals)),
    )


def test_every_metric_says_what_of_it_worries() -> None:
    assert set(WORRIES) == set(Metric)
    assert all(worry.low or worry.high for worry in WORRIES.values())


@pytest.mark.parametrize(
    ("metric", "low", "high"),
    [
        (Metric.PHONE_INTERACTIONS, True, False),
        (Metric.CHECK_IN_TIME, True, True),
        (Metric.GEOFENCE_DISTANCE, False, True),
        (Metric.GPS_ACCURACY, True, False),
        (Metric.SITE_SIGNALS, True, False),
    ],
)
def test_only_one_side_of_most_baselines_worries(metric: Metric, low: bool, high: bool) -> None:
    assert (is_worrying(metric, measured(-9.0)), is_worrying(metric, measured(9.0))) == (low, high)


def test_how_often_somebody_is_heard_of_must_lie_farther_out() -> None:
    assert not is_worrying(Metric.SITE_SIGNALS, measured(-4.4))
    assert is_worrying(Metric.SITE_SIGNALS, measured(-4.5))
    assert is_worrying(Metric.SITE_SIGNALS, measured(-4.4, threshold=2.5))
    assert not is_worrying(Metric.SITE_SIGNALS, measured(-4.5), threshold=4.0)


def test_a_single_position_may_be_exact_by_chance() -> None:
    assert not is_worrying(Metric.GPS_ACCURACY, measured(-9.0, signals=2))
    assert is_worrying(Metric.PHONE_INTERACTIONS, measured(-9.0, signals=1))
