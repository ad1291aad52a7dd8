"""Alerts of anomalies, of calls for help and of tampered devices; and what is remembered of alerts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.following import Policy
from application.policies.alerting import CASES_MAX
from application.policies.raise_alert_whenever_anomaly_detected import (
    RaiseAlertWheneverAnomalyDetected,
    score_of,
)
from application.policies.raise_alert_whenever_device_tampered import (
    RaiseAlertWheneverDeviceTampered,
)
from application.policies.raise_alert_whenever_fraud_scored_high import (
    RaiseAlertWheneverFraudScoredHigh,
)
from application.policies.raise_alert_whenever_panic_recorded import (
    RaiseAlertWheneverPanicRecorded,
)
from domain.alert import (
    ALERT,
    Alert,
    AlertEvidenceRevised,
    AlertKind,
    AlertRaised,
    AlertRepeated,
    AlertStatus,
    AlertWithdrawn,
    ReopenAlert,
    ResolveAlert,
    Verdict,
    alert_stream,
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
)
from domain.directory.person import PersonEnrolled
from domain.fraud.facts import FraudScored, score_stream
from domain.kernel import Event
from domain.severity import Severity
from domain.signals import (
    DeviceStatus,
    DeviceStatusRecorded,
    PanicRecorded,
    signal_stream,
    signal_uuid,
)
from tests.application.guardroom import BUDDY, GPS, MONDAY, scored
from tests.memory_desk import Following, MemoryDesk, MemoryLog, settle

AnomalyFact: TypeAlias = AnomalyDetected | AnomalyRevised | AnomalyWithdrawn


def measured(z: float = 4.0, explanation: str = "actual 41 m, typical 8-12 m") -> Measured:
    return Measured(
        value=41.0,
        mean=10.0,
        deviation=2.0,
        count=200,
        z=z,
        threshold=2.5,
        threshold_reason=ThresholdReason.STABLE,
        bucket=Bucket.HOUR_OF_WEEK,
        explanation=explanation,
        signals=(UUID(int=99),),
    )


def detected(number: int, *, hours: float | None = None, **about: Any) -> AnomalyDetected:
    """Return an anomaly of an hour that ends so many hours after Monday's shift began."""
    end = MONDAY + timedelta(hours=number if hours is None else hours)
    told: dict[str, Any] = {
        "metric": Metric.GEOFENCE_DISTANCE,
        "subject_kind": SubjectKind.PERSON,
        "subject_id": "G-1",
        "site_id": "S-1",
        "person_id": "G-1",
        "device_id": None,
        "severity": Severity.MEDIUM,
        "measured": measured(),
    }
    return AnomalyDetected(
        anomaly_id=UUID(int=number),
        window_start=end - timedelta(hours=1),
        window_end=end,
        **told | about,
    )


def revised(severity: Severity, z: float = 4.0) -> AnomalyRevised:
    return AnomalyRevised(severity=severity, measured=measured(z), because=())


WITHDRAWN = AnomalyWithdrawn(reason="Late fixes were as usual.", because=())


class Watch:
    """A log and one policy that follows it."""

    def __init__(self, policy: Policy) -> None:
        self.log = MemoryLog()
        self.following = Following(policy, self.log)

    def tell(self, number: int, *facts: AnomalyFact) -> None:
        """Let something become known of an anomaly, and the policy answer."""
        for fact in facts:
            self.log.state(anomaly_stream(UUID(int=number)), fact)
            settle(self.following)

    def hear(self, signal: PanicRecorded | DeviceStatusRecorded) -> UUID:
        """Take a signal in, and let the policy answer."""
        uuid = signal_uuid(signal.source, signal.signal_id)
        self.log.state(signal_stream(uuid), signal, event_id=uuid)
        settle(self.following)
        return uuid

    def wish(self, alert_id: UUID, wish: ResolveAlert | ReopenAlert) -> None:
        self.log.wish(ALERT, alert_stream(alert_id), wish)
        settle(self.following)

    def alert_ids(self) -> list[UUID]:
        return [event.alert_id for event in self.log.events(AlertRaised)]

    def alert(self, alert_id: UUID) -> Alert:
        return ALERT.replay(fact.event for fact in self.log.stream(alert_stream(alert_id)))  # type: ignore[misc]

    def kinds(self, alert_id: UUID) -> list[type[Event]]:
        return [type(fact.event) for fact in self.log.stream(alert_stream(alert_id))]

    def hold(self) -> None:
        """Hold that nothing follows from a second delivery, and that memories can be made anew."""
        facts, kept = list(self.log.facts), dict(self.following.kept)
        self.following.take(facts)
        assert self.log.facts == facts
        assert self.following.kept == kept
        again = Following(self.following.policy, self.log, replaying=True)
        settle(again, batch_facts_max=3)
        assert again.kept == kept
        assert self.log.facts == facts


@pytest.fixture
def watch() -> Watch:
    return Watch(RaiseAlertWheneverAnomalyDetected())


