"""`vedette audit`: ask for duty to be looked at, and see what that came to."""

from __future__ import annotations

from datetime import datetime

from cyclopts import App

from application.auditing import request_audit
from domain.finding.facts import AuditKind
from interfaces import wiring
from interfaces.cli.answering import (
    JsonOption,
    TenantOption,
    by_hand,
    opened,
    require_site,
    said,
    show,
)
from projections.findings import AUDITS
from projections.views import PAGE_ROWS_DEFAULT, Wanted

app = App(name="audit", help="Ask for duty to be looked at, and see what that came to.")

COLUMNS = [
    "audit_id",
    "kind",
    "status",
    "as_of",
    "site_id",
    "requested_by",
    "judged_up_to",
    "windows",
    "raised",
    "revised",
    "withdrawn",
    "reason",
]


@app.command
def run(
    *,
    tenant: TenantOption,
    site: str | None = None,
    heartbeat: bool = False,
    as_of: datetime | None = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a worker for an audit; `vedette audit list` shows what it came to.

    Parameters
    ----------
    site
        Only this site.
    heartbeat
        Only what has just become due, instead of the last day.
    as_of
        A moment of the last week, instead of now.
    """
    kind = AuditKind.HEARTBEAT if heartbeat else AuditKind.COMPREHENSIVE
    moment = as_of.astimezone() if as_of is not None else None
    with opened(tenant) as vedette:
        if site is not None:
            require_site(vedette, tenant, site)
        audit_id, _, position = request_audit(
            vedette.log, tenant, kind, wiring.now(), by_hand(), site_id=site, as_of=moment
        )
    said(position, f"Audit {audit_id} is requested", as_json=as_json, audit_id=audit_id)


@app.command(name="list")
def list_(
    *, tenant: TenantOption, limit: int = PAGE_ROWS_DEFAULT, as_json: JsonOption = False
) -> None:
    """List audits, newest first.

    Parameters
    ----------
    limit
        How many, up to 200.
    """
    with opened(tenant) as vedette:
        page = vedette.views.page(AUDITS, tenant, Wanted(limit=limit))
    show(page.rows, COLUMNS, as_json=as_json)
