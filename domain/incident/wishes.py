"""What may be wished of an incident: by the correlation on what it finds, by people on what they know."""

from __future__ import annotations

from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from domain.incident.facts import Item, Link
from domain.kernel import Command, Identifier, Instant, LongText, ShortText
from domain.severity import Severity

ITEMS_MAX = 200  # in one incident


class OpenIncident(Command, frozen=True):
    """Say that things belong together."""

    incident_id: UUID
    severity: Severity
    severity_rule: ShortText
    title: ShortText
    site_id: Identifier | None
    person_id: Identifier | None
    first_at: Instant
    items: Annotated[tuple[Item, ...], msgspec.Meta(min_length=1, max_length=ITEMS_MAX)]
    links: tuple[Link, ...]
    split_from: UUID | None = None


class LinkEvidence(Command, frozen=True):
    """Say that a thing belongs to the incident, or what is known of it by now."""

    item: Item
    link: Link
    severity: Severity
    severity_rule: ShortText


class DropIncidentEvidence(Command, frozen=True):
    """Say that a thing belongs to the incident no more."""

    item_id: UUID
    reason: ShortText
    severity: Severity
    severity_rule: ShortText


class WithdrawIncident(Command, frozen=True):
    """Say that too little is left of the incident."""

    reason: ShortText


class MergeIncident(Command, frozen=True):
    """Say that the incident is part of another one, where it goes on."""

    into_incident_id: UUID
    reason: ShortText
    others: tuple[UUID, ...] = ()  # the things of the other one, where a person merges


class SplitIncident(Command, frozen=True):
    """Say that some things do not belong to the incident."""

    item_ids: Annotated[tuple[UUID, ...], msgspec.Meta(min_length=1, max_length=ITEMS_MAX)]
    new_incident_id: UUID
    reason: ShortText


class LinkIncident(Command, frozen=True):
    """Say that the incident has to do with another one."""

    other_incident_id: UUID
    reason: ShortText


class AcknowledgeIncident(Command, frozen=True):
    """Say that somebody has seen the incident."""


class ResolveIncident(Command, frozen=True):
    """Say how the incident was settled."""

    resolution: LongText


IncidentCommand: TypeAlias = (
    OpenIncident
    | LinkEvidence
    | DropIncidentEvidence
    | WithdrawIncident
    | MergeIncident
    | SplitIncident
    | LinkIncident
    | AcknowledgeIncident
    | ResolveIncident
)
