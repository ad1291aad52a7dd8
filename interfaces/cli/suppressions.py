"""`vedette suppressions`: what called nobody, why, what it would have been, and what came of it."""

from __future__ import annotations

from typing import Literal

from interfaces.cli.answering import JsonOption, TenantOption, opened, show
from interfaces.cli.working import wanted
from projections.muting import LEDGER
from projections.views import PAGE_ROWS_DEFAULT

COLUMNS = ["first_muted_at", "severity", "subject", "title", "muted_by", "muter_id", "assignee", "later_ticket_id", "later_verdict"]  # fmt: skip


def app(
    *,
    tenant: TenantOption,
    muted_by: Literal["silence", "maintenance", "inhibition", "deduplication"] | None = None,
    site: str | None = None,
    limit: int = PAGE_ROWS_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """List what was not raised in a tenant, newest first.

    Parameters
    ----------
    muted_by
        Only what this muted.
    site
        Only what is at this site.
    limit
        How many, up to 200.
    """
    those = wanted(limit, muted_by=muted_by, site_id=site)
    with opened(tenant) as vedette:
        rows = vedette.views.page(LEDGER, tenant, those).rows
    show(rows, COLUMNS, as_json=as_json)
