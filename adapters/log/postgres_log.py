"""The event log on PostgreSQL: the port `EventLog` answered by the functions of schema `log`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

import psycopg
from psycopg.rows import TupleRow

from adapters.log import appending, wire
from adapters.log.appending import Prepared
from adapters.log.codec import decode
from adapters.log.committing import Committing
from adapters.log.group_commit import GroupCommit
from adapters.log.waking import Waker
from adapters.postgres.arrays import Array
from adapters.postgres.database import Connection, Database
from application.ports import (
    READ_EVENTS_MAX,
    Append,
    Appended,
    Head,
    LogUnavailable,
    NoSuchTenant,
    Outcome,
)
from domain.catalogue import AnyRecorded, Recorded

COLUMNS = (
    "position, stream_id, version, type, event_id, occurred_at, recorded_at, actor, caused_by,"
    " correlation_id, data"
)
SELECT = f"SELECT {COLUMNS} FROM log.events WHERE tenant_id = %s"  # noqa: S608  our own constant
# One look into the index for each stream, whatever the planner thinks of how many there are.
NEWER = f"""
SELECT newer.* FROM unnest(%s::text[], %s::bigint[]) AS known (id, told)
CROSS JOIN LATERAL (
    SELECT {COLUMNS} FROM log.events
    WHERE tenant_id = %s AND stream_id = known.id AND version > known.told
    ORDER BY version
) AS newer
ORDER BY newer.stream_id, newer.version
"""  # noqa: S608  our own constant


class PostgresLog:
    """The logs of all tenants in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waker = Waker(database.url)
        self._committing = Committing(database.url)
        self._group_commit = GroupCommit(self._commit)

    def append(self, tenant_id: str, append: Append) -> Appended:
        return self._group_commit.append(tenant_id, append)

    def submit(self, tenant_id: str, append: Append) -> Future[Appended]:
        return self._group_commit.submit(tenant_id, append)

    def append_each(self, tenant_id: str, appends: Sequence[Append]) -> list[Outcome]:
        # Before there is a connection, so that none waits meanwhile.
        prepared = [appending.prepare(append) for append in appends]
        try:
            with self._database.connection() as connection:
                outcomes = appending.ride_each(connection, tenant_id, prepared)
        except psycopg.OperationalError as error:
            raise LogUnavailable("The log cannot be reached.") from error
        self._tell(tenant_id, outcomes, prepared)
        return outcomes

    def _commit(self, tenant_id: str, appends: list[Prepared]) -> list[Outcome]:
        # One statement in autocommit is a whole transaction in one round trip; it binds itself.
        with self._committing.connection() as connection:
            outcomes = appending.ride_together(connection, tenant_id, appends, wire.call_prepared)
        self._tell(tenant_id, outcomes, appends)
        return outcomes

    def _tell(self, tenant_id: str, outcomes: list[Outcome], appends: Sequence[Prepared]) -> None:
        if any(isinstance(outcome, Appended) for outcome in outcomes):
            types = set[str]().union(*(append.types for append in appends))
            self._waker.grown(tenant_id, types)

    def grown(self, tenant_id: str, types: Iterable[str] = ()) -> None:
        """Say that somebody appended such facts in a transaction of their own and has committed it."""
        self._waker.grown(tenant_id, types)

    def said(self, pid: int) -> bool:
        """Whether a wake-up was ours, by the server's process that sent it."""
        return self._waker.pid == pid

    @contextmanager
    def _reading(self, tenant_id: str) -> Iterator[Connection]:
        """Lend a connection of one tenant; a database that is away is a log that does not answer."""
        try:
            with self._database.unit_of_work(tenant_id) as connection:
                yield connection
        except psycopg.OperationalError as error:
            raise LogUnavailable("The log cannot be reached.") from error

    def read(self, tenant_id: str, after: int, limit: int) -> list[AnyRecorded]:
        with self._reading(tenant_id) as connection:
            return read(connection, tenant_id, after, limit)

    def read_stream(self, tenant_id: str, stream_id: str) -> list[AnyRecorded]:
        with self._reading(tenant_id) as connection:
            return read_stream(connection, tenant_id, stream_id)

    def at(self, tenant_id: str, positions: Sequence[int]) -> list[AnyRecorded]:
        """Return the facts at these positions, in order."""
        return self._chosen(tenant_id, "position = ANY (%s) ORDER BY position", list(positions))

    def of_streams(self, tenant_id: str, stream_ids: Sequence[str]) -> list[AnyRecorded]:
        """Return the facts of these streams, each stream's in order."""
        with self._reading(tenant_id) as connection:
            return read_streams(connection, tenant_id, stream_ids)

    def caused_by(self, tenant_id: str, positions: Sequence[int], limit: int) -> list[AnyRecorded]:
        """Return up to `limit` facts that were stated because of these, in order."""
        condition = "caused_by = ANY (%s) ORDER BY position LIMIT %s"
        return self._chosen(tenant_id, condition, list(positions), limit)

    def _chosen(self, tenant_id: str, condition: str, *values: object) -> list[AnyRecorded]:
        with self._reading(tenant_id) as connection:
            query = f"{SELECT} AND {condition}".encode()
            rows = connection.execute(query, [tenant_id, *values], binary=True).fetchall()
        return [recorded(tenant_id, row) for row in rows]

    def read_types(
        self, tenant_id: str, after: int, types: Sequence[str], limit: int
    ) -> tuple[list[AnyRecorded], int]:
        """Return up to `limit` facts of these types behind `after`, and how far they are complete.

        The second value is the position up to which nothing of these types is missing: the head
        when everything fitted, else the last fact's position.
        """
        with self._reading(tenant_id) as connection:
            # The head is read first: whatever stands at or before it is visible to the second query.
            row = connection.execute(
                "SELECT position FROM log.heads WHERE tenant_id = %s", [tenant_id]
            ).fetchone()
            if row is None:
                raise NoSuchTenant(tenant_id)
            rows = connection.execute(
                f"{SELECT} AND position > %s AND position <= %s AND type = ANY (%s)"
                " ORDER BY position LIMIT %s",
                [tenant_id, after, row[0], list(types), limit],
                binary=True,
            ).fetchall()
        facts = [recorded(tenant_id, values) for values in rows]
        return facts, facts[-1].position if len(facts) == limit else max(row[0], after)

    def head(self, tenant_id: str) -> Head:
        with self._reading(tenant_id) as connection:
            return read_head(connection, tenant_id)

    def first_positions(self, tenant_id: str, stream_ids: Sequence[str]) -> dict[str, int]:
        rows = self._database.fetch(
            tenant_id,
            "SELECT stream_id, position FROM log.events WHERE tenant_id = %(tenant)s"
            " AND stream_id = ANY (%(streams)s) AND version = 1",
            {"tenant": tenant_id, "streams": list(stream_ids)},
        )
        return dict(rows)

    def open_tenant(self, tenant_id: str) -> None:
        with self._database.connection() as connection:
            connection.execute("SELECT log.open_tenant(%s)", [tenant_id])

    def tenants(self) -> list[str]:
        with self._database.connection() as connection:
            return [name for (name,) in connection.execute("SELECT log.tenants()")]

    def close(self) -> None:
        """Finish the appends that are queued and let the threads go."""
        self._group_commit.close()
        self._committing.close()
        self._waker.close()


