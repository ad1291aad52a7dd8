"""What an incident's facts leave to know: as much as the next decision needs."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.incident.facts import (
    IncidentAcknowledged,
    IncidentEvent,
    IncidentEvidenceDropped,
    IncidentEvidenceLinked,
    IncidentLinked,
    IncidentMerged,
    IncidentOpened,
    IncidentResolved,
    IncidentSplit,
    IncidentWithdrawn,
    Item,
    Link,
)
from domain.severity import Severity


class IncidentStatus(StrEnum):
    """Where an incident stands."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"
    MERGED = "MERGED"
    WITHDRAWN = "WITHDRAWN"


OPEN_STATUSES = frozenset({IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED})


class Incident(msgspec.Struct, frozen=True):
    """What the next decision needs to know."""

    status: IncidentStatus | None = None  # None: nobody heard of it
    incident_id: UUID | None = None
    severity: Severity = Severity.INFO
    severity_rule: str = ""
    items: dict[UUID, tuple[Item, Link]] = {}
    merged_into: UUID | None = None
    split_off: frozenset[UUID] = frozenset()  # incidents that were made of its things
    links: frozenset[UUID] = frozenset()
    resolution: str | None = None
    facts: int = 0  # told so far: the version of its stream


def evolve(incident: Incident, event: IncidentEvent) -> Incident:
    """Fold one fact into the state. It never refuses: what happened, happened."""
    return replace(told(incident, event), facts=incident.facts + 1)


def told(incident: Incident, event: IncidentEvent) -> Incident:
    match event:
        case IncidentOpened():
            return Incident(
                status=IncidentStatus.OPEN,
                incident_id=event.incident_id,
                severity=event.severity,
                severity_rule=event.severity_rule,
                items={
                    item.id: (item, link)
                    for item, link in zip(event.items, event.links, strict=False)
                },
                split_off=incident.split_off,
                links=incident.links,
            )
        case IncidentEvidenceLinked(item=item, link=link):
            items = {**incident.items, item.id: (item, link)}
            return rated(replace(incident, items=items), event)
        case IncidentEvidenceDropped(item_id=item_id):
            return rated(without(incident, [item_id]), event)
        case IncidentWithdrawn():
            return replace(incident, status=IncidentStatus.WITHDRAWN, items={})
        case IncidentMerged(into_incident_id=into):
            return replace(incident, status=IncidentStatus.MERGED, items={}, merged_into=into)
        case IncidentSplit(item_ids=item_ids, new_incident_id=new_id):
            return replace(without(incident, item_ids), split_off=incident.split_off | {new_id})
        case IncidentLinked(other_incident_id=other):
            return replace(incident, links=incident.links | {other})
        case IncidentAcknowledged():
            return replace(incident, status=IncidentStatus.ACKNOWLEDGED)
        case IncidentResolved(resolution=resolution):
            return replace(incident, status=IncidentStatus.RESOLVED, resolution=resolution)
        case _:
            assert_never(event)


def rated(incident: Incident, event: IncidentEvidenceLinked | IncidentEvidenceDropped) -> Incident:
    return replace(incident, severity=event.severity, severity_rule=event.severity_rule)


def without(incident: Incident, item_ids: tuple[UUID, ...] | list[UUID]) -> Incident:
    items = {id_: told for id_, told in incident.items.items() if id_ not in item_ids}
    return replace(incident, items=items)
