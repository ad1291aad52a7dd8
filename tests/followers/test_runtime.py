"""The runtime: every fact once and in order, whatever else happens."""

from __future__ import annotations

import random
import select
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from application.operations import FollowerState
from application.ports import Append, Cause
from tests.conftest import Database as Migrated
from tests.followers.workshop import NoteTaker, fill, location, loop_of, noted, standing, until

CAUSE = Cause("system:test")
# Two fresh interpreters and 240 small batches, on a machine that may be busy with other tests.
KILLED_CATCH_UP_S = 90.0
SAID_WITHIN_S = 5.0


def test_every_fact_is_handled_once_in_batches(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    fill(log, tenant, 230)
    handler = NoteTaker(f"notes-{tenant}")
    loop_of(store, handler).catch_up()
    assert noted(store, tenant, handler.name) == list(range(1, 231))
    reached = standing(store, tenant, handler.name)
    assert (reached.position, reached.lag_events, reached.lag_s) == (230, 0, 0)
    assert reached.state is FollowerState.FOLLOWING


def test_a_tenant_founded_while_others_keep_the_follower_busy_is_followed_too(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    handler = NoteTaker(f"notes-{tenant}")
    loop = loop_of(store, handler)
    late = f"{tenant}-late"
    stop = threading.Event()

    def keep_busy() -> None:
        while not stop.is_set():
            fill(log, tenant, 1)
            loop.wake.set()

    busy = threading.Thread(target=keep_busy)
    busy.start()
    try:
        thread = threading.Thread(target=loop.run)
        thread.start()
        until(lambda: len(noted(store, tenant, handler.name)) > 5)
        log.open_tenant(late)
        fill(log, late, 3)
        until(lambda: noted(store, late, handler.name) == [1, 2, 3])
    finally:
        stop.set()
        busy.join()
        loop.stop()
        thread.join()


@pytest.mark.parametrize("seed", range(3))
def test_several_loops_share_the_tenants_while_writers_go_on(
    store: Database, log: PostgresLog, tenant: str, seed: int
) -> None:
    """Loops that race for the same checkpoints neither lose a fact nor see a fork where none is."""
    draw = random.Random(seed)
    tenants = [f"{tenant}-{number}" for number in range(3)]
    for each in tenants:
        log.open_tenant(each)
    handlers = [NoteTaker(f"notes-{tenant}") for _ in range(4)]
    loops = [loop_of(store, handler, draw.choice([1, 3, 10])) for handler in handlers]
    threads = [threading.Thread(target=loop.run) for loop in loops]
    for thread in threads:
        thread.start()

    def write(each: str) -> None:
        for number in range(150):
            log.append(each, Append.of("filling", -1, [location(number)], CAUSE))
            for loop in loops:
                loop.wake.set()

    writers = [threading.Thread(target=write, args=[each]) for each in tenants]
    try:
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        everything = list(range(1, 151))
        until(
            lambda: (
                all(noted(store, each, handlers[0].name) == everything for each in tenants)
                or any(
                    standing(store, each, handlers[0].name).state == "forked" for each in tenants
                )
            )
        )
    finally:
        for loop in loops:
            loop.stop()
        for thread in threads:
            thread.join()
    for each in tenants:
        assert standing(store, each, handlers[0].name).state is FollowerState.FOLLOWING
        assert noted(store, each, handlers[0].name) == everything


def test_a_follower_that_stays_behind_another_never_overtakes_it(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    fill(log, tenant, 30)
    leader = NoteTaker(f"leads-{tenant}")
    handler = NoteTaker(f"notes-{tenant}")
    handler.behind = leader.name
    behind = loop_of(store, handler)
    behind.catch_up()
    assert noted(store, tenant, handler.name) == []
    ahead = loop_of(store, leader, 20)
    ahead.wakes.append(behind.wake)
    ahead.catch_up()
    fill(log, tenant, 5)
    assert behind.wake.is_set()
    behind.catch_up()
    assert noted(store, tenant, handler.name) == list(range(1, 31))
    ahead.catch_up()
    behind.catch_up()
    assert noted(store, tenant, handler.name) == list(range(1, 36))


def test_a_head_that_was_read_before_the_checkpoint_moved_is_no_fork(
    store: Database, log: PostgresLog, database: Migrated, tenant: str
) -> None:
    """Another process moves the checkpoint while a claim is between its snapshot and its lock."""
    log.open_tenant(tenant)
    fill(log, tenant, 5)
    handler = NoteTaker(f"notes-{tenant}")
    loop_of(store, handler).catch_up()
    fill(log, tenant, 1)
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        # The claim sleeps where it looks at rows, which is before it locks one.
        query = "SELECT pg_get_functiondef('log.claim(text, text)'::regprocedure)"
        row = connection.execute(query).fetchone()
        assert row is not None
        looks = "c.retry_at <= clock_timestamp()"
        assert looks in row[0]
        slow = row[0].replace(looks, f"{looks} AND pg_sleep(0.5) IS NOT NULL")
        connection.execute(slow.encode())
        loop = loop_of(store, handler)
        claiming = threading.Thread(target=loop.step)
        claiming.start()
        time.sleep(0.25)
        fill(log, tenant, 1)
        connection.execute(
            "UPDATE log.checkpoints c SET position = e.position, hash = e.hash FROM log.events e"
            " WHERE c.tenant_id = %s AND e.tenant_id = c.tenant_id AND e.position = 7",
            [tenant],
        )
        claiming.join()
        loop.disconnect()
    reached = standing(store, tenant, handler.name)
    assert (reached.position, reached.state) == (7, FollowerState.FOLLOWING)


@pytest.mark.slow
def test_killed_processes_lose_and_double_nothing(
    store: Database, log: PostgresLog, database: Migrated, tenant: str
) -> None:
    """Two processes share two tenants and are killed in the middle of batches, twenty times."""
    tenants = [tenant, f"{tenant}-2"]
    for each in tenants:
        log.open_tenant(each)
    follower = f"notes-{tenant}"
    draw = random.Random(20)

    def start() -> subprocess.Popen[bytes]:
        program = [sys.executable, "-m", "tests.followers.program", database.app_url, follower]
        return subprocess.Popen(program, stdout=subprocess.PIPE, bufsize=0)

    processes = [start(), start()]
    try:
        for number in range(20):
            victim = processes[number % 2]
            for each in tenants:
                fill(log, each, 30)
            while not says_something(victim):
                # The other one was so quick that nothing was left for this one.
                for each in tenants:
                    fill(log, each, 30)
            assert victim.stdout is not None
            assert victim.stdout.readline() == b"in a batch\n"
            time.sleep(draw.uniform(0.0, 0.06))
            end(victim)
            processes[number % 2] = start()
        until(
            lambda: all(standing(store, each, follower).lag_events == 0 for each in tenants),
            KILLED_CATCH_UP_S,
        )
    finally:
        for process in processes:
            end(process)
    for each in tenants:
        head = log.head(each).position
        assert head >= 600
        assert noted(store, each, follower) == list(range(1, head + 1))


def says_something(process: subprocess.Popen[bytes]) -> bool:
    """Return whether there is something to be read of a process, after a while at most."""
    assert process.stdout is not None
    heard, _, _ = select.select([process.stdout], [], [], SAID_WITHIN_S)
    return bool(heard)


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()
