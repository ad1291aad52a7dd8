"""Arrays as parameters: one value a column of many rows, in PostgreSQL's binary form.

psycopg looks at each element of a list twice and escapes each text by a regular expression, which
costs a follower more than its own work. Here the column's type is known, so each cell is bytes at
once and the array is one join. The statement casts the placeholder (`%s::text[]`), which tells the
server the type.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

from adapters.log.wire import (
    ARRAY_HEAD,
    BYTEA,
    INT4,
    INT8,
    INT8_OID,
    TEXT,
    TIMESTAMPTZ,
    timestamptz,
)

BOOL_OID, FLOAT8_OID = 16, 701
FLOAT8 = struct.Struct(">d")
NULL = INT4.pack(-1)

# For each SQL type: its OID, and what makes bytes of one value.
ENCODINGS: dict[str, tuple[int, Callable[[Any], bytes]]] = {
    "text": (TEXT, str.encode),
    "bytea": (BYTEA, bytes),
    "bigint": (INT8_OID, INT8.pack),
    "double precision": (FLOAT8_OID, FLOAT8.pack),
    "boolean": (BOOL_OID, lambda value: b"\x01" if value else b"\x00"),
    "timestamptz": (TIMESTAMPTZ, timestamptz),
}


class Array:
    """A one-dimensional array of one SQL type, ready to be sent."""

    __slots__ = ("data",)

    def __init__(
        self, sql_type: str, values: Iterable[str | bytes | int | float | datetime | None]
    ):
        oid, encode = ENCODINGS[sql_type]
        pack = INT4.pack
        parts: list[bytes] = []
        length, nulls = 0, 0
        for value in values:
            length += 1
            if value is None:
                nulls = 1
                parts.append(NULL)
            else:
                cell = encode(value)
                parts.append(pack(len(cell)))
                parts.append(cell)
        self.data = ARRAY_HEAD.pack(1, nulls, oid, length, 1) + b"".join(parts)


class ArrayDumper(Dumper):
    """Hands the bytes to libpq as they are."""

    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        return obj.data


psycopg.adapters.register_dumper(Array, ArrayDumper)
