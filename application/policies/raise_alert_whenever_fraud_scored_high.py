"""Whenever an attendance is scored 0.80 or above, raise an alert, or repeat the one that stands.

Alerts are told apart by person and fraud type. When a later score of an attendance no longer
reaches the threshold, or looks like another type, the attendance is dropped from its alert.
"""

from __future__ import annotations

from collections.abc import Sequence

from application.following import Desk
from application.policies.alerting import OWN_FACTS, Judged, keep_alerts, new_alert_id
from domain.alert import AlertKind, RaiseAlert
from domain.catalogue import AnyRecorded
from domain.fraud.facts import FraudScored
from domain.fraud.types import FraudType
from domain.severity import Severity

NAME = "raise-alert-whenever-fraud-scored-high"
FAMILY = "fraud"
ALERT_FROM = 0.80  # probability; product rule
CRITICAL_FROM = (
    0.95  # probability; assumption: the top of the scale, where rules contradict reality
)

TITLES = {
    FraudType.BUDDY_PUNCHING: "Somebody else may have checked in for {person}",
    FraudType.GPS_SPOOFING: "The position of {person} is not to be believed",
    FraudType.GHOST_SHIFT: "{person} checked in, but nobody was there",
    FraudType.DEVICE_SHARING: "{person} shared a device with another guard",
    FraudType.IMPOSSIBLE_TRAVEL: "{person} travelled faster than possible",
    FraudType.TWO_PLACES_AT_ONCE: "{person} was in two places at once",
    FraudType.TAGS_IN_ONE_PLACE: "{person} scanned tags away from where they hang",
    FraudType.UNUSUAL_ATTENDANCE: "The attendance of {person} is unusual",
}


class RaiseAlertWheneverFraudScoredHigh:
    """The policy `raise-alert-whenever-fraud-scored-high`."""

    name = NAME
    behind = None
    facts = (FraudScored, *OWN_FACTS)

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        keep_alerts(desk, FAMILY, batch, judge)


def judge(fact: AnyRecorded) -> Judged | None:
    """Return what a score means for its attendance."""
    score = fact.event
    if not isinstance(score, FraudScored):
        return None
    if score.probability >= ALERT_FROM:
        return Judged(score.attendance, raise_command(fact, score))
    reason = f"A later score of the attendance is {score.probability:.2f} ({score.fraud_type})."
    return Judged(score.attendance, None, reason)


def dedup_key(person_id: str, fraud_type: FraudType) -> str:
    """Return what an operator sees as the reason why two attendances are one alert."""
    return f"{FAMILY}/{person_id}/{fraud_type}"


def severity_of(probability: float) -> Severity:
    """Return how bad it is to be this sure of a fraud."""
    return Severity.CRITICAL if probability >= CRITICAL_FROM else Severity.HIGH


def raise_command(fact: AnyRecorded, score: FraudScored) -> RaiseAlert:
    """Return the wish to raise an alert for one score."""
    return RaiseAlert(
        alert_id=new_alert_id(NAME, fact),
        kind=AlertKind.FRAUD,
        dedup_key=dedup_key(score.person_id, score.fraud_type),
        severity=severity_of(score.probability),
        score=score.probability,
        title=TITLES[score.fraud_type].format(person=score.person_id),
        evidence=score.attendance,
        seen_at=score.occurred_at,
        site_id=score.site_id,
        person_id=score.person_id,
        device_id=score.device_id,
        fraud_type=score.fraud_type,
    )
