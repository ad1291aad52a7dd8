"""Returning: what comes back to the watch: its own facts, and what people found of frauds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from application.following import Desk
from application.watching.cases import Case
from application.watching.memories import FraudAlert, Place
from domain.alert.facts import (
    AlertKind,
    AlertRaised,
    AlertReopened,
    AlertRepeated,
    AlertResolved,
    Verdict,
)
from domain.anomaly.facts import AnomalyDetected, AnomalyRevised, AnomalyWithdrawn
from domain.anomaly.family import told_of
from domain.catalogue import AnyRecorded
from domain.fraud.memory import micros

ALERT_FACTS = (AlertRaised, AlertRepeated, AlertResolved, AlertReopened)
OWN_FACTS = (AnomalyDetected, AnomalyRevised, AnomalyWithdrawn)


class Exclusion(NamedTuple):
    """Moments of a person that belong to a confirmed fraud; none: to no fraud any more."""

    person_id: str
    alert: str
    moments_us: list[int]
    because: AnyRecorded


def exclusions(desk: Desk, batch: Sequence[AnyRecorded]) -> list[Exclusion]:
    """Learn when the evidences of fraud alerts happened, and return which frauds were confirmed, or
    are not confirmed any more."""
    told = [fact for fact in batch if isinstance(fact.event, ALERT_FACTS)]
    known = desk.memories([fact.stream_id for fact in told], FraudAlert) if told else {}
    found = []
    for fact in told:
        match fact.event:
            case AlertRaised(kind=AlertKind.FRAUD, person_id=str(person_id)) as raised:
                alert = known.setdefault(fact.stream_id, FraudAlert(person_id))
                alert.evidences[raised.evidence] = micros(raised.seen_at)
                desk.remember(fact.stream_id, alert)
            case AlertRepeated(evidence=evidence, seen_at=seen_at) if fact.stream_id in known:
                alert = known[fact.stream_id]
                alert.evidences[evidence] = micros(seen_at)
                desk.remember(fact.stream_id, alert)
            case AlertResolved(reason=reason, evidence=evidence) if fact.stream_id in known:
                alert = known[fact.stream_id]
                stood = evidence if reason is Verdict.CONFIRMED_FRAUD else ()
                moments = sorted(alert.evidences[each] for each in stood if each in alert.evidences)
                found.append(Exclusion(alert.person_id, fact.stream_id, moments, fact))
            case AlertReopened() if fact.stream_id in known:
                alert = known[fact.stream_id]
                found.append(Exclusion(alert.person_id, fact.stream_id, [], fact))
            case _:
                pass
    return found


def own_facts(desk: Desk, batch: Sequence[AnyRecorded]) -> list[tuple[Place, AnyRecorded]]:
    """Return the policy's own facts, as they come back, and which windows they are about."""
    own = [fact for fact in batch if isinstance(fact.event, OWN_FACTS)]
    places = desk.memories([fact.stream_id for fact in own], Place) if own else {}
    for fact in own:
        event = fact.event
        if isinstance(event, AnomalyDetected) and fact.stream_id not in places:
            start_us = micros(event.window_start)
            place = Place(event.metric, event.subject_kind, event.subject_id, start_us)
            places[fact.stream_id] = place
            desk.remember(fact.stream_id, place)
    return [(places[fact.stream_id], fact) for fact in own]


def take_in(case: Case, start_us: int, fact: AnyRecorded) -> None:
    """Take in what was stated of a window before, unless it is known since it was stated."""
    told = case.going.family.told
    known = told.get(start_us)
    if known is not None and fact.version <= known.version:
        return
    case.stale = True
    match fact.event:
        case (
            AnomalyDetected(severity=severity, measured=measured)
            | AnomalyRevised(severity=severity, measured=measured)
        ):
            told[start_us] = told_of(fact.version, severity, measured, len(measured.signals))
        case _:
            assert known is not None, "What was never said is not withdrawn."
            told[start_us] = replace(known, version=fact.version, stands=False)