def read(connection: Connection, tenant_id: str, after: int, limit: int) -> list[AnyRecorded]:
    """Return up to `limit` facts behind `after`, in a transaction that is bound to the tenant."""
    rows = connection.execute(
        f"{SELECT} AND position > %s ORDER BY position LIMIT %s",
        [tenant_id, after, min(limit, READ_EVENTS_MAX)],
        binary=True,
    ).fetchall()
    return [recorded(tenant_id, row) for row in rows]


def read_stream(connection: Connection, tenant_id: str, stream_id: str) -> list[AnyRecorded]:
    """Return a stream's facts in a transaction that is bound to the tenant."""
    rows = connection.execute(
        f"{SELECT} AND stream_id = %s ORDER BY version",
        [tenant_id, stream_id],
        binary=True,
    ).fetchall()
    return [recorded(tenant_id, row) for row in rows]


def read_streams(
    connection: Connection, tenant_id: str, stream_ids: Sequence[str]
) -> list[AnyRecorded]:
    """Return the facts of several streams, each stream's in order."""
    return read_newer(connection, tenant_id, dict.fromkeys(stream_ids, 0))


def read_newer(
    connection: Connection, tenant_id: str, versions: Mapping[str, int]
) -> list[AnyRecorded]:
    """Return the facts of several streams behind a version of each, each stream's in order."""
    rows = connection.execute(
        NEWER,
        [Array("text", versions.keys()), Array("bigint", versions.values()), tenant_id],
        binary=True,
    ).fetchall()
    return [recorded(tenant_id, row) for row in rows]


def read_head(connection: Connection, tenant_id: str) -> Head:
    """Return where the tenant's log ends, in a transaction that is bound to the tenant."""
    row = connection.execute(
        "SELECT position, hash, nullif(recorded_at, '-infinity') FROM log.heads"
        " WHERE tenant_id = %s",
        [tenant_id],
    ).fetchone()
    if row is None:
        raise NoSuchTenant(tenant_id)
    return Head(*row)


def recorded(tenant_id: str, row: TupleRow) -> AnyRecorded:
    """Return the fact of a row of COLUMNS."""
    return Recorded(
        tenant_id=tenant_id,
        position=row[0],
        stream_id=row[1],
        version=row[2],
        event_id=row[4],
        occurred_at=row[5],
        recorded_at=row[6],
        actor=row[7],
        caused_by=row[8],
        correlation_id=row[9],
        event=decode(row[3], row[10]),
    )
