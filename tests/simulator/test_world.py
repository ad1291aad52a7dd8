"""The drawn world: equal for equal seeds, legal in every field, hours apart."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interfaces.simulator import WorldParameters, world
from interfaces.simulator.geography import displaced, distance_m

seeds = st.integers(min_value=-(2**63), max_value=2**63)


@settings(max_examples=25)
@given(seeds, st.integers(1, 30), st.integers(1, 60))
def test_every_world_is_legal(seed: int, sites: int, guards: int) -> None:
    drawn = world(seed, WorldParameters(sites=sites, guards=guards))
    assert (len(drawn.sites), len(drawn.guards)) == (sites, guards)
    for site in drawn.sites:
        assert -90 < site.latitude < 90
        assert -180 <= site.longitude < 180
        assert 10 <= site.geofence_radius_m <= 100_000
        assert ZoneInfo(site.time_zone).key == site.time_zone
    ids = [site.site_id for site in drawn.sites]
    ids += [guard.person_id for guard in drawn.guards]
    ids += [guard.phone.device_id for guard in drawn.guards]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9._:-]{1,64}", drawn_id) for drawn_id in ids)
    assert len(drawn.source) <= 64


def test_the_same_seed_draws_the_same_world_and_another_seed_another() -> None:
    parameters = WorldParameters(sites=3, guards=30)
    assert world(5, parameters) == world(5, parameters)
    assert world(5, parameters).sites != world(6, parameters).sites


def test_a_larger_world_holds_the_same_phones_and_sites() -> None:
    small, large = world(5, WorldParameters(guards=10)), world(5, WorldParameters(guards=50))
    assert large.sites == small.sites
    assert [guard.phone for guard in large.guards[:10]] == [guard.phone for guard in small.guards]


@pytest.mark.parametrize("seed", range(10))
def test_two_sites_are_hours_apart(seed: int) -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    first, second = world(seed, WorldParameters(sites=2)).sites
    offsets = [noon.astimezone(ZoneInfo(site.time_zone)).utcoffset() for site in (first, second)]
    assert offsets[0] is not None
    assert offsets[1] is not None
    assert abs((offsets[0] - offsets[1]).total_seconds()) >= 2 * 3_600


@pytest.mark.parametrize("rate", [0.0, 0.03, 0.2, 0.25, 0.6, 1.0])
def test_the_guards_share_the_stated_fraud_rate_unequally(rate: float) -> None:
    guards = world(1, WorldParameters(guards=50, fraud_rate=rate)).guards
    rates = [guard.fraud_rate for guard in guards]
    assert sum(rates) / len(rates) == pytest.approx(rate)
    if 0 < rate < 1:
        assert len(set(rates)) == 2


@given(
    st.floats(-80, 80),
    st.floats(-180, 180, exclude_max=True),
    st.floats(-5_000, 5_000),
    st.floats(-5_000, 5_000),
)
def test_a_displacement_is_as_long_as_it_says(
    latitude: float, longitude: float, east_m: float, north_m: float
) -> None:
    there = displaced(latitude, longitude, east_m, north_m)
    wanted = (east_m**2 + north_m**2) ** 0.5
    assert distance_m(latitude, longitude, *there) == pytest.approx(wanted, rel=0.01, abs=0.5)
