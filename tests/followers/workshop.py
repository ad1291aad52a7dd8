"""What the follower tests share: a log to append to, and a follower whose effects can be counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import psycopg

from adapters.followers.operations import PostgresOperations
from adapters.followers.reading import Lease
from adapters.followers.runtime import Loop
from adapters.followers.turn import NOTHING, Handled
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Connection, Database
from application.operations import FollowerStanding, FollowerState
from application.ports import Append, Cause
from domain.catalogue import AnyRecorded
from domain.signals import LocationRecorded

NOTE = "INSERT INTO policy.memories (tenant_id, policy, key, value) VALUES (%s, %s, %s, 'seen')"


class NoteTaker:
    """Notes every fact once, by position: a second note of the same position is an error."""

    types: frozenset[str] | None = None
    behind: str | None = None

    def __init__(self, name: str, *, pause_s: float = 0.0) -> None:
        self.name = name
        self.poison: set[tuple[str, int]] = set()  # tenants and positions that it cannot digest
        self.pause = threading.Event()
        self.pause_s = pause_s

    def handle(self, connection: Connection, lease: Lease, batch: Sequence[AnyRecorded]) -> Handled:
        for fact in batch:
            if (lease.tenant_id, fact.position) in self.poison:
                raise ValueError(f"position {fact.position} is poison")
            connection.execute(NOTE, [lease.tenant_id, self.name, f"{fact.position:08d}"])
        if self.pause_s:
            self.pause.wait(self.pause_s)
        return NOTHING


def location(number: int) -> LocationRecorded:
    """Return a signal to fill a log with."""
    return LocationRecorded(
        signal_id=f"n{number}",
        source="workshop",
        person_id="G-1",
        device_id="D-1",
        latitude=51.5,
        longitude=-0.1,
        gps_accuracy_m=5.0,
        occurred_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def fill(log: PostgresLog, tenant: str, events: int, *, stream: str = "filling") -> None:
    """Append so many facts to one stream, a hundred in an append."""
    for first in range(0, events, 100):
        facts = [location(number) for number in range(first, min(first + 100, events))]
        log.append(tenant, Append.of(stream, -1, facts, Cause("system:workshop")))


def noted(database: Database, tenant: str, follower: str) -> list[int]:
    """Return the positions that a note taker has noted, in order."""
    rows = database.fetch(
        tenant,
        "SELECT key FROM policy.memories WHERE tenant_id = %(tenant)s AND policy = %(follower)s"
        " ORDER BY key",
        {"tenant": tenant, "follower": follower},
    )
    return [int(key) for (key,) in rows]


def loop_of(database: Database, handler: NoteTaker, batch_events_max: int = 50) -> Loop:
    """Return a loop of a note taker that wakes nobody."""
    return Loop(database.url, handler, grown=lambda *_: None, batch_events_max=batch_events_max)


def forge(owner_url: str, statement: str, parameters: Sequence[object]) -> None:
    """Change a log as only somebody with the superuser's password and bad intentions can."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("ALTER TABLE log.events DISABLE TRIGGER append_only")
        connection.execute(statement.encode(), parameters)
        connection.execute("ALTER TABLE log.events ENABLE ALWAYS TRIGGER append_only")


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not come true in time."
        time.sleep(0.02)


def standing(store: Database, tenant: str, follower: str) -> FollowerStanding:
    found = PostgresOperations(store).followers(tenant)
    return next(each for each in found if each.follower == follower)


def is_in(store: Database, tenant: str, handler: NoteTaker, state: FollowerState) -> bool:
    found = PostgresOperations(store).followers(tenant)
    return any(each.follower == handler.name and each.state is state for each in found)


def follow_until(loop: Loop, condition: Callable[[], bool]) -> None:
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        until(condition)
    finally:
        loop.stop()
        thread.join()
