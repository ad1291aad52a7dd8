"""Judging: the windows that a batch concerns, against the days before, and what is stated of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from application.following import Desk, KnownSignal, Window
from application.watching.memories import (
    Place,
    Rulings,
    Subject,
    Watched,
    family_key,
    lending_key,
    ruling_at,
    too_late,
)
from domain.anomaly.facts import (
    AnomalyDetected,
    AnomalyEvent,
    AnomalyRevised,
    AnomalyWithdrawn,
    Measured,
    Metric,
    SubjectKind,
    anomaly_stream,
)
from domain.anomaly.family import NEVER, Family, Going, Kept, Told, told_of
from domain.anomaly.lending import Lending, lent
from domain.anomaly.metrics import RULES, explanation
from domain.anomaly.tally import Value, coarse
from domain.baseline.history import Expected
from domain.baseline.judging import Judgement, NoJudgement, highest_normal, severity_of
from domain.catalogue import AnyRecorded
from domain.fraud.memory import DAY_US, micros, moment_of
from domain.severity import Severity
from domain.signals import (
    AttendanceRecorded,
    CheckpointScanRecorded,
    Direction,
    LocationRecorded,
    PhoneActivityRecorded,
    SignalEvent,
    TaskCompletionRecorded,
)

# The root of the ids of anomalies; it never changes, or one window would have two stories.
ANOMALY_NAMESPACE = UUID("7d8e1f66-52c6-5d0b-8f0e-2f1d6f4c0a37")
SIGNALS_MAX = 64  # named in an anomaly, the earliest of its window
LATE_MAX = 32  # named as what changed one

SOURCES: dict[Metric, tuple[type[SignalEvent], ...]] = {
    Metric.LOCATION_UPDATES: (LocationRecorded,),
    Metric.PHONE_INTERACTIONS: (PhoneActivityRecorded,),
    Metric.GPS_ACCURACY: (LocationRecorded, AttendanceRecorded),
    Metric.GEOFENCE_DISTANCE: (LocationRecorded, AttendanceRecorded),
    Metric.CHECK_IN_TIME: (AttendanceRecorded,),
    Metric.TOUR_DURATION: (CheckpointScanRecorded,),
    Metric.TOUR_COMPLETION: (CheckpointScanRecorded,),
    Metric.SITE_SIGNALS: (SignalEvent,),  # type: ignore[dict-item]
    Metric.TASK_COMPLETIONS: (TaskCompletionRecorded,),
}


class Open(msgspec.Struct, frozen=True):
    """The window that goes on."""

    start_us: int
    until_us: int
    day: int
    hour_of_week: int
    site_id: str | None
    values: dict[Metric, Value]  # of those that say something yet
    because: AnyRecorded  # the last fact of it


class Case(msgspec.Struct):
    """One baseline that the batch concerns."""

    subject: Subject
    metric: Metric
    going: Going
    because: AnyRecorded
    late: list[UUID]
    settles_on: int = 0  # day of the last fact that changed a window
    gone: list[Kept] = msgspec.field(default_factory=list)  # windows that are none any more
    stale: bool = False  # to be kept


class Judgeable(msgspec.Struct, frozen=True):
    """A window, over or not, and what is to be said of it."""

    start_us: int
    until_us: int
    site_id: str | None
    value: float
    signals: int  # that it is measured from
    judgement: Judgement | NoJudgement
    anomalous: bool
    because: AnyRecorded


class Statement(msgspec.Struct, frozen=True):
    """What is to be stated of a window; the signals are looked up first."""

    case: Case
    window: Judgeable
    told: Told | None


class Judge:
    """Judges what a batch concerns, each baseline once."""

    def __init__(self, desk: Desk, rulings: dict[Metric, Rulings]) -> None:
        self.desk = desk
        self.cases: dict[tuple[Subject, Metric], Case] = {}
        self._rulings = rulings
        self._lendings: dict[tuple[str, Metric], Lending] = {}
        self._lent: set[tuple[str, Metric]] = set()  # changed
        self._statements: list[Statement] = []

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
            self._say(case, kept, Value(kept.value, kept.signals), judgement, anomalous)
        for gone in case.gone:
            none = Value(gone.value, 0)
            self._say(case, gone, none, NoJudgement.NOT_ENOUGH_HISTORY, anomalous=False)
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
            self._say(case, open_, value, judgement, anomalous and above(judgement))
        told = going.family.told.get(open_.start_us)
        if metric in watched.standing:
            watched.standing.remove(metric)
        if told is not None and told.stands:
            watched.standing.append(metric)

    def _say(
        self,
        case: Case,
        window: Kept | Open,
        value: Value,
        judgement: Judgement | NoJudgement,
        anomalous: bool,
    ) -> None:
        """Remember what is to be stated of a window, if it differs from what was said last.

        While memories are rebuilt nothing is: what was said comes back as facts.
        """
        if self.desk.replaying:
            return
        told = case.going.family.told.get(window.start_us)
        judged = Judgeable(
            window.start_us,
            window.until_us,
            window.site_id,
            value.value,
            min(value.signals, SIGNALS_MAX),
            judgement,
            anomalous,
            window.because if isinstance(window, Open) else case.because,
        )
        if anomalous:
            assert isinstance(judgement, Judgement), "Without a judgement nothing is unusual."
            saying = told_of(
                1 if told is None else told.version + 1,
                severity_of(judgement),
                measured_of(case.metric, value.value, judgement, ()),
                judged.signals,
            )
            if told is None or not same(saying, told, coarse if isinstance(window, Open) else int):
                self._tell(case, judged, told, saying)
        elif told is not None and told.stands:
            gone = msgspec.structs.replace(told, version=told.version + 1, stands=False)
            self._tell(case, judged, told, gone)

    def _tell(self, case: Case, judged: Judgeable, told: Told | None, saying: Told) -> None:
        case.going.family.told[judged.start_us] = saying
        case.stale = True
        self._statements.append(Statement(case, judged, told))

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
        windows = [
            window_of(each.case.subject, each.window.start_us, each.window.until_us)
            for each in self._statements
        ]
        found = self.desk.signals(windows) if windows else []
        for statement, signals in zip(self._statements, found, strict=True):
            self._state(statement, signals)

    def _state(self, statement: Statement, signals: Sequence[KnownSignal]) -> None:
        case, window, told = statement.case, statement.window, statement.told
        anomaly_id = id_of(case.metric, case.subject, window.start_us)
        stream = anomaly_stream(anomaly_id)
        place = Place(case.metric, *case.subject, window.start_us)
        self.desk.remember(stream, place)
        late = tuple(dict.fromkeys(case.late))[:LATE_MAX]
        fact: AnomalyEvent
        if window.anomalous:
            assert isinstance(window.judgement, Judgement), "What is unusual was judged."
            measured = measured_of(
                case.metric, window.value, window.judgement, sources(case.metric, signals)
            )
            severity = severity_of(window.judgement)
            if told is not None and told.stands:
                fact = AnomalyRevised(severity=severity, measured=measured, because=late)
            else:
                fact = detected(anomaly_id, place, window, severity, measured)
        else:
            fact = AnomalyWithdrawn(reason=why_not(case.metric, window), because=late)
        version = 0 if told is None else told.version
        self.desk.record(stream, version, [fact], window.because)


def same(one: Told, other: Told, step: Callable[[int], int]) -> bool:
    """Return whether two statements about a window say the same, signals counted in steps."""
    alike = msgspec.structs.replace(one, version=other.version, signals=other.signals) == other
    return alike and step(one.signals) == step(other.signals)


LENT = tuple(metric for metric, rule in RULES.items() if rule.lent_most is not None)
ENDLESS_US = micros(datetime.max.replace(tzinfo=moment_of(0).tzinfo))


def above(judgement: Judgement | NoJudgement) -> bool:
    return isinstance(judgement, Judgement) and judgement.z > 0


def id_of(metric: Metric, subject: Subject, start_us: int) -> UUID:
    """Return the id of the anomaly of a window: the same, however it came to be judged."""
    name = f"{metric.value}/{subject.kind.value}/{subject.id}/{start_us}"
    return uuid5(ANOMALY_NAMESPACE, name)


def late_of(known: KnownSignal) -> bool:
    """Return whether a stored signal came so late that it judges nothing."""
    return too_late(known.recorded_at, micros(known.at))


def window_of(subject: Subject, start_us: int, until_us: int) -> Window:
    """Return the window as signals are asked for."""
    return Window(subject.kind, subject.id, moment_of(start_us), moment_of(until_us))


def sources(metric: Metric, signals: Sequence[KnownSignal]) -> tuple[UUID, ...]:
    """Return the signals that a metric is measured from, the earliest of many."""
    named: list[UUID] = []
    for known in signals:
        event = known.event
        if metric is Metric.CHECK_IN_TIME and not (
            isinstance(event, AttendanceRecorded) and event.direction is Direction.CHECK_IN
        ):
            continue
        if isinstance(event, SOURCES[metric]) and not late_of(known):
            named.append(known.signal)
            if len(named) == SIGNALS_MAX:
                break
    return tuple(named)


def measured_of(
    metric: Metric, value: float, judgement: Judgement, signals: tuple[UUID, ...]
) -> Measured:
    """Return the numbers that decided."""
    expected = judgement.expected
    return Measured(
        value=value,
        mean=expected.mean,
        deviation=judgement.deviation,
        count=expected.count,
        z=judgement.z,
        threshold=judgement.threshold.deviations,
        threshold_reason=judgement.threshold.reason,
        bucket=expected.bucket,
        explanation=explanation(metric, value, judgement),
        signals=signals,
    )


def detected(
    anomaly_id: UUID, place: Place, window: Judgeable, severity: Severity, measured: Measured
) -> AnomalyDetected:
    """Return the fact that a window is unusual."""
    of_person = place.subject_kind is SubjectKind.PERSON
    return AnomalyDetected(
        anomaly_id=anomaly_id,
        metric=place.metric,
        subject_kind=place.subject_kind,
        subject_id=place.subject_id,
        site_id=window.site_id if of_person else place.subject_id,
        person_id=place.subject_id if of_person else None,
        device_id=None,
        severity=severity,
        window_start=moment_of(window.start_us),
        window_end=moment_of(window.until_us),
        measured=measured,
    )


def why_not(metric: Metric, window: Judgeable) -> str:
    """Return why a window is no anomaly any more."""
    if isinstance(window.judgement, NoJudgement):
        return "There is not enough history, or no such window, to say that it is unusual."
    return explanation(metric, window.value, window.judgement)
