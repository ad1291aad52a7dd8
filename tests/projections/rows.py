"""A ticket and an alert that begin, and rows folded from facts as a follower folds them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.alert import (
    AlertKind,
    AlertRaised,
)
from domain.catalogue import AnyRecorded
from domain.fraud.types import FraudType
from domain.kernel import Event
from domain.severity import Severity
from domain.ticket import (
    Priority,
    TicketCategory,
    TicketOpened,
)
from projections.kernel import Projection, fold
from tests.memory_desk import BEGAN_AT, MemoryLog

ONE, TWO, OTHER = UUID(int=1), UUID(int=2), UUID(int=9)
KEY = "fraud/G-1/gps_spoofing"
SEEN = datetime(2026, 11, 20, tzinfo=UTC)
LATER = SEEN + timedelta(hours=1)
OPENED = TicketOpened(
    ticket_id=ONE,
    category=TicketCategory.SECURITY_FRAUD,
    title="Look",
    severity=Severity.HIGH,
    priority=Priority.HIGH,
    site_id="S-1",
    person_id="G-1",
    fraud_type=FraudType.GPS_SPOOFING,
    dedup_key=KEY,
    alert_id=TWO,
)
RAISED = AlertRaised(
    alert_id=ONE,
    kind=AlertKind.FRAUD,
    fraud_type=FraudType.GPS_SPOOFING,
    dedup_key=KEY,
    severity=Severity.HIGH,
    score=0.9,
    site_id="S-1",
    person_id="G-1",
    title="Look",
    evidence=ONE,
    seen_at=LATER,
)


def rows_of(projection: Projection[Any], facts: Iterable[AnyRecorded]) -> dict[str, Any]:
    """Fold facts into rows, as a follower does."""
    return folded(projection, {}, facts)


def folded(
    projection: Projection[Any], rows: dict[str, Any], facts: Iterable[AnyRecorded]
) -> dict[str, Any]:
    wanted = [fact for fact in facts if isinstance(fact.event, projection.facts)]
    touched = [(key, fact) for fact in wanted if (key := projection.key_of(fact))]
    return fold(projection, rows, touched)


def row_after(projection: Projection[Any], stream_id: str, *events: Event) -> Any:
    """Return the row after facts of one stream; its envelope fields are checked here."""
    log = MemoryLog()
    for event in events:
        log.state(stream_id, event)
    (row,) = rows_of(projection, log.facts).values()
    assert row.position == row.version == len(events)
    assert row.updated_at == BEGAN_AT + timedelta(seconds=len(events))
    return row
