"""Whenever an attendance is scored 0.80 or above, raise an alert, or repeat the one that stands.

Alerts are told apart by person and fraud type: an open alert takes in further attendances as
repeats, up to 24 hours before or after the one that it began with. When a later score of an
attendance no longer reaches the threshold, or looks like another type, the attendance is dropped
from its alert; the alert that lost its last one is withdrawn. What a person gave a verdict on is
not asked again.
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
    alert_stream,
)
from domain.catalogue import AnyRecorded
from domain.fraud.facts import FraudScored
from domain.fraud.types import FraudType
from domain.severity import Severity

NAME = "raise-alert-whenever-fraud-scored-high"
ALERT_FROM = 0.80  # probability; product rule
CRITICAL_FROM = (
    0.95  # probability; assumption: the top of the scale, where rules contradict reality
)
DEDUP_WINDOW = timedelta(hours=24)  # product rule
CASES_MAX = 32  # alerts remembered of a person and fraud type

OPEN = frozenset({AlertStatus.OPEN, AlertStatus.ACKNOWLEDGED})

TITLES = {
    FraudType.BUDDY_PUNCHING: "Somebody else may have checked in for {person}",
    FraudType.GPS_SPOOFING: "The position of {person} is not to be believed",
    FraudType.GHOST_SHIFT: "{person} checked in, but nobody was there",
    FraudType.DEVICE_SHARING: "{person} shared a device with another guard",
    FraudType.IMPOSSIBLE_TRAVEL: "{person} travelled faster than possible",
    FraudType.TWO_PLACES_AT_ONCE: "{person} was in two places at once",
    FraudType.UNUSUAL_ATTENDANCE: "The attendance of {person} is unusual",
}


class Case(msgspec.Struct, frozen=True):
    """An alert of a person and fraud type."""

    alert_id: UUID
    first_seen_at: datetime  # corrected time of the attendance that it began with


class Cases(msgspec.Struct, frozen=True):
    """The latest alerts of a person and fraud type, in the order in which they were raised.

    Attendances come days late, so the newest alert is not always the one that an attendance joins.
    """

    cases: tuple[Case, ...] = ()


class Counted(msgspec.Struct, frozen=True):
    """Where an attendance counts after a version of its score."""

    alert_id: UUID | None  # None: it was dropped
    version: int  # a score that is not newer was answered already


class RaiseAlertWheneverFraudScoredHigh:
    """The policy `raise-alert-whenever-fraud-scored-high`."""

    name = NAME
    behind = None
    facts = (FraudScored,)

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        scores = [fact.event for fact in batch if isinstance(fact.event, FraudScored)]
        if not scores:
            return
        fetch_for(desk, batch, scores)
        for fact in batch:
            if isinstance(fact.event, FraudScored):
                react(desk, fact, fact.event)


def fetch_for(desk: Desk, batch: Sequence[AnyRecorded], scores: Sequence[FraudScored]) -> None:
    """Have in hand what the batch will ask for, in three questions instead of three a score."""
    counted = desk.memories([counted_key(score) for score in scores], Counted)
    high = [score for score in scores if score.probability >= ALERT_FROM]
    keys = [dedup_key(score.person_id, score.fraud_type) for score in high]
    alerts = [case.alert_id for held in desk.memories(keys, Cases).values() for case in held.cases]
    alerts += [held.alert_id for held in counted.values() if held.alert_id is not None]
    alerts += [
        new_alert_id(fact)
        for fact in batch
        if isinstance(fact.event, FraudScored) and fact.event.probability >= ALERT_FROM
    ]
    desk.fetch_streams([alert_stream(alert_id) for alert_id in alerts])


def react(desk: Desk, fact: AnyRecorded, score: FraudScored) -> None:
    """Answer one score."""
    key = counted_key(score)
    counted = desk.memories([key], Counted).get(key)
    high = score.probability >= ALERT_FROM
    if counted is None and not high:
        return  # The way of nearly all scores: nothing was asked and nothing is.
    if counted is not None and fact.version <= counted.version:
        return
    stood_in = None if counted is None else counted.alert_id
    if stood_in is not None and status_of(desk, stood_in) is AlertStatus.RESOLVED:
        desk.remember(key, Counted(stood_in, fact.version))
        return
    alert_id = joined(desk, stood_in, score) if high else None
    if stood_in is not None and stood_in != alert_id:
        drop(desk, fact, score, stood_in)
    if alert_id is not None:
        desk.do(ALERT, alert_stream(alert_id), repeat_command(score), fact)
    elif high:
        alert_id = raise_alert(desk, fact, score)
    desk.remember(key, Counted(alert_id, fact.version))


def joined(desk: Desk, stood_in: UUID | None, score: FraudScored) -> UUID | None:
    """Return the open alert that a high score belongs to; None where it needs a new one."""
    key = dedup_key(score.person_id, score.fraud_type)
    if stood_in is not None:
        alert = desk.state(ALERT, alert_stream(stood_in))
        if alert.status in OPEN and alert.dedup_key == key:
            return stood_in
    for case in cases_of(desk, key):
        near = abs(score.occurred_at - case.first_seen_at) <= DEDUP_WINDOW
        if near and status_of(desk, case.alert_id) in OPEN:
            return case.alert_id
    return None


def raise_alert(desk: Desk, fact: AnyRecorded, score: FraudScored) -> UUID:
    """Raise an alert on a score and return its id."""
    alert_id = new_alert_id(fact)
    desk.do(ALERT, alert_stream(alert_id), raise_command(alert_id, score), fact)
    key = dedup_key(score.person_id, score.fraud_type)
    cases = (*cases_of(desk, key), Case(alert_id, score.occurred_at))
    desk.remember(key, Cases(cases[-CASES_MAX:]))
    return alert_id


def drop(desk: Desk, fact: AnyRecorded, score: FraudScored, alert_id: UUID) -> None:
    """Take an attendance out of the open alert that it stood in."""
    reason = f"A later score of the attendance is {score.probability:.2f} ({score.fraud_type})."
    command = DropEvidence(evidence=score.attendance, reason=reason)
    desk.do(ALERT, alert_stream(alert_id), command, fact)


def cases_of(desk: Desk, key: str) -> tuple[Case, ...]:
    """Return the alerts that are remembered under a dedup key."""
    remembered = desk.memories([key], Cases).get(key)
    return () if remembered is None else remembered.cases


def status_of(desk: Desk, alert_id: UUID) -> AlertStatus | None:
    """Return where an alert stands."""
    return desk.state(ALERT, alert_stream(alert_id)).status


def new_alert_id(fact: AnyRecorded) -> UUID:
    """Return the id of the alert that a score would raise: the same every time."""
    return derived_id(f"{NAME}/alert", fact, 0)


def counted_key(score: FraudScored) -> str:
    """Return the key under which it is remembered where an attendance counts."""
    return f"attendance/{score.attendance}"


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
