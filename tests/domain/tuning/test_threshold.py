"""A threshold is moved by tunings; people fix it, let it go, and take a tuning back."""

from __future__ import annotations

from datetime import timedelta

from domain.anomaly.facts import ThresholdReason, ThresholdReverted
from domain.tuning.threshold import THRESHOLD, FamilyThreshold, NothingToRevert
from tests.domain.tuning.families import (
    FAMILY,
    MONTH,
    SUNDAY,
    confirmed,
    expire,
    expired,
    let_go,
    pin,
    pinned,
    raised,
    release,
    released,
    revert,
    reverted,
    tune_to,
)
from tests.given import given

RAISED = THRESHOLD.replay([raised])


def test_a_tuning_says_what_held_before_it() -> None:
    given(THRESHOLD).when(tune_to(raised)).then(raised)
    given(THRESHOLD, raised).when(tune_to(confirmed)).then(confirmed)
    given(THRESHOLD, raised).when(tune_to(let_go)).then(let_go)


def test_a_tuned_threshold_ends_when_its_time_has_come() -> None:
    given(THRESHOLD, raised).when(expire).then(expired)
    given(THRESHOLD, raised, confirmed).when(expire).then()
    given(THRESHOLD, raised, expired).when(expire).then()
    given(THRESHOLD, raised, let_go).when(expire).then()
    given(THRESHOLD, raised, pinned).when(expire).then(expired)
    assert THRESHOLD.replay([raised, pinned, expired]) == FamilyThreshold(pinned=5.0)


def test_a_person_pins_a_threshold_and_lets_it_go() -> None:
    given(THRESHOLD).when(pin).then(pinned)
    given(THRESHOLD, pinned).when(pin).then()
    given(THRESHOLD).when(release).then()
    given(THRESHOLD, pinned).when(release).then(released)
    assert THRESHOLD.replay([raised, pinned, released]) == RAISED


def test_a_person_takes_the_latest_move_back() -> None:
    given(THRESHOLD, raised).when(revert).then(reverted)
    assert THRESHOLD.replay([raised, reverted]) == FamilyThreshold()
    back_to_raised = ThresholdReverted(family=FAMILY, threshold=4.0, reason=reverted.reason)
    given(THRESHOLD, raised, let_go).when(revert).then(back_to_raised)
    state = THRESHOLD.replay([raised, let_go, back_to_raised])
    assert state.tuned == RAISED.tuned


def test_a_confirmation_is_no_move_and_is_taken_back_with_the_move() -> None:
    given(THRESHOLD, raised, confirmed).when(revert).then(reverted)
    state = THRESHOLD.replay([raised, confirmed])
    assert state.tuned is not None
    assert state.tuned.expires_at == SUNDAY + MONTH + timedelta(days=7)


def test_what_was_not_tuned_cannot_be_taken_back() -> None:
    given(THRESHOLD).when(revert).refused(NothingToRevert)
    given(THRESHOLD, raised, reverted).when(revert).refused(NothingToRevert)
    given(THRESHOLD, raised, expired).when(revert).refused(NothingToRevert)


def test_a_family_is_raised_by_false_positives_alone() -> None:
    assert RAISED.is_raised
    assert THRESHOLD.replay([raised, pinned]).is_raised
    assert not THRESHOLD.replay([raised, let_go]).is_raised
    assert RAISED.tuned is not None
    assert RAISED.tuned.reason is ThresholdReason.FALSE_POSITIVES
