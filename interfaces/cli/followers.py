"""`vedette followers`: how far each follower is, and what a person decides when one is stopped."""

from __future__ import annotations

from cyclopts import App

from domain.operations import SkipEvent
from interfaces.cli.answering import JsonOption, TenantOption, by_hand, opened, said, show, wish

app = App(name="followers", help="Show how far each follower is; retry or skip what is parked.")


@app.default
def list_(*, tenant: str | None = None, as_json: JsonOption = False) -> None:
    """Show every follower of every tenant: position, head, lag and state.

    Parameters
    ----------
    tenant
        Only this tenant's.
    """
    with opened(tenant) as vedette:
        standings = vedette.operations.followers(tenant)
    columns = ["tenant_id", "follower", "position", "head", "lag_events", "lag_s", "state", "error"]
    show(standings, columns, as_json=as_json)


@app.command
def parked(*, tenant: str | None = None, as_json: JsonOption = False) -> None:
    """Show the facts that wait for a decision: retry or skip.

    Parameters
    ----------
    tenant
        Only this tenant's.
    """
    with opened(tenant) as vedette:
        waiting = vedette.operations.parked(tenant)
    columns = ["tenant_id", "follower", "position", "type", "stream_id", "attempts", "parked_at", "error"]  # fmt: skip
    show(waiting, columns, as_json=as_json)


@app.command
def retry(follower: str, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Let a stopped follower try again, after what was wrong has been mended."""
    with opened(tenant) as vedette:
        position = vedette.operations.retry(tenant, follower, by_hand())
    said(position, f"{follower} tries again", as_json=as_json)


@app.command
def skip(follower: str, *, tenant: TenantOption, reason: str, as_json: JsonOption = False) -> None:
    """Let a parked follower pass over the fact that it cannot digest. The log says so for ever.

    Parameters
    ----------
    follower
        Its name, as `vedette followers` shows it.
    reason
        Why the fact may be passed over; it stands in the log with your name.
    """
    # The reason is checked before the follower's row is taken.
    wish(SkipEvent, follower="checked", at_position=1, reason=reason)
    with opened(tenant) as vedette:
        position = vedette.operations.skip(tenant, follower, reason, by_hand())
    said(position, f"{follower} passes over it", as_json=as_json)
