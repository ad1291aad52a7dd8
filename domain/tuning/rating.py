"""Rating: what the verdicts on a family's alerts say of its threshold.

Tuning is a feedback loop: a raised threshold raises fewer alerts, which brings fewer verdicts. What
keeps it from running away: a minimum of verdicts, two limits with a gap between them, an end for
what is not confirmed, and verdicts on bad data that count for nothing. The rate of 0.30 and the
threshold of 4.0 are the product's rule; the other numbers are choices, and say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from domain.alert.facts import Verdict
from domain.anomaly.facts import ThresholdReason
from domain.baseline.thresholds import DEFAULT_THRESHOLD, FALSE_POSITIVES_THRESHOLD
from domain.tuning.threshold import FamilyThreshold

ENTER_ABOVE = 0.30  # rate of false positives; the product's rule
LEAVE_BELOW = 0.20  # our choice: a family at the limit must not change every week
VERDICTS_MIN = 20  # our choice: with fewer, one verdict moves the rate by more than 0.05
RAISED_FOR = timedelta(days=30)  # our choice: as long as the verdicts that it stands on

#: The value was unusual, and nothing was wrong: a stricter threshold would have been right.
FALSE_POSITIVES = frozenset({Verdict.FALSE_POSITIVE_LOGIC, Verdict.BENIGN_EXPECTED})
TRUE_POSITIVES = frozenset({Verdict.CONFIRMED_FRAUD, Verdict.CONFIRMED_NEGLIGENCE})


class Tally(msgspec.Struct, frozen=True):
    """The verdicts on one family's alerts."""

    verdicts: int  # that count
    false_positives: int
    left_out: int  # on bad data, faulty devices and duplicates, and undecided ones

    @property
    def rate(self) -> float:
        """Return the share of false positives; 0 where there is no verdict."""
        return self.false_positives / self.verdicts if self.verdicts else 0.0


class Move(msgspec.Struct, frozen=True):
    """Where a tuning wants a threshold."""

    threshold: float
    reason: ThresholdReason
    expires_at: datetime | None


def tally_of(verdicts: Iterable[Verdict]) -> Tally:
    """Count verdicts. Only what says whether the rule was right counts."""
    given = list(verdicts)
    false_positives = sum(verdict in FALSE_POSITIVES for verdict in given)
    counted = false_positives + sum(verdict in TRUE_POSITIVES for verdict in given)
    return Tally(counted, false_positives, len(given) - counted)


def rated(threshold: FamilyThreshold, tally: Tally, until: datetime) -> Move | str:
    """Return where a tuning moves a threshold, or in a sentence why it leaves it as it is."""
    percent = f"{tally.rate:.0%} of {tally.verdicts} verdicts are false positives"
    if threshold.pinned is not None:
        return f"A person pinned it at {threshold.pinned:g}."
    if tally.verdicts < VERDICTS_MIN:
        return f"{tally.verdicts} verdicts are fewer than {VERDICTS_MIN}."
    if tally.rate > ENTER_ABOVE or (threshold.is_raised and tally.rate >= LEAVE_BELOW):
        # One that is raised already is confirmed for longer.
        return Move(FALSE_POSITIVES_THRESHOLD, ThresholdReason.FALSE_POSITIVES, until + RAISED_FOR)
    if threshold.is_raised:
        return Move(DEFAULT_THRESHOLD, ThresholdReason.DEFAULT, None)
    return f"{percent}, not more than {ENTER_ABOVE:.0%}."
