"""`vedette incident`: what belongs together, listed, and one incident with its things and its story."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec
from cyclopts import App

from domain.catalogue import tag_of
from domain.incident.facts import incident_stream
from domain.incident.matching import until_of
from interfaces.cli.answering import JsonOption, TenantOption, cell, opened, show
from interfaces.cli.failing import CommandFailed
from projections.incidents import INCIDENTS, IncidentRow, LinkedItem
from projections.views import PAGE_ROWS_DEFAULT, Wanted

app = App(name="incident", help="List incidents and show what belongs to one, and why.")


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


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of an incident's story, as a line."""

    position: int
    recorded_at: str
    type: str
    actor: str


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
    equal = {} if status is None else {"status": status}
    with opened(tenant) as vedette:
        page = vedette.views.page(INCIDENTS, tenant, Wanted(equal=equal, limit=limit))
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
    steps = [
        Step(
            position=fact.position,
            recorded_at=cell(fact.recorded_at),
            type=tag_of(fact.event),
            actor=fact.actor,
        )
        for fact in story
    ]
    show(steps, list(Step.__struct_fields__), as_json=False)


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
