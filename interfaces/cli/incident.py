"""`vedette incident`: what belongs together, listed, shown with its things and story, and worked on."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from application import incidents
from application.incidents import Merge, Split
from domain.incident.facts import incident_stream
from domain.incident.lifecycle import INCIDENT
from domain.incident.matching import until_of
from domain.incident.wishes import (
    AcknowledgeIncident,
    IncidentCommand,
    LinkIncident,
    ResolveIncident,
)
from interfaces.cli import working
from interfaces.cli.answering import (
    JsonOption,
    TenantOption,
    by_hand,
    cell,
    opened,
    said,
    show,
    wish,
)
from interfaces.cli.failing import CommandFailed
from interfaces.cli.working import story_of, wanted
from projections.incidents import INCIDENTS, IncidentRow, LinkedItem
from projections.views import PAGE_ROWS_DEFAULT

app = App(name="incident", help="List incidents, show what belongs to one, and work on it.")


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of an incident, as a line."""

    at: str
    until: str
    label: str
    severity: str
    site_id: str | None
    person_id: str | None
    device_id: str | None
    score: float
    why: str


@app.command(name="list")
def list_(
    *,
    tenant: TenantOption,
    status: Literal["OPEN", "ACKNOWLEDGED", "RESOLVED", "MERGED", "WITHDRAWN"] | None = None,
    limit: int = PAGE_ROWS_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """List a tenant's incidents, newest first.

    Parameters
    ----------
    status
        Only those that stand so.
    limit
        How many, up to 200.
    """
    with opened(tenant) as vedette:
        page = vedette.views.page(INCIDENTS, tenant, wanted(limit, status=status))
    columns = ["incident_id", "severity", "status", "title", "item_count", "first_at", "last_at"]
    show(page.rows, columns, as_json=as_json)


@app.command(name="show")
def show_(incident_id: UUID, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Show one incident: how bad it is and why, its things with score and reasons, and its story.

    Parameters
    ----------
    incident_id
        As `vedette incident list` shows it.
    """
    with opened(tenant) as vedette:
        row = vedette.views.one(INCIDENTS, tenant, str(incident_id)).row
        if row is None:
            raise CommandFailed(f"There is no incident {incident_id}.")
        story = vedette.log.read_stream(tenant, incident_stream(incident_id))
    if as_json:
        print(msgspec.json.encode(row).decode())
        return
    print(heading(row))
    show([thing(each) for each in row.items], list(Thing.__struct_fields__), as_json=False)
    print()
    show(story_of(story), ["position", "recorded_at", "type", "actor"], as_json=False)


@app.command
def acknowledge(incident_id: UUID, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Say that somebody has seen the incident."""
    work(tenant, incident_id, AcknowledgeIncident(), "acknowledged", as_json=as_json)


@app.command
def resolve(
    incident_id: UUID, *, tenant: TenantOption, resolution: str, as_json: JsonOption = False
) -> None:
    """Say how the incident was settled; it takes in nothing more."""
    command = wish(ResolveIncident, resolution=resolution)
    work(tenant, incident_id, command, "resolved", as_json=as_json)


@app.command
def link(
    incident_id: UUID,
    other: UUID,
    *,
    tenant: TenantOption,
    reason: str,
    as_json: JsonOption = False,
) -> None:
    """Say on both incidents that they have to do with each other."""
    command = wish(LinkIncident, other_incident_id=str(other), reason=reason)
    with opened(tenant) as vedette:
        position = incidents.link(vedette.log, tenant, incident_id, command, by_hand())
    said(position, "They are linked", as_json=as_json)


@app.command
def merge(
    incident_id: UUID,
    into: UUID,
    *,
    tenant: TenantOption,
    reason: str,
    as_json: JsonOption = False,
) -> None:
    """Say that the incident goes on in another one, which takes in its things."""
    command = wish(Merge, into_incident_id=str(into), reason=reason)
    with opened(tenant) as vedette:
        position = incidents.merge(vedette.log, tenant, incident_id, command, by_hand())
    said(position, f"Incident {incident_id} is merged", as_json=as_json)


@app.command
def split(
    incident_id: UUID,
    *,
    tenant: TenantOption,
    item: Annotated[list[UUID], Parameter(negative="")],
    reason: str,
    as_json: JsonOption = False,
) -> None:
    """Say that some things do not belong to the incident; they make one of their own.

    Parameters
    ----------
    item
        Id of such a thing, as `vedette incident show --json` tells it; once for each.
    reason
        Why they do not belong to it.
    """
    command = wish(Split, item_ids=[str(each) for each in item], reason=reason)
    with opened(tenant) as vedette:
        off = incidents.split(vedette.log, tenant, incident_id, command, by_hand())
    what = f"Incident {off.new_incident_id} is split off"
    said(off.position, what, as_json=as_json, new_incident_id=off.new_incident_id)


def work(
    tenant: str, incident_id: UUID, command: IncidentCommand, done: str, *, as_json: bool
) -> None:
    """Hand a command to the incident and say what it came to."""
    what = f"Incident {incident_id} is {done}"
    working.work(tenant, INCIDENT, incident_stream(incident_id), command, what, as_json=as_json)


def heading(row: IncidentRow) -> str:
    """Return an incident in two lines."""
    return f"{row.title}\n{row.severity} ({row.severity_rule}), {row.status}, from {cell(row.first_at)} to {cell(row.last_at)}\n"


def thing(linked: LinkedItem) -> Thing:
    """Return one thing as a line."""
    item = linked.item
    return Thing(
        at=cell(item.at),
        until=cell(until_of(item)),
        label=item.label,
        severity=item.severity,
        site_id=item.site_id,
        person_id=item.person_id,
        device_id=item.device_id,
        score=linked.link.score,
        why="; ".join(linked.link.reasons),
    )
