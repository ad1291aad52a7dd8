"""`vedette alert`: alerts listed, shown with their story, and worked on."""

from __future__ import annotations

from uuid import UUID

import msgspec
from cyclopts import App

from domain.alert import (
    ALERT,
    AcknowledgeAlert,
    AlertCommand,
    AlertKind,
    AlertStatus,
    AssignAlert,
    CommentAlert,
    ReopenAlert,
    ResolveAlert,
    Verdict,
    alert_stream,
)
from domain.anomaly.facts import Metric
from interfaces.cli import working
from interfaces.cli.answering import JsonOption, TenantOption, cell, opened, show, wish
from interfaces.cli.failing import CommandFailed
from interfaces.cli.working import StoryLine, story_of, wanted
from projections.alert_board import ALERT_BOARD
from projections.views import PAGE_ROWS_DEFAULT

COLUMNS = ["alert_id", "kind", "severity", "status", "site_id", "count", "last_seen_at", "title"]
UNKNOWN = "There is no alert of this id."

app = App(name="alert", help="List alerts, show one, and work on it.")


@app.command(name="list")
def list_(
    *,
    tenant: TenantOption,
    status: AlertStatus | None = None,
    kind: AlertKind | None = None,
    metric: Metric | None = None,
    site: str | None = None,
    person: str | None = None,
    limit: int = PAGE_ROWS_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """List a tenant's alerts, newest first.

    Parameters
    ----------
    status
        Only those that stand so.
    kind
        Only those about this.
    metric
        Only anomalies of this metric.
    site
        Only those at this site.
    person
        Only those about this person.
    limit
        How many, up to 200.
    """
    those = wanted(limit, status=status, kind=kind, metric=metric, site_id=site, person_id=person)
    with opened(tenant) as vedette:
        page = vedette.views.page(ALERT_BOARD, tenant, those)
    show(page.rows, COLUMNS, as_json=as_json)


@app.command(name="show")
def show_(alert_id: UUID, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Show an alert and everything that happened to it, oldest first."""
    with opened(tenant) as vedette:
        found = vedette.views.one(ALERT_BOARD, tenant, str(alert_id))
        facts = vedette.log.read_stream(tenant, alert_stream(alert_id))
    if found.row is None:
        raise CommandFailed(UNKNOWN)
    story = story_of(facts)
    if as_json:
        print(msgspec.json.encode({"alert": found.row, "timeline": story}).decode())
        return
    for field, value in msgspec.structs.asdict(found.row).items():
        print(f"{field.replace('_', ' ')}: {cell(value)}")
    print()
    show(story, StoryLine.__struct_fields__, as_json=False)


@app.command
def acknowledge(alert_id: UUID, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Say that somebody has seen the alert."""
    work(tenant, alert_id, AcknowledgeAlert(), "acknowledged", as_json=as_json)


@app.command
def assign(
    alert_id: UUID, assignee: str, *, tenant: TenantOption, as_json: JsonOption = False
) -> None:
    """Give the alert to a user to look into."""
    command = wish(AssignAlert, assignee=assignee)
    work(tenant, alert_id, command, f"assigned to {assignee}", as_json=as_json)


@app.command
def comment(
    alert_id: UUID, text: str, *, tenant: TenantOption, as_json: JsonOption = False
) -> None:
    """Write something down about the alert."""
    work(tenant, alert_id, wish(CommentAlert, text=text), "commented", as_json=as_json)


@app.command
def resolve(
    alert_id: UUID,
    *,
    tenant: TenantOption,
    reason: Verdict,
    comment: str | None = None,
    as_json: JsonOption = False,
) -> None:
    """Give a verdict; models and thresholds learn from it.

    Parameters
    ----------
    reason
        What it was.
    comment
        How that is known.
    """
    command = wish(ResolveAlert, reason=reason, comment=comment)
    work(tenant, alert_id, command, f"resolved as {reason.value}", as_json=as_json)


@app.command
def reopen(
    alert_id: UUID, *, tenant: TenantOption, reason: str, as_json: JsonOption = False
) -> None:
    """Take a verdict back.

    Parameters
    ----------
    reason
        Why; it stands in the log.
    """
    work(tenant, alert_id, wish(ReopenAlert, reason=reason), "open again", as_json=as_json)


def work(tenant: str, alert_id: UUID, command: AlertCommand, done: str, *, as_json: bool) -> None:
    """Hand a command to the alert and say what it came to."""
    users = [command.assignee] if isinstance(command, AssignAlert) else []
    what = f"Alert {alert_id} is {done}"
    stream = alert_stream(alert_id)
    working.work(tenant, ALERT, stream, command, what, users=users, as_json=as_json)
