"""`vedette shift`: shifts planned, cancelled, and listed. `vedette roster` brings in many."""

from __future__ import annotations

from typing import Literal

from cyclopts import App

from application.directory import SHIFT_ENTRIES
from interfaces.cli.answering import JsonOption, TenantOption
from interfaces.cli.directory import state_one
from interfaces.cli.planned import add_cancel_and_list
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


add_cancel_and_list(app, SHIFT_ENTRIES, SHIFTS, COLUMNS, starts="starts_at", ends="ends_at")
