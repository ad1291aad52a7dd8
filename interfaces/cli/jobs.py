"""`vedette jobs`: long work asked for, and what became of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from application.auditing import request_audit
from application.jobs import JobAttempt, request_verification
from application.tuning import request_tuning
from domain.finding.facts import AuditKind
from domain.tuning.story import DAYS_DEFAULT
from interfaces import wiring
from interfaces.cli.answering import JsonOption, TenantOption, by_hand, opened, said, show
from interfaces.cli.failing import CommandFailed
from projections.job_board import JOB_BOARD, JobRow
from projections.views import PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX, Wanted

app = App(name="jobs", help="Ask for long work, and see what became of it.")
COLUMNS = [
    "job_id",
    "job",
    "state",
    "requested_by",
    "requested_at",
    "attempts",
    "answered_at",
    "outcome",
]


class Listed(JobRow, frozen=True, kw_only=True):
    """A job and how often it was tried."""

    attempts: int


class Shown(JobRow, frozen=True, kw_only=True):
    """A job and every attempt at it."""

    attempts: list[JobAttempt]


@app.default
def list_(
    *, tenant: TenantOption, limit: int = PAGE_ROWS_DEFAULT, as_json: JsonOption = False
) -> None:
    """List a tenant's jobs, newest first, with their attempts and answers.

    Parameters
    ----------
    limit
        How many, up to 200.
    """
    with opened(tenant) as vedette:
        wanted = Wanted(limit=min(max(limit, 1), PAGE_ROWS_MAX))
        rows = vedette.views.page(JOB_BOARD, tenant, wanted).rows
        attempts = wiring.attempts(vedette).of_jobs(tenant, [row.job_id for row in rows])
    listed = [
        Listed(**msgspec.structs.asdict(row), attempts=len(attempts.get(row.job_id, [])))
        for row in rows
    ]
    show(listed, COLUMNS, as_json=as_json)


@app.command(name="show")
def show_(job_id: UUID, /, *, tenant: TenantOption) -> None:
    """Show one job as JSON: what was asked, every attempt, and the whole answer."""
    with opened(tenant) as vedette:
        row = vedette.views.one(JOB_BOARD, tenant, str(job_id)).row
        attempts = wiring.attempts(vedette).of_jobs(tenant, [job_id])
    if row is None:
        raise CommandFailed(f"There is no job {job_id}; `vedette jobs` lists those there are.")
    shown = Shown(**msgspec.structs.asdict(row), attempts=attempts.get(job_id, []))
    print(msgspec.json.format(msgspec.json.encode(shown)).decode())


@app.command
def verify(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Ask a worker to verify the tenant's whole chain; `vedette jobs` shows the answer."""
    with opened(tenant) as vedette:
        asked = request_verification(vedette.log, tenant, by_hand())
    told("Verification", *asked, as_json=as_json)


@app.command
def tune(*, tenant: TenantOption, days: int = DAYS_DEFAULT, as_json: JsonOption = False) -> None:
    """Ask a worker to tune the thresholds by the verdicts of the last days.

    Parameters
    ----------
    days
        How many, 1 to 365.
    """
    with opened(tenant) as vedette:
        asked = request_tuning(vedette.log, tenant, by_hand(), until=wiring.now(), days=days)
    told("Tuning", *asked, as_json=as_json)


@app.command
def audit(
    *,
    tenant: TenantOption,
    kind: Annotated[AuditKind, Parameter(help="How much it looks at.")] = AuditKind.COMPREHENSIVE,
    as_json: JsonOption = False,
) -> None:
    """Ask a worker to look whether duty was done."""
    with opened(tenant) as vedette:
        audit_id, _, position = request_audit(vedette.log, tenant, kind, wiring.now(), by_hand())
    told("Audit", audit_id, position, as_json=as_json)


def told(what: str, job_id: UUID, position: int, *, as_json: bool) -> None:
    """Say what was asked for."""
    said(position, f"{what} {job_id} is requested", as_json=as_json, job_id=job_id)
