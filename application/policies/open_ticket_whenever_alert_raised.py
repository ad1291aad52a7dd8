"""Whenever an alert is raised or repeated that calls people, see to it that one open ticket is about it.

Alerts of fraud, panic and tampering call people where they are HIGH or CRITICAL; anomalies never
do. Tickets are told apart by the alert's dedup key: up to 24 hours before or after the evidence
that a ticket began with, while it is NEW, ASSIGNED or IN_PROGRESS, a further alert is counted in it
and may raise its severity; it never opens a second one. A new ticket goes to the site's security
manager, else to the supervisor on duty, else it waits in the queue. When the last alert behind a
ticket is withdrawn, the ticket is told, and cancelled if nobody has begun to work on it.

What is muted calls nobody until what mutes it is over; the ledger says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, assert_never, get_args

from msgspec.structs import replace

from application.escalation.calling import CALLING_FACTS, Calling
from application.escalation.subjects import Standing, Subject, subject_of
from application.following import Desk
from domain.alert import (
    AlertEvidenceDropped,
    AlertEvidenceRevised,
    AlertKind,
    AlertRaised,
    AlertReopened,
    AlertRepeated,
    AlertResolved,
    AlertWithdrawn,
)
from domain.catalogue import AnyRecorded
from domain.kernel import Event
from domain.ticket import TicketCategory

NAME = "open-ticket-whenever-alert-raised"
FAMILY = "alert"

AlertTold: TypeAlias = (
    AlertRaised
    | AlertRepeated
    | AlertEvidenceRevised
    | AlertEvidenceDropped
    | AlertWithdrawn
    | AlertResolved
    | AlertReopened
)

# Kinds that call people, and whose work they are.
CATEGORIES = {
    AlertKind.FRAUD: TicketCategory.SECURITY_FRAUD,
    AlertKind.PANIC: TicketCategory.SECURITY,
    AlertKind.TAMPER: TicketCategory.SECURITY,
}

EASED = "What is left of an alert is {}."


class OpenTicketWheneverAlertRaised:
    """The policy `open-ticket-whenever-alert-raised`."""

    name = NAME
    behind = None
    facts: tuple[type[Event], ...] = (*get_args(AlertTold), *CALLING_FACTS)

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        calling = Calling(desk, NAME, FAMILY)
        told = [fact for fact in batch if isinstance(fact.event, AlertTold)]
        raised = [fact.event for fact in told if isinstance(fact.event, AlertRaised)]
        calling.fetch(
            batch, told, [each.dedup_key for each in raised], [each.site_id for each in raised]
        )
        for fact in batch:
            if isinstance(fact.event, AlertTold):
                react(calling, fact, fact.event)
            else:
                calling.learn(fact)


def react(calling: Calling, fact: AnyRecorded, event: AlertTold) -> None:
    """Answer one fact of an alert. An alert of a kind that calls nobody is not even remembered."""
    known = subject_of(calling.desk, fact.stream_id)
    if isinstance(event, AlertRaised):
        if known is not None or event.kind not in CATEGORIES:
            return
        known = subject_of_alert(event)
    if known is None or fact.version <= known.version:
        return
    subject = replace(after(known, event), version=fact.version)
    calling.desk.remember(subject.stream, subject)
    match event:
        case AlertRaised() | AlertRepeated():
            if subject.is_severe:
                calling.call(fact, subject)
        case AlertEvidenceRevised():
            if subject.is_severe:
                calling.worsen(fact, subject)
                calling.ease(fact, subject, EASED.format(subject.severity))
        case AlertWithdrawn(reason=reason):
            calling.withdraw(fact, subject, reason)
        case AlertEvidenceDropped():
            calling.ease(fact, subject, EASED.format(subject.severity))
        case AlertResolved() | AlertReopened():
            return  # nobody is called for it, and nobody who was is told
        case _:
            assert_never(event)


def after(subject: Subject, event: AlertTold) -> Subject:
    """Return an alert as it stands after a fact of its own."""
    match event:
        case AlertRaised():
            return subject
        case AlertRepeated():
            return replace(
                subject,
                severity=event.severity,
                evidence=event.evidence,
                score=event.score,
                seen_at=event.seen_at,
            )
        case AlertEvidenceRevised():
            return replace(
                subject, severity=event.severity, evidence=event.evidence, score=event.score
            )
        case AlertEvidenceDropped(severity=severity):
            return replace(subject, severity=severity)
        case AlertWithdrawn():
            return replace(subject, standing=Standing.WITHDRAWN)
        case AlertResolved():
            return replace(subject, standing=Standing.RESOLVED)
        case AlertReopened():
            return replace(subject, standing=Standing.OPEN)
        case _:
            assert_never(event)


def subject_of_alert(raised: AlertRaised) -> Subject:
    """Return a new alert as a subject of which nothing is answered yet."""
    return Subject(
        id=raised.alert_id,
        kind=f"{FAMILY}:{raised.kind}",
        category=CATEGORIES[raised.kind],
        dedup_key=raised.dedup_key,
        severity=raised.severity,
        title=raised.title,
        site_id=raised.site_id,
        person_id=raised.person_id,
        device_id=raised.device_id,
        since=raised.seen_at,
        until=raised.seen_at,
        seen_at=raised.seen_at,
        version=0,
        fraud_type=raised.fraud_type,
        evidence=raised.evidence,
        score=raised.score,
    )
