"""The watch: one batch of facts, from what was learned to what is stated."""

from __future__ import annotations

from collections.abc import Sequence

from application.following import Desk
from application.watching.cases import Open
from application.watching.closing import WALKED, Closing
from application.watching.judging import Judge
from application.watching.learning import Learner
from application.watching.memories import (
    PersonWatched,
    Place,
    SiteWatched,
    Subject,
    local_hour,
    person_key,
    site_key,
)
from application.watching.returning import Exclusion, exclusions, own_facts, take_in
from domain.anomaly.facts import Metric, SubjectKind
from domain.anomaly.metrics import RULES
from domain.anomaly.tally import HOUR_US, HOURLY, Value, coarse
from domain.catalogue import AnyRecorded

OF_PERSON = tuple(metric for metric, rule in RULES.items() if rule.subject is SubjectKind.PERSON)


class Watch:
    """Everything that one batch leads to."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.learner = Learner(desk)
        self.judge = Judge(desk, self.learner.around.rulings)
        self.closing = Closing(desk, self.learner, self.judge)
        self._wanted: dict[tuple[Subject, Metric], AnyRecorded] = {}
        self._exclusions: list[Exclusion] = []
        self._own: list[tuple[Place, AnyRecorded]] = []

    def take(self, batch: Sequence[AnyRecorded]) -> None:
        """Learn a batch of facts, judge what it concerns, and state what changed."""
        self._exclusions = exclusions(self.desk, batch)
        self._own = own_facts(self.desk, batch)
        persons = [each.person_id for each in self._exclusions]
        persons += [p.subject_id for p, _ in self._own if p.subject_kind is SubjectKind.PERSON]
        sites = [p.subject_id for p, _ in self._own if p.subject_kind is SubjectKind.SITE]
        self.learner.fetch_for(batch, persons=persons, sites=sites)
        for fact in batch:
            self.learner.learn(fact)
        self.closing.read()
        self._want()
        self._fetch_baselines()
        self.closing.put()
        for exclusion in self._exclusions:
            for metric in OF_PERSON:
                subject = Subject(SubjectKind.PERSON, exclusion.person_id)
                case = self.judge.case(subject, metric, exclusion.because)
                case.going.exclude(exclusion.alert, exclusion.moments_us)
        for place, fact in self._own:
            subject = Subject(place.subject_kind, place.subject_id)
            take_in(self.judge.cases[subject, place.metric], place.start_us, fact)
        self._conclude()

    def _want(self) -> None:
        """Note the baselines that the batch concerns."""
        learner = self.learner
        deep: dict[str, AnyRecorded] = dict(learner.opened)
        for (person_id, _), late in learner.late.items():
            deep[person_id] = late.because
        for person_id, fact in deep.items():
            self._want_all(SubjectKind.PERSON, person_id, HOURLY, fact)
        for person_id, fact in learner.touched.items():
            if person_id not in deep:
                watched = learner.persons[person_id]
                assert watched.hour is not None, "Who was touched was seen."
                values = {m: v.value for m, v in watched.hour.values(over=False).items()}
                over = crossing(values, watched.above, watched.standing)
                self._want_all(SubjectKind.PERSON, person_id, over, fact)
        for check_in in learner.check_ins:
            only = (Metric.CHECK_IN_TIME,)
            self._want_all(SubjectKind.PERSON, check_in.person_id, only, check_in.because)
        for person_id in self.closing.walks:
            self._want_all(SubjectKind.PERSON, person_id, WALKED, learner.touched[person_id])
        for exclusion in self._exclusions:
            person_id, because = exclusion.person_id, exclusion.because
            self._want_all(SubjectKind.PERSON, person_id, OF_PERSON, because)
        for site_id, fact in learner.opened_sites.items():
            self._want_all(SubjectKind.SITE, site_id, (Metric.SITE_SIGNALS,), fact)
        for counted in learner.counted:
            self._want_all(SubjectKind.SITE, counted.site_id, (counted.metric,), counted.because)
        for site_id, fact in learner.touched_sites.items():
            site = learner.sites[site_id]
            over = crossing(site_values(site), site.above, site.standing)
            if site.tasks and Metric.TASK_COMPLETIONS not in site.above:
                over = [*over, Metric.TASK_COMPLETIONS]
            self._want_all(SubjectKind.SITE, site_id, over, fact)
        for place, fact in self._own:
            only = (place.metric,)
            self._want_all(place.subject_kind, place.subject_id, only, fact)

    def _want_all(
        self, kind: SubjectKind, subject_id: str, metrics: Sequence[Metric], fact: AnyRecorded
    ) -> None:
        for metric in metrics:
            self._wanted[Subject(kind, subject_id), metric] = fact

    def _fetch_baselines(self) -> None:
        persons = {
            subject.id
            for (subject, metric) in self._wanted
            if subject.kind is SubjectKind.PERSON and metric in HOURLY
        }
        sites = {
            home.site_id
            for person_id in persons
            for home in self.learner.persons[person_id].homes
            if home.site_id is not None
        }
        self.judge.fetch(self._wanted, sorted(sites))

    def _conclude(self) -> None:
        learner = self.learner
        for (subject, metric), case in self.judge.cases.items():
            if subject.kind is SubjectKind.PERSON:
                person = learner.persons[subject.id]
                learner.touched.setdefault(subject.id, case.because)
                open_ = self._open_hour(subject.id, person) if metric in HOURLY else None
                self.judge.judge(case, person, open_)
            else:
                site = learner.sites[subject.id]
                learner.touched_sites.setdefault(subject.id, case.because)
                self.judge.judge(case, site, self._open_at_site(subject.id, site, metric))
        for person_id in learner.touched:
            learner.persons[person_id].in_order()
            self.desk.remember(person_key(person_id), learner.persons[person_id])
        for site_id in learner.touched_sites:
            learner.sites[site_id].in_order()
            self.desk.remember(site_key(site_id), learner.sites[site_id])
        self.judge.state()

    def _open_hour(self, person_id: str, person: PersonWatched) -> Open | None:
        hour = person.hour
        if hour is None:
            return None
        site_id, day, hour_of_week = self.closing.hour_at(person_id, hour.start_us)
        values = hour.values(over=False)
        until_us = hour.start_us + HOUR_US
        because = self.learner.touched[person_id]
        return Open(hour.start_us, until_us, day, hour_of_week, site_id, values, because)

    def _open_at_site(self, site_id: str, site: SiteWatched, metric: Metric) -> Open | None:
        start_us, until_us = (
            (site.hour_us, site.hour_us + HOUR_US)
            if metric is Metric.SITE_SIGNALS
            else (site.day_us, site.day_until_us)
        )
        if start_us < 0:
            return None
        zone = self.learner.around.zone_of(site_id, start_us)
        day, hour_of_week = local_hour(start_us, zone)
        because = self.learner.touched_sites[site_id]
        values = {metric: Value(n, int(n)) for metric, n in site_values(site).items()}
        return Open(start_us, until_us, day, hour_of_week, site_id, values, because)


def site_values(site: SiteWatched) -> dict[Metric, float]:
    """Return what a site's open windows hold so far, in coarse steps."""
    values = {Metric.SITE_SIGNALS: float(coarse(site.signals))}
    if site.tasks:
        values[Metric.TASK_COMPLETIONS] = float(coarse(site.tasks))
    return values


def crossing(
    values: dict[Metric, float], above: dict[Metric, float], standing: Sequence[Metric]
) -> list[Metric]:
    """Return the metrics of an open window that are unusual, or were when they were told."""
    return [
        metric
        for metric, value in values.items()
        if metric in standing or (metric in above and value > above[metric])
    ]
