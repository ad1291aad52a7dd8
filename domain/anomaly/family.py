"""Family: the baseline of one subject and metric, the windows of the last days, and what was said.

A window is judged by the days before its own. What teaches is put together day by day, within a day
by time; so the baseline of every day, and with it every judgement, is a function of the set of
windows. A window that comes late, changes or goes makes the days from its own on be gone through
again, on what was settled before them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import date
from itertools import groupby

import msgspec

from domain.anomaly.facts import Measured, Metric, ThresholdReason
from domain.anomaly.metrics import Rule, placed
from domain.baseline.history import WHOLE, Expected, History, Sample
from domain.baseline.judging import Judgement, NoJudgement, judge
from domain.baseline.thresholds import Ruling
from domain.severity import Severity

# A day and the horizon of seven days, and one more for the time zones: then nothing changes a day.
SETTLED_AFTER_DAYS = 9
NEVER = date.max.toordinal()


class Kept(msgspec.Struct, array_like=True):
    """A window that is over."""

    start_us: int
    day: int  # proleptic ordinal, local
    hour_of_week: int  # local
    value: float
    signals: int
    until_us: int
    site_id: str | None = None
    lent: int | None = None  # in hundredths, to newcomers at the site


class Told(msgspec.Struct, frozen=True, array_like=True):
    """What was last said of a window."""

    version: int  # of the anomaly's stream
    stands: bool
    severity: Severity
    value: float
    mean: float
    deviation: float
    count: int
    threshold: float
    reason: ThresholdReason
    signals: int = 0  # that were named


class Excluded(msgspec.Struct, frozen=True, array_like=True):
    """A moment that belongs to a confirmed fraud."""

    alert: str
    at_us: int


class Family(msgspec.Struct, omit_defaults=True):
    """What is remembered of one subject and metric."""

    settled: History = msgspec.field(default_factory=History)  # days that nothing changes any more
    recent: History = msgspec.field(default_factory=History)  # all days before `today`
    today: int = 0  # the newest day that was heard of
    kept: list[Kept] = msgspec.field(default_factory=list)  # by start, of days that are not settled
    told: dict[int, Told] = msgspec.field(default_factory=dict)  # by start of the window
    excluded: list[Excluded] = msgspec.field(default_factory=list)


def window_start(kept: Kept) -> int:
    return kept.start_us


class Going(msgspec.Struct):
    """A family that is being gone through in a batch."""

    family: Family
    metric: Metric
    rule: Rule
    changed_from: int = NEVER  # the first day in which something changed

    def find(self, start_us: int) -> Kept | None:
        """Return the window that begins then."""
        kept = self.family.kept
        place = bisect_left(kept, start_us, key=window_start)
        found = place < len(kept) and kept[place].start_us == start_us
        return kept[place] if found else None

    def put(self, window: Kept) -> None:
        """Keep a window, in place of the one that began at the same moment."""
        kept = self.family.kept
        place = bisect_left(kept, window.start_us, key=window_start)
        if place < len(kept) and kept[place].start_us == window.start_us:
            window.lent = kept[place].lent
            if kept[place] == window:
                return
            kept[place] = window
        else:
            kept.insert(place, window)
        self.changed_from = min(self.changed_from, window.day)

    def replace_all(self, windows: list[Kept]) -> list[Kept]:
        """Keep these windows and no others; return those that are none any more."""
        starts = {window.start_us for window in windows}
        gone = [kept for kept in self.family.kept if kept.start_us not in starts]
        for kept in gone:
            self.family.kept.remove(kept)
            self.changed_from = min(self.changed_from, kept.day)
        for window in windows:
            self.put(window)
        return gone

    def exclude(self, alert: str, moments_us: list[int]) -> None:
        """Let the windows of these moments teach nothing any more, and those of no others."""
        family = self.family
        before = [each for each in family.excluded if each.alert == alert]
        after = [Excluded(alert, at_us) for at_us in moments_us]
        if before == after:
            return
        family.excluded = [each for each in family.excluded if each.alert != alert] + after
        for moment in {each.at_us for each in before + after}:
            for kept in family.kept:
                if kept.start_us <= moment < kept.until_us:
                    self.changed_from = min(self.changed_from, kept.day)

    def teaches(self, kept: Kept) -> bool:
        """Return whether a window is no part of a confirmed fraud."""
        return not any(kept.start_us <= each.at_us < kept.until_us for each in self.family.excluded)

    def settle(self, recorded_day: int) -> None:
        """Let go of the days that no signal can change any more."""
        family = self.family
        last = recorded_day - SETTLED_AFTER_DAYS
        if not family.kept or family.kept[0].day > last:
            return
        old = [kept for kept in family.kept if kept.day <= last]
        for kept in old:
            self._teach(family.settled, kept)
            family.told.pop(kept.start_us, None)
        family.kept = [kept for kept in family.kept if kept.day > last]
        family.excluded = [each for each in family.excluded if each.at_us >= old[-1].until_us]
        if last >= family.today:
            family.recent = family.settled.copy()
            family.today = last + 1

    def go_through(self, open_day: int) -> Iterator[tuple[Kept, History]]:
        """Yield the windows to be judged (anew), each with the history of the days before its own.

        In the end the history of the newest day stands, which is `open_day` if nothing is newer.
        """
        family = self.family
        newest = max(family.today, open_day, family.kept[-1].day if family.kept else 0)
        if self.changed_from < family.today:
            running, since = family.settled.copy(), 0
        else:
            running, since = family.recent, family.today
        for day, windows in groupby(
            [kept for kept in family.kept if kept.day >= since], key=lambda kept: kept.day
        ):
            of_day = list(windows)
            if day >= self.changed_from:
                for kept in of_day:
                    yield kept, running
            if day < newest:
                for kept in of_day:
                    self._teach(running, kept)
        family.recent, family.today = running, newest
        self.changed_from = NEVER

    def judge(
        self,
        value: float,
        hour_of_week: int,
        history: History,
        lent: Expected | None,
        by: Ruling | None,
    ) -> Judgement | NoJudgement:
        """Judge a value by its own history, or else by what the site lends."""
        expected = history.expect(hour_of_week) or lent
        if expected is not None:
            value = placed(value, expected.mean, self.rule.around)
        return judge(value, expected, by, self.rule.finest)

    def _teach(self, history: History, kept: Kept) -> None:
        if not self.teaches(kept):
            return
        whole = history.buckets.get(WHOLE)
        value = kept.value if whole is None else placed(kept.value, whole.mean, self.rule.around)
        sample = Sample(kept.day, kept.hour_of_week, value)
        history.teach(sample, finest=self.rule.finest, by_hour=self.rule.by_hour)


def told_of(version: int, severity: Severity, measured: Measured, signals: int) -> Told:
    """Return what an anomaly says, as it is remembered.

    How many signals it names tells whether it names all: those of a window only become more.
    """
    return Told(
        version,
        True,
        severity,
        measured.value,
        measured.mean,
        measured.deviation,
        measured.count,
        measured.threshold,
        measured.threshold_reason,
        signals,
    )
