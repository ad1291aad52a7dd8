"""Closing: the windows that are over, put into the baselines that they belong to."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from application.following import Desk
from application.watching.judging import Judge
from application.watching.learning import Learner
from application.watching.memories import (
    Scan,
    Subject,
    TourKnown,
    Walks,
    home_at,
    local_hour,
    tour_key,
    walks_key,
)
from application.watching.stating import late_of, window_of
from application.watching.walking import PAUSE_US, Walk, runs, walks
from domain.anomaly.facts import Metric, SubjectKind
from domain.anomaly.family import SETTLED_AFTER_DAYS, Kept
from domain.anomaly.tally import HOUR_US, Tally, hour_start
from domain.catalogue import AnyRecorded
from domain.fraud.memory import micros

WALKED = (Metric.TOUR_DURATION, Metric.TOUR_COMPLETION)


class Closing:
    """Closes the windows of one batch: first what that needs is read, then they are put in."""

    def __init__(self, desk: Desk, learner: Learner, judge: Judge) -> None:
        self.desk = desk
        self.learner = learner
        self.judge = judge
        self.walks: dict[str, Walks] = {}  # by person
        self._again: list[tuple[str, Tally]] = []
        self._tours: dict[str, TourKnown] = {}

    def read(self) -> None:
        """Have in hand the signals of hours that are read again, and the scans of walks."""
        self._read_again()
        self._fetch_walks()

    def put(self) -> None:
        """Put every window that is over into its baseline, which is in hand."""
        self._put_hours()
        self._put_check_ins()
        self._put_walks()
        self._put_counts()

    def hour_at(self, person_id: str, start_us: int) -> tuple[str | None, int, int]:
        """Return where a person belonged in an hour, and the local day and hour of the week."""
        site_id = home_at(self.learner.persons[person_id], start_us)
        return site_id, *local_hour(start_us, self.learner.around.zone_of(site_id, start_us))

    def _read_again(self) -> None:
        """Count anew the persons' hours that signals came to after they were over, from the store."""
        late = self.learner.late
        windows = [
            window_of(Subject(SubjectKind.PERSON, person_id), start_us, start_us + HOUR_US)
            for person_id, start_us in late
        ]
        found = self.desk.signals(windows) if windows else []
        self.learner.around.fetch_places(
            known.event.site_id for signals in found for known in signals
        )
        for (person_id, start_us), signals in zip(late, found, strict=True):
            tally = Tally(start_us)
            person = self.learner.persons[person_id]
            for known in signals:
                if not late_of(known):
                    at_us = micros(known.at)
                    outside_m = self.learner.around.outside(known.event, person, at_us)
                    tally.add(known.event, at_us, outside_m)
            self._again.append((person_id, tally))

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
            self.walks[person_id] = known
        scans = [scan for each in self.walks.values() for scan in each.scans]
        self.learner.around.fetch_places(scan.site_id for scan in scans)
        tours = dict.fromkeys(scan.tour_id for scan in scans)
        found_tours = self.desk.memories([tour_key(each) for each in tours], TourKnown)
        self._tours = {
            each: found_tours[tour_key(each)] for each in tours if tour_key(each) in found_tours
        }

    def _seen_us(self, person_id: str) -> int:
        hour = self.learner.persons[person_id].hour
        assert hour is not None, "Who walks was seen."
        return hour.start_us

    def _put_hours(self) -> None:
        for ended in self.learner.ended:
            self._put_hour(ended.person_id, ended.tally, ended.because, [])
        # After those that ended in the same batch: what was read again knows all of it.
        for person_id, tally in self._again:
            late = self.learner.late[person_id, tally.start_us]
            self._put_hour(person_id, tally, late.because, late.signals)

    def _put_hour(
        self, person_id: str, tally: Tally, because: AnyRecorded, late: list[UUID]
    ) -> None:
        subject = Subject(SubjectKind.PERSON, person_id)
        site_id, day, hour_of_week = self.hour_at(person_id, tally.start_us)
        for metric, (value, signals) in tally.values(over=True).items():
            case = self.judge.case(subject, metric, because)
            case.late += late
            until_us = tally.start_us + HOUR_US
            case.going.put(
                Kept(tally.start_us, day, hour_of_week, value, signals, until_us, site_id)
            )

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
        for person_id, known in self.walks.items():
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
                windows = [self._window(each, metric) for each in over]
                case.gone += case.going.replace_all([each for each in windows if each is not None])
            settled = because.recorded_at.toordinal() - SETTLED_AFTER_DAYS
            # Whole walks are forgotten, and only when no scan can join them any more.
            old = {
                scan for run in runs(known.scans) if self._day(run[0]) <= settled for scan in run
            }
            known.scans = [scan for scan in known.scans if scan not in old]
            self.desk.remember(walks_key(person_id), known)

    def _window(self, walk: Walk, metric: Metric) -> Kept | None:
        if metric is Metric.TOUR_DURATION and walk.completion < 1.0:
            return None  # how long the whole would have taken is not known
        value = walk.minutes if metric is Metric.TOUR_DURATION else walk.completion
        zone = self.learner.around.zone_of(walk.site_id, walk.start_us)
        day, hour_of_week = local_hour(hour_start(walk.start_us), zone)
        return Kept(
            walk.start_us, day, hour_of_week, value, walk.scans, walk.until_us, walk.site_id
        )

    def _day(self, scan: Scan) -> int:
        zone = self.learner.around.zone_of(scan.site_id, scan.at_us)
        return local_hour(hour_start(scan.at_us), zone)[0]

    def _put_counts(self) -> None:
        for each in self.learner.counted:
            subject = Subject(SubjectKind.SITE, each.site_id)
            case = self.judge.case(subject, each.metric, each.because)
            known = case.going.find(each.start_us)
            zone = self.learner.around.zone_of(each.site_id, each.start_us)
            day, hour_of_week = local_hour(each.start_us, zone)
            signals = each.signals + (0 if known is None else known.signals)
            window = Kept(each.start_us, day, hour_of_week, float(signals), signals, each.until_us)
            case.going.put(window)
            case.late += self.learner.late_signals.get(each.site_id, [])
