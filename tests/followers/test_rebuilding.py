"""Rebuilding: what is live equals what is rebuilt, whatever happens meanwhile."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import msgspec
import pytest
from msgspec.structs import replace

from adapters.followers.operations import PostgresOperations
from adapters.followers.projecting import ProjectionHandler
from adapters.followers.rebuilding import Rebuild
from adapters.followers.runtime import Loop
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from adapters.postgres.views import PostgresViews
from application.handling import handle
from application.operations import RebuildStopped, RebuildUnderWay
from application.ports import Cause
from domain.catalogue import AnyRecorded
from domain.directory.person import PERSON, EnrolPerson, PersonRenamed, person_stream
from projections.directory import PERSONS, PersonRow
from projections.views import Wanted
from tests.conftest import Database as Migrated

CLERK = Cause("user:clerk")


def rename(log: PostgresLog, tenant: str, number: int, name: str) -> None:
    person_id = f"G-{number:03d}"
    command = EnrolPerson(person_id=person_id, name=name)
    handle(log, tenant, PERSON, person_stream(person_id), command, CLERK)


def people(store: Database, tenant: str) -> dict[str, PersonRow]:
    views = PostgresViews(store)
    rows: dict[str, PersonRow] = {}
    cursor = None
    while True:
        page = views.page(PERSONS, tenant, Wanted(limit=200, cursor=cursor))
        rows |= {row.person_id: row for row in page.rows}
        cursor = page.next_cursor
        if cursor is None:
            return rows


def folded(log: PostgresLog, tenant: str) -> dict[str, PersonRow]:
    """Return what the pure fold makes of the whole log: the truth to compare with."""
    rows: dict[str, PersonRow] = {}
    for fact in log.read(tenant, 0, 10_000):
        key = PERSONS.key_of(fact)
        if key is not None and isinstance(fact.event, PERSONS.facts):
            row = PERSONS.project(rows.get(key), fact)
            assert row is not None
            rows[key] = row
    return rows


def generations(store: Database, tenant: str) -> list[tuple[int, int]]:
    rows = store.fetch(
        tenant,
        "SELECT generation, count(*) FROM views.persons WHERE tenant_id = %(tenant)s"
        " GROUP BY 1 ORDER BY 1",
        {"tenant": tenant},
    )
    return [(int(generation), int(count)) for generation, count in rows]


def live_loop(store: Database) -> Loop:
    return Loop(store.url, ProjectionHandler(PERSONS), grown=lambda *_: None)


@pytest.fixture
def live(store: Database) -> Iterator[Loop]:
    """The live follower at work."""
    loop = live_loop(store)
    thread = threading.Thread(target=loop.run)
    thread.start()
    yield loop
    loop.stop()
    thread.join()


def test_a_rebuild_gives_the_same_rows_in_a_new_generation_and_leaves_nothing_old(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    for number in range(30):
        rename(log, tenant, number, "Ada")
        rename(log, tenant, number, "Grace")
    live_loop(store).catch_up()
    before = people(store, tenant)
    Rebuild(store.url, PERSONS, tenant).run()
    assert people(store, tenant) == before == folded(log, tenant)
    assert generations(store, tenant) == [(2, 30)]
    names = [each.follower for each in PostgresOperations(store).followers(tenant)]
    assert names == ["persons"]
    # The live follower goes on in the new generation.
    rename(log, tenant, 0, "Hedy")
    live_loop(store).catch_up()
    assert people(store, tenant) == folded(log, tenant)
    Rebuild(store.url, PERSONS, tenant).run()
    assert generations(store, tenant) == [(3, 30)]


def test_a_process_that_lives_through_a_rebuild_goes_on_in_the_new_generation(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    """It remembers which generation is live, and a rebuild between two batches ends that."""
    log.open_tenant(tenant)
    loop = live_loop(store)
    for number in range(3):
        rename(log, tenant, number, f"before {number}")
        loop.catch_up()
    Rebuild(store.url, PERSONS, tenant).run()
    for number in range(2):
        rename(log, tenant, number, f"after {number}")
        loop.catch_up()
    assert people(store, tenant) == folded(log, tenant)
    assert [count for _, count in generations(store, tenant)] == [3]


def test_a_rebuild_before_the_live_follower_ever_ran_makes_what_it_would_have_made(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    rename(log, tenant, 1, "Ada")
    Rebuild(store.url, PERSONS, tenant).run()
    rename(log, tenant, 1, "Grace")
    live_loop(store).catch_up()
    assert people(store, tenant) == folded(log, tenant)


@pytest.mark.parametrize("near", [0, 20, 1_000])
def test_a_rebuild_among_appends_ends_with_what_the_log_says(
    store: Database,
    log: PostgresLog,
    tenant: str,
    live: Loop,
    near: int,
) -> None:
    log.open_tenant(tenant)
    stop = threading.Event()

    def write(seed: int) -> None:
        draw = random.Random(seed)
        number = 0
        while not stop.is_set():
            number += 1
            rename(log, tenant, seed * 100 + draw.randrange(20), f"Name {number}")
            live.wake.set()

    writers = [threading.Thread(target=write, args=[seed]) for seed in range(3)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(3):
            time.sleep(0.3)
            rebuild = Rebuild(store.url, PERSONS, tenant)
            rebuild._near = near
            rebuild.run()
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    PostgresViews(store).wait("persons", tenant, log.head(tenant).position)
    assert people(store, tenant) == folded(log, tenant)
    assert [generation for generation, _ in generations(store, tenant)] == [4]


@pytest.mark.slow
def test_a_rebuild_that_is_killed_goes_on_where_it_stood(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    for number in range(300):
        rename(log, tenant, number % 40, f"Name {number}")
    live_loop(store).catch_up()
    program = [sys.executable, "-m", "tests.followers.rebuild_program", store.url, tenant]
    positions = []
    for _ in range(4):
        process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        positions.append(int(process.stdout.readline()))
        process.kill()
        process.communicate()
        assert people(store, tenant) == folded(log, tenant)
    assert positions == sorted(positions)
    assert positions[-1] > positions[0] > 0
    Rebuild(store.url, PERSONS, tenant).run()
    assert people(store, tenant) == folded(log, tenant)


def test_two_rebuilds_of_the_same_at_once_are_refused(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    rename(log, tenant, 1, "Ada")
    other = f"{tenant}-other"
    log.open_tenant(other)

    def meanwhile(position: int, head: int) -> None:
        del position, head
        with pytest.raises(RebuildUnderWay):
            Rebuild(store.url, PERSONS, tenant).run()
        Rebuild(store.url, PERSONS, other).run()

    # Not near at first, so that there is something to watch.
    rebuild = Rebuild(store.url, PERSONS, tenant)
    live_loop(store).catch_up()
    rebuild._near = 0
    rebuild.run(meanwhile)


def test_a_rebuild_mends_a_parked_projection_and_passes_over_what_people_skipped(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    """First with code that cannot digest a name, then with the same after a skip, then repaired."""

    def picky(row: PersonRow | None, fact: AnyRecorded) -> PersonRow | None:
        if isinstance(fact.event, PersonRenamed) and fact.event.name == "Bobby Tables":
            raise ValueError("this name")
        return PERSONS.project(row, fact)

    log.open_tenant(tenant)
    rename(log, tenant, 1, "Robert")
    rename(log, tenant, 1, "Bobby Tables")
    rename(log, tenant, 2, "Ada")
    picky_persons = replace(PERSONS, project=picky)
    broken = ProjectionHandler(picky_persons)
    operations = PostgresOperations(store)
    loop = Loop(store.url, broken, grown=lambda *_: None)
    deadline = time.monotonic() + 20
    while not operations.parked(tenant):
        assert time.monotonic() < deadline
        loop.catch_up()
    with pytest.raises(RebuildStopped, match="position 2"):
        Rebuild(store.url, picky_persons, tenant).run()
    assert set(people(store, tenant)) == {"G-001"}

    operations.skip(tenant, "persons", "Nobody is called so.", CLERK)
    loop.catch_up()
    Rebuild(store.url, picky_persons, tenant).run()
    rows = people(store, tenant)
    assert {key: row.name for key, row in rows.items()} == {"G-001": "Robert", "G-002": "Ada"}

    Rebuild(store.url, PERSONS, tenant).run()
    rows = people(store, tenant)
    assert {key: row.name for key, row in rows.items()} == {"G-001": "Bobby Tables", "G-002": "Ada"}
    assert rows == folded(log, tenant)
    assert operations.parked(tenant) == []


def test_a_rebuild_mends_a_projection_that_stands_before_another_log(
    store: Database, log: PostgresLog, database: Migrated, tenant: str
) -> None:
    log.open_tenant(tenant)
    rename(log, tenant, 1, "Ada")
    live_loop(store).catch_up()
    store_hash = msgspec.json.encode({"not": "ours"})[:32].ljust(32, b"0")
    with store.unit_of_work(tenant) as connection:
        connection.execute("UPDATE log.checkpoints SET position = 7, hash = %s", [store_hash])
    live_loop(store).catch_up()
    assert [each.state for each in PostgresOperations(store).followers(tenant)] == ["forked"]
    rename(log, tenant, 2, "Grace")
    Rebuild(store.url, PERSONS, tenant).run()
    live_loop(store).catch_up()
    assert people(store, tenant) == folded(log, tenant)
    assert [each.state for each in PostgresOperations(store).followers(tenant)] == ["following"]
