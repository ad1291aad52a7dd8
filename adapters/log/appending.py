"""Appends as one call of `log.append`: facts to arrays, rows to outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.types.numeric import Int4, Int8

from adapters.log.codec import encode
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

CALL = (
    "SELECT append_no, first_position, last_position, moved_stream, moved_version"
    " FROM log.append(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b)"
)
NO_SUCH_TENANT = "VD002"
ZERO = Int8(0)


class TooManyFacts(ValueError):
    """An append is larger than the log takes in one call."""


def append_each(
    connection: psycopg.Connection[Any], tenant_id: str, appends: Sequence[Append]
) -> list[Outcome]:
    """Call `log.append` on this connection, in its transaction where there is one.

    Raises:
        TooManyFacts: more than APPEND_EVENTS_MAX facts in the call.
        NoSuchTenant: the tenant has no log.
        StreamMoved: the unique index found a race that the check could not see (isolation above
            READ COMMITTED, or a stream in two appends of the call); nothing of the call stands.
        LogUnavailable: the connection broke; the call may or may not stand.
    """
    if not appends:
        return []
    try:
        rows = connection.execute(CALL, arrays(tenant_id, appends), binary=True).fetchall()
    except psycopg.errors.UniqueViolation as error:
        slice_ = appends[0].slices[0]
        raise StreamMoved(slice_.stream_id, max(slice_.expected, 0) + 1) from error
    except psycopg.errors.DatabaseError as error:
        if error.sqlstate == NO_SUCH_TENANT:
            raise NoSuchTenant(tenant_id) from error
        if isinstance(error, psycopg.OperationalError):
            raise LogUnavailable("The log did not answer.") from error
        raise
    outcomes: list[Outcome | None] = [None] * len(appends)
    for number, first, last, stream_id, version in rows:
        if stream_id is None:
            outcomes[number] = Appended(first, last)
        else:
            outcomes[number] = StreamMoved(stream_id, version)
    return [outcome for outcome in outcomes if outcome is not None]


def arrays(tenant_id: str, appends: Sequence[Append]) -> list[Any]:
    """Return the parameters of the call: the tenant, then ten arrays with one element a fact."""
    now = datetime.now(UTC)
    numbers: list[Int4] = []
    streams: list[str] = []
    versions: list[Int8] = []
    types: list[str] = []
    event_ids: list[Any] = []
    occurred: list[datetime] = []
    actors: list[str] = []
    causes: list[Int8] = []
    correlations: list[Any] = []
    payloads: list[bytes] = []
    for number, append in enumerate(appends):
        for slice_ in append.slices:
            cause = slice_.cause
            version = slice_.expected
            for fact in slice_.facts:
                numbers.append(Int4(number))
                streams.append(slice_.stream_id)
                if version == Expect.ANY:
                    versions.append(ZERO)
                else:
                    version += 1
                    versions.append(Int8(version))
                types.append(tag_of(fact.event))
                event_ids.append(fact.event_id)
                occurred.append(fact.occurred_at or now)
                actors.append(cause.actor)
                causes.append(ZERO if cause.caused_by is None else Int8(cause.caused_by))
                correlations.append(cause.correlation_id)
                payloads.append(encode(fact.event))
    if len(numbers) > APPEND_EVENTS_MAX:
        raise TooManyFacts(f"{len(numbers)} facts in one append; the limit is {APPEND_EVENTS_MAX}.")
    return [
        tenant_id,
        numbers,
        streams,
        versions,
        types,
        event_ids,
        occurred,
        actors,
        causes,
        correlations,
        payloads,
    ]
