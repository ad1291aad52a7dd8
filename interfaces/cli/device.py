"""`vedette device`: devices registered, one or from a file, and listed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cyclopts import App

from application.directory import DEVICE_ENTRIES
from interfaces.cli.answering import JsonOption, TenantOption
from interfaces.cli.directory import list_rows, state_file, state_one
from projections.directory import DEVICES

app = App(name="device", help="Register and list devices.")


@app.command(name="register")
def register_(
    device_id: str | None = None,
    *,
    tenant: TenantOption,
    kind: Literal["phone", "reader", "panel"] = "phone",
    person: str | None = None,
    site: str | None = None,
    file: Path | None = None,
    as_json: JsonOption = False,
) -> int:
    """Register a device, or bring what is known of it up to this content.

    Parameters
    ----------
    device_id
        The tenant's own id of the device, up to 64 of A-Z a-z 0-9 . _ : -
    kind
        What it is; it stays so.
    person
        Id of the guard who carries it.
    site
        Id of the site where it belongs.
    file
        A CSV file instead: columns device_id, kind, person_id, site_id.
    """
    if file is not None:
        return state_file(tenant, DEVICE_ENTRIES, file)
    fields = {"device_id": device_id, "kind": kind, "person_id": person, "site_id": site}
    return state_one(tenant, DEVICE_ENTRIES, fields, "registered", as_json=as_json)


@app.command(name="list")
def list_(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """List a tenant's devices."""
    list_rows(tenant, DEVICES, ["device_id", "kind", "person_id", "site_id"], as_json=as_json)
