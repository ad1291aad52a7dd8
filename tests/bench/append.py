"""Append: facts a second into the log by concurrent writers, against the stock recorder.

Both get the same facts in the same bytes, made before the clock starts, on the same server; each
writer is a thread that waits for its append to be durable before it goes on to the next. The
floor is one INSERT of the same columns with the same indexes: no order, no version, no chain.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from statistics import median
from typing import TypeAlias

import psycopg
from eventsourcing.persistence import StoredEvent

from adapters.log.codec import encode
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database as Connections
from adapters.postgres.database import connect
from application.ports import Append, Cause, Expect, NewFact, Slice
from domain.catalogue import tag_of
from domain.signals import AttendanceRecorded, Direction
from tests.bench import million, stock
from tests.bench.kit import Database, Measure, Servers, by_turns, compared, rounded

WRITERS = 16
BATCH_WRITERS = 4
BATCH_EVENTS = 100
ROUND_S = 2.0
ROUND_EVENTS_MAX = 64_000  # of all writers; who has written them sooner ends the round
CAUSE = Cause("key:bench")

Work: TypeAlias = Callable[[], object]


def attendance(number: int) -> AttendanceRecorded:
    """Return an attendance as a phone would tell it."""
    return AttendanceRecorded(
        signal_id=f"n{number}",
        source="bench",
        person_id=f"G-{number % 400:03d}",
        site_id=f"S-{number % 20:02d}",
        device_id=f"D-{number % 400:03d}",
        direction=Direction.CHECK_IN,
        latitude=48.137154,
        longitude=11.576124,
        gps_accuracy_m=8.0,
        biometric_quality=0.93,
        biometric_matched=True,
        occurred_at=datetime.now(UTC),
        battery_percent=71,
    )


def rate(writers: int, events: int, piece: Callable[[int], Work]) -> float:
    """Return the events a second of so many threads that do one piece of work after the other.

    There are `events` in a piece. All pieces are made before the clock starts.
    """
    pieces = ROUND_EVENTS_MAX // events // writers
    work = [[piece(writer) for _ in range(pieces)] for writer in range(writers)]
    done, failures = [0] * writers, list[BaseException]()
    begin = threading.Barrier(writers + 1)

    def write(writer: int) -> None:
        begin.wait()
        end = time.perf_counter() + ROUND_S
        try:
            for each in work[writer]:
                if time.perf_counter() > end:
                    return
                each()
                done[writer] += events
        except BaseException as error:  # noqa: BLE001  said by the main thread
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    begin.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    took_s = time.perf_counter() - began
    if failures:
        raise failures[0]
    return sum(done) / took_s


class Ours:
    """The log in a database, as one process uses it."""

    def __init__(self, database: Database, cleanup: ExitStack) -> None:
        connections = Connections(database.app_url, connections_max=BATCH_WRITERS)
        cleanup.callback(connections.close)
        self.log = PostgresLog(connections)
        cleanup.callback(self.log.close)
        for tenant in million.TENANTS:
            self.log.open_tenant(tenant)

    def one(self, tenant: int) -> Work:
        """One fact to one tenant."""
        name = million.TENANTS[tenant]
        append = Append([self.signal(0)])
        return lambda: self.log.append(name, append)

    def set_of(self, tenant: int) -> Work:
        """A set of facts, each in a stream of its own, to one tenant."""
        name = million.TENANTS[tenant]
        append = Append([self.signal(number) for number in range(BATCH_EVENTS)])
        return lambda: self.log.append(name, append)

    @staticmethod
    def signal(number: int) -> Slice:
        fact = NewFact(attendance(number))
        return Slice(f"signal-{uuid.uuid4()}", Expect.NO_STREAM, [fact], CAUSE)


class Stock:
    """The stock recorder in a database."""

    def __init__(self, database: Database, cleanup: ExitStack) -> None:
        store = stock.datastore(database.owner_url, connections=WRITERS)
        cleanup.callback(store.close)
        self.recorder = stock.recorder(store)

    def of(self, events: int) -> Callable[[int], Work]:
        """Return what makes a piece of so many events; the library has one tenant only."""

        def piece(_: int) -> Work:
            stored = [self.stored(number) for number in range(events)]
            return lambda: self.recorder.insert_events(stored)

        return piece

    @staticmethod
    def stored(number: int) -> StoredEvent:
        fact = attendance(number)
        return StoredEvent(uuid.uuid4(), 1, tag_of(fact), encode(fact))


def append_tenants(servers: Servers) -> Measure:
    """One fact an append, sixteen writers, a tenant each; again on a log of a million facts."""
    with ExitStack() as cleanup:
        reference = Stock(servers.database(), cleanup)
        ours = Ours(servers.database(), cleanup)
        rounds = by_turns(
            lambda: rate(WRITERS, 1, ours.one),
            lambda: rate(WRITERS, 1, reference.of(1)),
        )
        full = Ours(servers.shared("million", million.fill), cleanup)
        on_million = [rate(WRITERS, 1, full.one) for _ in range(3)]
    return compared(rounds, "events/s", on_a_million_facts=rounded(median(on_million)))


def append_hot(servers: Servers) -> Measure:
    """One fact an append, sixteen writers of one tenant."""
    with ExitStack() as cleanup:
        ours = Ours(servers.database(), cleanup)
        reference = Stock(servers.database(), cleanup)
        rounds = by_turns(
            lambda: rate(WRITERS, 1, lambda _: ours.one(0)),
            lambda: rate(WRITERS, 1, reference.of(1)),
        )
    return compared(rounds, "events/s")


def append_batch(servers: Servers) -> Measure:
    """A hundred facts an append, four writers, a tenant each."""
    with ExitStack() as cleanup:
        ours = Ours(servers.database(), cleanup)
        reference = Stock(servers.database(), cleanup)
        rounds = by_turns(
            lambda: rate(BATCH_WRITERS, BATCH_EVENTS, ours.set_of),
            lambda: rate(BATCH_WRITERS, BATCH_EVENTS, reference.of(BATCH_EVENTS)),
        )
    return compared(rounds, "events/s")


BARE = """
    INSERT INTO bare.events VALUES (%b, nextval('bare.position'), %b, %b, %b, %b, %b, now(), %b,
        NULL, %b, %b, %b)
"""


def append_floor(servers: Servers) -> Measure:
    """As append_tenants, against bare INSERTs of the same columns into the same indexes."""
    with ExitStack() as cleanup:
        ours = Ours(servers.database(), cleanup)
        database = servers.database()
        with psycopg.connect(database.owner_url) as owner:
            owner.execute(
                "CREATE SCHEMA bare; CREATE SEQUENCE bare.position;"
                "CREATE TABLE bare.events (LIKE log.events INCLUDING ALL)"
            )
        idle = [cleanup.enter_context(connect(database.owner_url, "bench")) for _ in range(WRITERS)]

        def bare(writer: int) -> Work:
            fact = NewFact(attendance(0))
            row = [
                million.TENANTS[writer],
                f"signal-{uuid.uuid4()}",
                1,
                tag_of(fact.event),
                fact.event_id,
                datetime.now(UTC),
                CAUSE.actor,
                CAUSE.correlation_id,
                encode(fact.event),
                bytes(32),
            ]
            return lambda: idle[writer].execute(BARE, row)

        rounds = by_turns(
            lambda: rate(WRITERS, 1, ours.one),
            lambda: rate(WRITERS, 1, bare),
        )
    return compared(rounds, "events/s")


BENCHES = {
    "append_tenants": append_tenants,
    "append_hot": append_hot,
    "append_batch": append_batch,
    "append_floor": append_floor,
}
