"""Whenever an anomaly is detected that worries, raise an alert, or repeat the one that stands.

Alerts are told apart by metric and subject: a phone that sleeps through a night is one alert with
a count, not one an hour. An anomaly that late signals change or disprove is revised in its alert or
dropped from it. What is unusual and worries nobody (domain.anomaly.worrying) is an anomaly alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from application.following import Desk
from application.policies.alerting import OWN_FACTS, Judged, keep_alerts, new_alert_id
from domain.alert import AlertKind, RaiseAlert
from domain.anomaly.facts import AnomalyDetected, AnomalyRevised, AnomalyWithdrawn, Metric
from domain.anomaly.worrying import is_worrying
from domain.catalogue import AnyRecorded
from domain.kernel import shortened

NAME = "raise-alert-whenever-anomaly-detected"
FAMILY = "anomaly"

NAMES = {
    Metric.PHONE_INTERACTIONS: "Phone use",
    Metric.LOCATION_UPDATES: "Location updates",
    Metric.TOUR_DURATION: "Tour duration",
    Metric.TOUR_COMPLETION: "Tour completion",
    Metric.CHECK_IN_TIME: "Check-in time",
    Metric.GEOFENCE_DISTANCE: "Distance from the geofence",
    Metric.GPS_ACCURACY: "GPS accuracy",
    Metric.SITE_SIGNALS: "Signals",
    Metric.TASK_COMPLETIONS: "Completed tasks",
}


class KnownAnomaly(msgspec.Struct, frozen=True):
    """What the later facts of an anomaly do not repeat."""

    detected: AnomalyDetected
    version: int  # of the anomaly's stream; what is not newer was taken in already


class RaiseAlertWheneverAnomalyDetected:
    """The policy `raise-alert-whenever-anomaly-detected`."""

    name = NAME
    behind = None
    facts = (AnomalyDetected, AnomalyRevised, AnomalyWithdrawn, *OWN_FACTS)

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        told = (AnomalyDetected, AnomalyRevised, AnomalyWithdrawn)
        streams = [fact.stream_id for fact in batch if isinstance(fact.event, told)]
        desk.memories(streams, KnownAnomaly)
        keep_alerts(desk, FAMILY, batch, lambda fact: judge(desk, fact))


def judge(desk: Desk, fact: AnyRecorded) -> Judged | None:
    """Return what a fact means for its anomaly."""
    match fact.event:
        case AnomalyDetected() as detected:
            learn(desk, fact, detected)
        case AnomalyRevised(severity=severity, measured=measured):
            before = known(desk, fact).detected
            detected = replace(before, severity=severity, measured=measured)
        case AnomalyWithdrawn(reason=reason):
            return Judged(known(desk, fact).detected.anomaly_id, None, reason)
        case _:
            return None
    if not is_worrying(detected.metric, detected.measured):
        return Judged(detected.anomaly_id, None, "What is known by now worries nobody.")
    return Judged(detected.anomaly_id, raise_command(fact, detected))


def learn(desk: Desk, fact: AnyRecorded, detected: AnomalyDetected) -> None:
    """Remember what an anomaly is about. One that is withdrawn may be detected again."""
    held = desk.memories([fact.stream_id], KnownAnomaly).get(fact.stream_id)
    if held is None or fact.version > held.version:
        desk.remember(fact.stream_id, KnownAnomaly(detected, fact.version))


def known(desk: Desk, fact: AnyRecorded) -> KnownAnomaly:
    """Return what is known of the anomaly whose story goes on."""
    return desk.memories([fact.stream_id], KnownAnomaly)[fact.stream_id]


def score_of(z: float) -> float:
    """Return how unlikely so large a deviation is by chance, whatever the distribution (Chebyshev)."""
    return 1 - 1 / max(abs(z), 1.0) ** 2


def title_of(detected: AnomalyDetected) -> str:
    """Return what an operator reads first."""
    subject = f"{detected.subject_kind} {detected.subject_id}"
    what = NAMES[detected.metric]
    return shortened(f"{what} of {subject} is unusual: {detected.measured.explanation}")


def raise_command(fact: AnyRecorded, detected: AnomalyDetected) -> RaiseAlert:
    """Return the wish to raise an alert for one anomaly."""
    key = f"{FAMILY}/{detected.metric}/{detected.subject_kind}/{detected.subject_id}"
    return RaiseAlert(
        alert_id=new_alert_id(NAME, fact),
        kind=AlertKind.ANOMALY,
        dedup_key=key,
        severity=detected.severity,
        score=score_of(detected.measured.z),
        title=title_of(detected),
        evidence=detected.anomaly_id,
        seen_at=detected.window_end,
        site_id=detected.site_id,
        person_id=detected.person_id,
        device_id=detected.device_id,
        metric=detected.metric,
    )