def test_an_anomaly_raises_an_alert(watch: Watch) -> None:
    watch.tell(1, detected(1))
    (raised,) = watch.log.events(AlertRaised)
    assert raised == AlertRaised(
        alert_id=raised.alert_id,
        kind=AlertKind.ANOMALY,
        dedup_key="anomaly/geofence_distance/person/G-1",
        severity=Severity.MEDIUM,
        score=0.9375,
        title="Distance from the geofence of person G-1 is unusual: actual 41 m, typical 8-12 m",
        evidence=UUID(int=1),
        seen_at=MONDAY + timedelta(hours=1),
        site_id="S-1",
        person_id="G-1",
        metric=Metric.GEOFENCE_DISTANCE,
    )
    watch.hold()


def test_a_long_explanation_is_cut(watch: Watch) -> None:
    watch.tell(1, detected(1, measured=measured(explanation="x" * 200)))
    (raised,) = watch.log.events(AlertRaised)
    assert len(raised.title) == 200
    assert raised.title.endswith("x…")


@pytest.mark.parametrize(("z", "score"), [(0.5, 0.0), (-2.0, 0.75), (10.0, 0.99)])
def test_the_score_tells_how_unlikely_it_is(z: float, score: float) -> None:
    assert score_of(z) == pytest.approx(score)


def test_within_24_hours_an_anomaly_of_the_same_metric_and_subject_is_a_repeat(
    watch: Watch,
) -> None:
    for number in (1, 2, 25):
        watch.tell(number, detected(number))
    (alert_id,) = watch.alert_ids()
    assert watch.kinds(alert_id) == [AlertRaised, AlertRepeated, AlertRepeated]
    watch.tell(26, detected(26))
    watch.tell(3, detected(3, metric=Metric.TOUR_DURATION))
    watch.tell(4, detected(4, subject_id="G-2"))
    assert len(watch.alert_ids()) == 4
    watch.hold()


def test_an_anomaly_that_late_signals_change_is_revised_in_its_alert(watch: Watch) -> None:
    watch.tell(1, detected(1), revised(Severity.HIGH, 8.0), revised(Severity.HIGH, 8.0))
    (alert_id,) = watch.alert_ids()
    assert watch.kinds(alert_id) == [AlertRaised, AlertEvidenceRevised]
    assert watch.alert(alert_id).severity is Severity.HIGH
    watch.hold()


def test_an_anomaly_that_is_disproved_is_dropped_and_may_come_back(watch: Watch) -> None:
    watch.tell(1, detected(1), WITHDRAWN, detected(1), revised(Severity.LOW))
    first, second = watch.alert_ids()
    assert watch.kinds(first)[-1] is AlertWithdrawn
    assert watch.alert(second).severity is Severity.LOW
    watch.hold()


def test_a_verdict_on_an_anomaly_is_not_asked_again_until_it_is_taken_back(watch: Watch) -> None:
    watch.tell(1, detected(1))
    (alert_id,) = watch.alert_ids()
    watch.wish(alert_id, ResolveAlert(reason=Verdict.FALSE_POSITIVE_LOGIC))
    watch.tell(1, revised(Severity.HIGH), WITHDRAWN)
    assert watch.alert(alert_id).status is AlertStatus.RESOLVED
    watch.wish(alert_id, ReopenAlert(reason="Too early"))
    watch.tell(1, detected(1), WITHDRAWN)
    assert watch.alert(alert_id).status is AlertStatus.WITHDRAWN
    watch.hold()


def test_an_anomaly_that_worries_nobody_is_an_anomaly_alone(watch: Watch) -> None:
    watch.tell(1, detected(1, measured=measured(-4.0)))
    assert watch.alert_ids() == []
    watch.tell(1, revised(Severity.MEDIUM, 4.0))
    (alert_id,) = watch.alert_ids()
    watch.tell(1, revised(Severity.MEDIUM, -4.0))
    assert watch.alert(alert_id).status is AlertStatus.WITHDRAWN
    watch.hold()


def test_an_anomaly_told_and_revised_in_one_batch_is_one_alert(watch: Watch) -> None:
    stream = anomaly_stream(UUID(int=1))
    for fact in (detected(1), revised(Severity.HIGH)):
        watch.log.state(stream, fact)
    settle(watch.following)
    (alert_id,) = watch.alert_ids()
    assert watch.alert(alert_id).severity is Severity.HIGH
    watch.hold()


def panic(number: int, *, minutes: float = 0, **about: Any) -> PanicRecorded:
    told: dict[str, Any] = {"person_id": "G-1", "device_id": "D-1", "site_id": "S-1"}
    return PanicRecorded(
        signal_id=f"p-{number}",
        source="app",
        occurred_at=MONDAY + timedelta(minutes=minutes),
        **told | about,
    )


