"""`vedette tenant`: tenants founded and listed."""

from __future__ import annotations

import re

import msgspec
from cyclopts import App

from application.handling import handle
from domain.directory.tenant import TENANT, TENANT_STREAM, FoundTenant, TenantFounded
from interfaces.cli.answering import JsonOption, by_hand, opened, said, show, wish
from interfaces.cli.failing import CommandFailed

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

app = App(name="tenant", help="Create and list tenants.")


class TenantLine(msgspec.Struct, frozen=True):
    """One tenant, as the list shows it."""

    tenant_id: str
    title: str | None
    time_zone: str | None
    position: int


@app.command
def found(
    name: str,
    *,
    title: str,
    time_zone: str,
    as_json: JsonOption = False,
) -> None:
    """Found a tenant. Founded again with the same content, it stays as it is.

    Parameters
    ----------
    name
        The tenant's id: small letters, digits and hyphens, up to 63.
    title
        The name that people read.
    time_zone
        The clock on the tenant's wall, such as Europe/London.
    """
    if NAME.fullmatch(name) is None:
        raise CommandFailed(
            f"{name!r} is not a tenant's id: small letters, digits and hyphens, up to 63."
        )
    command = wish(FoundTenant, name=title, time_zone=time_zone)
    # Refused before anything is opened, where it can be: a log without a founding helps nobody.
    TENANT.decide(TENANT.initial, command)
    with opened() as vedette:
        vedette.log.open_tenant(name)
        position = handle(vedette.log, name, TENANT, TENANT_STREAM, command, by_hand())
    said(position, f"Tenant {name} is founded", as_json=as_json)


@app.command(name="list")
def list_(*, as_json: JsonOption = False) -> None:
    """List the tenants of this installation."""
    with opened() as vedette:
        lines = []
        for tenant_id in vedette.log.tenants():
            facts = vedette.log.read_stream(tenant_id, TENANT_STREAM)
            founded = next(
                (fact.event for fact in facts if isinstance(fact.event, TenantFounded)), None
            )
            lines.append(
                TenantLine(
                    tenant_id,
                    founded.name if founded else None,
                    founded.time_zone if founded else None,
                    vedette.log.head(tenant_id).position,
                )
            )
    show(lines, ["tenant_id", "title", "time_zone", "position"], as_json=as_json)
