"""`vedette key`: API keys for machines, issued, revoked and listed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from cyclopts.validators import Number

from domain.access import IssueApiKey, RevokeApiKey, Role
from interfaces.cli.answering import JsonOption, TenantOption, by_hand, opened, said, wish
from interfaces.cli.directory import list_rows
from projections.access import KEYS, key_shown

EXPIRES_IN_DAYS_MAX = 3_660
COLUMNS = ["key_id", "name", "roles", "site_scope", "expires_at", "status"]

app = App(name="key", help="Issue, list and revoke API keys.")


class IssuedLine(msgspec.Struct, frozen=True):
    """A new key, this once with its secret."""

    key_id: str
    key: str
    expires_at: datetime


@app.command
def issue(
    *,
    tenant: TenantOption,
    name: str,
    role: Annotated[list[Role], Parameter(negative="")],
    expires_in_days: Annotated[int, Parameter(validator=Number(gte=1, lte=EXPIRES_IN_DAYS_MAX))],
    site: Annotated[list[str] | None, Parameter(negative="")] = None,
    as_json: JsonOption = False,
) -> None:
    """Issue a key and print it. It is shown this once; whoever loses it issues another.

    Parameters
    ----------
    name
        Which machine or program it is for.
    role
        What it may do; give it several times for several roles.
    expires_in_days
        After how many days it opens nothing any more.
    site
        Limit it to this site; give it several times for several. Without it: every site.
    """
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=expires_in_days)
    sites = None if site is None else tuple(site)
    # Checked as a whole before a secret is made; the id is drawn later.
    checked = wish(
        IssueApiKey,
        key_id="unknown",
        name=name,
        roles=tuple(role),
        expires_at=expires_at,
        site_scope=sites,
    )
    with opened(tenant) as vedette:
        issued = vedette.access.issue_key(
            tenant,
            name=checked.name,
            roles=checked.roles,
            expires_at=expires_at,
            site_scope=checked.site_scope,
            cause=by_hand(),
        )
    if as_json:
        line = IssuedLine(issued.key_id, issued.text, expires_at)
        print(msgspec.json.encode(line).decode())
    else:
        print(issued.text)


@app.command
def revoke(key_id: str, *, tenant: TenantOption, reason: str, as_json: JsonOption = False) -> None:
    """End a key now and for ever.

    Parameters
    ----------
    key_id
        The key's id: the part between the first and the second dot, as `vedette key list` shows it.
    reason
        Why; it stands in the log.
    """
    command = wish(RevokeApiKey, reason=reason)
    with opened(tenant) as vedette:
        position = vedette.access.revoke_key(tenant, key_id, command, by_hand())
    said(position, f"Key {key_id} is revoked", as_json=as_json)


@app.command(name="list")
def list_(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """List a tenant's keys, expired and revoked ones as well, without their secrets."""
    shown = partial(key_shown, now=datetime.now(UTC))
    list_rows(tenant, KEYS, COLUMNS, as_json=as_json, shown=shown)
