"""Operations: what people decide about followers that met a fact they cannot digest, and what a
check of the whole chain found.

A skip changes what every later reading of the log gives, so it stands in the log itself, with who
decided it and why. The stream is the follower's, not the skipped fact's.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias, assert_never
from uuid import UUID

import msgspec

from domain.kernel import Command, Decider, Event, LongText, Refused, Sha256Hex, ShortText

VERIFICATION_STREAM = "verification-"  # and the id

#: The name of a follower, such as ticket-board.
FollowerName = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[a-z0-9-]+$")]
Position = Annotated[int, msgspec.Meta(ge=1)]


class FollowerEventRetried(Event, frozen=True, tag="follower.event_retried"):
    """A person let a follower try a parked fact again. It does not mean that it succeeded."""

    follower: FollowerName
    at_position: Position  # of the fact that the follower could not digest


class FollowerEventSkipped(Event, frozen=True, tag="follower.event_skipped"):
    """A person let a follower pass over a fact that it could not digest. What the follower shows or does is without that fact from here on."""

    follower: FollowerName
    at_position: Position  # of the fact that was passed over
    reason: LongText


class VerificationRequested(Event, frozen=True, tag="verification.requested"):
    """Somebody asked for a check of the whole chain, from the first fact up to this one."""


class VerificationPassed(Event, frozen=True, tag="verification.passed"):
    """A check read every fact up to a position and found the chain whole. It says nothing of facts behind it."""

    up_to: Position
    hash: Sha256Hex  # of the fact at `up_to`
    events: int  # how many were read


class VerificationFailed(Event, frozen=True, tag="verification.failed"):
    """A check found a fact that is not what its hash says, or none where one must be; or it could not be done at all."""

    reason: ShortText
    at_position: Position | None = None  # the first that is wrong; None: the check was not done


FollowerEvent: TypeAlias = FollowerEventRetried | FollowerEventSkipped
VerificationEvent: TypeAlias = VerificationRequested | VerificationPassed | VerificationFailed
OperationsEvent: TypeAlias = FollowerEvent | VerificationEvent


class RetryEvent(Command, frozen=True):
    """Let a follower try a parked fact again."""

    follower: FollowerName
    at_position: Position


class SkipEvent(Command, frozen=True):
    """Let a follower pass over a parked fact."""

    follower: FollowerName
    at_position: Position
    reason: LongText


class RequestVerification(Command, frozen=True):
    """Ask for a check of the whole chain."""


class PassVerification(Command, frozen=True):
    """State that the chain is whole."""

    up_to: Position
    hash: Sha256Hex
    events: int


class FailVerification(Command, frozen=True):
    """State where the chain is broken, or that nobody could look."""

    reason: ShortText
    at_position: Position | None = None


FollowerCommand: TypeAlias = RetryEvent | SkipEvent
VerificationCommand: TypeAlias = RequestVerification | PassVerification | FailVerification


class NoSuchVerification(Refused):
    """Nobody asked for this check."""

    code = "verification.unknown"


class Follower(msgspec.Struct, frozen=True):
    """What the next decision needs to know."""

    skipped_to: int = 0  # position of the last fact that was passed over


class Verification(msgspec.Struct, frozen=True):
    """What the next decision needs to know."""

    is_requested: bool = False
    is_answered: bool = False


def decide_follower(follower: Follower, command: FollowerCommand) -> list[FollowerEvent]:
    """Retry or skip a fact; what was passed over already stays so."""
    if command.at_position <= follower.skipped_to:
        return []
    match command:
        case RetryEvent(follower=name, at_position=position):
            return [FollowerEventRetried(follower=name, at_position=position)]
        case SkipEvent(follower=name, at_position=position, reason=reason):
            return [FollowerEventSkipped(follower=name, at_position=position, reason=reason)]
        case _:
            assert_never(command)


def evolve_follower(follower: Follower, event: FollowerEvent) -> Follower:
    """Fold one fact into the state."""
    match event:
        case FollowerEventRetried():
            return follower
        case FollowerEventSkipped(at_position=position):
            return Follower(skipped_to=position)
        case _:
            assert_never(event)


def decide_verification(
    verification: Verification, command: VerificationCommand
) -> list[VerificationEvent]:
    """Ask once and answer once; a second answer, as a job that ran twice has it, changes nothing.

    Raises:
        NoSuchVerification: an answer to what nobody asked.
    """
    if isinstance(command, RequestVerification):
        return [] if verification.is_requested else [VerificationRequested()]
    if not verification.is_requested:
        raise NoSuchVerification("There is no such verification.")
    if verification.is_answered:
        return []
    match command:
        case PassVerification(up_to=up_to, hash=hash_, events=events):
            return [VerificationPassed(up_to=up_to, hash=hash_, events=events)]
        case FailVerification(at_position=position, reason=reason):
            return [VerificationFailed(at_position=position, reason=reason)]
        case _:
            assert_never(command)


def evolve_verification(_: Verification, event: VerificationEvent) -> Verification:
    """Fold one fact into the state."""
    match event:
        case VerificationRequested():
            return Verification(is_requested=True)
        case VerificationPassed() | VerificationFailed():
            return Verification(is_requested=True, is_answered=True)
        case _:
            assert_never(event)


FOLLOWER = Decider(initial=Follower(), decide=decide_follower, evolve=evolve_follower)
VERIFICATION = Decider(
    initial=Verification(), decide=decide_verification, evolve=evolve_verification
)


def follower_stream(follower: str) -> str:
    """Return the stream that tells what people decided about a follower."""
    return f"follower-{follower}"


def verification_stream(verification_id: UUID) -> str:
    """Return the stream of one check: asked for, and answered."""
    return f"{VERIFICATION_STREAM}{verification_id}"
