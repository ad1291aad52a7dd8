"""Series: one stream of values judged as Vedette judges its own, with the one default setting.

Nothing is known of the values but their times. A day is judged by the days before it, and teaches
when it is over, exactly as in live operation.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from domain.baseline.history import HOURS_OF_DAY, History, Sample
from domain.baseline.judging import NoJudgement, judge
from domain.baseline.thresholds import threshold_for

# The score at which a value is as far out as ten deviations is 0.5.
HALF_SCORE_DEVIATIONS = 10.0


class Scored(msgspec.Struct, frozen=True):
    """What is said of one value."""

    anomaly_score: float  # 0 to below 1; grows with the distance from normal
    z: float | None  # None: not enough history
    threshold: float
    threshold_reason: str  # or why there is no judgement
    anomalous: bool


class SeriesScorer:
    """Judges the values of one series, one after the other, in the order of time."""

    def __init__(self) -> None:
        self._history = History()
        self._today: list[Sample] = []

    def score(self, at: datetime, value: float) -> Scored:
        """Judge one value, and keep it for when its day is over."""
        day = at.toordinal()
        if self._today and self._today[-1].day != day:
            for sample in self._today:
                self._history.teach(sample, finest=0.0, by_hour=True)
            self._today.clear()
        hour_of_week = at.weekday() * HOURS_OF_DAY + at.hour
        self._today.append(Sample(day, hour_of_week, value))
        judgement = judge(value, self._history.expect(hour_of_week), None, 0.0)
        if isinstance(judgement, NoJudgement):
            return Scored(0.0, None, threshold_for(0, None).deviations, judgement.value, False)
        away = abs(judgement.z)
        return Scored(
            away / (away + HALF_SCORE_DEVIATIONS),
            judgement.z,
            judgement.threshold.deviations,
            judgement.threshold.reason.value,
            judgement.anomalous,
        )
