"""`vedette baselines`: what is normal for a person or a site, and from when on it is judged."""

from __future__ import annotations

from application.watching.memories import Subject
from domain.anomaly.facts import Metric, SubjectKind
from interfaces import wiring
from interfaces.cli.answering import JsonOption, TenantOption, opened, show
from interfaces.cli.directory import moment
from interfaces.cli.failing import CommandFailed

COLUMNS = ["metric", "unit", "status", "samples", "mean", "deviation", "count", "bucket", "threshold", "threshold_reason"]  # fmt: skip


def app(
    *,
    tenant: TenantOption,
    person: str | None = None,
    site: str | None = None,
    metric: Metric | None = None,
    at: str | None = None,
    as_json: JsonOption = False,
) -> None:
    """List the baselines of one person or one site as they judge at a moment; as JSON with every bucket.

    Parameters
    ----------
    person
        Of this person, or else
    site
        of this site.
    metric
        Only that of this metric.
    at
        A moment with its zone, such as 2026-11-22T20:00:00+00:00, whose hour is asked for; now, if left out.
    """
    if (person is None) is (site is None):
        raise CommandFailed("Name a person with --person, or a site with --site.")
    subject = (
        Subject(SubjectKind.PERSON, person) if person else Subject(SubjectKind.SITE, site or "")
    )
    metrics = list(Metric) if metric is None else [metric]
    wanted_at = moment("--at", at) or wiring.now()
    with opened(tenant) as vedette:
        rows = vedette.baselines.of(tenant, subject, metrics, wanted_at)
    if rows is None:
        raise CommandFailed(
            f"There is no {subject.kind} {subject.id} here, or no signal of it yet."
        )
    show(rows, COLUMNS, as_json=as_json)
