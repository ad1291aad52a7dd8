"""Group commit: appends that share a call do not share a fate."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor

import psycopg
import pytest
from psycopg.rows import TupleRow

from adapters.embedded.postgres import EmbeddedPostgres
from adapters.log import group_commit
from adapters.log.appending import Prepared
from adapters.log.group_commit import GroupCommit
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from application.ports import (
    Append,
    Appended,
    LogUnavailable,
    NoSuchTenant,
    Outcome,
    StreamMoved,
)
from tests.log.facts import adding, part

WAIT_S = 20


class Held:
    """A call that waits until it is let go, and notes what rode in it."""

    def __init__(self) -> None:
        self.rides: list[list[str]] = []
        self.arrived = threading.Semaphore(0)
        self.let_go = threading.Semaphore(0)

    def __call__(self, tenant_id: str, appends: list[Prepared]) -> list[Outcome]:
        self.rides.append([stream for append in appends for stream in sorted(append.streams)])
        self.arrived.release()
        assert self.let_go.acquire(timeout=WAIT_S)
        if any("broken" in append.streams for append in appends):
            raise ZeroDivisionError(tenant_id)
        return [Appended(1, 1) for _ in appends]


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def group(held: Held) -> Iterator[GroupCommit]:
    made = GroupCommit(held)
    yield made
    for _ in range(1000):
        held.let_go.release()
    made.close()


def piled(log: PostgresLog, tenant: str, appends: list[Append]) -> list[Future[Appended]]:
    """Submit appends behind one that is under way, so that they share the next call."""
    first = log.submit(tenant, adding("first", 0))
    while not first.running():
        time.sleep(0.001)
    return [first, *(log.submit(tenant, append) for append in appends)]


def test_what_arrives_while_a_call_is_under_way_goes_together_in_the_next(
    group: GroupCommit, held: Held
) -> None:
    futures = [group.submit("t", adding("a", 0))]
    assert held.arrived.acquire(timeout=WAIT_S)
    futures += [group.submit("t", adding(name, 0)) for name in ("b", "c", "b", "d")]
    for _ in range(3):
        held.let_go.release()
    assert [future.result(WAIT_S) for future in futures] == [Appended(1, 1)] * 5
    # No stream stands in a call twice, and nobody overtakes.
    assert held.rides == [["a"], ["b", "c"], ["b", "d"]]


def test_a_call_takes_no_more_than_the_limit(
    group: GroupCommit, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "CALL_EVENTS_MAX", 5)
    futures = [group.submit("t", adding("a", 0))]
    assert held.arrived.acquire(timeout=WAIT_S)
    futures += [group.submit("t", adding(f"b{n}", 0, 2)) for n in range(3)]
    futures += [group.submit("t", adding("c", 0, 9))]
    for _ in range(4):
        held.let_go.release()
    for future in futures:
        future.result(WAIT_S)
    assert held.rides == [["a"], ["b0", "b1"], ["b2"], ["c"]]


def test_tenants_do_not_wait_for_each_other(group: GroupCommit, held: Held) -> None:
    for tenant in ("t", "u"):
        group.submit(tenant, adding("a", 0))
    for _ in range(2):
        assert held.arrived.acquire(timeout=WAIT_S)


def test_a_caller_alone_makes_the_call_itself(group: GroupCommit, held: Held) -> None:
    before = set(threading.enumerate())
    held.let_go.release()
    assert group.append("t", adding("a", 0)) == Appended(1, 1)
    assert set(threading.enumerate()) <= before


def test_one_bad_append_is_the_only_one_that_fails(group: GroupCommit, held: Held) -> None:
    first = group.submit("t", adding("a", 0))
    assert held.arrived.acquire(timeout=WAIT_S)
    good, bad, late = (group.submit("t", adding(name, 0)) for name in ("b", "broken", "c"))
    for _ in range(5):
        held.let_go.release()
    with pytest.raises(ZeroDivisionError):
        bad.result(WAIT_S)
    assert {future.result(WAIT_S) for future in (first, good, late)} == {Appended(1, 1)}
    assert held.rides == [["a"], ["b", "broken", "c"], ["b"], ["broken"], ["c"]]


def test_a_cancelled_append_does_not_ride(group: GroupCommit, held: Held) -> None:
    first = group.submit("t", adding("a", 0))
    assert held.arrived.acquire(timeout=WAIT_S)
    cancelled, kept = group.submit("t", adding("b", 0)), group.submit("t", adding("c", 0))
    assert cancelled.cancel()
    assert not first.cancel()  # it is under way
    for _ in range(2):
        held.let_go.release()
    assert kept.result(WAIT_S) == first.result(WAIT_S) == Appended(1, 1)
    with pytest.raises(CancelledError):
        cancelled.result(WAIT_S)
    assert held.rides == [["a"], ["c"]]


def test_too_many_waiting_appends_are_refused(
    group: GroupCommit, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "QUEUED_APPENDS_MAX", 2)
    group.submit("t", adding("a", 0))
    assert held.arrived.acquire(timeout=WAIT_S)
    for name in ("b", "c"):
        group.submit("t", adding(name, 0))
    with pytest.raises(LogUnavailable, match="waiting"):
        group.submit("t", adding("d", 0))


def test_closing_finishes_what_is_queued_and_takes_no_more(held: Held) -> None:
    group = GroupCommit(held)
    futures = [group.submit("t", adding(f"s{n}", 0)) for n in range(3)]
    for _ in range(3):
        held.let_go.release()
    group.close()
    assert [future.result(0) for future in futures] == [Appended(1, 1)] * 3
    with pytest.raises(LogUnavailable, match="closed"):
        group.submit("t", adding("late", 0))
    with pytest.raises(LogUnavailable, match="closed"):
        group.append("t", adding("late", 0))


def test_closing_waits_for_a_caller_and_for_those_behind_it(held: Held) -> None:
    group = GroupCommit(held)
    with ThreadPoolExecutor(2) as threads:
        caller = threads.submit(group.append, "t", adding("a", 0))
        assert held.arrived.acquire(timeout=WAIT_S)
        behind = group.submit("t", adding("b", 0))
        closing = threads.submit(group.close)
        while not group.closed:
            time.sleep(0.001)
        for _ in range(2):
            held.let_go.release()
        closing.result(WAIT_S)
        assert caller.result(WAIT_S) == behind.result(0) == Appended(1, 1)


def test_a_conflict_in_a_shared_call_harms_nobody_else(
    log: PostgresLog, opened: str, owner: psycopg.Connection[TupleRow]
) -> None:
    log.append(opened, adding("taken", 0))
    with owner.transaction():
        owner.execute("SELECT 1 FROM log.heads WHERE tenant_id = %s FOR UPDATE", [opened])
        futures = piled(
            log,
            opened,
            [
                adding("b", 0),
                adding("taken", 0),
                Append([part("c", 0), part("taken", 5)]),
                adding("bad\0name", 0),
                adding("d", 0, 2),
            ],
        )
    first, b, taken, both, bad, d = futures
    assert first.result(WAIT_S) == Appended(2, 2)
    assert b.result(WAIT_S) == Appended(3, 3)
    assert d.result(WAIT_S) == Appended(4, 5)
    for lost in (taken, both):
        with pytest.raises(StreamMoved) as moved:
            lost.result(WAIT_S)
        assert (moved.value.stream_id, moved.value.version) == ("taken", 1)
    with pytest.raises(psycopg.DataError):
        bad.result(WAIT_S)
    assert [fact.stream_id for fact in log.read(opened, 0, 10)] == [
        "taken",
        "first",
        "b",
        "d",
        "d",
    ]


def test_many_writers_of_a_tenant_each_get_their_own_answer(log: PostgresLog, opened: str) -> None:
    def write(writer: int) -> list[tuple[str, Appended]]:
        return [
            (stream_id := f"w{writer}-{n}", log.append(opened, adding(stream_id, 0)))
            for n in range(25)
        ]

    with ThreadPoolExecutor(16) as writers:
        answers = dict(answer for part_ in writers.map(write, range(16)) for answer in part_)
    for fact in log.read(opened, 0, 1000):
        assert answers.pop(fact.stream_id) == Appended(fact.position, fact.position)
    assert answers == {}


def test_waiters_of_an_unknown_tenant_all_hear_of_it(log: PostgresLog, tenant: str) -> None:
    futures = [log.submit(tenant, adding(f"s{n}", 0)) for n in range(20)]
    for future in futures:
        with pytest.raises(NoSuchTenant):
            future.result(WAIT_S)


def test_a_log_whose_database_went_away_says_so_and_recovers(
    postgres: EmbeddedPostgres, tenant: str
) -> None:
    store = Database(postgres.app_url())
    log = PostgresLog(store)
    try:
        log.open_tenant(tenant)
        log.append(tenant, adding("a", 0))
        postgres.stop()
        for _ in range(3):
            with pytest.raises(LogUnavailable):
                log.append(tenant, adding("a", 1))
        with pytest.raises(LogUnavailable):
            log.submit(tenant, adding("a", 1)).result(WAIT_S)
        restarted = EmbeddedPostgres.start(postgres.directory, durable=False)
        try:
            # The connections that the restart ended are noticed before they are used.
            assert log.append(tenant, adding("a", 1)) == Appended(2, 2)
            assert log.submit(tenant, adding("a", 2)).result(WAIT_S) == Appended(3, 3)
        finally:
            restarted.stop()
    finally:
        log.close()
        store.close()
