"""Distances and speeds: known figures, symmetry, and the benefit of the doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.geometry import EARTH_RADIUS_M, apart_m, distance_m, outside_m, speed_kmh

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
metres = st.floats(0, 1e7)


def test_london_to_paris_is_344_km() -> None:
    assert distance_m(51.5074, -0.1278, 48.8566, 2.3522) == pytest.approx(343_556, rel=1e-4)


def test_the_other_end_of_the_earth_is_half_its_girth_away() -> None:
    assert distance_m(0, 0, 0, 180) == pytest.approx(EARTH_RADIUS_M * 3.14159265, rel=1e-6)
    assert distance_m(90, 0, -90, 0) == pytest.approx(EARTH_RADIUS_M * 3.14159265, rel=1e-6)


def test_the_date_line_is_no_wall() -> None:
    assert distance_m(0, 179.999, 0, -179.999) == pytest.approx(222.4, abs=0.1)


@given(latitudes, longitudes, latitudes, longitudes)
def test_there_and_back_are_the_same_and_never_below_nothing(
    latitude_1: float, longitude_1: float, latitude_2: float, longitude_2: float
) -> None:
    there = distance_m(latitude_1, longitude_1, latitude_2, longitude_2)
    back = distance_m(latitude_2, longitude_2, latitude_1, longitude_1)
    assert 0 <= there <= EARTH_RADIUS_M * 3.1415927
    assert there == pytest.approx(back, abs=1e-3)


@given(metres, metres, metres)
def test_a_worse_accuracy_never_blames_more(
    distance: float, radius: float, accuracy: float
) -> None:
    assert 0 <= outside_m(distance, radius, accuracy + 1) <= outside_m(distance, radius, accuracy)
    assert 0 <= apart_m(distance, radius, accuracy + 1) <= apart_m(distance, radius, accuracy)


def test_a_speed_is_taken_over_a_minute_at_least() -> None:
    assert speed_kmh(1_000, 60) == pytest.approx(60)
    assert speed_kmh(1_000, 5) == pytest.approx(60)
    assert speed_kmh(1_000, -120) == pytest.approx(30)
