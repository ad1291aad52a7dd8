"""Passing over: one look moves all followers that want nothing, and wakes exactly the others."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest

from adapters.followers import passing as passing_module
from adapters.followers.passing import Passing
from adapters.followers.runtime import Loop
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from domain.catalogue import tag_of
from domain.directory.person import PersonEnrolled
from tests.conftest import Database as Migrated
from tests.followers.workshop import NoteTaker, fill, forge, noted

SIGNALS = frozenset({"location.recorded"})
PERSONS = frozenset({tag_of(PersonEnrolled)})
STANDINGS = (
    "SELECT follower, position FROM log.checkpoints WHERE tenant_id = %(tenant)s ORDER BY follower"
)


def loop_of(
    store: Database, name: str, types: frozenset[str] | None, behind: str | None = None
) -> Loop:
    handler = NoteTaker(name)
    handler.types, handler.behind = types, behind
    return Loop(store.url, handler, grown=lambda *_: None, enrols=False, told=True)


def looked(store: Database, *loops: Loop) -> list[str]:
    """Look once; return who is to be woken."""
    for loop in loops:
        loop.wake.clear()
    passing = Passing(store.url, loops)
    passing.look()
    passing.disconnect()
    return [loop.handler.name for loop in loops if loop.wake.is_set()]


def standings(store: Database, tenant: str) -> dict[str, int]:
    return dict(store.fetch(tenant, STANDINGS, {"tenant": tenant}))


def until(store: Database, tenant: str, wanted: dict[str, int]) -> None:
    """Wait until the followers stand there."""
    deadline = time.monotonic() + 20.0
    while standings(store, tenant) != wanted:
        assert time.monotonic() < deadline, f"{standings(store, tenant)} are not {wanted}."
        time.sleep(0.02)


def test_who_wants_nothing_is_moved_and_who_wants_something_is_woken(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    tenants = [tenant, f"{tenant}-2"]
    for each in tenants:
        log.open_tenant(each)
    fill(log, tenant, 3)
    fill(log, tenants[1], 2)
    loops = [
        loop_of(store, "a-signals", SIGNALS),
        loop_of(store, "b-persons", PERSONS),
        loop_of(store, "c-all", None),
    ]
    assert looked(store, *loops) == ["a-signals", "c-all"]
    assert standings(store, tenant) == {"a-signals": 0, "b-persons": 3, "c-all": 0}
    assert standings(store, tenants[1]) == {"a-signals": 0, "b-persons": 2, "c-all": 0}
    for loop in loops:
        loop.catch_up()
    assert looked(store, *loops) == []
    fill(log, tenant, 1)
    assert looked(store, *loops) == ["a-signals", "c-all"]
    assert standings(store, tenant) == {"a-signals": 3, "b-persons": 4, "c-all": 3}


def test_nobody_is_moved_past_whom_it_stays_behind(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    fill(log, tenant, 3)
    leader = loop_of(store, "z-leads", SIGNALS)
    behind = loop_of(store, "a-behind", PERSONS, "z-leads")
    assert looked(store, leader, behind) == ["z-leads"]
    assert standings(store, tenant) == {"a-behind": 0, "z-leads": 0}
    leader.catch_up()
    assert looked(store, leader, behind) == []
    assert standings(store, tenant) == {"a-behind": 3, "z-leads": 3}


def test_whom_nothing_keeps_back_moves_first_and_takes_who_is_behind_along(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    fill(log, tenant, 3)
    loops = [
        loop_of(store, "z-leads", PERSONS),
        loop_of(store, "a-behind", PERSONS, "z-leads"),
    ]
    assert looked(store, *loops) == []
    assert standings(store, tenant) == {"a-behind": 3, "z-leads": 3}


def test_who_is_at_work_stopped_or_resting_after_a_failure_is_left_alone(
    store: Database, log: PostgresLog, database: Migrated, tenant: str
) -> None:
    log.open_tenant(tenant)
    loops = [loop_of(store, name, PERSONS) for name in ("busy", "failed", "resting", "stopped")]
    looked(store, *loops)
    fill(log, tenant, 3)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        for name, column in (
            ("failed", "attempts = 1"),
            ("resting", "attempts = 1, retry_at = 'infinity'"),
            ("stopped", "stopped = 'parked'"),
        ):
            owner.execute(
                f"UPDATE log.checkpoints SET {column} WHERE follower = %s".encode(), [name]
            )
        with owner.transaction():
            owner.execute("SELECT FROM log.checkpoints WHERE follower = 'busy' FOR UPDATE")
            assert looked(store, *loops) == ["failed"]
    assert set(standings(store, tenant).values()) == {0}
    assert looked(store, *loops) == ["failed"]
    assert standings(store, tenant) == {"busy": 3, "failed": 0, "resting": 0, "stopped": 0}


@pytest.mark.parametrize("wrong", ["hash", "hole", "shorter"])
def test_whoever_stands_before_another_log_is_not_moved_but_woken(
    store: Database, log: PostgresLog, database: Migrated, tenant: str, wrong: str
) -> None:
    log.open_tenant(tenant)
    fill(log, tenant, 5)
    loop = loop_of(store, "elsewhere", PERSONS)
    looked(store, loop)
    statement = {
        "hash": "UPDATE log.events SET hash = sha256(hash) WHERE tenant_id = %s AND position = 5",
        "hole": "DELETE FROM log.events WHERE tenant_id = %s AND position = 7",
        "shorter": "UPDATE log.heads SET position = 4 WHERE tenant_id = %s",
    }[wrong]
    if wrong != "shorter":
        fill(log, tenant, 5)
    forge(database.owner_url, statement, [tenant])
    assert looked(store, loop) == ["elsewhere"]
    assert standings(store, tenant) == {"elsewhere": 5}
    loop.catch_up()
    rows = store.fetch(
        tenant, "SELECT stopped FROM log.checkpoints WHERE tenant_id = %(t)s", {"t": tenant}
    )
    assert rows == [("forked",)]


def test_who_is_far_behind_goes_by_itself(
    store: Database, log: PostgresLog, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passing_module, "EVENTS_MAX", 4)
    log.open_tenant(tenant)
    fill(log, tenant, 5)
    far = loop_of(store, "far", PERSONS)
    assert looked(store, far) == ["far"]
    far.catch_up()
    fill(log, tenant, 4)
    assert looked(store, far) == []
    assert standings(store, tenant) == {"far": 9}


def test_told_loops_follow_whatever_is_appended_and_survive_a_cut_connection(
    store: Database, log: PostgresLog, database: Migrated, tenant: str
) -> None:
    """Nobody but the one who looks tells them, and its connection is cut in between."""
    loops = [loop_of(store, "a-signals", SIGNALS), loop_of(store, "b-persons", PERSONS)]
    passing = Passing(store.url, loops)
    threads = [threading.Thread(target=loop.run) for loop in loops]
    threads.append(threading.Thread(target=passing.run))
    for thread in threads:
        thread.start()
    try:
        log.open_tenant(tenant)
        for number in range(1, 4):
            fill(log, tenant, 10)
            until(store, tenant, {"a-signals": 10 * number, "b-persons": 10 * number})
            with psycopg.connect(database.owner_url, autocommit=True) as owner:
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = ANY (%s) AND datname = current_database()",
                    [["vedette-a-signals", "vedette-b-persons", "vedette-passing-over"]],
                )
    finally:
        for loop in loops:
            loop.stop()
        passing.stop()
        for thread in threads:
            thread.join()
    assert noted(store, tenant, "a-signals") == list(range(1, 31))
