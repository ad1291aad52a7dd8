"""Moments: what a mean and a deviation of signals are, and what does not move them."""

from __future__ import annotations

from random import Random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.baseline.moments import CLIP_DEVIATIONS, RECENT_VALUES, Moments

values = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=9)


def moments_of(numbers: list[float], finest: float = 0.0) -> Moments:
    moments = Moments()
    for number in numbers:
        moments.add(number, 1, finest)
    return moments


@given(values)
def test_mean_and_deviation_are_those_of_the_whole_sample(numbers: list[float]) -> None:
    moments = moments_of(numbers)
    assert moments.count == len(numbers)
    assert moments.mean == pytest.approx(fmean(numbers), abs=1e-6)
    assert moments.deviation == pytest.approx(stdev(numbers), abs=1e-6)


def test_one_value_has_no_deviation() -> None:
    assert moments_of([7.0]).deviation == 0.0


def test_one_absurd_fix_moves_a_baseline_by_less_than_a_metre() -> None:
    draw = Random(1)
    moments = moments_of([draw.gauss(10.0, 2.0) for _ in range(100)])
    before = moments.mean
    moments.add(9_000_000.0, 1, 1.0)
    assert 0.0 < moments.mean - before < 1.0
    assert moments.deviation < 4.0


def test_where_nothing_ever_varied_the_finest_difference_is_the_reach() -> None:
    moments = moments_of([0.0] * 50, finest=5.0)
    moments.add(9_000_000.0, 1, 5.0)
    assert moments.mean == pytest.approx(CLIP_DEVIATIONS * 5.0 / 51)
    unbounded = moments_of([0.0] * 50)
    unbounded.add(51.0, 1, 0.0)
    assert unbounded.mean == pytest.approx(1.0)


def test_what_lies_long_ago_fades() -> None:
    draw = Random(2)
    moments = moments_of([draw.gauss(10.0, 2.0) for _ in range(RECENT_VALUES)])
    for _ in range(3 * RECENT_VALUES):
        moments.add(draw.gauss(20.0, 2.0), 2, 0.0)
    assert moments.mean == pytest.approx(20.0, abs=0.7)
    assert moments.deviation == pytest.approx(2.0, abs=1.0)
    assert (moments.count, moments.days) == (4 * RECENT_VALUES, 2)
