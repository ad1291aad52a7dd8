"""Rejudging: the windows of the last days once more, by another threshold.

They come from what the policy remembers and go through what judges them live (`domain.anomaly.family`):
each by the days before its own, and by what its site lent then. A threshold changes nothing of that,
so one distance is held against two of them: the one that was in force, and the one that is asked
about. All of it happens on copies; nothing is remembered and nothing stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from application.watching.memories import (
    Rulings,
    Subject,
    families_of,
    lending_key,
    ruling_at,
    rulings_key,
    subject_of,
)
from application.watching.showing import POLICY, Memories
from domain.anomaly.facts import Metric
from domain.anomaly.family import SETTLED_AFTER_DAYS, Family, Going, Kept
from domain.anomaly.lending import Lending
from domain.anomaly.metrics import RULES
from domain.baseline.judging import Judgement
from domain.baseline.thresholds import Ruling, threshold_for

M = TypeVar("M", bound=msgspec.Struct)

WINDOWS_MAX = 500_000  # gone through for one question, in some four seconds
SUBJECTS_MAX = 200  # in hand at a time


class AllMemories(Memories, Protocol):
    """What policies remember, also of whom nobody can name."""

    def named(
        self,
        tenant_id: str,
        policy: str,
        ends: tuple[str, str],
        type_: type[M],
        *,
        after: str,
        limit: int,
    ) -> dict[str, M]:
        """Return what a policy remembers under the first keys behind `after`, in their order, that
        begin and end so."""
        ...


class Rejudged(msgspec.Struct, frozen=True):
    """A window that only the other threshold finds unusual."""

    subject: Subject
    window: Kept
    judgement: Judgement  # by the other threshold


class Rejudging(msgspec.Struct):
    """One question about one family of baselines; it is asked once."""

    memories: AllMemories
    tenant_id: str
    metric: Metric
    threshold: float
    windows: int = 0  # gone through so far
    cut: bool = False  # there were more than WINDOWS_MAX

    def found(self) -> Iterator[Rejudged]:
        """Yield the windows that the threshold in force finds usual and the other one does not.

        They are those that are over, of the days since `kept_since`; older ones are not remembered
        one by one. The subjects come by name, so the same ones are left out when there are too many.
        """
        key = rulings_key(self.metric)
        known = self.memories.memories(self.tenant_id, POLICY, [key], Rulings)
        rulings, other = known.get(key), Ruling(0, pinned=self.threshold)
        for subject, family, lendings in self._families():
            going = Going(family, self.metric, RULES[self.metric], changed_from=0)
            for window, history in going.go_through(0):
                lending = lendings.get(window.site_id)
                lent = None if lending is None else lending.expect(window.day)
                by = ruling_at(rulings, window.start_us)
                judged = going.judge(window.value, window.hour_of_week, history, lent, by)
                if not isinstance(judged, Judgement) or judged.anomalous:
                    continue
                again = replace(judged, threshold=threshold_for(judged.expected.count, other))
                if again.anomalous:
                    yield Rejudged(subject, window, again)

    def _families(self) -> Iterator[tuple[Subject, Family, dict[str | None, Lending]]]:
        """Yield the baselines of every subject with what its sites lend, a few subjects at a time."""
        kind = RULES[self.metric].subject
        ends, after = families_of(kind, self.metric), ""
        while page := self.memories.named(
            self.tenant_id, POLICY, ends, Family, after=after, limit=SUBJECTS_MAX
        ):
            lendings = self._lendings(page.values())
            for key, family in page.items():
                if self.windows + len(family.kept) > WINDOWS_MAX:
                    self.cut = True
                    return
                self.windows += len(family.kept)
                yield subject_of(key, kind, self.metric), family, lendings
                after = key

    def _lendings(self, families: Iterable[Family]) -> dict[str | None, Lending]:
        sites = {window.site_id for family in families for window in family.kept}
        keys = {site: lending_key(site, self.metric) for site in sites if site is not None}
        found = self.memories.memories(self.tenant_id, POLICY, list(keys.values()), Lending)
        return {site: found[key] for site, key in keys.items() if key in found}


def kept_since(now: datetime) -> datetime:
    """Return from when on every window is remembered, in whatever time zone its day is counted."""
    day = now.astimezone(UTC).date() - timedelta(days=SETTLED_AFTER_DAYS - 2)
    return datetime.combine(day, time(), UTC)
