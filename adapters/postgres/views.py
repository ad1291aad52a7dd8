"""Read models read back: pages, single rows, and waiting for a position."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from adapters.postgres.database import Connection, Database
from adapters.postgres.rows import RowTable
from projections.kernel import Projection
from projections.views import (
    PAGE_ROWS_MAX,
    WAIT_FOR_S_MAX,
    Changed,
    Found,
    MalformedCursor,
    Page,
    ReadModelBehind,
    Wanted,
)

R = TypeVar("R", bound=msgspec.Struct)

WAIT_STEP_S = 0.01
NOT_OURS = "The cursor is not one that was handed out here."
NUL = "\x00"  # PostgreSQL's text cannot hold it, so nothing there is equal to what does
LIVE = (
    "coalesce((SELECT live FROM views.generations WHERE tenant_id = %(tenant)s"
    " AND projection = %(projection)s), 1)"
)


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last row of a page: where it stood in the order, and its key."""

    at: str  # ISO 8601 where the order is by time
    key: str


class PostgresViews:
    """The port `Views` on the tables of schema `views`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tables: dict[str, RowTable[Any]] = {}

    def page(self, projection: Projection[R], tenant_id: str, wanted: Wanted) -> Page[R]:
        table = self._table(projection)
        limit = max(1, min(wanted.limit, PAGE_ROWS_MAX))
        parameters: dict[str, Any] = {
            "tenant": tenant_id,
            "projection": projection.name,
            "limit": limit + 1,
        }
        conditions = ["tenant_id = %(tenant)s", f"generation = {LIVE}"]
        names = {column.name for column in table.columns}
        bounds: dict[str, Mapping[str, object]] = {
            "=": wanted.equal,
            ">=": wanted.at_least,
            ">": wanted.above,
            "<": wanted.below,
        }
        for number, (operator, filters) in enumerate(bounds.items()):
            for field, value in filters.items():
                assert field in names, f"{projection.name} has no {field}."
                if NUL in str(value):
                    conditions.append("false")
                    continue
                conditions.append(f"{field} {operator} %(filter_{number}_{field})s")
                parameters[f"filter_{number}_{field}"] = value
        for field, value in wanted.holding.items():
            assert field in names, f"{projection.name} has no {field}."
            conditions.append(f"{field} @> %(holding_{field})s::text::jsonb")
            parameters[f"holding_{field}"] = msgspec.json.encode([value]).decode()
        if wanted.sites is not None:
            conditions.append("site_id = ANY (%(sites)s)")
            parameters["sites"] = list(wanted.sites)
        order = projection.newest_first
        if wanted.cursor is not None:
            kind = next(column.sql for column in table.columns if column.name == order)
            cursor = read_cursor(wanted.cursor, kind)
            conditions.append(f"({order}, {projection.key}) < (%(at)s::text::{kind}, %(key)s)")
            parameters |= {"at": cursor.at, "key": cursor.key}
        query = (
            f"SELECT {table.names} FROM views.{projection.table}"  # noqa: S608  names of ours
            f" WHERE {' AND '.join(conditions)}"
            f" ORDER BY {order} DESC, {projection.key} DESC LIMIT %(limit)s"
        )
        with self._database.unit_of_work(tenant_id) as connection:
            position = checkpoint(connection, tenant_id, projection.name)
            values = connection.execute(query.encode(), parameters, binary=True).fetchall()
        rows = [table.row(row) for row in values[:limit]]
        more = len(values) > limit
        return Page(rows, write_cursor(projection, rows[-1]) if more else None, position)

    def one(self, projection: Projection[R], tenant_id: str, key: str) -> Found[R]:
        table = self._table(projection)
        condition = "false" if NUL in key else f"{projection.key} = %(key)s"
        query = (
            f"SELECT {table.names} FROM views.{projection.table} WHERE tenant_id = %(tenant)s"  # noqa: S608  names of ours
            f" AND generation = {LIVE} AND {condition}"
        )
        parameters = {"tenant": tenant_id, "projection": projection.name, "key": key}
        with self._database.unit_of_work(tenant_id) as connection:
            position = checkpoint(connection, tenant_id, projection.name)
            values = connection.execute(query.encode(), parameters, binary=True).fetchone()
        return Found(None if values is None else table.row(values), position)

    def some(self, projection: Projection[R], tenant_id: str, keys: Sequence[str]) -> dict[str, R]:
        if not keys:
            return {}
        table = self._table(projection)
        query = (
            f"SELECT {table.names} FROM views.{projection.table} WHERE tenant_id = %(tenant)s"  # noqa: S608  names of ours
            f" AND generation = {LIVE} AND {projection.key} = ANY (%(keys)s)"
        )
        parameters = {"tenant": tenant_id, "projection": projection.name, "keys": list(keys)}
        with self._database.unit_of_work(tenant_id) as connection:
            values = connection.execute(query.encode(), parameters, binary=True).fetchall()
        rows = [table.row(each) for each in values]
        return {str(getattr(row, projection.key)): row for row in rows}

    def changed(self, projection: Projection[R], tenant_id: str) -> Changed:
        query = (
            f"SELECT coalesce(max(position), 0) FROM views.{projection.table}"  # noqa: S608  names of ours
            f" WHERE tenant_id = %(tenant)s AND generation = {LIVE}"
        )
        parameters = {"tenant": tenant_id, "projection": projection.name}
        with self._database.unit_of_work(tenant_id) as connection:
            # The checkpoint first: what changes in between is in the mark, and never the reverse.
            position = checkpoint(connection, tenant_id, projection.name)
            (newest,) = connection.execute(query.encode(), parameters).fetchone() or (0,)
        return Changed(newest, position)

    def reached(self, projection: str, tenant_id: str) -> int:
        with self._database.unit_of_work(tenant_id) as connection:
            return checkpoint(connection, tenant_id, projection)

    def wait(self, projection: str, tenant_id: str, position: int) -> None:
        deadline = time.monotonic() + WAIT_FOR_S_MAX
        while self.reached(projection, tenant_id) < position:
            if time.monotonic() >= deadline:
                raise ReadModelBehind(projection, position)
            time.sleep(WAIT_STEP_S)

    def _table(self, projection: Projection[R]) -> RowTable[R]:
        if projection.name not in self._tables:
            self._tables[projection.name] = RowTable(projection)
        return self._tables[projection.name]


def checkpoint(connection: Connection, tenant_id: str, follower: str) -> int:
    """Return the position that a follower has reached; 0 before it began."""
    row = connection.execute(
        "SELECT position FROM log.checkpoints WHERE follower = %s AND tenant_id = %s",
        [follower, tenant_id],
    ).fetchone()
    return 0 if row is None else int(row[0])


def write_cursor(projection: Projection[R], row: R) -> str:
    """Return the opaque text that leads to the page behind this row."""
    at = getattr(row, projection.newest_first)
    text = at.isoformat() if isinstance(at, datetime) else str(at)
    return msgspec.json.encode(Cursor(text, str(getattr(row, projection.key)))).hex()


def read_cursor(text: str, kind: str) -> Cursor:
    """Return the cursor that a text stands for, in an order by values of an SQL type.

    Raises:
        MalformedCursor: it is not one of ours.
    """
    try:
        cursor = msgspec.json.decode(bytes.fromhex(text), type=Cursor)
        ours = kind != "timestamptz" or datetime.fromisoformat(cursor.at).tzinfo is not None
    except ValueError as error:
        raise MalformedCursor(NOT_OURS) from error
    if not ours or NUL in cursor.at + cursor.key:
        raise MalformedCursor(NOT_OURS)
    return cursor
