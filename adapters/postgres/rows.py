"""Rows of read models: between a flat msgspec Struct and a table of the same columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from operator import attrgetter
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from adapters.postgres.arrays import Array
from adapters.postgres.database import Connection
from projections.kernel import Projection

R = TypeVar("R", bound=msgspec.Struct)

_encode = msgspec.json.Encoder().encode

SQL_TYPES = {
    str: "text",
    UUID: "text",
    int: "bigint",
    float: "double precision",
    bool: "boolean",
    datetime: "timestamptz",
}


class Column(msgspec.Struct, frozen=True):
    """One field of a row: its name, its SQL type and its Python type."""

    name: str
    sql: str
    python: Any

    @property
    def element(self) -> str:
        """Return the SQL type in which arrays of this column's values are sent."""
        return "text" if self.sql == "jsonb" else self.sql

    def stored(self, values: Iterable[Any]) -> Iterable[Any]:
        """Return what the database is given for values."""
        if self.sql == "jsonb":
            return [None if value is None else _encode(value).decode() for value in values]
        return map(plain, values) if self.sql == "text" else values


def plain(value: Any) -> Any:
    """Return the text of what is stored as text."""
    if value is None or type(value) is str:
        return value
    return value.value if isinstance(value, Enum) else str(value)


def columns_of(row: type[msgspec.Struct]) -> list[Column]:
    """Return a row Struct's columns, in the order of its fields."""
    hints = get_type_hints(row)
    return [
        Column(field.name, sql_type(hints[field.name]), hints[field.name])
        for field in msgspec.structs.fields(row)
    ]


def sql_type(hint: Any) -> str:
    """Return the SQL type of an annotation; what is no scalar is stored as JSON."""
    if get_origin(hint) in (Union, UnionType):
        parts = [part for part in get_args(hint) if part is not type(None)]
        hint = parts[0] if len(parts) == 1 else hint
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "text"
    return SQL_TYPES.get(hint, "jsonb")


class RowTable(Generic[R]):
    """The table of one projection: loads rows by key and writes them back, a batch at a time."""

    def __init__(self, projection: Projection[R]) -> None:
        self.projection = projection
        self.columns = columns_of(projection.row)
        self.names = ", ".join(column.name for column in self.columns)
        unnested = ", ".join(f"%s::{column.element}[]" for column in self.columns)
        selected = ", ".join(
            f"u.{column.name}::jsonb" if column.sql == "jsonb" else f"u.{column.name}"
            for column in self.columns
        )
        updates = ", ".join(
            f"{column.name} = excluded.{column.name}"
            for column in self.columns
            if column.name != projection.key
        )
        self._load = (
            f"SELECT {self.names} FROM views.{projection.table}"  # noqa: S608  names of ours
            f" WHERE tenant_id = %s AND generation = %s AND {projection.key} = ANY (%s::text[])"
        )
        self._save = (
            f"INSERT INTO views.{projection.table} (tenant_id, generation, {self.names})"  # noqa: S608  names of ours
            f" SELECT %s, %s, {selected} FROM unnest({unnested}) AS u ({self.names})"
            f" ON CONFLICT (tenant_id, generation, {projection.key}) DO UPDATE SET {updates}"
        )

    def load(
        self, connection: Connection, tenant_id: str, generation: int, keys: Sequence[str]
    ) -> dict[str, R]:
        """Return the rows under these keys; absent keys are left out."""
        rows = connection.execute(
            self._load, [tenant_id, generation, Array("text", keys)], binary=True
        ).fetchall()
        loaded = (self.row(values) for values in rows)
        return {str(getattr(row, self.projection.key)): row for row in loaded}

    def save(
        self, connection: Connection, tenant_id: str, generation: int, rows: Sequence[R]
    ) -> None:
        """Write rows, new or known; no key may stand twice among them."""
        if not rows:
            return
        arrays = [
            Array(column.element, column.stored(map(attrgetter(column.name), rows)))
            for column in self.columns
        ]
        connection.execute(self._save, [tenant_id, generation, *arrays])

    def row(self, values: Sequence[Any]) -> R:
        """Return the row of values in the order of the columns."""
        fields = {column.name: value for column, value in zip(self.columns, values, strict=True)}
        return msgspec.convert(fields, self.projection.row)
