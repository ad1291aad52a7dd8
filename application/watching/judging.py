"""Judging: the windows that a batch concerns, against the days before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from application.following import Desk
from application.watching.cases import Case, Open
from application.watching.memories import (
    Rulings,
    Subject,
    Watched,
    family_key,
    lending_key,
    ruling_at,
)
from application.watching.stating import Teller
from domain.anomaly.facts import Metric
from domain.anomaly.family import NEVER, Family, Going
from domain.anomaly.lending import Lending, lent
from domain.anomaly.metrics import RULES
from domain.anomaly.tally import Value
from domain.baseline.history import Expected
from domain.baseline.judging import Judgement, NoJudgement, highest_normal
from domain.catalogue import AnyRecorded
from domain.fraud.memory import DAY_US, micros, moment_of

LENT = tuple(metric for metric, rule in RULES.items() if rule.lent_most is not None)
ENDLESS_US = micros(datetime.max.replace(tzinfo=moment_of(0).tzinfo))


class Judge:
    """Judges what a batch concerns, each baseline once."""

    def __init__(self, desk: Desk, rulings: dict[Metric, Rulings]) -> None:
        self.desk = desk
        self.cases: dict[tuple[Subject, Metric], Case] = {}
        self._rulings = rulings
        self._lendings: dict[tuple[str, Metric], Lending] = {}
        self._lent: set[tuple[str, Metric]] = set()  # changed
        self._teller = Teller(desk)

    def fetch(
        self, wanted: dict[tuple[Subject, Metric], AnyRecorded], sites: Iterable[str]
    ) -> None:
        """Have baselines in hand, and what these sites lend, in two questions."""
        keys = {pair: family_key(*pair) for pair in wanted if pair not in self.cases}
        found = self.desk.memories(list(keys.values()), Family) if keys else {}
        for pair, key in keys.items():
            subject, metric = pair
            family = found[key] if key in found else Family()
            going = Going(family, metric, RULES[metric])
            self.cases[pair] = Case(subject, metric, going, wanted[pair], [])
        lendings = {
            (site, metric): lending_key(site, metric)
            for site in dict.fromkeys(sites)
            for metric in LENT
        }
        known = self.desk.memories(list(lendings.values()), Lending) if lendings else {}
        for place, key in lendings.items():
            self._lendings[place] = known[key] if key in known else Lending()

    def case(self, subject: Subject, metric: Metric, because: AnyRecorded) -> Case:
        """Return a baseline in hand whose windows a fact changes."""
        case = self.cases[subject, metric]
        case.because = because
        case.settles_on = max(case.settles_on, because.recorded_at.toordinal())
        case.stale = True
        return case

    def judge(self, case: Case, watched: Watched | None, open_: Open | None) -> None:
        """Judge what changed, and the window that goes on; the rest stands."""
        going, family = case.going, case.going.family
        first_changed, today = going.changed_from, family.today
        rulings = self._rulings.get(case.metric)
        for kept, history in going.go_through(open_.day if open_ is not None else 0):
            by = ruling_at(rulings, kept.start_us)
            lent_ = self._lent_to(kept.site_id, case.metric, kept.day)
            judgement = going.judge(kept.value, kept.hour_of_week, history, lent_, by)
            anomalous = isinstance(judgement, Judgement) and judgement.anomalous
            self._teller.say(case, kept, Value(kept.value, kept.signals), judgement, anomalous)
        for gone in case.gone:
            none = Value(gone.value, 0)
            self._teller.say(case, gone, none, NoJudgement.NOT_ENOUGH_HISTORY, anomalous=False)
        if open_ is not None and watched is not None:
            self._judge_open(case, watched, open_)
        if first_changed != NEVER:
            self._lend(case, first_changed, open_)
        if case.settles_on:
            going.settle(case.settles_on)
        if family.today != today and family.recent.buckets:
            case.stale = True
        if case.stale:
            family.told = dict(sorted(family.told.items()))
            self.desk.remember(family_key(case.subject, case.metric), family)

    def _judge_open(self, case: Case, watched: Watched, open_: Open) -> None:
        """Judge the window that goes on, which can only be too much so far; remember from where on."""
        metric, going = case.metric, case.going
        by = ruling_at(self._rulings.get(metric), open_.start_us)
        lent_ = self._lent_to(open_.site_id, metric, open_.day)
        expected = going.family.recent.expect(open_.hour_of_week) or lent_
        watched.above.pop(metric, None)
        if expected is not None:
            watched.above[metric] = highest_normal(expected, by, going.rule.finest)
        if metric in open_.values:
            value = open_.values[metric]
            history = going.family.recent
            judgement = going.judge(value.value, open_.hour_of_week, history, lent_, by)
            anomalous = isinstance(judgement, Judgement) and judgement.anomalous
            self._teller.say(case, open_, value, judgement, anomalous and above(judgement))
        told = going.family.told.get(open_.start_us)
        if metric in watched.standing:
            watched.standing.remove(metric)
        if told is not None and told.stands:
            watched.standing.append(metric)

    def _lent_to(self, site_id: str | None, metric: Metric, day: int) -> Expected | None:
        lending = self._lendings.get((site_id, metric)) if site_id is not None else None
        return None if lending is None else lending.expect(day)

    def _lend(self, case: Case, first_changed: int, open_: Open | None) -> None:
        """Bring what the site lends up to the windows that changed, and the one before each."""
        most = case.going.rule.lent_most
        if most is None:
            return
        kept = case.going.family.kept
        ends = [each.start_us for each in kept[1:]]
        ends.append(open_.start_us if open_ is not None else ENDLESS_US)
        first = next((n for n, each in enumerate(kept) if each.day >= first_changed), len(kept))
        for each, next_us in list(zip(kept, ends, strict=True))[max(0, first - 1) :]:
            if each.site_id is None:
                continue
            lends = next_us - each.start_us <= DAY_US and case.going.teaches(each)
            wanted = lent(each.value, most) if lends else None
            if wanted == each.lent:
                continue
            place = (each.site_id, case.metric)
            lending = self._lendings.setdefault(place, Lending())
            if each.lent is not None:
                lending.move(each.day, each.lent, -1)
            if wanted is not None:
                lending.move(each.day, wanted, 1)
            lending.settle(case.settles_on)
            each.lent = wanted
            self._lent.add(place)

    def state(self) -> None:
        """State what changed, and remember what the sites lend."""
        for place in sorted(self._lent):
            lending = self._lendings[place]
            lending.days = dict(sorted(lending.days.items()))
            self.desk.remember(lending_key(*place), lending)
        self._teller.state()


def above(judgement: Judgement | NoJudgement) -> bool:
    return isinstance(judgement, Judgement) and judgement.z > 0
