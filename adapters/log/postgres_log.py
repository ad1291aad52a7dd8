"""The event log on PostgreSQL: the port `EventLog` answered by the functions of schema `log`."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

import psycopg
from psycopg.rows import TupleRow

from adapters.log import appending
from adapters.log.codec import decode
from adapters.log.group_commit import GroupCommit
from adapters.log.waking import Waker
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


class PostgresLog:
    """The logs of all tenants in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waker = Waker(database.url)
        self._group_commit = GroupCommit(self._commit)

    def append(self, tenant_id: str, append: Append) -> Appended:
        return self.submit(tenant_id, append).result()

    def submit(self, tenant_id: str, append: Append) -> Future[Appended]:
        return self._group_commit.submit(tenant_id, append)

    def append_each(self, tenant_id: str, appends: Sequence[Append]) -> list[Outcome]:
        return self._commit(tenant_id, list(appends))

    def _commit(self, tenant_id: str, appends: list[Append]) -> list[Outcome]:
        # One statement in autocommit is a whole transaction in one round trip; log.append binds it.
        try:
            with self._database.connection() as connection:
                outcomes = appending.append_each(connection, tenant_id, appends)
        except psycopg.OperationalError as error:
            raise LogUnavailable("The log cannot be reached.") from error
        self._waker.grown(tenant_id)
        return outcomes

    def grown(self, tenant_id: str) -> None:
        """Say that somebody appended inside a transaction of their own and has committed it."""
        self._waker.grown(tenant_id)

    def read(self, tenant_id: str, after: int, limit: int) -> list[AnyRecorded]:
        with self._database.unit_of_work(tenant_id) as connection:
            return read(connection, tenant_id, after, limit)

    def read_stream(self, tenant_id: str, stream_id: str) -> list[AnyRecorded]:
        with self._database.unit_of_work(tenant_id) as connection:
            return read_stream(connection, tenant_id, stream_id)

    def head(self, tenant_id: str) -> Head:
        with self._database.unit_of_work(tenant_id) as connection:
            row = connection.execute(
                "SELECT position, hash, nullif(recorded_at, '-infinity') FROM log.heads"
                " WHERE tenant_id = %s",
                [tenant_id],
            ).fetchone()
        if row is None:
            raise NoSuchTenant(tenant_id)
        return Head(*row)

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
        self._waker.close()


def read(
    connection: Connection, tenant_id: str, after: int, limit: int
) -> list[AnyRecorded]:
    """Return up to `limit` facts behind `after`, in a transaction that is bound to the tenant."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM log.events WHERE tenant_id = %s AND position > %s"
        " ORDER BY position LIMIT %s",
        [tenant_id, after, min(limit, READ_EVENTS_MAX)],
        binary=True,
    ).fetchall()
    return [recorded(tenant_id, row) for row in rows]


def read_stream(connection: Connection, tenant_id: str, stream_id: str) -> list[AnyRecorded]:
    """Return a stream's facts in a transaction that is bound to the tenant."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM log.events WHERE tenant_id = %s AND stream_id = %s"
        " ORDER BY version",
        [tenant_id, stream_id],
        binary=True,
    ).fetchall()
    return [recorded(tenant_id, row) for row in rows]


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
