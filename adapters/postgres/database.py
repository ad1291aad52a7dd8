"""Connections: a pool whose units of work belong to exactly one tenant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

POOL_CONNECTIONS_MAX = 10
POOL_WAIT_S = 10.0
PROBE_WAIT_S = 2.0  # whoever asks whether all is well wants to hear soon that it is not
CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 10_000
# A unit of work that somebody forgot must not hold a tenant's head row for ever.
IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000

Connection = psycopg.Connection[TupleRow]


def configure(connection: psycopg.Connection[Any]) -> None:
    """Give a fresh connection its limits."""
    connection.prepare_threshold = 2
    connection.execute(
        f"SET statement_timeout = {STATEMENT_TIMEOUT_MS};"
        f"SET lock_timeout = {LOCK_TIMEOUT_MS};"
        f"SET idle_in_transaction_session_timeout = {IDLE_IN_TRANSACTION_TIMEOUT_MS};"
        "SET client_min_messages = warning;"
        "SET timezone = 'UTC'"
    )


def connect(url: str, application: str = "vedette") -> Connection:
    """Open one connection outside the pool, in autocommit, with the same limits."""
    connection = psycopg.connect(
        url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name=application
    )
    configure(connection)
    return connection


class Database:
    """The application's connections to PostgreSQL."""

    def __init__(self, url: str, *, connections_max: int = POOL_CONNECTIONS_MAX) -> None:
        self.url = url
        self.pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=1,
            max_size=connections_max,
            timeout=POOL_WAIT_S,
            kwargs={"autocommit": True, "connect_timeout": CONNECT_TIMEOUT_S},
            configure=configure,
            open=True,
            name="vedette",
        )

    @contextmanager
    def unit_of_work(self, tenant_id: str) -> Iterator[Connection]:
        """Lend a connection in a transaction that sees and writes one tenant only.

        Commits on a clean exit, rolls back on any exception. The binding is local to the
        transaction, so the connection goes back to the pool without a tenant.
        """
        with self.pool.connection() as connection, connection.transaction():
            bind(connection, tenant_id)
            yield connection

    @contextmanager
    def connection(self, *, wait_s: float = POOL_WAIT_S) -> Iterator[Connection]:
        """Lend a connection in autocommit, without a tenant: it sees no tenant's row."""
        with self.pool.connection(wait_s) as connection:
            yield connection

    def fetch(
        self, tenant_id: str, query: LiteralString, parameters: dict[str, Any]
    ) -> list[TupleRow]:
        """Run one query of one tenant and return its rows."""
        with self.unit_of_work(tenant_id) as connection:
            return connection.execute(query, parameters, binary=True).fetchall()

    def close(self) -> None:
        """Close every connection; those in use end when they come back."""
        self.pool.close()


def bind(connection: psycopg.Connection[Any], tenant_id: str) -> None:
    """Bind the running transaction to a tenant."""
    connection.execute("SELECT log.bind(%s)", [tenant_id])
