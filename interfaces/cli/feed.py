"""`vedette feed`: how many listeners of the feed were handed what."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from application.recipients import KEPT_DAYS, recipients_of
from interfaces.cli.answering import JsonOption, TenantOption, opened, show
from interfaces.cli.failing import CommandFailed
from projections.views import PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX

COLUMNS = ["position", "recipients", "left_out", "first_at", "last_at"]

app = App(name="feed", help="Show what listeners of the feed were handed.")


@app.command
def recipients(
    position: Annotated[int | None, Parameter(validator=Number(gte=1))] = None,
    *,
    tenant: TenantOption,
    after: Annotated[int, Parameter(validator=Number(gte=0))] = 0,
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=PAGE_ROWS_MAX))] = (
        PAGE_ROWS_DEFAULT
    ),
    as_json: JsonOption = False,
) -> None:
    """Show how many listeners each frame was handed to, in the order of the log.

    Parameters
    ----------
    position
        Only the frame of the fact at this position.
    after
        Only frames behind this position.
    limit
        How many, up to 200.
    """
    with opened(tenant) as vedette:
        found = recipients_of(
            vedette.recipients, tenant, position=position, after=after, limit=limit
        )
    if position is not None and not found:
        raise CommandFailed(
            f"Nothing is recorded of a frame at {position}: it is not public, nobody listened,"
            f" or it was told more than {KEPT_DAYS} days ago."
        )
    show(found, COLUMNS, as_json=as_json)
