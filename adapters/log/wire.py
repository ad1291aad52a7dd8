"""The wire: calls of the append functions with parameters in PostgreSQL's binary form.

psycopg would adapt each element of ten arrays by itself, which costs more than the append. Here
every cell is bytes from the start, an array is one join, and the prepared call goes straight to
libpq: about 20 µs of Python a call instead of 130.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

import psycopg
from psycopg.pq import ConnStatus, ExecStatus, Format, PipelineStatus, TransactionStatus
from psycopg.pq.abc import PGresult

BINARY = int(Format.BINARY)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL's: its timestamps are µs since then
INT4 = struct.Struct(">i")
INT8 = struct.Struct(">q")
ZERO = INT8.pack(0)
# Dimensions, no nulls, type of the elements, length, lower bound.
ARRAY_HEAD = struct.Struct(">iiIii")

# Type OIDs of pg_catalog, which never change.
BYTEA, INT8_OID, INT4_OID, TEXT, TIMESTAMPTZ, UUID_OID = 17, 20, 23, 25, 1184, 2950


class Statement(NamedTuple):
    """A statement, and the name under which committers prepare it."""

    name: bytes
    text: bytes
    formats: list[int]  # of the parameters


APPEND_ONE = Statement(
    b"vedette_append_one",
    b"SELECT new_position, stands FROM log.append_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    [BINARY] * 10,
)
APPEND = Statement(
    b"vedette_append",
    b"SELECT first_position, moved_append, moved_stream, moved_version"
    b" FROM log.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    [BINARY] * 11,
)
STATEMENTS = (APPEND_ONE, APPEND)
# The same, for whoever needs no answer but that all of it stands: a stream that moved is an error.
RECORD_ONE = Statement(
    b"vedette_record_one",
    b"SELECT new_position IS NOT NULL OR log.refuse_moved($2, stands)"
    b" FROM log.append_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    [BINARY] * 10,
)
RECORD = Statement(
    b"vedette_record",
    b"SELECT moved_append IS NULL OR log.refuse_moved(moved_stream[1], moved_version[1])"
    b" FROM log.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    [BINARY] * 11,
)


# One fact as the cells of its parameters, in the order in which both functions take them: stream
# id, version, type, event id, occurred at, actor, caused by, correlation id, data.
Row: TypeAlias = tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes]
ROW_TYPES = (
    TEXT,
    INT8_OID,
    TEXT,
    UUID_OID,
    TIMESTAMPTZ,
    TEXT,
    INT8_OID,
    UUID_OID,
    BYTEA,
)

Call = Callable[[psycopg.Connection[Any], Statement, list[bytes]], PGresult]


def call(
    connection: psycopg.Connection[Any], statement: Statement, parameters: list[bytes]
) -> PGresult:
    """Run a statement and return its rows, in the running transaction if there is one.

    It is not prepared: psycopg deallocates every prepared statement of a connection that rolls
    back, without telling.

    Raises:
        psycopg.Error: as psycopg would raise it.
    """
    pgconn = connection.pgconn
    assert pgconn.pipeline_status == PipelineStatus.OFF, "A pipeline would mix up the answers."
    # Past psycopg, nobody would send the BEGIN that a connection without autocommit promises.
    assert connection.autocommit or pgconn.transaction_status != TransactionStatus.IDLE
    result = pgconn.exec_params(statement.text, parameters, None, statement.formats, BINARY)
    return checked(connection, result, ExecStatus.TUPLES_OK)


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Make a connection ready for `call_prepared`; it must be used for nothing else."""
    for each in STATEMENTS:
        checked(connection, connection.pgconn.prepare(each.name, each.text), ExecStatus.COMMAND_OK)


def call_prepared(
    connection: psycopg.Connection[Any], statement: Statement, parameters: list[bytes]
) -> PGresult:
    """As `call`, in autocommit, on a connection that was made ready."""
    result = connection.pgconn.exec_prepared(statement.name, parameters, statement.formats, BINARY)
    return checked(connection, result, ExecStatus.TUPLES_OK)


def checked(connection: psycopg.Connection[Any], result: PGresult, wanted: ExecStatus) -> PGresult:
    """Return the result, or raise what the server or the connection has to say."""
    if result.status == wanted:
        return result
    if connection.pgconn.status == ConnStatus.BAD:
        raise psycopg.OperationalError("The connection to the server is lost.")
    raise psycopg.errors.error_from_result(result, encoding="utf-8")


def array(oid: int, cells: Sequence[bytes]) -> bytes:
    """Return a one-dimensional array without nulls."""
    head = ARRAY_HEAD.pack(1, 0, oid, len(cells), 1)
    lengths = [*map(len, cells)]
    if lengths.count(lengths[0]) == len(lengths):
        # Numbers, moments and UUIDs, and the words that all facts of a call share: one join.
        length = INT4.pack(lengths[0])
        return head + length + length.join(cells)
    return head + b"".join(chain.from_iterable(zip(map(INT4.pack, lengths), cells, strict=True)))


def elements(cell: bytes | None) -> list[bytes]:
    """Read a one-dimensional array without nulls; none stands for one of no element."""
    found: list[bytes] = []
    at = ARRAY_HEAD.size
    while cell is not None and at < len(cell):
        (length,) = INT4.unpack_from(cell, at)
        at += INT4.size + length
        found.append(cell[at - length : at])
    return found


def timestamptz(moment: datetime) -> bytes:
    """Return an instant; one without a time zone is a TypeError."""
    since = moment - EPOCH
    return INT8.pack((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def integer(cell: bytes | None) -> int | None:
    """Read a cell of an answer, of four or eight bytes."""
    return None if cell is None else int.from_bytes(cell, "big", signed=True)
