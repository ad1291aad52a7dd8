"""Appends as one call of the database: facts to parameters, rows to outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import psycopg
from psycopg.pq.abc import PGresult

from adapters.log import wire
from adapters.log.codec import encode
from adapters.log.wire import INT4, INT8, ZERO, Row, timestamptz
from adapters.postgres.pipeline import Call
from application.ports import (
    APPEND_EVENTS_MAX,
    Append,
    Appended,
    Expect,
    LogUnavailable,
    NoSuchTenant,
    Outcome,
    StreamMoved,
)
from domain.catalogue import tag_of

NO_SUCH_TENANT, STREAM_MOVED = "VD002", "VD003"
ANY = int(Expect.ANY)
NEVER = INT8.pack(-1)  # the version of no event

Answering = Callable[[wire.Statement, list[bytes]], PGresult]


class TooManyFacts(ValueError):
    """An append is larger than the log takes in one call."""


class Prepared(NamedTuple):
    """An append on its way to the database: nothing about its facts can go wrong any more."""

    streams: tuple[str, ...]  # each once
    types: AbstractSet[str]
    rows: list[Row]


def prepare(append: Append) -> Prepared:
    """Encode an append.

    Raises:
        TooManyFacts: more than APPEND_EVENTS_MAX facts.
        FactTooLarge: a fact has more than EVENT_BYTES_MAX bytes.
    """
    rows: list[Row] = []
    types: set[str] = set()
    now = None
    cause = None
    actor = caused_by = correlation_id = b""
    for slice_ in append.slices:
        stream_id, version = slice_.stream_id.encode(), int(slice_.expected)
        step = 0 if version == ANY else 1
        if slice_.cause is not cause:  # mostly one object for all of an append
            cause = slice_.cause
            actor = cause.actor.encode()
            caused_by = ZERO if cause.caused_by is None else INT8.pack(cause.caused_by)
            correlation_id = cause.correlation_id.bytes
        for fact in slice_.facts:
            version += step
            type_ = tag_of(fact.event)
            types.add(type_)
            if fact.occurred_at is not None:
                happened = timestamptz(fact.occurred_at)
            else:
                happened = now = now or timestamptz(datetime.now(UTC))
            rows.append(
                (
                    stream_id,
                    INT8.pack(version) if step else ZERO,
                    type_.encode(),
                    fact.event_id.bytes,
                    happened,
                    actor,
                    caused_by,
                    correlation_id,
                    encode(fact.event),
                )
            )
    assert rows, "An append states at least one fact."
    if len(rows) > APPEND_EVENTS_MAX:
        raise TooManyFacts(f"{len(rows)} facts in one append; the limit is {APPEND_EVENTS_MAX}.")
    if len(append.slices) == 1:
        return Prepared((append.slices[0].stream_id,), types, rows)
    streams = dict.fromkeys([slice_.stream_id for slice_ in append.slices])
    if len(streams) < len(append.slices):
        refuse_repeated(rows)
    return Prepared(tuple(streams), types, rows)


def refuse_repeated(rows: list[Row]) -> None:
    """Ask for what cannot be wherever a version of a stream is asked for a second time.

    Slices that contradict each other lose, and the database says where their stream stands.
    """
    asked: set[tuple[bytes, bytes]] = set()
    for number, row in enumerate(rows):
        if row[:2] in asked and row[1] != ZERO:
            rows[number] = (row[0], NEVER, *row[2:])
        asked.add(row[:2])


def rides(appends: Sequence[Prepared]) -> Iterator[list[Prepared]]:
    """Cut appends into calls, in order: none too large, and no stream twice in one of them."""
    ride: list[Prepared] = []
    streams: set[str] = set()
    events = 0
    for append in appends:
        events += len(append.rows)
        if ride and (events > APPEND_EVENTS_MAX or not streams.isdisjoint(append.streams)):
            yield ride
            ride, streams, events = [], set(), len(append.rows)
        ride.append(append)
        streams.update(append.streams)
    if ride:
        yield ride


def recording(tenant_id: bytes, appends: Sequence[Prepared]) -> list[Call]:
    """Return calls that record all of these, and fail where one of them cannot stand."""
    calls: list[Call] = []
    for ride in rides(appends):
        rows = [row for append in ride for row in append.rows]
        if len(rows) == 1:
            calls.append(Call(wire.RECORD_ONE, [tenant_id, *rows[0]]))
        else:
            calls.append(Call(wire.RECORD, columns(tenant_id, ride, rows)))
    return calls


@contextmanager
def telling_races() -> Iterator[None]:
    """Say what calls of `recording` answer in the log's words.

    Raises:
        StreamMoved: somebody wrote to a stream in between.
    """
    try:
        yield
    except psycopg.DatabaseError as error:
        if error.sqlstate != STREAM_MOVED:
            raise
        stream_id, stands = error.diag.message_primary, error.diag.message_detail
        assert stream_id is not None
        assert stands is not None
        raise StreamMoved(stream_id, int(stands)) from error


def append_each(
    connection: psycopg.Connection[Any], tenant_id: str, appends: Sequence[Append]
) -> list[Outcome]:
    """Record independent appends on this connection, in its transaction where there is one.

    Raises:
        TooManyFacts, FactTooLarge: as `prepare`.
        NoSuchTenant, StreamMoved, LogUnavailable: as `ride_together`.
    """
    return ride_each(connection, tenant_id, [prepare(append) for append in appends])


def ride_each(
    connection: psycopg.Connection[Any], tenant_id: str, appends: Sequence[Prepared]
) -> list[Outcome]:
    """Record independent appends that are prepared, in as many calls as it takes.

    Raises:
        NoSuchTenant, StreamMoved, LogUnavailable: as `ride_together`.
    """
    outcomes: list[Outcome] = []
    for ride in rides(appends):
        outcomes += ride_together(connection, tenant_id, ride)
    return outcomes


def ride_together(
    connection: psycopg.Connection[Any],
    tenant_id: str,
    appends: Sequence[Prepared],
    call: wire.Call = wire.call,
) -> list[Outcome]:
    """Record appends that share no stream in one call; each has its own outcome.

    Raises:
        NoSuchTenant: the tenant has no log.
        StreamMoved: two appends of the call share a stream; nothing of the call stands.
        LogUnavailable: the connection broke or the server gave up (a timeout; above READ
            COMMITTED, a log that grew since the transaction began): the call may or may not stand.
    """
    rows = [row for append in appends for row in append.rows]
    try:
        if len(rows) == 1:
            return [alone(partial(call, connection), tenant_id, appends[0])]
        return together(partial(call, connection), tenant_id, appends, rows)
    except psycopg.errors.UniqueViolation as error:
        (version,) = INT8.unpack(rows[0][1])
        raise StreamMoved(appends[0].streams[0], version) from error
    except psycopg.DatabaseError as error:
        if error.sqlstate == NO_SUCH_TENANT:
            raise NoSuchTenant(tenant_id) from error
        if isinstance(error, psycopg.OperationalError):
            raise LogUnavailable("The log did not answer.") from error
        raise


def alone(call: Answering, tenant_id: str, append: Prepared) -> Outcome:
    (row,) = append.rows
    answer = call(wire.APPEND_ONE, [tenant_id.encode(), *row])
    position = wire.integer(answer.get_value(0, 0))
    if position is not None:
        return Appended(position, position)
    stands = wire.integer(answer.get_value(0, 1))
    assert stands is not None
    return StreamMoved(append.streams[0], stands)


def columns(tenant_id: bytes, appends: Sequence[Prepared], rows: list[Row]) -> list[bytes]:
    """Return the parameters of a call of `log.append`: an array a column."""
    numbers = [INT4.pack(n) for n, append in enumerate(appends) for _ in append.rows]
    return [
        tenant_id,
        wire.array(wire.INT4_OID, numbers),
        *(
            wire.array(oid, cells)
            for oid, cells in zip(wire.ROW_TYPES, zip(*rows, strict=True), strict=True)
        ),
    ]


def together(
    call: Answering,
    tenant_id: str,
    appends: Sequence[Prepared],
    rows: list[Row],
) -> list[Outcome]:
    answer = call(wire.APPEND, columns(tenant_id.encode(), appends, rows))
    first, *moved = (answer.get_value(0, column) for column in range(4))
    losers = {
        INT4.unpack(number)[0]: StreamMoved(stream_id.decode(), *INT8.unpack(version))
        for number, stream_id, version in zip(*map(wire.elements, moved), strict=True)
    }
    position = wire.integer(first)
    assert position is not None
    outcomes: list[Outcome] = []
    for number, append in enumerate(appends):
        if (loser := losers.get(number)) is not None:
            outcomes.append(loser)
        else:  # whose facts stand one after the other
            outcomes.append(Appended(position, position + len(append.rows) - 1))
            position += len(append.rows)
    return outcomes
