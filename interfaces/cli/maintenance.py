"""`vedette maintenance`: work that makes noise at a site, in recurring windows of its own time."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from application.silencing import MaintenanceWanted, plan_maintenance, windows_to_come
from domain.muting.facts import maintenance_stream
from domain.muting.maintenance import MAINTENANCE, CancelMaintenance
from interfaces import wiring
from interfaces.cli.answering import JsonOption, TenantOption, by_hand, opened, said, show, wish
from interfaces.cli.working import work
from projections import muting
from projections.views import PAGE_ROWS_DEFAULT, Wanted

COLUMNS = ["window_id", "status", "site_id", "weekdays", "starts_at", "duration_minutes", "first_day", "last_day", "kinds", "author"]  # fmt: skip

app = App(name="maintenance", help="Plan recurring windows in which a site calls nobody.")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One window, as a line."""

    starts_at: str
    ends_at: str
    on_the_wall: str


@app.command
def plan(
    site_id: str,
    *,
    tenant: TenantOption,
    on: Annotated[
        list[str], Parameter(negative="", help="A weekday, such as sunday; again for more.")
    ],
    at: Annotated[str, Parameter(help="When a window begins on the site's wall, such as 01:30.")],
    minutes: Annotated[int, Parameter(help="How long a window lasts; up to 1440.")],
    last_day: Annotated[
        str, Parameter(help="The last day, such as 2027-03-31; at most a year ahead.")
    ],
    reason: str,
    first_day: str | None = None,
    kind: Annotated[list[str] | None, Parameter(negative="")] = None,
    as_json: JsonOption = False,
) -> None:
    """Plan a maintenance.

    Parameters
    ----------
    site_id
        Where.
    reason
        Why; people read it in the ledger.
    first_day
        The first day; today, if it is left out.
    kind
        Only this kind, such as alert:tamper, or finding for all findings; may be said again.
    """
    wanted = wish(
        MaintenanceWanted,
        site_id=site_id,
        weekdays=on,
        starts_at=at,
        duration_minutes=minutes,
        last_day=last_day,
        first_day=first_day,
        reason=reason,
        kinds=kind,
    )
    with opened(tenant) as vedette:
        begun = plan_maintenance(vedette.log, tenant, wanted, by_hand(), wiring.now())
    what = f"The maintenance {begun.id} is planned"
    said(begun.position, what, as_json=as_json, window_id=begun.id)


@app.command
def cancel(
    window_id: UUID, *, tenant: TenantOption, reason: str, as_json: JsonOption = False
) -> None:
    """Cancel what is left of a maintenance; what still stands calls people now."""
    command = wish(CancelMaintenance, reason=reason)
    what = f"The maintenance {window_id} is cancelled"
    work(tenant, MAINTENANCE, maintenance_stream(window_id), command, what, as_json=as_json)


@app.command
def occurrences(window_id: UUID, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Show the next ten windows of a maintenance, in UTC and on the site's wall."""
    with opened(tenant) as vedette:
        windows = windows_to_come(vedette.log, tenant, window_id, wiring.now())
    if as_json:
        show(windows, [], as_json=True)
        return
    lines = [
        Line(
            starts_at=f"{each.starts_at:%Y-%m-%d %H:%M}Z",
            ends_at=f"{each.ends_at:%Y-%m-%d %H:%M}Z",
            on_the_wall=f"{each.local_starts_at:%a %Y-%m-%d %H:%M} to {each.local_ends_at:%H:%M %Z}",
        )
        for each in windows
    ]
    show(lines, ["starts_at", "ends_at", "on_the_wall"], as_json=False)


@app.command(name="list")
def list_(
    *,
    tenant: TenantOption,
    status: Literal["PLANNED", "CANCELLED"] | None = None,
    limit: int = PAGE_ROWS_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """List a tenant's maintenances, newest first."""
    equal = {} if status is None else {"status": status}
    with opened(tenant) as vedette:
        rows = vedette.views.page(muting.MAINTENANCE, tenant, Wanted(equal=equal, limit=limit)).rows
    show(rows, COLUMNS, as_json=as_json)
