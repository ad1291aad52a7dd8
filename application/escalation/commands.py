"""Commands: what a subject, as it was told of last, wishes of a ticket."""

from __future__ import annotations

from uuid import UUID

from application.escalation.subjects import Subject
from domain.severity import Severity
from domain.ticket import OpenTicket, Priority, RepeatTicket

PRIORITIES = {
    Severity.CRITICAL: Priority.URGENT,
    Severity.HIGH: Priority.HIGH,
    Severity.MEDIUM: Priority.NORMAL,
    Severity.LOW: Priority.LOW,
    Severity.INFO: Priority.LOW,
}


def repeat_command(subject: Subject) -> RepeatTicket:
    """Return the wish to count a subject, as it was told of last, in a ticket."""
    return RepeatTicket(
        severity=subject.severity,
        alert_id=subject.alert_id,
        finding_id=subject.finding_id,
        score=subject.score,
        evidence=subject.evidence,
    )


def open_command(ticket_id: UUID, subject: Subject, assignee: str | None) -> OpenTicket:
    """Return the wish for a ticket about a subject, as it was told of last."""
    return OpenTicket(
        ticket_id=ticket_id,
        category=subject.category,
        title=subject.title,
        severity=subject.severity,
        priority=PRIORITIES[subject.severity],
        site_id=subject.site_id,
        person_id=subject.person_id,
        fraud_type=subject.fraud_type,
        dedup_key=subject.dedup_key,
        alert_id=subject.alert_id,
        finding_id=subject.finding_id,
        assignee=assignee,
        evidence=subject.evidence,
        seen_at=subject.seen_at,
    )
