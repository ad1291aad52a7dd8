"""The threshold of a family of baselines: moved by tunings, fixed and taken back by people."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.anomaly.facts import (
    Metric,
    SampleCount,
    Share,
    Threshold,
    ThresholdEvent,
    ThresholdExpired,
    ThresholdPinned,
    ThresholdReason,
    ThresholdReleased,
    ThresholdReverted,
    ThresholdTuned,
)
from domain.baseline.thresholds import DEFAULT_THRESHOLD
from domain.kernel import Command, Decider, Instant, Refused, ShortText


class TuneThreshold(Command, frozen=True):
    """Move a threshold, or confirm it, by the verdicts of some time."""

    family: Metric
    threshold: Threshold
    reason: ThresholdReason
    verdicts: SampleCount
    false_positives: SampleCount
    left_out: SampleCount
    rate: Share
    since: Instant
    until: Instant
    expires_at: Instant | None
    tuning_id: UUID


class ExpireThreshold(Command, frozen=True):
    """Let a tuned threshold go that came to its end."""

    family: Metric
    at: Instant


class PinThreshold(Command, frozen=True):
    """Fix a threshold, whatever tunings say."""

    family: Metric
    threshold: Threshold
    reason: ShortText


class ReleaseThreshold(Command, frozen=True):
    """Let a pinned threshold go."""

    family: Metric
    reason: ShortText


class RevertThreshold(Command, frozen=True):
    """Take the latest move of a tuning back."""

    family: Metric
    reason: ShortText


ThresholdCommand: TypeAlias = (
    TuneThreshold | ExpireThreshold | PinThreshold | ReleaseThreshold | RevertThreshold
)


class NothingToRevert(Refused):
    """No tuning moved the threshold since it was last taken back or came to its end."""

    code = "threshold.not_tuned"


class Tuned(msgspec.Struct, frozen=True):
    """What tunings and reverts say; a pin lies above it."""

    threshold: float
    reason: ThresholdReason
    expires_at: datetime | None = None


class FamilyThreshold(msgspec.Struct, frozen=True):
    """What the next decision needs to know. Without a tuned or pinned one the default rule holds."""

    tuned: Tuned | None = None
    pinned: float | None = None
    is_moved: bool = False  # by a tuning that can be taken back
    before: Tuned | None = None  # that tuning moved it

    @property
    def is_raised(self) -> bool:
        """Return whether too many false positives raised it, pinned or not."""
        return self.tuned is not None and self.tuned.reason is ThresholdReason.FALSE_POSITIVES


def decide(state: FamilyThreshold, command: ThresholdCommand) -> list[ThresholdEvent]:
    """Move, fix or take back a threshold.

    Raises:
        NothingToRevert: there is no tuning to take back.
    """
    family = command.family
    match command:
        case TuneThreshold():
            previous = DEFAULT_THRESHOLD if state.tuned is None else state.tuned.threshold
            return [ThresholdTuned(previous=previous, **msgspec.structs.asdict(command))]
        case ExpireThreshold(at=at):
            ends_at = None if state.tuned is None else state.tuned.expires_at
            return [] if ends_at is None or ends_at > at else [ThresholdExpired(family=family)]
        case PinThreshold(threshold=threshold, reason=reason):
            if state.pinned == threshold:
                return []
            return [ThresholdPinned(family=family, threshold=threshold, reason=reason)]
        case ReleaseThreshold(reason=reason):
            return [] if state.pinned is None else [ThresholdReleased(family=family, reason=reason)]
        case RevertThreshold(reason=reason):
            if not state.is_moved:
                raise NothingToRevert(f"No tuning of {family} can be taken back.")
            threshold_before = None if state.before is None else state.before.threshold
            return [ThresholdReverted(family=family, threshold=threshold_before, reason=reason)]
        case _:
            assert_never(command)


def evolve(state: FamilyThreshold, event: ThresholdEvent) -> FamilyThreshold:
    """Fold one fact into the state."""
    match event:
        case ThresholdTuned(reason=reason):
            tuned = None
            if reason is not ThresholdReason.DEFAULT:
                tuned = Tuned(event.threshold, reason, event.expires_at)
            if same(tuned, state.tuned):
                return replace(state, tuned=tuned)  # confirmed for longer
            return replace(state, tuned=tuned, is_moved=True, before=state.tuned)
        case ThresholdExpired():
            return FamilyThreshold(pinned=state.pinned)
        case ThresholdPinned(threshold=threshold):
            return replace(state, pinned=threshold)
        case ThresholdReleased():
            return replace(state, pinned=None)
        case ThresholdReverted():
            return FamilyThreshold(tuned=state.before, pinned=state.pinned)
        case _:
            assert_never(event)


def same(one: Tuned | None, other: Tuned | None) -> bool:
    """Return whether two differ at most in how long they hold."""
    if one is None or other is None:
        return one is other
    return (one.threshold, one.reason) == (other.threshold, other.reason)


THRESHOLD = Decider(initial=FamilyThreshold(), decide=decide, evolve=evolve)
