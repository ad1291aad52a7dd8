"""Moments: a running mean, deviation and count that lean towards the recent and shrug off the absurd.

Means and squares are kept as Welford (1962, Technometrics 4) and Knuth (TAOCP 2, 4.2.2) do, which
loses no digits. Two changes make them fit for signals from the field. A value farther than
`CLIP_DEVIATIONS` from the mean counts as if it lay there (winsorised: Dixon 1960, Annals of
Mathematical Statistics 31), so that one fix from another continent moves nothing by metres. And no
value weighs less than one in `RECENT_VALUES`, so that what was normal two summers ago fades.
"""

from __future__ import annotations

from math import sqrt

import msgspec

# Assumption: real values hardly ever lie so far out, and ten of them in a row still move the mean.
CLIP_DEVIATIONS = 10.0
CLIP_FROM_COUNT = 10  # values; before, a deviation says too little to clip anything by
# Assumption, and the memory of the reference detector: about six weeks of hours.
RECENT_VALUES = 1_000


class Moments(msgspec.Struct, array_like=True):
    """The moments of the values that were taken in, in their order."""

    count: int = 0
    days: int = 0  # different days that the values come from
    last_day: int = 0  # proleptic ordinal
    mean: float = 0.0
    squares: float = 0.0  # of the distances from the mean, of the recent values

    def add(self, value: float, day: int, finest: float) -> None:
        """Take one value in. Days do not run backwards.

        `finest` is the smallest difference that means anything: where nothing ever varied, it
        stands for the deviation; 0 if there is none.
        """
        if self.count >= CLIP_FROM_COUNT:
            reach = CLIP_DEVIATIONS * max(self.deviation, finest)
            if reach > 0.0:
                value = min(max(value, self.mean - reach), self.mean + reach)
        if day != self.last_day:
            self.last_day = day
            self.days += 1
        self.count += 1
        weight = self.count
        if weight > RECENT_VALUES:
            weight = RECENT_VALUES
            self.squares *= 1.0 - 1.0 / weight
        before = value - self.mean
        self.mean += before / weight
        self.squares += before * (value - self.mean)

    @property
    def variance(self) -> float:
        """Return the sample variance; 0 of a single value."""
        count = min(self.count, RECENT_VALUES)
        return self.squares / (count - 1) if count > 1 else 0.0

    @property
    def deviation(self) -> float:
        """Return the standard deviation of a sample."""
        return sqrt(self.variance)
