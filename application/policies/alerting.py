"""Alerting: what every policy that raises alerts does with its evidences.

A policy says of a fact what it means for one evidence: somebody must look at it, or nobody need any
more. Alerts are told apart by their dedup key: an open alert takes in further evidences as repeats,
up to 24 hours before or after the one that it began with. An evidence that no longer calls for
anybody, or that belongs under another key by now, is dropped from its alert; the alert that lost
its last one is withdrawn. What a person gave a verdict on is not asked again.

What is remembered is learned from facts alone, the policy's own ones included: which alerts an
evidence was ever counted in, and which alerts a key has. Where an evidence stands is asked of the
alerts themselves, so a memory that is made anew by replay is the one that was there before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec

from application.following import Desk, derived_id
from domain.alert import (
    ALERT,
    AlertRaised,
    AlertRepeated,
    AlertStatus,
    DropEvidence,
    RaiseAlert,
    RepeatAlert,
    alert_stream,
)
from domain.alert.facts import DEDUP_WINDOW
from domain.catalogue import AnyRecorded
from domain.kernel import shortened

CASES_MAX = 32  # alerts remembered of a dedup key, and of an evidence
ALERT_PREFIX = "alert-"

OPEN = frozenset({AlertStatus.OPEN, AlertStatus.ACKNOWLEDGED})
#: The facts by which a policy that alerts hears of what it did.
OWN_FACTS = (AlertRaised, AlertRepeated)


class Judged(msgspec.Struct, frozen=True):
    """What a fact means for one evidence."""

    evidence: UUID
    wish: RaiseAlert | None  # None: nobody need look at it, or not any more
    reason: str = ""  # why nobody need look at it any more


class Case(msgspec.Struct, frozen=True):
    """An alert of a dedup key."""

    alert_id: UUID
    first_seen_at: datetime  # corrected time of the evidence that it began with


class Cases(msgspec.Struct, frozen=True):
    """The latest alerts of a dedup key, in the order in which they were raised.

    Evidences come days late, so the newest alert is not always the one that an evidence joins.
    """

    cases: tuple[Case, ...] = ()


class Counted(msgspec.Struct, frozen=True):
    """Where an evidence was ever counted."""

    alerts: tuple[UUID, ...] = ()
    version: int = 0  # of the evidence's stream; what is not newer was answered already


Judge: TypeAlias = Callable[[AnyRecorded], Judged | None]


def keep_alerts(desk: Desk, family: str, batch: Sequence[AnyRecorded], judge: Judge) -> None:
    """Keep the alerts of one family of dedup keys in step with what the facts of a batch mean.

    `judge` is asked about each fact that is none of the policy's own, in their order.
    """
    told: list[tuple[AnyRecorded, Judged | None]] = []
    for fact in batch:
        if isinstance(fact.event, OWN_FACTS):
            if fact.event.dedup_key.startswith(f"{family}/"):
                told.append((fact, None))
        elif (judged := judge(fact)) is not None:
            told.append((fact, judged))
    if not told:
        return
    fetch_for(desk, told)
    for fact, judged in told:
        if judged is None:
            learn(desk, fact)
        else:
            answer(desk, fact, judged)


def fetch_for(desk: Desk, told: Sequence[tuple[AnyRecorded, Judged | None]]) -> None:
    """Have in hand what the batch will ask for, in three questions instead of three an evidence."""
    evidences = [evidence_of(fact, judged) for fact, judged in told]
    counted = desk.memories([evidence_key(each) for each in evidences], Counted)
    wishes = [judged.wish for _, judged in told if judged is not None and judged.wish is not None]
    keys = [wish.dedup_key for wish in wishes]
    keys += [fact.event.dedup_key for fact, _ in told if isinstance(fact.event, AlertRaised)]
    cases = desk.memories(keys, Cases)
    if desk.replaying:
        return
    alerts = [case.alert_id for held in cases.values() for case in held.cases]
    alerts += [alert_id for held in counted.values() for alert_id in held.alerts]
    alerts += [wish.alert_id for wish in wishes]
    desk.fetch_streams([alert_stream(alert_id) for alert_id in alerts])


def learn(desk: Desk, fact: AnyRecorded) -> None:
    """Take in what the policy did, as the log tells it; it changes nothing but after a replay."""
    event = fact.event
    assert isinstance(event, OWN_FACTS), f"{event} is no evidence that was counted."
    alert_id = UUID(fact.stream_id.removeprefix(ALERT_PREFIX))
    learn_counted(desk, event.evidence, alert_id)
    if isinstance(event, AlertRaised):
        learn_case(desk, event.dedup_key, Case(alert_id, event.seen_at))


def learn_counted(desk: Desk, evidence: UUID, alert_id: UUID) -> None:
    """Remember that an evidence was counted in an alert."""
    counted = counted_of(desk, evidence) or Counted()
    if alert_id not in counted.alerts:
        alerts = (*counted.alerts, alert_id)[-CASES_MAX:]
        desk.remember(evidence_key(evidence), Counted(alerts, counted.version))


def learn_case(desk: Desk, key: str, case: Case) -> None:
    """Remember an alert under its dedup key."""
    cases = cases_of(desk, key)
    if case not in cases:
        desk.remember(key, Cases((*cases, case)[-CASES_MAX:]))


def answer(desk: Desk, fact: AnyRecorded, judged: Judged) -> None:
    """Count an evidence, count it otherwise, or drop it, once for each version of it."""
    counted = counted_of(desk, judged.evidence)
    if counted is None:
        if judged.wish is None:
            return  # The way of nearly all that is judged: nothing was asked and nothing is.
        counted = Counted()
    if fact.version <= counted.version:
        return
    desk.remember(evidence_key(judged.evidence), Counted(counted.alerts, fact.version))
    if desk.replaying:
        return
    stood_in = standing_in(desk, judged.evidence, counted)
    if stood_in is not None and status_of(desk, stood_in) is AlertStatus.RESOLVED:
        return
    wish = judged.wish
    joins = None if wish is None else joined(desk, stood_in, wish)
    if stood_in is not None and stood_in != joins:
        reason = judged.reason if wish is None else f"It belongs to {wish.dedup_key} by now."
        command = DropEvidence(evidence=judged.evidence, reason=shortened(reason))
        desk.do(ALERT, alert_stream(stood_in), command, fact)
    if wish is None:
        return
    if joins is None:
        joins = wish.alert_id
        desk.do(ALERT, alert_stream(joins), wish, fact)
        learn_case(desk, wish.dedup_key, Case(joins, wish.seen_at))
    else:
        desk.do(ALERT, alert_stream(joins), repeat_command(wish), fact)
    learn_counted(desk, judged.evidence, joins)


def standing_in(desk: Desk, evidence: UUID, counted: Counted) -> UUID | None:
    """Return the alert in which an evidence stands."""
    for alert_id in counted.alerts:
        if evidence in desk.state(ALERT, alert_stream(alert_id)).evidences:
            return alert_id
    return None


def joined(desk: Desk, stood_in: UUID | None, wish: RaiseAlert) -> UUID | None:
    """Return the open alert that an evidence belongs to; None where it needs a new one."""
    if stood_in is not None:
        alert = desk.state(ALERT, alert_stream(stood_in))
        if alert.dedup_key == wish.dedup_key:
            return stood_in
    for case in cases_of(desk, wish.dedup_key):
        near = abs(wish.seen_at - case.first_seen_at) <= DEDUP_WINDOW
        if near and status_of(desk, case.alert_id) in OPEN:
            return case.alert_id
    return None


def counted_of(desk: Desk, evidence: UUID) -> Counted | None:
    """Return where an evidence was ever counted; None where nobody was ever asked about it."""
    key = evidence_key(evidence)
    return desk.memories([key], Counted).get(key)


def cases_of(desk: Desk, key: str) -> tuple[Case, ...]:
    """Return the alerts that are remembered under a dedup key."""
    remembered = desk.memories([key], Cases).get(key)
    return () if remembered is None else remembered.cases


def status_of(desk: Desk, alert_id: UUID) -> AlertStatus | None:
    """Return where an alert stands."""
    return desk.state(ALERT, alert_stream(alert_id)).status


def evidence_of(fact: AnyRecorded, judged: Judged | None) -> UUID:
    """Return the evidence that a fact is about."""
    if judged is not None:
        return judged.evidence
    assert isinstance(fact.event, OWN_FACTS), f"{fact.event} is about no evidence."
    return fact.event.evidence


def evidence_key(evidence: UUID) -> str:
    """Return the key under which it is remembered where an evidence counts."""
    return f"evidence/{evidence}"


def new_alert_id(name: str, fact: AnyRecorded) -> UUID:
    """Return the id of the alert that a fact would raise: the same every time."""
    return derived_id(f"{name}/alert", fact, 0)


def repeat_command(wish: RaiseAlert) -> RepeatAlert:
    """Return the wish to count an evidence in an alert that stands."""
    return RepeatAlert(
        evidence=wish.evidence, score=wish.score, severity=wish.severity, seen_at=wish.seen_at
    )
