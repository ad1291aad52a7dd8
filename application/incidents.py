"""Incidents in people's hands: what takes a look at two incidents at once."""

from __future__ import annotations

from typing import cast
from uuid import UUID, uuid4

import msgspec

from application.handling import VersionMismatch, handle, handle_both, require_valid
from application.ports import Append, Cause, EventLog, NewFact, Slice
from domain.incident.describing import opening
from domain.incident.facts import IncidentEvent, Link, incident_stream
from domain.incident.grouping import in_time
from domain.incident.lifecycle import INCIDENT, IncidentIsOver, IncidentUnknown
from domain.incident.state import OPEN_STATUSES, Incident
from domain.incident.wishes import LinkIncident, MergeIncident, SplitIncident
from domain.kernel import Command, ShortText

BY_A_PERSON = Link(1.0, ("a person said so",))


class Merge(Command, frozen=True):
    """Say that the incident is part of another one, where it goes on."""

    into_incident_id: UUID
    reason: ShortText


class Split(Command, frozen=True):
    """Say that some things do not belong to the incident; they make one of their own."""

    item_ids: tuple[UUID, ...]
    reason: ShortText
    new_incident_id: UUID | None = None  # name it to be able to ask again; else one is drawn


class SplitOff(msgspec.Struct, frozen=True):
    """The incident that was split off, and where the log stands; no position where it was so already."""

    new_incident_id: UUID
    position: int | None


def link(
    log: EventLog,
    tenant_id: str,
    incident_id: UUID,
    wish: LinkIncident,
    cause: Cause,
    *,
    if_match: int | None = None,
) -> int | None:
    """Link two incidents with each other; both say so, or neither.

    Raises:
        Refused: one of them is not there, or both are the same.
        VersionMismatch: the incident does not stand at `if_match`.
        StreamMoved: somebody else wrote to one of them at this moment.
    """
    back = LinkIncident(other_incident_id=incident_id, reason=wish.reason)
    first = (incident_stream(incident_id), wish)
    second = (incident_stream(wish.other_incident_id), back)
    return handle_both(log, tenant_id, INCIDENT, first, second, cause, if_match=if_match)


def merge(
    log: EventLog,
    tenant_id: str,
    incident_id: UUID,
    wish: Merge,
    cause: Cause,
    *,
    if_match: int | None = None,
) -> int | None:
    """Let an incident go on in another one; the correlation holds together what both consist of.

    Raises:
        Refused: one of them is over, or both are the same.
        VersionMismatch: the incident does not stand at `if_match`.
        StreamMoved: somebody else wrote to it at this moment.
    """
    _, into = state_of(log, tenant_id, wish.into_incident_id)
    if into.status is None:
        raise IncidentUnknown("There is no incident of this id.", field="$.into_incident_id")
    if into.status not in OPEN_STATUSES:
        raise IncidentIsOver("The other incident is over.", field="$.into_incident_id")
    command = MergeIncident(
        into_incident_id=wish.into_incident_id, reason=wish.reason, others=tuple(sorted(into.items))
    )
    stream = incident_stream(incident_id)
    return handle(log, tenant_id, INCIDENT, stream, command, cause, if_match=if_match)


def split(
    log: EventLog,
    tenant_id: str,
    incident_id: UUID,
    wish: Split,
    cause: Cause,
    *,
    if_match: int | None = None,
) -> SplitOff:
    """Make an incident of some things of another one; both facts stand, or none.

    Raises:
        Refused: a thing is no part of the incident, or nothing would be left of it.
        VersionMismatch: the incident does not stand at `if_match`.
        StreamMoved: somebody else wrote to it at this moment.
    """
    new_id = wish.new_incident_id or uuid4()
    command = SplitIncident(item_ids=wish.item_ids, new_incident_id=new_id, reason=wish.reason)
    require_valid(command)
    version, incident = state_of(log, tenant_id, incident_id)
    stream = incident_stream(incident_id)
    if if_match is not None and if_match != version:
        raise VersionMismatch(stream, if_match, version)
    told = INCIDENT.decide(incident, command)
    if not told:
        return SplitOff(new_id, None)
    off = sorted((incident.items[each][0] for each in set(wish.item_ids)), key=in_time)
    links = [BY_A_PERSON for _ in off]
    wanted = opening(new_id, off, links, split_from=incident_id)
    opened = INCIDENT.decide(INCIDENT.initial, wanted)
    append = Append(
        [
            Slice(stream, version, [NewFact(event) for event in told], cause),
            Slice(incident_stream(new_id), 0, [NewFact(event) for event in opened], cause),
        ]
    )
    return SplitOff(new_id, log.append(tenant_id, append).last)


def state_of(log: EventLog, tenant_id: str, incident_id: UUID) -> tuple[int, Incident]:
    """Return an incident as it stands, and the version of its stream."""
    facts = log.read_stream(tenant_id, incident_stream(incident_id))
    # A stream holds the facts of one aggregate only; the codec has checked each of them.
    incident = INCIDENT.replay(cast(IncidentEvent, fact.event) for fact in facts)
    return len(facts), incident
