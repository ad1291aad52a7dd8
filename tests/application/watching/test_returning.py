"""What comes back to the watch: frauds that people confirmed, and anomalies that were stated before."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.alert import (
    AlertKind,
    AlertRaised,
    AlertReopened,
    AlertRepeated,
    AlertResolved,
    Verdict,
    alert_stream,
)
from domain.anomaly.facts import (
    AnomalyDetected,
    Bucket,
    Measured,
    Metric,
    SubjectKind,
    ThresholdReason,
    anomaly_stream,
)
from domain.fraud.memory import micros
from domain.fraud.types import FraudType
from domain.severity import Severity
from domain.signals import SignalEvent
from tests.application.watching.post import SITE, Post, at, check_in, location, uuid_of

GPS = Metric.GPS_ACCURACY


def raised(kind: AlertKind, evidence: SignalEvent, person: str | None = "G-1") -> AlertRaised:
    return AlertRaised(
        alert_id=UUID(int=7),
        kind=kind,
        dedup_key="k",
        severity=Severity.HIGH,
        score=0.9,
        title="Look",
        evidence=uuid_of(evidence),
        seen_at=evidence.occurred_at,
        site_id=SITE,
        person_id=person,
        fraud_type=FraudType.GPS_SPOOFING if kind is AlertKind.FRAUD else None,
    )


def resolved(reason: Verdict, *evidence: SignalEvent) -> AlertResolved:
    return AlertResolved(
        dedup_key="k",
        reason=reason,
        person_id="G-1",
        site_id=SITE,
        evidence=tuple(uuid_of(each) for each in evidence),
    )


def test_confirmed_fraud_never_teaches(post: Post) -> None:
    faked = [check_in(at(2, 20), accuracy_m=80.0), check_in(at(3, 20), accuracy_m=90.0)]
    post.record(*faked)
    post.settle()
    stream = alert_stream(UUID(int=7))
    learned = post.family(GPS).recent
    post.tell(stream, raised(AlertKind.FRAUD, faked[0]))
    repeated = AlertRepeated(
        dedup_key="k",
        evidence=uuid_of(faked[1]),
        score=0.9,
        evidence_severity=Severity.HIGH,
        severity=Severity.HIGH,
        count=2,
        seen_at=faked[1].occurred_at,
    )
    post.tell(stream, repeated)
    post.tell(stream, resolved(Verdict.BENIGN_EXPECTED, *faked))
    post.settle()
    assert post.family(GPS).recent == learned
    post.tell(stream, resolved(Verdict.CONFIRMED_FRAUD, *faked))
    post.settle()
    honest = post.family(GPS).recent.buckets["*"]
    assert honest.count == learned.buckets["*"].count - 2
    assert honest.mean == pytest.approx(10.0)
    again = dict(post.watch.kept)
    post.watch.take(post.log.facts[-3:])
    assert post.watch.kept == again
    post.tell(stream, AlertReopened(dedup_key="k", reason="It was not."))
    post.settle()
    assert post.family(GPS).recent == learned


def test_alerts_of_other_kinds_and_of_nobody_teach_nothing_about_fraud(post: Post) -> None:
    one = location(at(2, 9, 20))
    kept = dict(post.watch.kept)
    for number, alert in enumerate(
        (raised(AlertKind.ANOMALY, one), raised(AlertKind.FRAUD, one, person=None))
    ):
        stream = alert_stream(UUID(int=number))
        post.tell(stream, alert)
        post.tell(stream, resolved(Verdict.CONFIRMED_FRAUD, one))
        post.tell(stream, AlertReopened(dedup_key="k", reason="No."))
        post.settle()
    assert post.watch.kept == kept


def test_a_fraud_of_somebody_whose_signals_all_came_too_late_is_confirmed() -> None:
    post = Post()
    faked = check_in(at(-3, 9))
    post.record(faked)
    stream = alert_stream(UUID(int=7))
    post.tell(stream, raised(AlertKind.FRAUD, faked))
    post.tell(stream, resolved(Verdict.CONFIRMED_FRAUD, faked))
    post.settle()
    assert post.family(GPS).kept == []
    (excluded,) = post.family(GPS).excluded
    assert (excluded.alert, excluded.at_us) == (stream, micros(faked.occurred_at))
    assert post.standing() == {}


def test_an_anomaly_of_a_site_that_nobody_heard_of_is_left_as_it_is() -> None:
    """It was judged by signals that this log does not hold."""
    post = Post()
    anomaly = AnomalyDetected(
        anomaly_id=UUID(int=8),
        metric=Metric.SITE_SIGNALS,
        subject_kind=SubjectKind.SITE,
        subject_id=SITE,
        site_id=SITE,
        person_id=None,
        device_id=None,
        severity=Severity.HIGH,
        window_start=at(5, 10),
        window_end=at(5, 11),
        measured=Measured(
            value=50.0,
            mean=4.0,
            deviation=1.0,
            count=40,
            z=46.0,
            threshold=3.0,
            threshold_reason=ThresholdReason.DEFAULT,
            bucket=Bucket.SUBJECT,
            explanation="actual 50, typical 1-7",
            signals=(),
        ),
    )
    post.tell(anomaly_stream(anomaly.anomaly_id), anomaly)
    post.settle()
    assert post.log.facts[-1].event is anomaly
    assert [each.measured.value for each in post.standing().values()] == [50.0]
