"""`vedette shift`: shifts planned, cancelled, and listed. `vedette roster` brings in many."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import App, Parameter

from application.directory import SHIFT_ENTRIES
from interfaces.cli.answering import JsonOption, TenantOption
from interfaces.cli.directory import end_one, list_rows, moment, state_one
from projections.directory import SHIFTS

COLUMNS = ["shift_id", "site_id", "role", "person_id", "starts_at", "ends_at", "cancelled"]

app = App(name="shift", help="Plan, cancel and list shifts.")


@app.command
def plan(
    shift_id: str,
    *,
    tenant: TenantOption,
    site: str,
    starts_at: str,
    ends_at: str,
    person: str | None = None,
    role: Literal["guard", "supervisor"] = "guard",
    as_json: JsonOption = False,
) -> int:
    """Plan a shift, or bring it up to this content.

    Parameters
    ----------
    shift_id
        The tenant's own id of the shift, up to 64 of A-Z a-z 0-9 . _ : -
    site
        Id of the site.
    starts_at
        A moment with its zone, such as 2026-11-22T20:00:00+00:00.
    ends_at
        Likewise, up to 24 hours later.
    person
        Id of who is on duty; nobody is found yet without it.
    role
        What somebody is on duty for.
    """
    fields = {
        "shift_id": shift_id,
        "site_id": site,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "person_id": person,
        "role": role,
    }
    return state_one(tenant, SHIFT_ENTRIES, fields, "planned", as_json=as_json)


@app.command
def cancel(shift_id: str, *, tenant: TenantOption, as_json: JsonOption = False) -> int:
    """Cancel a shift. Planned again, it is there again."""
    return end_one(tenant, SHIFT_ENTRIES, shift_id, "cancelled", as_json=as_json)


@app.command(name="list")
def list_(
    *,
    tenant: TenantOption,
    site: str | None = None,
    person: str | None = None,
    since: Annotated[str | None, Parameter(name="--from")] = None,
    until: Annotated[str | None, Parameter(name="--to")] = None,
    as_json: JsonOption = False,
) -> None:
    """List a tenant's shifts.

    Parameters
    ----------
    site
        Only those at this site.
    person
        Only those of this person.
    since
        Only those that end after this moment.
    until
        Only those that start before this moment.
    """
    list_rows(
        tenant,
        SHIFTS,
        COLUMNS,
        equal={"site_id": site, "person_id": person},
        above={"ends_at": moment("--from", since)},
        below={"starts_at": moment("--to", until)},
        as_json=as_json,
    )
