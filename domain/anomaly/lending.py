"""Lending: what a site's people taught, lent to those who are new there.

Sums of whole hundredths are exact, so people may be added, taken back and added again in any order.
Only days so long over that no late signal can change them are lent; the judgements that stand on
them never have to be made anew.
"""

from __future__ import annotations

from math import sqrt

import msgspec

from domain.anomaly.facts import Bucket
from domain.baseline.history import SAMPLES_MIN, Expected

# A value is lent when its person was seen again within a day, and that is known a week later at
# most; two more days cover time zones.
LENT_AFTER_DAYS = 11
KEPT_DAYS = 22  # judgements of the last nine days must find what they were lent
HUNDREDTHS = 100


class Sums(msgspec.Struct, array_like=True):
    """Exact sums of values in hundredths."""

    count: int = 0
    total: int = 0
    squares: int = 0

    def move(self, hundredths: int, sign: int) -> None:
        """Add a value (1) or take it back (-1)."""
        self.count += sign
        self.total += sign * hundredths
        self.squares += sign * hundredths * hundredths


class Lending(msgspec.Struct):
    """What one site lends of one metric."""

    long_ago: Sums = msgspec.field(default_factory=Sums)
    days: dict[int, Sums] = msgspec.field(default_factory=dict)  # by proleptic ordinal

    def move(self, day: int, hundredths: int, sign: int) -> None:
        """Add a value of a day (1) or take it back (-1)."""
        self.days.setdefault(day, Sums()).move(hundredths, sign)

    def settle(self, today: int) -> None:
        """Put together the days that no judgement has to tell apart any more."""
        for day in [day for day in self.days if day <= today - KEPT_DAYS]:
            sums = self.days.pop(day)
            self.long_ago.count += sums.count
            self.long_ago.total += sums.total
            self.long_ago.squares += sums.squares

    def expect(self, day: int) -> Expected | None:
        """Return what is normal at the site for somebody who is judged on a day."""
        old = [sums for each, sums in self.days.items() if each <= day - LENT_AFTER_DAYS]
        old.append(self.long_ago)
        count = sum(sums.count for sums in old)
        if count < SAMPLES_MIN:
            return None
        total = sum(sums.total for sums in old)
        squares = sum(sums.squares for sums in old)
        # Whole numbers up to here: nothing was rounded yet.
        variance = (count * squares - total * total) / (count * (count - 1))
        return Expected(total / count / HUNDREDTHS, sqrt(variance) / HUNDREDTHS, count, Bucket.SITE)


def lent(value: float, most: float) -> int:
    """Return a value as it is lent: in hundredths, and never absurd."""
    return round(min(max(value, -most), most) * HUNDREDTHS)
