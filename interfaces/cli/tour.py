"""`vedette tour`: tours defined, one or from a file, retired, and listed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from application.directory import TOUR_ENTRIES
from application.importing.lines import FileRefused, RefusedLine
from application.importing.tours import tours
from interfaces.cli.answering import JsonOption, TenantOption
from interfaces.cli.directory import end_one, list_rows, state_all, state_one
from interfaces.cli.failing import CommandFailed
from interfaces.cli.file_import import separator
from projections.directory import TOURS

COLUMNS = ["tour_id", "site_id", "name", "starts", "grace_minutes", "retired"]

app = App(name="tour", help="Define, retire and list tours of checkpoints.")


@app.command
def define(
    tour_id: str,
    *,
    tenant: TenantOption,
    site: str,
    name: str,
    checkpoint: Annotated[list[str], Parameter(negative="")],
    start: Annotated[list[str] | None, Parameter(negative="")] = None,
    grace: int = 10,
    as_json: JsonOption = False,
) -> int:
    """Define a tour, or bring it up to this content.

    Parameters
    ----------
    tour_id
        The tenant's own id of the tour, up to 64 of A-Z a-z 0-9 . _ : -
    site
        Id of the site where it is walked.
    name
        What people call it.
    checkpoint
        ID=MINUTES or ID=MINUTES=NAME, once for each in the order in which they are walked; due so many minutes after the start.
    start
        A time of the day in the site's time zone, such as 22:00; may be given several times.
    grace
        Minutes after its due time in which a scan is not late yet.
    """
    fields = {
        "tour_id": tour_id,
        "site_id": site,
        "name": name,
        "checkpoints": [checkpoint_of(each) for each in checkpoint],
        "starts": start or [],
        "grace_minutes": grace,
    }
    return state_one(tenant, TOUR_ENTRIES, fields, "defined", as_json=as_json)


def checkpoint_of(text: str) -> dict[str, str]:
    """Return the checkpoint that an option tells."""
    checkpoint_id, _, rest = text.partition("=")
    due_minutes, _, name = rest.partition("=")
    return {
        "checkpoint_id": checkpoint_id,
        "due_minutes": due_minutes,
        "name": name or checkpoint_id,
    }


@app.command
def retire(tour_id: str, *, tenant: TenantOption, as_json: JsonOption = False) -> int:
    """Retire a tour: it is not walked any more. Defined again, it is there again."""
    return end_one(tenant, TOUR_ENTRIES, tour_id, "retired", as_json=as_json)


@app.command(name="import")
def import_(file: Path, *, tenant: TenantOption, delimiter: str = ",") -> int:
    """Define the tours of a CSV file, one line a checkpoint; docs/import.md says the columns.

    Imported twice, a file changes nothing. Ends with 0, or with 1 if lines were refused.

    Parameters
    ----------
    file
        The file.
    delimiter
        What separates the columns; "tab" for a tab.
    """
    try:
        with file.open("rb") as opened_file:
            read = list(tours(opened_file, delimiter=separator(delimiter)))
    except FileRefused as error:
        raise CommandFailed(f"{file} cannot be imported. {error}") from error
    except OSError as error:
        raise CommandFailed(f"{file}: {error.strerror or error}.") from error
    return state_all(
        tenant,
        TOUR_ENTRIES,
        (
            (each.line, f"{each.field or 'line'}: {each.rule} [{each.code}]")
            if isinstance(each, RefusedLine)
            else each
            for each in read
        ),
    )


@app.command(name="list")
def list_(*, tenant: TenantOption, site: str | None = None, as_json: JsonOption = False) -> None:
    """List a tenant's tours.

    Parameters
    ----------
    site
        Only those of this site.
    """
    list_rows(tenant, TOURS, COLUMNS, equal={"site_id": site}, as_json=as_json)
