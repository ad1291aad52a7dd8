"""What the commands of the directory share: one entry stated, all entries listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from application.handling import handle
from domain.kernel import Command, Decider
from interfaces.cli.answering import by_hand, opened, said, show, wish
from projections.kernel import Projection
from projections.views import PAGE_ROWS_MAX, Wanted


def register(
    tenant: str,
    decider: Decider[Any, Any, Any],
    kind: type[Command],
    fields: Mapping[str, object],
    *,
    key: str,
    stream_of: Callable[[str], str],
    as_json: bool,
) -> int:
    """State one entry of the directory and say where the log stands."""
    command = wish(kind, **fields)
    entry_id = str(getattr(command, key))
    with opened(tenant) as vedette:
        position = handle(vedette.log, tenant, decider, stream_of(entry_id), command, by_hand())
    said(position, f"{entry_id} is registered", as_json=as_json)
    return 0


def list_rows(
    tenant: str, projection: Projection[Any], columns: Sequence[str], *, as_json: bool
) -> None:
    """Print every row of a directory, in the order of its ids."""
    rows: list[msgspec.Struct] = []
    with opened(tenant) as vedette:
        cursor = None
        while True:
            wanted = Wanted(limit=PAGE_ROWS_MAX, cursor=cursor)
            page = vedette.views.page(projection, tenant, wanted)
            rows += page.rows
            cursor = page.next_cursor
            if cursor is None:
                break
    rows.sort(key=lambda row: str(getattr(row, projection.key)))
    show(rows, columns, as_json=as_json)
