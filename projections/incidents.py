"""Incidents: one row per incident, with its things and why each belongs to it."""

from __future__ import annotations

from datetime import datetime
from typing import get_args
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.catalogue import AnyRecorded
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
from domain.incident.state import IncidentStatus
from domain.severity import Severity
from projections.kernel import Projection, key_behind, stamped


class LinkedItem(msgspec.Struct, frozen=True):
    """One thing of an incident, and why it is part of it."""

    item: Item
    link: Link
    linked_at: datetime


class IncidentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One incident as it stands. What is over shows what it consisted of last."""

    incident_id: UUID
    title: str
    status: IncidentStatus
    severity: Severity
    severity_rule: str  # why it is that bad
    site_id: str | None = None
    person_id: str | None = None  # where it is about one guard alone
    items: list[LinkedItem]  # in the order of their times
    item_count: int
    persons: list[str]  # that its things are about
    devices: list[str]
    sites: list[str]
    links: list[UUID]  # incidents that a person linked it to
    split_from: UUID | None = None
    merged_into: UUID | None = None
    acknowledged_by: str | None = None
    resolution: str | None = None
    first_at: datetime  # when the first of its things happened
    last_at: datetime  # when the last of them was over
    opened_at: datetime
    updated_at: datetime
    position: int  # of the last fact folded into the row
    version: int  # of the incident's stream


def project(row: IncidentRow | None, fact: AnyRecorded) -> IncidentRow | None:
    """Fold one fact into its incident's row."""
    if isinstance(fact.event, IncidentOpened):
        return opened(row, fact, fact.event)
    if row is None:
        return None
    return stamped(told(row, fact), fact)


def told(row: IncidentRow, fact: AnyRecorded) -> IncidentRow:
    """Return the row with what a fact says."""
    match fact.event:
        case IncidentEvidenceLinked(item=item, link=link, severity=severity, severity_rule=rule):
            rest = [each for each in row.items if each.item.id != item.id]
            rated = replace(row, severity=severity, severity_rule=rule)
            return with_items(rated, [*rest, LinkedItem(item, link, fact.recorded_at)])
        case IncidentEvidenceDropped(item_id=item_id, severity=severity, severity_rule=rule):
            rated = replace(row, severity=severity, severity_rule=rule)
            return with_items(rated, [each for each in row.items if each.item.id != item_id])
        case IncidentSplit(item_ids=item_ids):
            return with_items(row, [each for each in row.items if each.item.id not in item_ids])
        case IncidentWithdrawn(reason=reason):
            return replace(row, status=IncidentStatus.WITHDRAWN, resolution=reason)
        case IncidentMerged(into_incident_id=into):
            return replace(row, status=IncidentStatus.MERGED, merged_into=into)
        case IncidentLinked(other_incident_id=other):
            return replace(row, links=[*row.links, other])
        case IncidentAcknowledged():
            acknowledged = IncidentStatus.ACKNOWLEDGED
            return replace(row, status=acknowledged, acknowledged_by=fact.actor)
        case _:
            assert isinstance(fact.event, IncidentResolved), f"{fact.event} is of no incident."
            resolution = fact.event.resolution
            return replace(row, status=IncidentStatus.RESOLVED, resolution=resolution)


def opened(row: IncidentRow | None, fact: AnyRecorded, event: IncidentOpened) -> IncidentRow:
    """Return the row of an incident that was opened, for the first time or again."""
    blank = IncidentRow(
        incident_id=event.incident_id,
        title=event.title,
        status=IncidentStatus.OPEN,
        severity=event.severity,
        severity_rule=event.severity_rule,
        site_id=event.site_id,
        person_id=event.person_id,
        items=[],
        item_count=0,
        persons=[],
        devices=[],
        sites=[],
        links=[] if row is None else row.links,
        split_from=event.split_from,
        first_at=event.first_at,
        last_at=event.first_at,
        opened_at=fact.recorded_at if row is None else row.opened_at,
        updated_at=fact.recorded_at,
        position=fact.position,
        version=fact.version,
    )
    pairs = zip(event.items, event.links, strict=False)
    return with_items(blank, [LinkedItem(item, link, fact.recorded_at) for item, link in pairs])


def with_items(row: IncidentRow, items: list[LinkedItem]) -> IncidentRow:
    """Return the row with other things, and what follows from them."""
    items = sorted(items, key=lambda each: (each.item.at, each.item.id))
    every = [each.item for each in items]
    first_at, last_at = row.first_at, row.last_at
    if every:
        first_at = every[0].at
        last_at = max(item.at if item.until is None else item.until for item in every)
    return replace(
        row,
        items=items,
        item_count=len(items),
        persons=sorted({item.person_id for item in every if item.person_id is not None}),
        devices=sorted({item.device_id for item in every if item.device_id is not None}),
        sites=sorted({item.site_id for item in every if item.site_id is not None}),
        first_at=first_at,
        last_at=last_at,
    )


INCIDENTS = Projection(
    name="incidents",
    table="incidents",
    row=IncidentRow,
    key="incident_id",
    newest_first="opened_at",
    facts=get_args(IncidentEvent),
    key_of=key_behind("incident-"),
    project=project,
)
