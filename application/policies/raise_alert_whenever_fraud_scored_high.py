"""Whenever an attendance is scored 0.80 or above, raise an alert, or repeat the one that stands.

Alerts are told apart by person and fraud type: within 24 hours of its first attendance an open
alert takes in further attendances as repeats. When a later score of an attendance no longer
reaches the threshold, or looks like another type, the attendance is dropped from its alert; the
alert that lost its last one is withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.following import Desk, derived_id
from domain.alert import (
    ALERT,
    AlertKind,
    AlertStatus,
    DropEvidence,
    RaiseAlert,
    RepeatAlert,
)
from domain.catalogue import AnyRecorded
from domain.fraud.facts import FraudScored
from domain.fraud.types import FraudType
from domain.severity import Severity

NAME = "raise-alert-whenever-fraud-scored-high"
ALERT_FROM = 0.80  # probability; product rule
CRITICAL_FROM = 0.95  # probability; assumption: the top of the scale, where rules contradict reality
DEDUP_WINDOW = timedelta(hours=24)  # product rule

TITLES = {
    FraudType.BUDDY_PUNCHING: "Somebody else may have checked in for {person}",
    FraudType.GPS_SPOOFING: "The position of {person} is not to be believed",
    FraudType.GHOST_SHIFT: "{person} checked in, but nobody was there",
    FraudType.DEVICE_SHARING: "{person} shared a device with another guard",
    FraudType.IMPOSSIBLE_TRAVEL: "{person} travelled faster than possible",
    FraudType.TWO_PLACES_AT_ONCE: "{person} was in two places at once",
    FraudType.UNUSUAL_ATTENDANCE: "The attendance of {person} is unusual",
}


class OpenCase(msgspec.Struct, frozen=True):
    """The last alert of a person and fraud type."""

    alert_id: UUID
    first_seen_at: datetime  # corrected time of the first attendance


class Counted(msgspec.Struct, frozen=True):
    """The alert that an attendance counts in."""

    alert_id: UUID


class RaiseAlertWheneverFraudScoredHigh:
    """The policy `raise-alert-whenever-fraud-scored-high`."""

    name = NAME
    facts = (FraudScored,)

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        for fact in batch:
            if isinstance(fact.event, FraudScored):
                self._react(desk, fact, fact.event)

    def _react(self, desk: Desk, fact: AnyRecorded, score: FraudScored) -> None:
        attendance_key = f"attendance/{score.attendance}"
        case_key = dedup_key(score.person_id, score.fraud_type)
        high = score.probability >= ALERT_FROM
        counted = desk.memories([attendance_key], Counted).get(attendance_key)
        if counted is None and not high:
            return
        if counted is not None and self._is_judged(desk, counted):
            # A person gave a verdict on this attendance; another score does not ask again.
            return
        case = desk.memories([case_key], OpenCase).get(case_key)
        joins = high and case is not None and self._joins(desk, case, score)
        if counted is not None and not (joins and case is not None and case.alert_id == counted.alert_id):
            self._drop(desk, fact, score, counted)
        if not high:
            return
        if joins and case is not None:
            desk.do(ALERT, f"alert-{case.alert_id}", repeat_command(score), fact)
            alert_id = case.alert_id
        else:
            alert_id = derived_id(f"{NAME}/alert", fact, 0)
            desk.do(ALERT, f"alert-{alert_id}", raise_command(alert_id, score), fact)
            desk.remember(case_key, OpenCase(alert_id, score.occurred_at))
        desk.remember(attendance_key, Counted(alert_id))

    def _joins(self, desk: Desk, case: OpenCase, score: FraudScored) -> bool:
        if abs(score.occurred_at - case.first_seen_at) > DEDUP_WINDOW:
            return False
        return desk.state(ALERT, f"alert-{case.alert_id}").status in OPEN

    def _is_judged(self, desk: Desk, counted: Counted) -> bool:
        return desk.state(ALERT, f"alert-{counted.alert_id}").status is AlertStatus.RESOLVED

    def _drop(self, desk: Desk, fact: AnyRecorded, score: FraudScored, counted: Counted) -> None:
        stream_id = f"alert-{counted.alert_id}"
        if desk.state(ALERT, stream_id).status in OPEN:
            reason = f"A later score of the attendance is {score.probability:.2f} ({score.fraud_type})."
            desk.do(ALERT, stream_id, DropEvidence(evidence=score.attendance, reason=reason), fact)


OPEN = frozenset({AlertStatus.OPEN, AlertStatus.ACKNOWLEDGED})


def dedup_key(person_id: str, fraud_type: FraudType) -> str:
    """Return what an operator sees as the reason why two attendances are one alert."""
    return f"fraud/{person_id}/{fraud_type}"


def severity_of(probability: float) -> Severity:
    """Return how bad it is to be this sure of a fraud."""
    return Severity.CRITICAL if probability >= CRITICAL_FROM else Severity.HIGH


def raise_command(alert_id: UUID, score: FraudScored) -> RaiseAlert:
    """Return the wish to raise an alert for one score."""
    return RaiseAlert(
        alert_id=alert_id,
        kind=AlertKind.FRAUD,
        fraud_type=score.fraud_type,
        dedup_key=dedup_key(score.person_id, score.fraud_type),
        severity=severity_of(score.probability),
        score=score.probability,
        site_id=score.site_id,
        person_id=score.person_id,
        title=TITLES[score.fraud_type].format(person=score.person_id),
        evidence=score.attendance,
        seen_at=score.occurred_at,
    )


def repeat_command(score: FraudScored) -> RepeatAlert:
    """Return the wish to count one more attendance in an alert that stands."""
    return RepeatAlert(
        evidence=score.attendance,
        score=score.probability,
        severity=severity_of(score.probability),
        seen_at=score.occurred_at,
    )
