"""The watch: one batch of facts, from what was learned to what is stated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from application.following import Desk
from application.watching.judging import Judge, Open, late_of, window_of
from application.watching.learning import Learner
from application.watching.memories import (
    FraudAlert,
    PersonWatched,
    Place,
    Scan,
    SiteWatched,
    Subject,
    TourKnown,
    Walks,
    home_at,
    local_hour,
    person_key,
    site_key,
    tour_key,
    walks_key,
)
from application.watching.walking import PAUSE_US, Walk, runs, walks
from domain.alert.facts import (
    AlertKind,
    AlertRaised,
    AlertReopened,
    AlertRepeated,
    AlertResolved,
    Verdict,
)
from domain.anomaly.facts import (
    AnomalyDetected,
    AnomalyRevised,
    AnomalyWithdrawn,
    Metric,
    SubjectKind,
)
from domain.anomaly.family import SETTLED_AFTER_DAYS, Kept, told_of
from domain.anomaly.metrics import RULES
from domain.anomaly.tally import HOUR_US, HOURLY, Tally, Value, coarse, hour_start
from domain.catalogue import AnyRecorded
from domain.fraud.memory import micros

OF_PERSON = tuple(metric for metric, rule in RULES.items() if rule.subject is SubjectKind.PERSON)
WALKED = (Metric.TOUR_DURATION, Metric.TOUR_COMPLETION)


class Exclusion(NamedTuple):
    """Moments of a person that belong to a confirmed fraud; none: to no fraud any more."""

    person_id: str
    alert: str
    moments_us: list[int]
    because: AnyRecorded


class Watch:
    """Everything that one batch leads to."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.learner = Learner(desk)
        self.judge = Judge(desk, self.learner.rulings)
        self._wanted: dict[tuple[Subject, Metric], AnyRecorded] = {}
        self._exclusions: list[Exclusion] = []
        self._own: list[tuple[Place, AnyRecorded]] = []
        self._walks: dict[str, Walks] = {}
        self._tours: dict[str, TourKnown] = {}

    def take(self, batch: Sequence[AnyRecorded]) -> None:
        """Learn a batch of facts, judge what it concerns, and state what changed."""
        self._alerts(batch)
        self._own_facts(batch)
        persons = [each.person_id for each in self._exclusions]
        persons += [p.subject_id for p, _ in self._own if p.subject_kind is SubjectKind.PERSON]
        sites = [p.subject_id for p, _ in self._own if p.subject_kind is SubjectKind.SITE]
        self.learner.fetch_for(batch, persons=persons, sites=sites)
        for fact in batch:
            self.learner.learn(fact)
        hours = self._read_again()
        self._fetch_walks()
        self._want()
        self._fetch_baselines()
        self._put_hours(hours)
        self._put_check_ins()
        self._put_walks()
        self._put_counts()
        for exclusion in self._exclusions:
            for metric in OF_PERSON:
                subject = Subject(SubjectKind.PERSON, exclusion.person_id)
                case = self.judge.case(subject, metric, exclusion.because)
                case.going.exclude(exclusion.alert, exclusion.moments_us)
        self._remember_own()
        self._conclude()

    # What comes before judging: alerts, own facts, windows to be read again.

    def _alerts(self, batch: Sequence[AnyRecorded]) -> None:
        """Learn when the evidences of fraud alerts happened, and which frauds were confirmed."""
        told = [fact for fact in batch if isinstance(fact.event, ALERT_FACTS)]
        known = self.desk.memories([fact.stream_id for fact in told], FraudAlert) if told else {}
        for fact in told:
            match fact.event:
                case AlertRaised(kind=AlertKind.FRAUD, person_id=str(person_id)) as raised:
                    alert = known.setdefault(fact.stream_id, FraudAlert(person_id))
                    alert.evidences[raised.evidence] = micros(raised.seen_at)
                    self.desk.remember(fact.stream_id, alert)
                case AlertRepeated(evidence=evidence, seen_at=seen_at) if fact.stream_id in known:
                    alert = known[fact.stream_id]
                    alert.evidences[evidence] = micros(seen_at)
                    self.desk.remember(fact.stream_id, alert)
                case AlertResolved(reason=reason, evidence=evidence) if fact.stream_id in known:
                    alert = known[fact.stream_id]
                    stood = evidence if reason is Verdict.CONFIRMED_FRAUD else ()
                    moments = sorted(
                        alert.evidences[each] for each in stood if each in alert.evidences
                    )
                    self._exclude(fact, alert, moments)
                case AlertReopened() if fact.stream_id in known:
                    self._exclude(fact, known[fact.stream_id], [])
                case _:
                    pass

    def _exclude(self, fact: AnyRecorded, alert: FraudAlert, moments_us: list[int]) -> None:
        self._exclusions.append(Exclusion(alert.person_id, fact.stream_id, moments_us, fact))

    def _own_facts(self, batch: Sequence[AnyRecorded]) -> None:
        """Note which windows the policy's own facts are about, as they come back."""
        own = [fact for fact in batch if isinstance(fact.event, OWN_FACTS)]
        places = self.desk.memories([fact.stream_id for fact in own], Place) if own else {}
        for fact in own:
            event = fact.event
            if isinstance(event, AnomalyDetected) and fact.stream_id not in places:
                start_us = micros(event.window_start)
                place = Place(event.metric, event.subject_kind, event.subject_id, start_us)
                places[fact.stream_id] = place
                self.desk.remember(fact.stream_id, place)
            self._own.append((places[fact.stream_id], fact))

    def _read_again(self) -> list[tuple[str, Tally]]:
        """Return the persons' hours that signals came to after they were over, from the store."""
        late = self.learner.late
        windows = [
            window_of(Subject(SubjectKind.PERSON, person_id), start_us, start_us + HOUR_US)
            for person_id, start_us in late
        ]
        found = self.desk.signals(windows) if windows else []
        self.learner.fetch_places(known.event.site_id for signals in found for known in signals)
        hours = []
        for (person_id, start_us), signals in zip(late, found, strict=True):
            tally = Tally(start_us)
            person = self.learner.persons[person_id]
            for known in signals:
                if not late_of(known):
                    at_us = micros(known.at)
                    outside_m = self.learner.outside(known.event, person, at_us)
                    tally.add(known.event, at_us, outside_m)
            hours.append((person_id, tally))
        return hours

    def _fetch_walks(self) -> None:
        """Have in hand the scans of who scanned, and of who may have ended a walk."""
        learner = self.learner
        walking = dict.fromkeys(learner.scans)
        for person_id in learner.opened:
            since_us = learner.persons[person_id].walking_us
            if since_us and self._seen_us(person_id) > since_us + PAUSE_US:
                walking[person_id] = None
        if not walking:
            return
        keys = {person_id: walks_key(person_id) for person_id in walking}
        found = self.desk.memories(list(keys.values()), Walks)
        for person_id, key in keys.items():
            known = found[key] if key in found else Walks()
            new = {scan for scan, _ in learner.scans.get(person_id, ())}
            if new:
                known.scans = sorted({*known.scans, *new})
            self._walks[person_id] = known
        scans = [scan for each in self._walks.values() for scan in each.scans]
        self.learner.fetch_places(scan.site_id for scan in scans)
        tours = dict.fromkeys(scan.tour_id for scan in scans)
        found_tours = self.desk.memories([tour_key(each) for each in tours], TourKnown)
        self._tours = {
            each: found_tours[tour_key(each)] for each in tours if tour_key(each) in found_tours
        }

    def _seen_us(self, person_id: str) -> int:
        hour = self.learner.persons[person_id].hour
        assert hour is not None, "Who walks was seen."
        return hour.start_us

    # What is needed for judging.

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
        for person_id in self._walks:
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

    # Windows that are over.

    def _put_hours(self, hours: list[tuple[str, Tally]]) -> None:
        for ended in self.learner.ended:
            self._put_hour(ended.person_id, ended.tally, ended.because, [])
        # After those that ended in the same batch: what was read again knows all of it.
        for person_id, tally in hours:
            late = self.learner.late[person_id, tally.start_us]
            self._put_hour(person_id, tally, late.because, late.signals)

    def _put_hour(
        self, person_id: str, tally: Tally, because: AnyRecorded, late: list[UUID]
    ) -> None:
        subject = Subject(SubjectKind.PERSON, person_id)
        site_id, day, hour_of_week = self._hour_at(person_id, tally.start_us)
        for metric, (value, signals) in tally.values(over=True).items():
            case = self.judge.case(subject, metric, because)
            case.late += late
            until_us = tally.start_us + HOUR_US
            case.going.put(
                Kept(tally.start_us, day, hour_of_week, value, signals, until_us, site_id)
            )

    def _hour_at(self, person_id: str, start_us: int) -> tuple[str | None, int, int]:
        """Return where a person belonged in an hour, and the local day and hour of the week."""
        site_id = home_at(self.learner.persons[person_id], start_us)
        return site_id, *local_hour(start_us, self.learner.zone_of(site_id, start_us))

    def _put_check_ins(self) -> None:
        for each in self.learner.check_ins:
            subject = Subject(SubjectKind.PERSON, each.person_id)
            going = self.judge.case(subject, Metric.CHECK_IN_TIME, each.because).going
            minutes = each.local.hour * 60 + each.local.minute + each.local.second / 60
            hour_of_week = each.local.weekday() * 24 + each.local.hour
            window = Kept(
                each.at_us,
                each.local.toordinal(),
                hour_of_week,
                minutes,
                1,
                each.at_us + 1,
                each.site_id,
            )
            known = going.find(each.at_us)
            if known is None:
                going.put(window)
                continue
            # Two check-ins of one moment: the same one counts, whichever came first.
            first = min(window, known, key=lambda one: (one.value, one.site_id or ""))
            going.put(replace(first, signals=known.signals + 1))

    def _put_walks(self) -> None:
        for person_id, known in self._walks.items():
            person = self.learner.persons[person_id]
            because = self.learner.touched[person_id]
            subject = Subject(SubjectKind.PERSON, person_id)
            over: list[Walk] = []
            going_on_us = 0
            for each in walks(known.scans, self._tours, self._seen_us(person_id)):
                if isinstance(each, Walk):
                    over.append(each)
                else:
                    going_on_us = max(going_on_us, each)
            person.walking_us = going_on_us
            for metric in WALKED:
                case = self.judge.case(subject, metric, because)
                windows = [self._walk(each, metric) for each in over]
                case.gone += case.going.replace_all([each for each in windows if each is not None])
            settled = because.recorded_at.toordinal() - SETTLED_AFTER_DAYS
            # Whole walks are forgotten, and only when no scan can join them any more.
            old = {
                scan for run in runs(known.scans) if self._day(run[0]) <= settled for scan in run
            }
            known.scans = [scan for scan in known.scans if scan not in old]
            self.desk.remember(walks_key(person_id), known)

    def _walk(self, walk: Walk, metric: Metric) -> Kept | None:
        if metric is Metric.TOUR_DURATION and walk.completion < 1.0:
            return None  # how long the whole would have taken is not known
        value = walk.minutes if metric is Metric.TOUR_DURATION else walk.completion
        zone = self.learner.zone_of(walk.site_id, walk.start_us)
        day, hour_of_week = local_hour(hour_start(walk.start_us), zone)
        return Kept(
            walk.start_us, day, hour_of_week, value, walk.scans, walk.until_us, walk.site_id
        )

    def _day(self, scan: Scan) -> int:
        zone = self.learner.zone_of(scan.site_id, scan.at_us)
        return local_hour(hour_start(scan.at_us), zone)[0]

    def _put_counts(self) -> None:
        for each in self.learner.counted:
            subject = Subject(SubjectKind.SITE, each.site_id)
            case = self.judge.case(subject, each.metric, each.because)
            known = case.going.find(each.start_us)
            zone = self.learner.zone_of(each.site_id, each.start_us)
            day, hour_of_week = local_hour(each.start_us, zone)
            signals = each.signals + (0 if known is None else known.signals)
            window = Kept(each.start_us, day, hour_of_week, float(signals), signals, each.until_us)
            case.going.put(window)
            case.late += self.learner.late_signals.get(each.site_id, [])

    # Judging, and what is kept.

    def _remember_own(self) -> None:
        """Take in what was stated before, unless it is known since it was stated."""
        for place, fact in self._own:
            subject = Subject(place.subject_kind, place.subject_id)
            case = self.judge.cases[subject, place.metric]
            told = case.going.family.told
            known = told.get(place.start_us)
            if known is not None and fact.version <= known.version:
                continue
            case.stale = True
            match fact.event:
                case (
                    AnomalyDetected(severity=severity, measured=measured)
                    | AnomalyRevised(severity=severity, measured=measured)
                ):
                    told[place.start_us] = told_of(
                        fact.version, severity, measured, len(measured.signals)
                    )
                case _:
                    assert known is not None, "What was never said is not withdrawn."
                    told[place.start_us] = replace(known, version=fact.version, stands=False)

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
        site_id, day, hour_of_week = self._hour_at(person_id, hour.start_us)
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
        zone = self.learner.zone_of(site_id, start_us)
        day, hour_of_week = local_hour(start_us, zone)
        because = self.learner.touched_sites[site_id]
        values = {metric: Value(n, int(n)) for metric, n in site_values(site).items()}
        return Open(start_us, until_us, day, hour_of_week, site_id, values, because)


ALERT_FACTS = (AlertRaised, AlertRepeated, AlertResolved, AlertReopened)
OWN_FACTS = (AnomalyDetected, AnomalyRevised, AnomalyWithdrawn)


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