def test_a_call_for_help_is_critical() -> None:
    watch = Watch(RaiseAlertWheneverPanicRecorded())
    evidence = watch.hear(panic(1, clock_skew_ms=60_000))
    watch.hear(panic(2, minutes=5))
    (raised,) = watch.log.events(AlertRaised)
    assert raised == AlertRaised(
        alert_id=raised.alert_id,
        kind=AlertKind.PANIC,
        dedup_key="panic/G-1",
        severity=Severity.CRITICAL,
        score=1.0,
        title="G-1 calls for help at S-1",
        evidence=evidence,
        seen_at=MONDAY - timedelta(minutes=1),
        site_id="S-1",
        person_id="G-1",
        device_id="D-1",
    )
    assert len(watch.log.events(AlertRepeated)) == 1
    watch.hold()


def test_a_call_for_help_from_nowhere_is_heard() -> None:
    watch = Watch(RaiseAlertWheneverPanicRecorded())
    watch.hear(panic(1, site_id=None))
    (raised,) = watch.log.events(AlertRaised)
    assert (raised.title, raised.site_id) == ("G-1 calls for help", None)


def told(number: int, status: DeviceStatus, site_id: str | None = "S-1") -> DeviceStatusRecorded:
    return DeviceStatusRecorded(
        signal_id=f"d-{number}",
        source="panel",
        occurred_at=MONDAY,
        device_id="D-1",
        status=status,
        site_id=site_id,
    )


def test_a_tampered_device_is_high_and_nothing_else_that_a_device_tells() -> None:
    watch = Watch(RaiseAlertWheneverDeviceTampered())
    for number, status in enumerate(DeviceStatus):
        watch.hear(told(number, status))
    watch.hear(told(9, DeviceStatus.TAMPER, None))
    (raised,) = watch.log.events(AlertRaised)
    assert (raised.kind, raised.severity) == (AlertKind.TAMPER, Severity.HIGH)
    assert raised.dedup_key == "tamper/D-1"
    assert raised.title == "Device D-1 at S-1 is tampered with"
    assert (raised.site_id, raised.person_id, raised.device_id) == ("S-1", None, "D-1")
    assert len(watch.log.events(AlertRepeated)) == 1
    watch.hold()


def test_a_device_of_no_site_is_named_alone() -> None:
    watch = Watch(RaiseAlertWheneverDeviceTampered())
    watch.hear(told(1, DeviceStatus.TAMPER, None))
    (raised,) = watch.log.events(AlertRaised)
    assert raised.title == "Device D-1 is tampered with"


@pytest.mark.parametrize(
    "policy",
    [
        RaiseAlertWheneverFraudScoredHigh(),
        RaiseAlertWheneverAnomalyDetected(),
        RaiseAlertWheneverPanicRecorded(),
        RaiseAlertWheneverDeviceTampered(),
    ],
    ids=lambda policy: policy.name,
)
def test_the_alerts_of_others_are_none_of_a_policys_business(policy: Policy) -> None:
    watch = Watch(policy)
    raised = AlertRaised(
        alert_id=UUID(int=1),
        kind=AlertKind.FRAUD,
        dedup_key="elsewhere/G-1",
        severity=Severity.LOW,
        score=0.5,
        title="Look",
        evidence=UUID(int=2),
        seen_at=MONDAY,
    )
    watch.log.state(alert_stream(UUID(int=1)), raised)
    settle(watch.following)
    assert watch.following.kept == {}
    enrolled = watch.log.state("person-G-1", PersonEnrolled(person_id="G-1", name="Ada"))
    desk = MemoryDesk(watch.log, policy.name, {})
    policy.handle(desk, [enrolled])
    assert not desk.finish()


def test_what_is_remembered_of_an_evidence_has_an_end(watch: Watch) -> None:
    for _ in range(CASES_MAX + 2):
        watch.tell(1, detected(1), WITHDRAWN)
    kept = {key: value.count(b"-") for key, value in watch.following.kept.items()}
    assert kept[f"evidence/{UUID(int=1)}"] == CASES_MAX * 4  # four dashes an id
    watch.hold()


happenings = st.lists(
    st.tuples(
        st.integers(1, 5),
        st.sampled_from([0.1, 0.85, 0.97]),
        st.sampled_from([GPS, BUDDY]),
        st.sampled_from(
            [None, ResolveAlert(reason=Verdict.CONFIRMED_FRAUD), ReopenAlert(reason="No")]
        ),
    ),
    max_size=20,
)


@settings(max_examples=50, deadline=None)
@given(happenings, st.integers(1, 7))
def test_memories_made_anew_are_those_that_were_there(
    story: list[tuple[int, float, Any, ResolveAlert | ReopenAlert | None]], batch_facts_max: int
) -> None:
    """Whatever was scored, judged and taken back, and however the batches were cut."""
    watch = Watch(RaiseAlertWheneverFraudScoredHigh())
    for number, probability, fraud_type, wish in story:
        score: FraudScored = scored(number, probability, hours=number * 9, fraud_type=fraud_type)
        watch.log.state(score_stream(score.attendance), score)
        if wish is not None:
            for alert_id in watch.alert_ids():
                if watch.alert(alert_id).status is not AlertStatus.WITHDRAWN:
                    watch.log.wish(ALERT, alert_stream(alert_id), wish)
        watch.following.follow(batch_facts_max)
    settle(watch.following, batch_facts_max=batch_facts_max)
    watch.hold()
