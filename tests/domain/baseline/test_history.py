"""History: which hours are compared with which, and how far a narrow one is believed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from domain.anomaly.facts import Bucket
from domain.baseline.history import SAMPLES_MIN, History, Sample

MONDAY = 739_000  # a day's ordinal; which one matters to nobody here


def taught(days: int, value: Callable[[int, int], float], *, by_hour: bool = True) -> History:
    """Return what so many days of 24 values, of weekday and hour, teach."""
    history = History()
    for day in range(days):
        for hour in range(24):
            sample = Sample(MONDAY + day, day % 7 * 24 + hour, value(day, hour))
            history.teach(sample, finest=0.0, by_hour=by_hour)
    return history


def test_too_little_history_expects_nothing() -> None:
    assert History().expect(0) is None
    assert taught(1, lambda *_: 1.0).expect(0) is None
    known = taught(2, lambda *_: 1.0).expect(0)
    assert known is not None
    assert (known.mean, known.deviation, known.count) == (1.0, 0.0, 48)
    assert known.bucket is Bucket.SUBJECT


def test_the_narrowest_bucket_with_enough_history_answers() -> None:
    draw = Random(3)
    days = taught(SAMPLES_MIN, lambda _, hour: 100.0 * (hour >= 12) + draw.gauss(0.0, 1.0))
    morning, evening = days.expect(3), days.expect(20)
    assert morning is not None
    assert evening is not None
    assert morning.bucket is evening.bucket is Bucket.HOUR_OF_DAY
    assert morning.count == SAMPLES_MIN
    assert morning.mean == pytest.approx(0.0, abs=1.0)
    assert evening.mean == pytest.approx(100.0, abs=1.0)
    assert morning.deviation < 5.0
    weeks = taught(7 * SAMPLES_MIN, lambda day, _: float(day % 7 == 0))
    monday, tuesday = weeks.expect(3), weeks.expect(24 + 3)
    assert monday is not None
    assert tuesday is not None
    assert monday.bucket is Bucket.HOUR_OF_WEEK
    assert monday.count == SAMPLES_MIN
    assert monday.mean == pytest.approx(1.0)
    assert tuesday.mean == pytest.approx(0.0)
    assert tuesday.deviation == pytest.approx(0.0)


def test_an_hour_that_differs_by_chance_is_not_believed() -> None:
    draw = Random(4)
    history = taught(SAMPLES_MIN, lambda *_: draw.gauss(50.0, 10.0))
    whole = history.buckets["*"]
    for hour in range(24):
        expected = history.expect(hour)
        assert expected is not None
        own = history.buckets[f"d{hour}"]
        assert min(own.mean, whole.mean) - 1e-9 <= expected.mean <= max(own.mean, whole.mean) + 1e-9
        assert expected.deviation == pytest.approx(10.0, abs=3.5)


def test_what_has_no_hours_has_one_bucket() -> None:
    history = taught(SAMPLES_MIN, lambda *_: 1.0, by_hour=False)
    assert set(history.buckets) == {"*"}
    known = history.expect(5)
    assert known is not None
    assert known.bucket is Bucket.SUBJECT


def test_a_copy_goes_its_own_way() -> None:
    history = taught(2, lambda *_: 1.0)
    copied = history.copy()
    assert copied == history
    copied.teach(Sample(MONDAY, 0, 9.0), finest=0.0, by_hour=True)
    assert copied != history
