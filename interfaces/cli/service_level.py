"""`vedette service-level`: how soon tickets of each priority are to be taken on and done."""

from __future__ import annotations

import msgspec
from cyclopts import App

from application.handling import standing
from domain.service_level.facts import Hours
from domain.service_level.levels import SERVICE_LEVELS, SERVICE_LEVELS_STREAM, SetServiceLevel
from domain.ticket import Priority
from interfaces.cli.answering import JsonOption, TenantOption, opened, show, wish
from interfaces.cli.working import work

app = App(name="service-level", help="Show and set how soon tickets are to be taken on and done.")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The service level of one priority."""

    priority: Priority
    acknowledge_s: int
    resolve_s: int
    hours: Hours


@app.command(name="show")
def show_(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Show the service level of each priority, the most pressing first."""
    with opened(tenant) as vedette:
        levels = standing(vedette.log, tenant, SERVICE_LEVELS, SERVICE_LEVELS_STREAM).all()
    columns = Line.__struct_fields__
    lines = [Line(**{name: getattr(level, name) for name in columns}) for level in levels]
    show(lines, columns, as_json=as_json)


@app.command(name="set")
def set_(
    priority: Priority,
    *,
    tenant: TenantOption,
    acknowledge_s: int,
    resolve_s: int,
    hours: Hours = Hours.ALWAYS,
    as_json: JsonOption = False,
) -> None:
    """Choose a service level. It holds for tickets that are opened, reopened, re-prioritised or escalated from here on.

    Parameters
    ----------
    priority
        Of which tickets.
    acknowledge_s
        Seconds until somebody is to have a ticket.
    resolve_s
        Seconds until its work is to be done.
    hours
        What counts: ALWAYS, or BUSINESS for NORMAL and LOW: Monday to Friday, 08:00 to 18:00 on the site's wall.
    """
    command = wish(
        SetServiceLevel,
        priority=priority,
        acknowledge_s=acknowledge_s,
        resolve_s=resolve_s,
        hours=hours,
    )
    what = f"The service level of {priority} is set"
    work(tenant, SERVICE_LEVELS, SERVICE_LEVELS_STREAM, command, what, as_json=as_json)
