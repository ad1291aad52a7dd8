"""Decisions about followers, and checks of the chain: asked for once and answered once."""

from __future__ import annotations

from domain.operations import (
    FOLLOWER,
    VERIFICATION,
    FailVerification,
    FollowerEventRetried,
    FollowerEventSkipped,
    NoSuchVerification,
    PassVerification,
    RequestVerification,
    RetryEvent,
    SkipEvent,
    VerificationFailed,
    VerificationPassed,
    VerificationRequested,
)
from tests.given import given

HASH = "ab" * 32
skipped = FollowerEventSkipped(follower="sites", at_position=7, reason="A test device sent it.")
requested = VerificationRequested()
passed = VerificationPassed(up_to=9, hash=HASH, events=9)


def test_a_parked_fact_is_retried_as_often_as_people_like() -> None:
    retried = FollowerEventRetried(follower="sites", at_position=7)
    retry = RetryEvent(follower="sites", at_position=7)
    given(FOLLOWER).when(retry).then(retried)
    given(FOLLOWER, retried).when(retry).then(retried)


def test_a_parked_fact_is_skipped_once_and_with_a_reason() -> None:
    skip = SkipEvent(follower="sites", at_position=7, reason="A test device sent it.")
    given(FOLLOWER).when(skip).then(skipped)
    given(FOLLOWER, skipped).when(skip).then()
    given(FOLLOWER, skipped).when(RetryEvent(follower="sites", at_position=7)).then()


def test_a_later_fact_is_skipped_on_its_own() -> None:
    skip = SkipEvent(follower="sites", at_position=8, reason="Another one.")
    given(FOLLOWER, skipped).when(skip).then(
        FollowerEventSkipped(follower="sites", at_position=8, reason="Another one.")
    )


def test_a_check_is_asked_for_once() -> None:
    given(VERIFICATION).when(RequestVerification()).then(requested)
    given(VERIFICATION, requested).when(RequestVerification()).then()


def test_a_check_is_answered_once() -> None:
    whole = PassVerification(up_to=9, hash=HASH, events=9)
    broken = FailVerification(at_position=4, reason="The hash differs.")
    given(VERIFICATION, requested).when(whole).then(passed)
    given(VERIFICATION, requested).when(broken).then(
        VerificationFailed(at_position=4, reason="The hash differs.")
    )
    given(VERIFICATION, requested, passed).when(broken).then()
    given(VERIFICATION, requested, passed).when(whole).then()


def test_what_nobody_asked_is_not_answered() -> None:
    given(VERIFICATION).when(PassVerification(up_to=9, hash=HASH, events=9)).refused(
        NoSuchVerification
    )
