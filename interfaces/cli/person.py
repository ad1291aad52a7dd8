"""`vedette person`: guards enrolled, one or from a file, and listed."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from application.directory import PERSON_ENTRIES
from interfaces.cli.answering import JsonOption, TenantOption
from interfaces.cli.directory import list_rows, state_file, state_one
from projections.directory import PERSONS

app = App(name="person", help="Enrol and list persons (guards).")


@app.command
def enrol(
    person_id: str | None = None,
    *,
    tenant: TenantOption,
    name: str | None = None,
    phone: str | None = None,
    site: str | None = None,
    file: Path | None = None,
    as_json: JsonOption = False,
) -> int:
    """Enrol a guard, or bring what is known of one up to this content.

    Parameters
    ----------
    person_id
        The tenant's own id of the person, up to 64 of A-Z a-z 0-9 . _ : -
    name
        The guard's name.
    phone
        Telephone number.
    site
        Id of the home site.
    file
        A CSV file instead: columns person_id, name, phone, site_id.
    """
    if file is not None:
        return state_file(tenant, PERSON_ENTRIES, file)
    fields = {"person_id": person_id, "name": name, "phone": phone, "site_id": site}
    return state_one(tenant, PERSON_ENTRIES, fields, "enrolled", as_json=as_json)


app.command(enrol, name="register", show=False)


@app.command(name="list")
def list_(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """List a tenant's guards."""
    list_rows(tenant, PERSONS, ["person_id", "name", "phone", "site_id"], as_json=as_json)
