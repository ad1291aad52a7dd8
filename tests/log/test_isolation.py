"""One pool, many tenants: no row of another tenant is read or written, whatever goes wrong."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.rows import TupleRow

from adapters.log.appending import append_each
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Connection, Database
from application.ports import Appended, LogUnavailable, StreamMoved
from tests.conftest import Database as Migrated
from tests.log.facts import adding

TENANTS = 20
WORKERS = 12
STEPS = 40
TABLES = ("log.events", "log.heads", "log.readable_events", "log.checkpoints", "log.tracking")


class OnPurpose(Exception):
    """What goes wrong in a unit of work."""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_pool_shared_by_many_tenants_keeps_them_apart(
    database: Migrated, log: PostgresLog, tenant: str, seed: int
) -> None:
    tenants = [f"{tenant}-{number}" for number in range(TENANTS)]
    for name in tenants:
        log.open_tenant(name)
        log.append(name, adding(f"of-{name}", 0))
    store = Database(database.app_url, connections_max=4)
    kept: dict[str, int] = dict.fromkeys(tenants, 1)
    lock = threading.Lock()

    def work(worker: int) -> None:
        draw = random.Random(f"{seed}/{worker}")
        for step in range(STEPS):
            name = draw.choice(tenants)
            how = draw.choice(["commit", "raise", "cancel", "lock", "bad sql", "foreign", "loose"])
            try:
                if how == "loose":
                    # No unit of work: no tenant, so no rows at all.
                    with store.connection() as connection:
                        assert seen(connection) == set()
                    continue
                with store.unit_of_work(name) as connection:
                    assert seen(connection) == {name}
                    (outcome,) = append_each(
                        connection, name, [adding(f"{name}-{worker}-{step}", 0)]
                    )
                    assert isinstance(outcome, Appended)
                    assert seen(connection) == {name}
                    go_wrong(connection, how, draw.choice([t for t in tenants if t != name]))
                with lock:
                    kept[name] += 1
            except (OnPurpose, psycopg.Error, LogUnavailable):
                assert how != "commit"

    try:
        with ThreadPoolExecutor(WORKERS) as workers:
            for future in [workers.submit(work, worker) for worker in range(WORKERS)]:
                future.result()
    finally:
        store.close()
    for name in tenants:
        facts = log.read(name, 0, 10_000)
        assert len(facts) == kept[name]
        assert {fact.tenant_id for fact in facts} == {name}
        assert all(name in fact.stream_id for fact in facts)


def seen(connection: Connection) -> set[str]:
    """Return whose rows a query sees that forgot its WHERE."""
    return {
        name
        for table in TABLES
        for (name,) in connection.execute(f"SELECT DISTINCT tenant_id FROM {table}".encode())
    }


def go_wrong(connection: Connection, how: str, other: str) -> None:
    match how:
        case "raise":
            raise OnPurpose
        case "cancel":
            cancel = threading.Timer(0.01, connection.cancel_safe)
            cancel.start()
            try:
                connection.execute("SELECT pg_sleep(0.2)")
            finally:
                cancel.join()
            raise OnPurpose  # the cancel came too early
        case "lock":
            connection.execute("SET LOCAL lock_timeout = 1; SELECT 1 / 0")
        case "bad sql":
            connection.execute("SELECT FROM nowhere")
        case "foreign":
            # Binding to another tenant half-way, or appending to it, is refused.
            try:
                append_each(connection, other, [adding("stolen", 0)])
            except psycopg.Error:
                raise OnPurpose from None
            raise AssertionError("A unit of work wrote to another tenant.")


def test_rows_of_another_tenant_cannot_be_written(
    app: psycopg.Connection[TupleRow], log: PostgresLog, opened: str
) -> None:
    other = f"{opened}-other"
    log.open_tenant(other)
    for statement in (
        "INSERT INTO log.checkpoints (follower, tenant_id) VALUES ('f', %s)",
        "INSERT INTO log.tracking VALUES (%s, 'upstream', 1)",
        "INSERT INTO log.parked VALUES ('f', %s, 1, 1, 'error')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():  # noqa: PT012
            app.execute("SELECT log.bind(%s)", [opened])
            app.execute(statement.encode(), [other])


def test_the_binding_ends_with_the_unit_of_work(
    app: psycopg.Connection[TupleRow], log: PostgresLog, opened: str
) -> None:
    """Also the binding that an append makes by itself."""
    log.append(opened, adding("a", 0))
    with pytest.raises(StreamMoved):
        log.append(opened, adding("a", 0))
    append_each(app, opened, [adding("b", 0)])
    append_each(app, opened, [adding("b", 1, 2)])
    assert app.execute("SELECT log.tenant()").fetchone() == (None,)
    assert app.execute("SELECT count(*) FROM log.events").fetchone() == (0,)


def test_an_auditor_reads_the_facts_as_json(
    app: psycopg.Connection[TupleRow], log: PostgresLog, opened: str
) -> None:
    log.append(opened, adding("a", 0, 2))
    with app.transaction():
        app.execute("SELECT log.bind(%s)", [opened])
        rows = app.execute(
            "SELECT position, stream_id, version, data->>'signal_id', length(hash)"
            " FROM log.readable_events ORDER BY position"
        ).fetchall()
    assert rows == [(1, "a", 1, "n0", 64), (2, "a", 2, "n1", 64)]
