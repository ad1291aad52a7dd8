"""A chronicle for the tests of explanations: a memory log that is read along its causes, and facts for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from application.ports import Cause
from domain.alert.facts import AlertKind, AlertRaised
from domain.anomaly.facts import (
    AnomalyDetected,
    Bucket,
    Measured,
    Metric,
    SubjectKind,
    ThresholdReason,
)
from domain.catalogue import AnyRecorded
from domain.kernel import Event
from domain.severity import Severity
from domain.signals import PhoneActivityRecorded
from domain.ticket import Priority, TicketCategory, TicketOpened
from tests.memory_desk import MemoryLog

NIGHT = datetime(2026, 11, 22, 2, tzinfo=UTC)
SIGNAL, LATER, ANOMALY, ALERT, TICKET, FINDING, AUDIT, SILENCE = (
    UUID(int=number) for number in range(1, 9)
)


class Chronicled:
    """A memory log, read along its causes."""

    def __init__(self) -> None:
        self.log = MemoryLog()

    def state(self, stream: str, event: Event, because: AnyRecorded | None = None) -> AnyRecorded:
        cause = Cause("policy:test", caused_by=None if because is None else because.position)
        return self.log.state(stream, event, cause)

    def at(self, tenant_id: str, positions: Sequence[int]) -> list[AnyRecorded]:
        assert tenant_id == "t"
        return [fact for fact in self.log.facts if fact.position in positions]

    def of_streams(self, tenant_id: str, stream_ids: Sequence[str]) -> list[AnyRecorded]:
        assert tenant_id == "t"
        return [fact for fact in self.log.facts if fact.stream_id in stream_ids]

    def caused_by(self, tenant_id: str, positions: Sequence[int], limit: int) -> list[AnyRecorded]:
        assert tenant_id == "t"
        return [fact for fact in self.log.facts if fact.caused_by in positions][:limit]


def activity(number: int) -> PhoneActivityRecorded:
    return PhoneActivityRecorded(
        signal_id=f"a{number}",
        source="s",
        occurred_at=NIGHT,
        person_id="G-1",
        device_id="D-1",
        interactions=0,
        interval_s=900,
    )


def anomaly(signals: tuple[UUID, ...]) -> AnomalyDetected:
    return AnomalyDetected(
        anomaly_id=ANOMALY,
        metric=Metric.PHONE_INTERACTIONS,
        subject_kind=SubjectKind.PERSON,
        subject_id="G-1",
        site_id="S-1",
        person_id="G-1",
        device_id=None,
        severity=Severity.MEDIUM,
        window_start=NIGHT,
        window_end=NIGHT,
        measured=Measured(
            value=0.0,
            mean=12.0,
            deviation=3.0,
            count=120,
            z=-4.0,
            threshold=2.5,
            threshold_reason=ThresholdReason.STABLE,
            bucket=Bucket.HOUR_OF_WEEK,
            explanation="actual 0, typical 9-15 at this hour",
            signals=signals,
        ),
    )


def alert() -> AlertRaised:
    return AlertRaised(
        alert_id=ALERT,
        kind=AlertKind.ANOMALY,
        dedup_key="anomaly/phone_interactions/person/G-1",
        severity=Severity.MEDIUM,
        score=0.7,
        title="Phone of G-1 hardly used",
        evidence=ANOMALY,
        seen_at=NIGHT,
        site_id="S-1",
        person_id="G-1",
        metric=Metric.PHONE_INTERACTIONS,
    )


def ticket(
    *,
    alert_id: UUID | None = None,
    finding_id: UUID | None = None,
    incident_id: UUID | None = None,
) -> TicketOpened:
    return TicketOpened(
        ticket_id=TICKET,
        category=TicketCategory.OPERATIONS,
        title="Look after G-1",
        severity=Severity.HIGH,
        priority=Priority.HIGH,
        site_id="S-1",
        alert_id=alert_id,
        finding_id=finding_id,
        incident_id=incident_id,
    )
