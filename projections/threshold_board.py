"""Threshold board: what is in force for each family of baselines, and why."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never, cast, get_args

import msgspec
from msgspec.structs import replace

from domain.anomaly.facts import (
    Metric,
    ThresholdEvent,
    ThresholdExpired,
    ThresholdPinned,
    ThresholdReason,
    ThresholdReleased,
    ThresholdReverted,
    ThresholdTuned,
)
from domain.catalogue import AnyRecorded
from domain.tuning.threshold import THRESHOLD, FamilyThreshold
from projections.kernel import Projection, key_behind


class ThresholdRow(msgspec.Struct, frozen=True, kw_only=True):
    """The threshold of one family as it stands."""

    family: Metric
    threshold: float | None  # standard deviations; None: the default rule holds
    reason: ThresholdReason
    expires_at: datetime | None = None  # of what was tuned
    pinned_by: str | None = None
    because: str  # the last change in words
    verdicts: int | None = None  # of the last tuning that moved or confirmed it
    false_positives: int | None = None
    left_out: int | None = None
    rate: float | None = None
    state: FamilyThreshold  # what lies under a pin, and what can be taken back
    changed_at: datetime
    changed_by: str
    position: int  # of the last fact folded into the row
    version: int  # of the threshold's stream, for If-Match


def project(row: ThresholdRow | None, fact: AnyRecorded) -> ThresholdRow | None:
    """Fold one fact into its family's row."""
    if not isinstance(fact.event, get_args(ThresholdEvent)):
        return row
    event = cast(ThresholdEvent, fact.event)
    if row is None and not isinstance(event, ThresholdTuned | ThresholdPinned):
        return None  # its beginning was passed over
    state = THRESHOLD.evolve(FamilyThreshold() if row is None else row.state, event)
    threshold, reason = in_force(state)
    told = ThresholdRow(
        family=event.family,
        threshold=threshold,
        reason=reason,
        expires_at=None if state.tuned is None else state.tuned.expires_at,
        pinned_by=None if row is None or state.pinned is None else row.pinned_by,
        because=because(event),
        verdicts=None if row is None else row.verdicts,
        false_positives=None if row is None else row.false_positives,
        left_out=None if row is None else row.left_out,
        rate=None if row is None else row.rate,
        state=state,
        changed_at=fact.recorded_at,
        changed_by=fact.actor,
        position=fact.position,
        version=fact.version,
    )
    match event:
        case ThresholdTuned():
            return replace(
                told,
                verdicts=event.verdicts,
                false_positives=event.false_positives,
                left_out=event.left_out,
                rate=event.rate,
            )
        case ThresholdPinned():
            return replace(told, pinned_by=fact.actor)
        case _:
            return told


def in_force(state: FamilyThreshold) -> tuple[float | None, ThresholdReason]:
    """Return the threshold that holds for every baseline of a family, or None, and why."""
    if state.pinned is not None:
        return state.pinned, ThresholdReason.PINNED
    if state.tuned is not None:
        return state.tuned.threshold, state.tuned.reason
    return None, ThresholdReason.DEFAULT


def because(event: ThresholdEvent) -> str:
    """Return a change in words."""
    match event:
        case ThresholdTuned(rate=rate, verdicts=verdicts):
            return f"{rate:.0%} of {verdicts} verdicts are false positives"
        case ThresholdExpired():
            return "It came to its end without being confirmed"
        case ThresholdPinned(reason=reason) | ThresholdReleased(reason=reason):
            return reason
        case ThresholdReverted(reason=reason):
            return reason
        case _:
            assert_never(event)


THRESHOLD_BOARD = Projection(
    name="threshold-board",
    table="thresholds",
    row=ThresholdRow,
    key="family",
    newest_first="changed_at",
    facts=get_args(ThresholdEvent),
    key_of=key_behind("threshold-"),
    project=project,
)
