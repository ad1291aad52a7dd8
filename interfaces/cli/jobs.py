"""`vedette jobs`: long work asked for, and what became of it."""

from __future__ import annotations

import msgspec
from cyclopts import App

from application.jobs import request_verification
from interfaces.cli.answering import JsonOption, TenantOption, by_hand, opened, show
from projections.job_board import JOB_BOARD
from projections.views import PAGE_ROWS_DEFAULT, Wanted

app = App(name="jobs", help="Ask for long work, and see what became of it.")


@app.default
def list_(
    *, tenant: TenantOption, limit: int = PAGE_ROWS_DEFAULT, as_json: JsonOption = False
) -> None:
    """List a tenant's jobs, newest first, with their answers.

    Parameters
    ----------
    limit
        How many, up to 200.
    """
    with opened(tenant) as vedette:
        page = vedette.views.page(JOB_BOARD, tenant, Wanted(limit=limit))
    columns = ["job_id", "job", "state", "requested_by", "requested_at", "answered_at", "outcome"]
    show(page.rows, columns, as_json=as_json)


@app.command
def verify(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Ask a worker to verify the tenant's whole chain; `vedette jobs` shows the answer."""
    with opened(tenant) as vedette:
        job_id, position = request_verification(vedette.log, tenant, by_hand())
    if as_json:
        print(msgspec.json.encode({"job_id": job_id, "position": position}).decode())
    else:
        print(f"Verification {job_id} is requested (position {position}).")
