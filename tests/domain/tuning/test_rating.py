"""What verdicts say: a minimum of them, two limits with a gap, an end, and bad data that counts for nothing."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from domain.alert.facts import Verdict
from domain.anomaly.facts import ThresholdReason
from domain.tuning.rating import RAISED_FOR, Move, Tally, rated, tally_of
from domain.tuning.threshold import THRESHOLD, FamilyThreshold
from tests.domain.tuning.families import SUNDAY, let_go, pinned, raised
from tests.strategies import forall

RAISED = THRESHOLD.replay([raised])
RAISE = Move(4.0, ThresholdReason.FALSE_POSITIVES, SUNDAY + RAISED_FOR)
LET_GO = Move(3.0, ThresholdReason.DEFAULT, None)


def tally(false_positives: int, verdicts: int = 100) -> Tally:
    return Tally(verdicts, false_positives, 0)


def test_every_verdict_counts_or_is_counted_as_left_out() -> None:
    assert tally_of(Verdict) == Tally(verdicts=4, false_positives=2, left_out=4)
    assert tally_of([]).rate == 0.0
    assert tally_of([Verdict.FALSE_POSITIVE_LOGIC, Verdict.CONFIRMED_FRAUD]).rate == 0.5


@pytest.mark.parametrize(
    ("false_positives", "wanted"),
    [(31, RAISE), (30, "30% of 100 verdicts are false positives, not more than 30%.")],
)
def test_more_than_thirty_percent_raise_a_threshold(
    false_positives: int, wanted: Move | str
) -> None:
    assert rated(FamilyThreshold(), tally(false_positives), SUNDAY) == wanted
    assert rated(THRESHOLD.replay([raised, let_go]), tally(false_positives), SUNDAY) == wanted


@pytest.mark.parametrize(("false_positives", "wanted"), [(20, RAISE), (19, LET_GO)])
def test_a_raised_threshold_is_let_go_below_twenty_percent_and_confirmed_above(
    false_positives: int, wanted: Move
) -> None:
    assert rated(RAISED, tally(false_positives), SUNDAY) == wanted


@pytest.mark.parametrize("state", [FamilyThreshold(), RAISED])
def test_fewer_than_twenty_verdicts_move_nothing(state: FamilyThreshold) -> None:
    assert rated(state, tally(19, 19), SUNDAY) == "19 verdicts are fewer than 20."
    assert rated(state, tally(20, 20), SUNDAY) == RAISE


def test_no_tuning_moves_what_a_person_pinned() -> None:
    state = THRESHOLD.replay([raised, pinned])
    assert rated(state, tally(90), SUNDAY) == "A person pinned it at 5."


@forall(st.lists(st.sampled_from(Verdict)), st.booleans())
def test_verdicts_on_bad_data_never_matter(verdicts: list[Verdict], is_raised: bool) -> None:
    state = RAISED if is_raised else FamilyThreshold()
    bad = [Verdict.FALSE_POSITIVE_DATA, Verdict.DEVICE_FAULT, Verdict.DUPLICATE]
    with_bad = rated(state, tally_of(verdicts + bad * 50), SUNDAY)
    assert with_bad == rated(state, tally_of(verdicts), SUNDAY)


@forall(st.lists(st.integers(20, 30), min_size=1, max_size=20), st.booleans())
def test_a_rate_between_the_limits_never_moves_a_threshold(
    rates: list[int], is_raised: bool
) -> None:
    """However it wavers there from week to week: that is what the gap is for."""
    state = RAISED if is_raised else FamilyThreshold()
    for rate in rates:
        move = rated(state, tally(rate), SUNDAY)
        assert (move == RAISE) if is_raised else isinstance(move, str)
