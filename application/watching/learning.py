"""Learning: takes a batch of facts into what is watched, and notes which windows that concerns.

Nothing is judged here. A signal of the window that goes on is added to it; one of a later window
ends it; one of an earlier window makes that one be looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from application.following import Desk
from application.watching.memories import (
    REVISIONS_MAX,
    Home,
    PersonWatched,
    Scan,
    SiteWatched,
    have,
    person_key,
    site_key,
)
from application.watching.surroundings import SITE_FACTS, Surroundings
from domain.anomaly.facts import Metric
from domain.anomaly.tally import HOUR_US, Tally, hour_start
from domain.catalogue import AnyRecorded
from domain.directory.person import PersonEnrolled, PersonStationed, person_stream
from domain.directory.site import site_stream
from domain.directory.time_zone import zone_named
from domain.directory.tour import TourDefined
from domain.fraud.memory import micros, moment_of, too_late
from domain.signals import (
    AttendanceRecorded,
    CheckpointScanRecorded,
    Direction,
    SignalEvent,
    TaskCompletionRecorded,
    corrected_at,
    signal_uuid,
)


class Ended(NamedTuple):
    """A person's hour that is over, and the fact that ended it."""

    person_id: str
    tally: Tally
    because: AnyRecorded


class CheckIn(NamedTuple):
    """When somebody came, by the wall clock of the site."""

    person_id: str
    site_id: str
    at_us: int
    local: datetime
    because: AnyRecorded


class Counted(NamedTuple):
    """A site's window with so many more signals."""

    site_id: str
    metric: Metric
    start_us: int
    until_us: int
    signals: int
    because: AnyRecorded


class Late(msgspec.Struct):
    """A window that signals came to after it was over."""

    because: AnyRecorded
    signals: list[UUID]


