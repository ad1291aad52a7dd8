"""Sixteen writers of one tenant, in each other's way, against three readers that follow the tail.

Readers note every position they see. At the end: nothing skipped, nothing doubled, versions
without a hole, and exactly what the writers were told is what stands.
"""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from adapters.log.appending import append_each
from adapters.log.postgres_log import PostgresLog
from adapters.log.verifying import Verifier
from adapters.postgres.database import Database
from application.ports import Append, Appended, Expect, LogUnavailable, StreamMoved
from domain.catalogue import AnyRecorded
from tests.conftest import Database as Migrated
from tests.log.facts import adding, part

WRITERS = 16
READERS = 3
STEPS = 40
SHARED_STREAMS = 4
PAUSE_S_MAX = 0.003


class OnPurpose(Exception):
    """An abort."""


class Writer:
    """One writer with a dice of its own; it keeps what the log told it."""

    def __init__(self, seed: int, number: int, log: PostgresLog, store: Database) -> None:
        self.draw = random.Random(f"{seed}/{number}")
        self.number = number
        self.log = log
        self.store = store
        self.told: list[tuple[Appended, Append]] = []

    def run(self, tenant: str) -> None:
        for step in range(STEPS):
            time.sleep(self.draw.random() * PAUSE_S_MAX)
            append = self.choose(step)
            way = self.draw.choice([self.plainly, self.plainly, self.later, self.at_length])
            try:
                self.told.append((way(tenant, append), append))
            except (StreamMoved, OnPurpose, psycopg.errors.QueryCanceled):
                continue

    def choose(self, step: int) -> Append:
        own = f"own-{self.number}-{step}"
        shared = f"shared-{self.draw.randrange(SHARED_STREAMS)}"
        guess = self.draw.randrange(12)  # mostly wrong, so mostly a conflict
        return self.draw.choice(
            [
                adding(own, 0),
                adding(own, 0, self.draw.randint(1, 30)),
                adding(shared, Expect.ANY, self.draw.randint(1, 3)),
                adding(shared, guess),
                Append([part(own, 0), part(shared, guess)]),
                Append([part(shared, Expect.ANY), part(own, 0, 2)]),
            ]
        )

    def plainly(self, tenant: str, append: Append) -> Appended:
        return self.log.append(tenant, append)

    def later(self, tenant: str, append: Append) -> Appended:
        future = self.log.submit(tenant, append)
        if self.draw.random() < 0.3 and future.cancel():
            raise OnPurpose
        return future.result()

    def at_length(self, tenant: str, append: Append) -> Appended:
        """In a transaction that dawdles with the head row in its hand, and may never commit."""
        with self.store.unit_of_work(tenant) as connection:
            fate = self.draw.choice(["commit", "commit", "abort", "cancel"])
            (outcome,) = append_each(connection, tenant, [append])
            if not isinstance(outcome, Appended):
                raise outcome
            time.sleep(self.draw.random() * PAUSE_S_MAX)
            if fate == "abort":
                raise OnPurpose
            if fate == "cancel":
                # A cancel that comes too early hits nothing, and the transaction commits.
                cancel = threading.Timer(0.002, connection.cancel_safe)
                cancel.start()
                try:
                    connection.execute("SELECT pg_sleep(0.05)")
                finally:
                    cancel.join()
        return outcome


class Reader:
    """Follows the tail as a follower does: from where it stands, in order."""

    def __init__(self, log: PostgresLog) -> None:
        self.log = log
        self.seen: list[AnyRecorded] = []
        self.done = threading.Event()

    def run(self, tenant: str) -> None:
        draw = random.Random(id(self))
        while True:
            last_round = self.done.is_set()
            position = self.seen[-1].position if self.seen else 0
            batch = self.log.read(tenant, position, draw.randint(1, 200))
            self.seen += batch
            if last_round and not batch:
                return


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
def test_nothing_is_skipped_and_nothing_doubled(database: Migrated, tenant: str, seed: int) -> None:
    store = Database(database.app_url, connections_max=WRITERS + READERS)
    log = PostgresLog(store)
    try:
        log.open_tenant(tenant)
        writers = [Writer(seed, number, log, store) for number in range(WRITERS)]
        readers = [Reader(log) for _ in range(READERS)]
        with ThreadPoolExecutor(WRITERS + READERS) as threads:
            reading = [threads.submit(reader.run, tenant) for reader in readers]
            writing = [threads.submit(writer.run, tenant) for writer in writers]
            try:
                for future in writing:
                    future.result()
            finally:
                for reader in readers:
                    reader.done.set()
            for future in reading:
                future.result()
        facts = log.read(tenant, 0, 10_000)
    finally:
        log.close()
        store.close()

    assert [fact.position for fact in facts] == list(range(1, len(facts) + 1))
    for reader in readers:
        assert reader.seen == facts
    standing: dict[str, int] = {}
    for fact in facts:
        assert fact.version == standing.get(fact.stream_id, 0) + 1
        standing[fact.stream_id] = fact.version
    assert_told_is_what_stands(facts, writers)
    assert Verifier(database.app_url).verify(tenant).fault is None


def assert_told_is_what_stands(facts: list[AnyRecorded], writers: list[Writer]) -> None:
    by_id = {fact.event_id: fact.position for fact in facts}
    assert len(by_id) == len(facts)
    told = 0
    for writer in writers:
        for positions, append in writer.told:
            ids = [fact.event_id for slice_ in append.slices for fact in slice_.facts]
            found = [by_id[event_id] for event_id in ids]
            assert found == list(range(positions.first, positions.last + 1))
            told += len(found)
    assert told == len(facts)


def test_a_head_row_that_is_held_too_long_is_said_and_harms_nothing(
    database: Migrated, tenant: str
) -> None:
    store = Database(database.app_url)
    log = PostgresLog(store)
    try:
        log.open_tenant(tenant)
        with store.unit_of_work(tenant) as connection:
            append_each(connection, tenant, [adding("a", 0)])
            with pytest.raises(LogUnavailable), store.unit_of_work(tenant) as waiting:  # noqa: PT012
                waiting.execute("SET LOCAL lock_timeout = 50")
                append_each(waiting, tenant, [adding("b", 0)])
        assert log.append(tenant, adding("b", 0)) == Appended(2, 2)
    finally:
        log.close()
        store.close()
