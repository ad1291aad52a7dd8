"""How an incident lives: which wish is granted when, and why not.

    wish \\ status        unheard of  OPEN           ACKNOWLEDGED   RESOLVED  MERGED    WITHDRAWN
    OpenIncident         Opened      so             so             over      Opened ¹  Opened ¹
    LinkEvidence         unknown     Linked ²       Linked ²       over      over      over
    DropIncidentEvidence unknown     Dropped ³      Dropped ³      over      over      over
    WithdrawIncident     unknown     Withdrawn      Withdrawn      over      over      so
    MergeIncident        unknown     Merged ⁴       Merged ⁴       over      over ⁵    over
    SplitIncident        unknown     Split ⁶        Split ⁶        over      over      over
    LinkIncident         unknown     Linked ⁴ ⁵     Linked ⁴ ⁵     Linked ⁵  Linked ⁵  Linked ⁵
    AcknowledgeIncident  unknown     Acknowledged   so             over      over      over
    ResolveIncident      unknown     Resolved       Resolved       over ⁵    over      over

"so" is already so: no fact. "unknown" and "over" are refusals.
¹ Its things turned up again, or lost what joined them to another incident: the story goes on.
² So where the thing, its link and the severity are the same.
³ So where the thing is no part of it.
⁴ Refused for the incident itself.
⁵ So where it was done already.
⁶ Refused for a thing that is no part of it, and where nothing would be left; so ⁵.
"""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

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
)
from domain.incident.state import OPEN_STATUSES, Incident, IncidentStatus, evolve
from domain.incident.wishes import (
    ITEMS_MAX,
    AcknowledgeIncident,
    DropIncidentEvidence,
    IncidentCommand,
    LinkEvidence,
    LinkIncident,
    MergeIncident,
    OpenIncident,
    ResolveIncident,
    SplitIncident,
    WithdrawIncident,
)
from domain.kernel import Decider, Refused, Unknown


class IncidentUnknown(Unknown):
    """No incident was opened under this id."""

    code = "incident.unknown"


class IncidentIsOver(Refused):
    """The incident was resolved, merged into another one, or withdrawn."""

    code = "incident.over"


class IncidentIsTheSame(Refused):
    """An incident can neither be linked to itself nor merged into itself."""

    code = "incident.same"


class IncidentLacksItem(Refused):
    """A thing that is to be split off is no part of the incident."""

    code = "incident.item_unknown"


class IncidentWouldBeEmpty(Refused):
    """To split off everything leaves nothing behind."""

    code = "incident.empty"


class IncidentIsFull(Refused):
    """Both incidents together hold more than an incident may."""

    code = "incident.full"


def decide(incident: Incident, command: IncidentCommand) -> list[IncidentEvent]:
    """Answer a command with the facts it brings about, or refuse it.

    An empty list means the wish is already true; that is not an error.

    Raises:
        IncidentUnknown: nothing was opened here yet.
        Refused: the incident met one of the rules above.
    """
    if isinstance(command, OpenIncident):
        return open_(incident, command)
    if incident.status is None:
        raise IncidentUnknown("There is no incident of this id.")
    match command:
        case LinkEvidence():
            return link_evidence(incident, command)
        case DropIncidentEvidence():
            return drop_evidence(incident, command)
        case WithdrawIncident(reason=reason):
            if incident.status is IncidentStatus.WITHDRAWN:
                return []
            require_open(incident)
            return [IncidentWithdrawn(reason=reason)]
        case MergeIncident():
            return merge(incident, command)
        case SplitIncident():
            return split(incident, command)
        case LinkIncident(other_incident_id=other, reason=reason):
            require_another(incident, other, "$.other_incident_id")
            if other in incident.links:
                return []
            return [IncidentLinked(other_incident_id=other, reason=reason)]
        case AcknowledgeIncident():
            require_open(incident)
            acknowledged = incident.status is IncidentStatus.ACKNOWLEDGED
            return [] if acknowledged else [IncidentAcknowledged()]
        case ResolveIncident(resolution=resolution):
            if incident.resolution == resolution:
                return []
            require_open(incident)
            return [IncidentResolved(resolution=resolution)]
        case _:
            assert_never(command)


def open_(incident: Incident, command: OpenIncident) -> list[IncidentEvent]:
    if incident.status in OPEN_STATUSES:
        return []
    if incident.status is IncidentStatus.RESOLVED:
        require_open(incident)
    return [
        IncidentOpened(
            incident_id=command.incident_id,
            severity=command.severity,
            severity_rule=command.severity_rule,
            title=command.title,
            site_id=command.site_id,
            person_id=command.person_id,
            first_at=command.first_at,
            items=command.items,
            links=command.links,
            split_from=command.split_from,
        )
    ]


def link_evidence(incident: Incident, command: LinkEvidence) -> list[IncidentEvent]:
    require_open(incident)
    known = incident.items.get(command.item.id) == (command.item, command.link)
    rated = (incident.severity, incident.severity_rule)
    if known and rated == (command.severity, command.severity_rule):
        return []
    return [
        IncidentEvidenceLinked(
            item=command.item,
            link=command.link,
            severity=command.severity,
            severity_rule=command.severity_rule,
        )
    ]


def drop_evidence(incident: Incident, command: DropIncidentEvidence) -> list[IncidentEvent]:
    require_open(incident)
    if command.item_id not in incident.items:
        return []
    return [
        IncidentEvidenceDropped(
            item_id=command.item_id,
            reason=command.reason,
            severity=command.severity,
            severity_rule=command.severity_rule,
        )
    ]


def merge(incident: Incident, command: MergeIncident) -> list[IncidentEvent]:
    require_another(incident, command.into_incident_id, "$.into_incident_id")
    if incident.merged_into == command.into_incident_id:
        return []
    require_open(incident)
    bound: tuple[UUID, ...] = ()
    if command.others:
        bound = tuple(sorted({*incident.items, *command.others}))
        if len(bound) > ITEMS_MAX:
            raise IncidentIsFull(f"Together they would hold more than {ITEMS_MAX} things.")
    return [
        IncidentMerged(
            into_incident_id=command.into_incident_id, reason=command.reason, bound=bound
        )
    ]


def split(incident: Incident, command: SplitIncident) -> list[IncidentEvent]:
    if command.new_incident_id in incident.split_off:
        return []
    require_open(incident)
    off = set(command.item_ids)
    if not off <= incident.items.keys():
        raise IncidentLacksItem("One of these is no part of the incident.", field="$.item_ids")
    if len(off) == len(incident.items):
        raise IncidentWouldBeEmpty("Leave something in the incident.", field="$.item_ids")
    return [
        IncidentSplit(
            item_ids=tuple(sorted(off)),
            new_incident_id=command.new_incident_id,
            reason=command.reason,
        )
    ]


def require_open(incident: Incident) -> None:
    if incident.status is IncidentStatus.MERGED:
        raise IncidentIsOver(f"The incident was merged; it goes on in {incident.merged_into}.")
    if incident.status not in OPEN_STATUSES:
        raise IncidentIsOver(f"The incident is {incident.status}.")


def require_another(incident: Incident, other: UUID, field: str) -> None:
    if other == incident.incident_id:
        raise IncidentIsTheSame("This is the incident itself; name another one.", field=field)


INCIDENT = Decider(initial=Incident(), decide=decide, evolve=evolve)