class Learner:
    """Takes facts in, one batch."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.around = Surroundings(desk)
        self.persons: dict[str, PersonWatched] = {}
        self.sites: dict[str, SiteWatched] = {}
        # What is to be judged, in the order in which it was learned.
        self.touched: dict[str, AnyRecorded] = {}  # persons whose hour goes on
        self.opened: dict[str, AnyRecorded] = {}  # persons with a new hour
        self.ended: list[Ended] = []
        self.late: dict[tuple[str, int], Late] = {}  # persons' hours
        self.check_ins: list[CheckIn] = []
        self.scans: dict[str, list[tuple[Scan, AnyRecorded]]] = {}  # by person
        self.counted: list[Counted] = []
        self.touched_sites: dict[str, AnyRecorded] = {}
        self.opened_sites: dict[str, AnyRecorded] = {}
        self.late_signals: dict[str, list[UUID]] = {}  # by site

    def fetch_for(
        self, batch: Sequence[AnyRecorded], *, persons: Iterable[str], sites: Iterable[str]
    ) -> None:
        """Have in hand what learning these facts needs, and some persons and sites more, in one
        question for each kind."""
        persons = dict.fromkeys(persons)
        sites = dict.fromkeys(sites)
        tours: dict[str, None] = {}
        for fact in batch:
            event = fact.event
            if isinstance(event, SignalEvent):
                if event.person_id is not None:
                    persons[event.person_id] = None
                if event.site_id is not None:
                    sites[event.site_id] = None
                if isinstance(event, CheckpointScanRecorded):
                    tours[event.tour_id] = None
            elif isinstance(event, PersonEnrolled | PersonStationed):
                persons[fact.stream_id.removeprefix(person_stream(""))] = None
            elif isinstance(event, SITE_FACTS):
                sites[fact.stream_id.removeprefix(site_stream(""))] = None
            elif isinstance(event, TourDefined):
                tours[event.tour_id] = None
        have(self.desk, self.persons, {each: person_key(each) for each in persons}, PersonWatched)
        have(self.desk, self.sites, {each: site_key(each) for each in sites}, SiteWatched)
        homes = {
            home.site_id for each in self.persons.values() for home in each.homes if home.site_id
        }
        for event in (fact.event for fact in batch):
            if isinstance(event, PersonEnrolled | PersonStationed) and event.site_id is not None:
                homes.add(event.site_id)
        self.around.fetch([*sites, *homes], tours)

    def learn(self, fact: AnyRecorded) -> None:
        """Take one fact in. What was taken in before changes nothing."""
        event = fact.event
        if isinstance(event, SignalEvent):
            self._signal(fact, event)
        elif isinstance(event, PersonEnrolled | PersonStationed):
            self._home(fact, event.site_id)
        else:
            self.around.learn(fact)

    def _signal(self, fact: AnyRecorded, signal: SignalEvent) -> None:
        at_us = micros(corrected_at(signal))
        late = too_late(fact.recorded_at, at_us)
        if signal.person_id is not None:
            person = self.persons[signal.person_id]
            if fact.position > person.position and not late:
                person.position = fact.position
                self._of_person(fact, signal, signal.person_id, person, at_us)
        if signal.site_id is not None:
            site = self.sites[signal.site_id]
            if fact.position > site.position and not late:
                site.position = fact.position
                self._of_site(fact, signal, signal.site_id, site, at_us)

    def _of_person(
        self,
        fact: AnyRecorded,
        signal: SignalEvent,
        person_id: str,
        person: PersonWatched,
        at_us: int,
    ) -> None:
        start_us = hour_start(at_us)
        hour = person.hour
        if hour is None or start_us > hour.start_us:
            if hour is not None:
                self.ended.append(Ended(person_id, hour, fact))
            hour = person.hour = Tally(start_us)
            person.above, person.standing = {}, []
            self.opened[person_id] = fact
        if start_us == hour.start_us:
            hour.add(signal, at_us, self.around.outside(signal, person, at_us))
        else:
            window = (person_id, start_us)
            late = self.late.setdefault(window, Late(fact, []))
            late.because = fact
            late.signals.append(signal_uuid(signal.source, signal.signal_id))
        self.touched[person_id] = fact
        if isinstance(signal, AttendanceRecorded) and signal.direction is Direction.CHECK_IN:
            zone = zone_named(self.around.zone_of(signal.site_id, at_us))
            local = moment_of(at_us).astimezone(zone)
            self.check_ins.append(CheckIn(person_id, signal.site_id, at_us, local, fact))
        elif isinstance(signal, CheckpointScanRecorded):
            scan = Scan(at_us, signal.tour_id, signal.checkpoint_id, signal.site_id)
            self.scans.setdefault(person_id, []).append((scan, fact))

    def _of_site(
        self, fact: AnyRecorded, signal: SignalEvent, site_id: str, site: SiteWatched, at_us: int
    ) -> None:
        start_us = hour_start(at_us)
        if start_us > site.hour_us:
            self._end_hour(site_id, site, fact)
            site.hour_us, site.signals = start_us, 0
            site.forget(Metric.SITE_SIGNALS)
            self.opened_sites[site_id] = fact
        if start_us == site.hour_us:
            site.signals += 1
        else:
            span = (start_us, start_us + HOUR_US)
            self._more(fact, signal, site_id, Metric.SITE_SIGNALS, span)
        if at_us >= site.day_until_us:
            self._end_day(site_id, site, fact)
            site.day_us, site.day_until_us = self.around.day_at(site_id, at_us)
            site.tasks = 0
            site.forget(Metric.TASK_COMPLETIONS)
        if isinstance(signal, TaskCompletionRecorded):
            if at_us >= site.day_us:
                site.tasks += 1
            else:
                span = self.around.day_at(site_id, at_us)
                self._more(fact, signal, site_id, Metric.TASK_COMPLETIONS, span)
        self.touched_sites[site_id] = fact

    def _more(
        self,
        fact: AnyRecorded,
        signal: SignalEvent,
        site_id: str,
        metric: Metric,
        span: tuple[int, int],
    ) -> None:
        """Count a signal that came after its window was over."""
        self.counted.append(Counted(site_id, metric, *span, 1, fact))
        uuid = signal_uuid(signal.source, signal.signal_id)
        self.late_signals.setdefault(site_id, []).append(uuid)

    def _end_hour(self, site_id: str, site: SiteWatched, fact: AnyRecorded) -> None:
        if site.signals:
            ended = Counted(
                site_id,
                Metric.SITE_SIGNALS,
                site.hour_us,
                site.hour_us + HOUR_US,
                site.signals,
                fact,
            )
            self.counted.append(ended)

    def _end_day(self, site_id: str, site: SiteWatched, fact: AnyRecorded) -> None:
        if site.tasks:
            ended = Counted(
                site_id, Metric.TASK_COMPLETIONS, site.day_us, site.day_until_us, site.tasks, fact
            )
            self.counted.append(ended)

    def _home(self, fact: AnyRecorded, site_id: str | None) -> None:
        person_id = fact.stream_id.removeprefix(person_stream(""))
        person = self.persons[person_id]
        if fact.position > person.position:
            person.position = fact.position
            person.homes.append(Home(micros(fact.recorded_at), site_id))
            del person.homes[:-REVISIONS_MAX]
            self.desk.remember(person_key(person_id), person)
