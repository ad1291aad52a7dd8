"""What an incident's story is made of.

Policies link what belongs together; people merge, split, link, acknowledge and resolve. What is
linked keeps the score and the reasons of its link, so that anybody can see why it is there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from domain.kernel import Event, Identifier, Instant, LongText, ShortText
from domain.severity import Severity


class ItemKind(StrEnum):
    """What may be part of an incident."""

    SIGNAL = "signal"
    ALERT = "alert"
    FINDING = "finding"
    ANOMALY = "anomaly"


class Sign(StrEnum):
    """What an item is a sign of, whoever noticed it."""

    PANIC = "panic"
    DEVICE_OFFLINE = "device_offline"
    TAMPER = "tamper"
    LOW_BATTERY = "low_battery"
    FRAUD = "fraud"
    LOW_PHONE_ACTIVITY = "low_phone_activity"
    MISSED_CHECKPOINT = "missed_checkpoint"
    LATE_CHECKPOINT = "late_checkpoint"
    GEOFENCE_BREACH = "geofence_breach"
    NO_SHOW = "no_show"
    UNCOVERED_SHIFT = "uncovered_shift"
    SILENT_DEVICE = "silent_device"
    SILENT_SITE = "silent_site"
    GPS_OFF = "gps_off"
    TASK_OVERDUE = "task_overdue"
    UNUSUAL = "unusual"  # another value far from its baseline


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened, with the entities by which it is joined to others."""

    kind: ItemKind
    id: UUID
    sign: Sign
    label: ShortText  # "device offline", "low phone activity"
    severity: Severity
    at: Instant  # when it happened or began, by our clock
    until: Instant | None = None  # when it ended; None: it was one moment
    site_id: Identifier | None = None
    person_id: Identifier | None = None
    device_id: Identifier | None = None


class Link(msgspec.Struct, frozen=True):
    """Why an item is part of an incident: its best match among the others."""

    score: Annotated[float, msgspec.Meta(ge=0, le=1)]
    reasons: tuple[ShortText, ...]
    with_id: UUID | None = None  # the item that it matched; None for the first


class IncidentOpened(Event, frozen=True, tag="incident.opened"):
    """Things that belong together were found. Stated by a policy, or by a person who split an incident."""

    incident_id: UUID
    severity: Severity
    severity_rule: ShortText
    title: ShortText
    site_id: Identifier | None
    person_id: Identifier | None
    first_at: Instant
    items: tuple[Item, ...]
    links: tuple[Link, ...]  # of the items, in the same order
    split_from: UUID | None = None


class IncidentEvidenceLinked(Event, frozen=True, tag="incident.evidence_linked"):
    """Another thing turned out to belong to an incident, or what is known of one of its things changed. Stated by a policy; the order in which things came does not matter."""

    item: Item
    link: Link
    severity: Severity  # of the incident by now; only evidence raises it
    severity_rule: ShortText


class IncidentEvidenceDropped(Event, frozen=True, tag="incident.evidence_dropped"):
    """A thing was withdrawn or moved out of an incident. It stays in history."""

    item_id: UUID
    reason: ShortText
    severity: Severity  # of the incident, on what is left
    severity_rule: ShortText


class IncidentWithdrawn(Event, frozen=True, tag="incident.withdrawn"):
    """Nothing is left of an incident, or too little to belong together. It is not a person's verdict."""

    reason: ShortText


class IncidentMerged(Event, frozen=True, tag="incident.merged"):
    """An incident turned out to be part of another one, where it goes on. This one is over."""

    into_incident_id: UUID
    reason: ShortText
    bound: tuple[
        UUID, ...
    ] = ()  # the things of both, where a person said that they belong together


class IncidentSplit(Event, frozen=True, tag="incident.split"):
    """A person said that some things do not belong here; they make an incident of their own."""

    item_ids: tuple[UUID, ...]
    new_incident_id: UUID
    reason: ShortText


class IncidentLinked(Event, frozen=True, tag="incident.linked"):
    """A person said that an incident and another one have to do with each other. Each goes on by itself."""

    other_incident_id: UUID
    reason: ShortText


class IncidentAcknowledged(Event, frozen=True, tag="incident.acknowledged"):
    """An operator has seen an incident and looks into it."""


class IncidentResolved(Event, frozen=True, tag="incident.resolved"):
    """A person settled an incident, on what it consisted of then. It absorbs nothing more."""

    resolution: LongText


IncidentEvent: TypeAlias = (
    IncidentOpened
    | IncidentEvidenceLinked
    | IncidentEvidenceDropped
    | IncidentWithdrawn
    | IncidentMerged
    | IncidentSplit
    | IncidentLinked
    | IncidentAcknowledged
    | IncidentResolved
)


def incident_stream(incident_id: UUID) -> str:
    """Return the stream of one incident."""
    return f"incident-{incident_id}"
