"""`vedette task`: tasks assigned, cancelled, and listed."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from application.directory import TASK_ENTRIES
from interfaces.cli.answering import JsonOption, TenantOption
from interfaces.cli.directory import state_file, state_one
from interfaces.cli.planned import add_cancel_and_list
from projections.directory import TASKS

COLUMNS = ["task_id", "site_id", "name", "due_at", "person_id", "cancelled"]

app = App(name="task", help="Assign, cancel and list tasks.")


@app.command
def assign(
    task_id: str | None = None,
    *,
    tenant: TenantOption,
    site: str | None = None,
    name: str | None = None,
    due_at: str | None = None,
    person: str | None = None,
    file: Path | None = None,
    as_json: JsonOption = False,
) -> int:
    """Assign a task, or bring it up to this content.

    Parameters
    ----------
    task_id
        The tenant's own id of the task, up to 64 of A-Z a-z 0-9 . _ : -
    site
        Id of the site.
    name
        What is to be done.
    due_at
        A moment with its zone, such as 2026-11-22T21:00:00+00:00.
    person
        Id of who shall do it; whoever is on shift without it.
    file
        A CSV file instead: columns task_id, site_id, name, due_at, person_id.
    """
    if file is not None:
        return state_file(tenant, TASK_ENTRIES, file)
    fields = {
        "task_id": task_id,
        "site_id": site,
        "name": name,
        "due_at": due_at,
        "person_id": person,
    }
    return state_one(tenant, TASK_ENTRIES, fields, "assigned", as_json=as_json)


add_cancel_and_list(app, TASK_ENTRIES, TASKS, COLUMNS, starts="due_at", ends="due_at")
