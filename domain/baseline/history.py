"""History: the moments of one subject and metric, by hour of the week, hour of the day and in all.

A value is compared with the narrowest of these that has enough history. How far a narrow one is
believed against the whole is decided by credibility (Bühlmann 1967, ASTIN Bulletin 4): the share
Z = d·b / (d·b + w), of d days, the variance w within the hour and the variance b between the hours.
An hour that really differs is believed at once; one that differs by chance is not. Days count and
not values, because the values of one hour of one day are hardly independent.
"""

from __future__ import annotations

from math import sqrt

import msgspec

from domain.anomaly.facts import Bucket
from domain.baseline.moments import Moments

SAMPLES_MIN = 30  # product rule: fewer are no history
HOURS_OF_DAY = 24
WHOLE = "*"


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """A value that teaches: when it was measured, in local time."""

    day: int  # proleptic ordinal
    hour_of_week: int  # 0 to 167, from Monday 00:00
    value: float


class Expected(msgspec.Struct, frozen=True):
    """What a value is compared with."""

    mean: float
    deviation: float  # standard, 0 and above
    count: int  # values behind it
    bucket: Bucket


class History(msgspec.Struct):
    """What completed days taught."""

    buckets: dict[str, Moments] = msgspec.field(default_factory=dict)

    def teach(self, sample: Sample, *, finest: float, by_hour: bool) -> None:
        """Take one value in; in the order of days, and within a day in the order of time."""
        keys = keys_of(sample.hour_of_week) if by_hour else (WHOLE,)
        for key in keys:
            moments = self.buckets.get(key)
            if moments is None:
                moments = self.buckets[key] = Moments()
            moments.add(sample.value, sample.day, finest)

    def expect(self, hour_of_week: int) -> Expected | None:
        """Return what is normal at an hour of the week, or None where there is not enough history."""
        whole = self.buckets.get(WHOLE)
        if whole is None or whole.count < SAMPLES_MIN:
            return None
        of_week, of_day, _ = keys_of(hour_of_week)
        for key, bucket in ((of_week, Bucket.HOUR_OF_WEEK), (of_day, Bucket.HOUR_OF_DAY)):
            moments = self.buckets.get(key)
            if moments is not None and moments.count >= SAMPLES_MIN:
                return believed(moments, whole, bucket)
        return Expected(whole.mean, whole.deviation, whole.count, Bucket.SUBJECT)

    def copy(self) -> History:
        """Return a history that goes its own way."""
        return History({key: msgspec.structs.replace(each) for key, each in self.buckets.items()})


def keys_of(hour_of_week: int) -> tuple[str, str, str]:
    """Return the keys of the buckets that a value belongs to, the narrowest first."""
    return f"w{hour_of_week}", f"d{hour_of_week % HOURS_OF_DAY}", WHOLE


def believed(moments: Moments, whole: Moments, bucket: Bucket) -> Expected:
    """Return what an hour's moments say, as far as they are believed against the whole."""
    within = moments.variance
    between = max(whole.variance - within, 0.0)
    evidence = moments.days * between
    # An hour as varied as the whole explains nothing; and 0 of 0 is no share.
    share = evidence / (evidence + within) if evidence > 0.0 else 0.0
    mean = share * moments.mean + (1.0 - share) * whole.mean
    variance = share * within + (1.0 - share) * whole.variance
    return Expected(mean, sqrt(variance), moments.count, bucket)
