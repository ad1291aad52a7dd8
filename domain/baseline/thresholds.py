"""Thresholds: how many deviations make an anomaly, and which rule says so."""

from __future__ import annotations

import msgspec

from domain.anomaly.facts import ThresholdReason

DEFAULT_THRESHOLD = 3.0  # these four are the product's rule, in standard deviations
STABLE_THRESHOLD = 2.5
STABLE_ABOVE_COUNT = 100  # samples
FALSE_POSITIVES_THRESHOLD = 4.0


class Threshold(msgspec.Struct, frozen=True, array_like=True):
    """A threshold and why it is in force."""

    deviations: float
    reason: ThresholdReason


class Ruling(msgspec.Struct, frozen=True, array_like=True):
    """What people and tunings said of a family of baselines, from a moment on."""

    since_us: int
    tuned: Threshold | None = None
    pinned: float | None = None


def threshold_for(count: int, ruling: Ruling | None) -> Threshold:
    """Return the threshold in force for a baseline of so many samples.

    What a person pinned wins over everything, then a family with too many false positives, then
    what was tuned; without any of them a stable baseline is judged more strictly than a young one.
    """
    if ruling is not None and ruling.pinned is not None:
        return Threshold(ruling.pinned, ThresholdReason.PINNED)
    if ruling is not None and ruling.tuned is not None:
        return ruling.tuned
    if count > STABLE_ABOVE_COUNT:
        return Threshold(STABLE_THRESHOLD, ThresholdReason.STABLE)
    return Threshold(DEFAULT_THRESHOLD, ThresholdReason.DEFAULT)
