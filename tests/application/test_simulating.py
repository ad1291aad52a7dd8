"""What another threshold would have done: told by the log, and by judging the last days again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from msgspec.structs import replace

from application.following import Window
from application.handling import handle
from application.ports import Append, Cause, Expect
from application.simulating import (
    AnomalyFact,
    Past,
    SimulateThreshold,
    Simulation,
    simulate,
)
from domain.anomaly.facts import (
    AnomalyDetected,
    AnomalyRevised,
    AnomalyWithdrawn,
    Bucket,
    Measured,
    Metric,
    SubjectKind,
    ThresholdReason,
    anomaly_stream,
    threshold_stream,
)
from domain.kernel import Event
from domain.severity import Severity
from domain.tuning.threshold import THRESHOLD, PinThreshold, ReleaseThreshold
from tests.memory_log import MemoryLog

TENANT = "t-simulating"
FAMILY = Metric.GEOFENCE_DISTANCE
CAUSE = Cause("policy:tests")
NOW = datetime.now(UTC) + timedelta(minutes=1)
HOUR = timedelta(hours=1)


def measured(z: float) -> Measured:
    return Measured(
        value=41.0,
        mean=10.0,
        deviation=2.0,
        count=40,
        z=z,
        threshold=3.0,
        threshold_reason=ThresholdReason.DEFAULT,
        bucket=Bucket.SUBJECT,
        explanation="actual 41 m, typical 8-12 m so far",
        signals=(UUID(int=9),),
    )


def detected(number: int, z: float, person: str, at: datetime | None = None) -> AnomalyDetected:
    start = at or NOW - 2 * HOUR
    return AnomalyDetected(
        anomaly_id=UUID(int=number),
        metric=FAMILY,
        subject_kind=SubjectKind.PERSON,
        subject_id=person,
        site_id="S-1",
        person_id=person,
        device_id=None,
        severity=Severity.LOW,
        window_start=start,
        window_end=start + HOUR,
        measured=measured(z),
    )


class NothingKnown:
    """A store of memories and signals with nothing in it."""

    def memories(self, *_: object) -> dict[str, Any]:
        return {}

    def named(self, *_: object, **__: object) -> dict[str, Any]:
        return {}

    def signals(self, _tenant_id: str, windows: Sequence[Window], _up_to: int) -> list[Any]:
        return [[] for _ in windows]


class LoggedAnomalies:
    """The anomalies of a log in memory."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def stated(self, tenant_id: str, family: Metric, since: datetime) -> list[AnomalyFact]:
        del family  # one family a log
        told = (AnomalyDetected, AnomalyRevised, AnomalyWithdrawn)
        facts = self._log.read(tenant_id, 0, 1_000)
        return [
            cast(AnomalyFact, fact)
            for fact in facts
            if isinstance(fact.event, told) and fact.recorded_at >= since
        ]


def logged(*stories: tuple[int, list[Event]]) -> MemoryLog:
    log = MemoryLog()
    log.open_tenant(TENANT)
    for number, events in stories:
        stream = anomaly_stream(UUID(int=number))
        log.append(TENANT, Append.of(stream, Expect.NO_STREAM, events, CAUSE))
    return log


def at(log: MemoryLog, threshold: float, now: datetime = NOW) -> Simulation:
    asked = SimulateThreshold(family=FAMILY, threshold=threshold, days=7)
    head = log.head(TENANT).position
    past = Past(log, LoggedAnomalies(log), NothingKnown(), NothingKnown())
    result = simulate(past, TENANT, asked, now)
    assert log.head(TENANT).position == head
    return result


def test_a_higher_threshold_loses_what_lies_below_it_and_gains_nothing() -> None:
    log = logged(
        (1, [detected(1, 3.5, "G-1")]),
        (2, [detected(2, 9.0, "G-1")]),
        (3, [detected(3, 3.9, "G-2")]),
        (4, [detected(4, 9.0, "G-3"), AnomalyWithdrawn(reason="Late.", because=())]),
        (
            5,
            [
                detected(5, 9.0, "G-4"),
                AnomalyRevised(severity=Severity.LOW, measured=measured(3.2), because=()),
            ],
        ),
        (6, [detected(6, 3.1, "G-5", NOW - timedelta(days=8))]),  # too long ago
        (7, [detected(7, -9.0, "G-6")]),  # farther inside the fence than ever worries nobody
    )
    result = at(log, 4.0)
    assert (result.anomalies_before, result.anomalies_kept, result.anomalies_lost) == (5, 2, 3)
    assert (result.alerts_before, result.alerts_kept, result.alerts_lost) == (3, 1, 2)
    assert (result.anomalies_gained, result.alerts_gained, result.gains_since) == (
        0,
        0,
        result.since,
    )
    assert [(each.subject_id, each.z) for each in result.lost] == [
        ("G-2", 3.9),
        ("G-1", 3.5),
        ("G-4", 3.2),
    ]


def test_gains_are_told_of_the_days_that_are_remembered_window_by_window() -> None:
    log = logged((1, [detected(1, 3.5, "G-1")]))
    result = at(log, 2.0)
    assert (result.anomalies_kept, result.anomalies_lost, result.anomalies_gained) == (1, 0, 0)
    midnight = NOW.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert result.gains_since == max(result.since, midnight - timedelta(days=7))
    asked = SimulateThreshold(family=FAMILY, threshold=2.0, days=30)
    past = Past(log, LoggedAnomalies(log), NothingKnown(), NothingKnown())
    month = simulate(past, TENANT, asked, NOW)
    assert month.gains_since == midnight - timedelta(days=7) > month.since
    assert at(log, 3.0).gains_since == at(log, 3.0).since


def test_an_anomaly_that_worries_by_a_lower_threshold_alone_is_an_alert_gained() -> None:
    """How often somebody is heard of must lie farther out than the threshold to call anybody."""
    log = logged((1, [replace(detected(1, -4.0, "G-1"), metric=Metric.LOCATION_UPDATES)]))
    past = Past(log, LoggedAnomalies(log), NothingKnown(), NothingKnown())
    asked = SimulateThreshold(family=Metric.LOCATION_UPDATES, threshold=2.5, days=7)
    result = simulate(past, TENANT, asked, NOW)
    assert (result.anomalies_before, result.anomalies_gained) == (1, 0)
    assert (result.alerts_before, result.alerts_kept, result.alerts_gained) == (0, 0, 1)


def test_a_threshold_that_was_in_force_in_these_days_hides_what_lies_under_it() -> None:
    log = logged()
    past = Past(log, LoggedAnomalies(log), NothingKnown(), NothingKnown())
    stream = threshold_stream(FAMILY)

    def hides(threshold: float, now: datetime = NOW) -> bool:
        asked = SimulateThreshold(family=FAMILY, threshold=threshold, days=30)
        result = simulate(past, TENANT, asked, now)
        return result.gains_since > result.since

    pin = PinThreshold(family=FAMILY, threshold=5.0, reason="Works.")
    handle(log, TENANT, THRESHOLD, stream, pin, CAUSE)
    assert hides(4.0)
    release = ReleaseThreshold(family=FAMILY, reason="Over.")
    handle(log, TENANT, THRESHOLD, stream, release, CAUSE)
    assert hides(4.0)
    assert not hides(5.0)
    assert not hides(4.0, NOW + timedelta(days=31))
