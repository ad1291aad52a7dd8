"""Stating: what was said of a window against what is judged of it now, and the difference as facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args
from uuid import UUID, uuid5

import msgspec

from application.following import Desk, KnownSignal, Window
from application.watching.cases import Case, Open
from application.watching.memories import Place, Subject
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
from domain.anomaly.family import Kept, Told, told_of
from domain.anomaly.metrics import explanation
from domain.anomaly.tally import Value, coarse
from domain.baseline.judging import Judgement, NoJudgement, severity_of
from domain.catalogue import AnyRecorded
from domain.fraud.memory import micros, moment_of, too_late
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
    Metric.SITE_SIGNALS: get_args(SignalEvent),
    Metric.TASK_COMPLETIONS: (TaskCompletionRecorded,),
}


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


class Teller:
    """Tells what changed, one batch."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._statements: list[Statement] = []

    def say(
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

    def state(self) -> None:
        """State what is to be stated, naming the signals that it is measured from."""
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
