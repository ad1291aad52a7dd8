"""`vedette anomalies`: what was far from what is usual, by which numbers."""

from __future__ import annotations

from datetime import datetime

import msgspec

from domain.anomaly.facts import Metric
from interfaces.cli.answering import JsonOption, TenantOption, opened, show
from interfaces.cli.working import wanted
from projections.anomalies import ANOMALIES, AnomalyRow, AnomalyShown
from projections.views import PAGE_ROWS_DEFAULT


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One anomaly, as a line."""

    window_start: datetime
    metric: Metric
    subject_id: str
    severity: str
    status: AnomalyShown
    deviations: float
    allowed: float
    explanation: str


def app(
    *,
    tenant: TenantOption,
    person: str | None = None,
    site: str | None = None,
    metric: Metric | None = None,
    status: AnomalyShown | None = None,
    limit: int = PAGE_ROWS_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """List a tenant's anomalies, newest first; as JSON with all the numbers that decided.

    Parameters
    ----------
    person
        Only those of this person.
    site
        Only those at this site.
    metric
        Only those of this metric.
    status
        Only those that stand so.
    limit
        How many, up to 200.
    """
    those = wanted(limit, person_id=person, site_id=site, metric=metric, status=status)
    with opened(tenant) as vedette:
        rows = vedette.views.page(ANOMALIES, tenant, those).rows
    if as_json:
        show(rows, [], as_json=True)
    else:
        show([line(row) for row in rows], Line.__struct_fields__, as_json=False)


def line(row: AnomalyRow) -> Line:
    """Return an anomaly as a line."""
    return Line(
        window_start=row.window_start,
        metric=row.metric,
        subject_id=row.subject_id,
        severity=row.severity,
        status=row.status,
        deviations=row.measured.z,
        allowed=row.measured.threshold,
        explanation=row.measured.explanation,
    )
