"""`vedette finding`: duty that was not done, with its evidence, and what people say of it."""

from __future__ import annotations

from uuid import UUID

import msgspec
from cyclopts import App

from domain.alert import Verdict
from domain.catalogue import tag_of
from domain.finding.facts import finding_stream
from domain.finding.finding import (
    FINDING,
    AcknowledgeFinding,
    PersonalFindingCommand,
    ResolveFinding,
)
from domain.severity import Severity
from interfaces.cli import working
from interfaces.cli.answering import JsonOption, TenantOption, cell, opened, show, wish
from interfaces.cli.failing import CommandFailed
from interfaces.cli.working import wanted
from projections.findings import FINDINGS, FindingShown
from projections.views import PAGE_ROWS_DEFAULT

app = App(name="finding", help="Show duty that was not done, and the evidence.")

COLUMNS = [
    "finding_id",
    "finding_type",
    "severity",
    "status",
    "site_id",
    "person_id",
    "ticket_id",
    "title",
]


@app.command(name="list")
def list_(
    *,
    tenant: TenantOption,
    site: str | None = None,
    status: FindingShown | None = None,
    severity: Severity | None = None,
    limit: int = PAGE_ROWS_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """List findings, newest first.

    Parameters
    ----------
    site
        Only those at this site.
    status
        Only those that stand so.
    severity
        Only those as bad as this.
    limit
        How many, up to 200.
    """
    those = wanted(limit, site_id=site, status=status, severity=severity)
    with opened(tenant) as vedette:
        page = vedette.views.page(FINDINGS, tenant, those)
    show(page.rows, COLUMNS, as_json=as_json)


@app.command(name="show")
def show_(finding_id: UUID, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Show one finding: expected against received, and every judgement there was of it."""
    with opened(tenant) as vedette:
        row = vedette.views.one(FINDINGS, tenant, str(finding_id)).row
        story = vedette.log.read_stream(tenant, finding_stream(finding_id))
    if row is None:
        raise CommandFailed(f"There is no finding {finding_id}.")
    if as_json:
        print(msgspec.json.encode(row).decode())
        return
    for name in row.__struct_fields__:
        if name not in {"expected", "received", "because"}:
            print(f"{name.replace('_', ' ')}: {cell(getattr(row, name))}")
    for expected in row.expected:
        print(f"expected: {expected.what} by {cell(expected.by)}")
    for name in ("received", "because"):
        for signal in getattr(row, name):
            print(f"{name}: {signal}")
    for fact in story:
        print(f"{fact.position}: {tag_of(fact.event)} at {cell(fact.recorded_at)} by {fact.actor}")


@app.command
def acknowledge(finding_id: UUID, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Say that somebody has seen the finding and looks into it."""
    work(tenant, finding_id, AcknowledgeFinding(), "acknowledged", as_json=as_json)


@app.command
def resolve(
    finding_id: UUID,
    *,
    tenant: TenantOption,
    reason: Verdict,
    comment: str | None = None,
    as_json: JsonOption = False,
) -> None:
    """Give a verdict; what was given one is not judged again.

    Parameters
    ----------
    reason
        What it was.
    comment
        How that is known.
    """
    command = wish(ResolveFinding, reason=reason, comment=comment)
    work(tenant, finding_id, command, f"resolved as {reason.value}", as_json=as_json)


def work(
    tenant: str, finding_id: UUID, command: PersonalFindingCommand, done: str, *, as_json: bool
) -> None:
    """Hand a command to the finding and say what it came to."""
    what = f"Finding {finding_id} is {done}"
    working.work(tenant, FINDING, finding_stream(finding_id), command, what, as_json=as_json)
