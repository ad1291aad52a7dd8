"""Reading: the judgements and tickets of a played month, from the log of its tenant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from adapters.log.codec import decode
from domain.alert.facts import AlertKind, AlertRaised, AlertRepeated, AlertWithdrawn
from domain.anomaly.facts import AnomalyDetected
from domain.finding.facts import FindingRaised, FindingWithdrawn
from domain.incident.facts import IncidentOpened, IncidentWithdrawn
from domain.kernel import Event
from domain.ticket import TicketOpened, TicketRepeated
from tests.evaluate.judged import Call, Judgement

READ: tuple[type[Event], ...] = (
    AlertRaised,
    AlertRepeated,
    AlertWithdrawn,
    AnomalyDetected,
    FindingRaised,
    FindingWithdrawn,
    IncidentOpened,
    IncidentWithdrawn,
    TicketOpened,
    TicketRepeated,
)
TAGS = [str(type_.__struct_config__.tag) for type_ in READ]
# What a chain of causes began with: a signal or the request of an audit. A policy states within
# seconds what it has to; that time is no part of the figures here, the delivery of the signal is.
ROOTS = """
WITH RECURSIVE chain (position, root, caused_by) AS (
    SELECT position, position, caused_by FROM log.events
    WHERE tenant_id = %(tenant)s AND type = ANY (%(types)s)
    UNION ALL
    SELECT c.position, e.position, e.caused_by FROM chain c
    JOIN log.events e ON e.tenant_id = %(tenant)s AND e.position = c.caused_by
)
SELECT e.stream_id, e.type, e.data, r.recorded_at
FROM chain c
JOIN log.events e ON e.tenant_id = %(tenant)s AND e.position = c.position
JOIN log.events r ON r.tenant_id = %(tenant)s AND r.position = c.root
WHERE c.caused_by IS NULL ORDER BY c.position
"""


def read(owner_url: str, tenant_id: str) -> tuple[list[Judgement], list[Call], dict[str, int]]:
    """Return what was said and stood to the end, whom it called, and how often each fact was stated."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        rows = owner.execute(ROOTS, {"tenant": tenant_id, "types": TAGS}).fetchall()
        counts = owner.execute(
            "SELECT type, count(*) FROM log.events WHERE tenant_id = %s GROUP BY type ORDER BY type",
            [tenant_id],
        ).fetchall()
    story = Story()
    for stream_id, type_, data, at in rows:
        story.tell(stream_id, decode(type_, bytes(data)), at)
    return story.judgements(), list(story.calls()), dict(counts)


class Story:
    """What was stated, by the stream it was stated in."""

    def __init__(self) -> None:
        self._standing: dict[str, list[Judgement]] = {}
        self._withdrawn: set[str] = set()
        self._raised: dict[str, AlertRaised] = {}
        self._windows: dict[UUID, tuple[datetime, datetime]] = {}  # of anomalies
        self._tickets: dict[str, tuple[TicketOpened, datetime]] = {}
        self._about: dict[str, list[Judgement]] = {}

    def tell(self, stream_id: str, event: Any, at: datetime) -> None:
        match event:
            case AnomalyDetected():
                self._windows[event.anomaly_id] = (event.window_start, event.window_end)
            case AlertRaised():
                self._raised[stream_id] = event
                self._note(stream_id, self._of_alert(event, event.evidence, event.seen_at, at))
            case AlertRepeated():
                raised = self._raised[stream_id]
                self._note(stream_id, self._of_alert(raised, event.evidence, event.seen_at, at))
            case FindingRaised():
                self._withdrawn.discard(stream_id)
                self._note(stream_id, of_finding(event, at))
            case IncidentOpened():
                self._withdrawn.discard(stream_id)
                self._note(stream_id, of_incident(event, at))
            case AlertWithdrawn() | FindingWithdrawn() | IncidentWithdrawn():
                self._withdrawn.add(stream_id)
            case TicketOpened():
                self._tickets[stream_id] = (event, at)
                self._call(stream_id, event)
            case TicketRepeated():
                self._call(stream_id, event)
            case _:
                raise AssertionError(f"{event} was not asked for.")

    def judgements(self) -> list[Judgement]:
        return [
            each
            for stream_id, told in self._standing.items()
            if stream_id not in self._withdrawn
            for each in told
        ]

    def calls(self) -> Iterator[Call]:
        """Every ticket, also one whose reason was taken back later: somebody was called."""
        for stream_id, (opened, at) in self._tickets.items():
            yield Call(site_id=opened.site_id, at=at, about=tuple(self._about[stream_id]))

    def _note(self, stream_id: str, judgement: Judgement) -> None:
        self._standing.setdefault(stream_id, []).append(judgement)

    def _call(self, ticket: str, event: TicketOpened | TicketRepeated) -> None:
        reason = f"finding-{event.finding_id}" if event.finding_id else f"alert-{event.alert_id}"
        # Of an alert or finding that came again, what was said last is what called.
        self._about.setdefault(ticket, []).extend(self._standing.get(reason, [])[-1:])

    def _of_alert(
        self, raised: AlertRaised, evidence: UUID, seen_at: datetime, at: datetime
    ) -> Judgement:
        since, until = self._windows.get(evidence, (seen_at, seen_at))
        label = raised.kind.value
        if raised.kind is AlertKind.ANOMALY:
            label = f"anomaly {raised.metric}"
        return Judgement(
            source="alert",
            label=label,
            site_id=raised.site_id,
            person_id=raised.person_id,
            since=since,
            until=until,
            at=at,
        )


def of_finding(raised: FindingRaised, at: datetime) -> Judgement:
    return Judgement(
        source="finding",
        label=raised.finding_type.value,
        site_id=raised.site_id,
        person_id=raised.person_id,
        since=raised.window_start,
        until=raised.window_end,
        at=at,
    )


def of_incident(opened: IncidentOpened, at: datetime) -> Judgement:
    ends = [item.until or item.at for item in opened.items]
    return Judgement(
        source="incident",
        label="incident",
        site_id=opened.site_id,
        person_id=opened.person_id,
        since=opened.first_at,
        until=max(opened.first_at, *ends),
        at=at,
    )
