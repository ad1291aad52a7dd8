"""Any order, duplication and delay of a night's signals ends in what in-order delivery ends in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import Database
from tests.convergence.force import draw
from tests.convergence.station import Play, Station, difference, shuffled

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]
PARTS = 5  # so that several workers share the nights
PIECES = (1, 3, 5)  # in which a night comes in


@pytest.fixture(scope="module")
def station(new_database: Callable[[], Database]) -> Iterator[Station]:
    """A database of this module's own: followers look at every tenant."""
    opened = Station(new_database().app_url)
    yield opened
    opened.close()


def play(station: Station, seed: int) -> None:
    """Play one night in order and shuffled; everything that stands in the end is equal."""
    night, chance = draw(seed), Random(seed)
    in_order, any_order = Play(station, night), Play(station, night)
    in_order.deliver(night.signals, chance, chance.choice(PIECES))
    any_order.deliver(shuffled(night, chance), chance, chance.choice(PIECES))
    assert difference(in_order.standing(), any_order.standing()) == {}
    in_order.check_history()
    any_order.check_history()


@pytest.mark.parametrize("part", range(PARTS))
def test_a_night_in_any_order_ends_the_same(station: Station, nights: int, part: int) -> None:
    """`--nights` says how many. They are the same in every run, so that a red one stays red."""
    wanted = max(1, nights // PARTS)
    seeds = st.integers(part * wanted, (part + 1) * wanted - 1)
    each = given(seeds)(lambda seed: play(station, seed))
    settings(
        max_examples=wanted,
        phases=[Phase.explicit, Phase.generate],
        derandomize=True,
        deadline=None,
        database=None,
    )(each)()


@pytest.mark.parametrize("seed", [3, 43])
def test_what_was_judged_bit_by_bit_is_what_all_of_it_says_at_once(
    station: Station, seed: int
) -> None:
    night = draw(seed)
    bit_by_bit, at_once = Play(station, night), Play(station, night, at_once=True)
    bit_by_bit.deliver(night.signals, Random(seed), 12)
    at_once.deliver(night.signals, Random(seed), 1)
    assert difference(bit_by_bit.standing(), at_once.standing()) == {}


def test_a_night_is_busy_enough_to_prove_something(station: Station) -> None:
    night = draw(43)
    played = Play(station, night)
    played.deliver(night.signals, Random(43), 3)
    standing = played.standing()
    assert {part for part, found in standing.items() if not found} == set()
    assert 100 <= len(night.signals) <= 400
