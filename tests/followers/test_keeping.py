"""Keeping: what a policy wrote is not read again, unless anybody else may have written since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import psycopg
import pytest

from adapters.followers import desk as desk_module
from adapters.followers.desk import PolicyHandler
from adapters.followers.keeping import (
    ENTRY_BYTES,
    FACT_BYTES,
    IN_HAND_BYTES_MAX,
    STATES_BYTES_MAX,
    Keeping,
    Kept,
    State,
)
from adapters.followers.reading import Lease
from adapters.followers.rebuilding import Rebuild
from adapters.followers.runtime import Loop
from adapters.followers.turn import Turns
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.arrays import Array
from adapters.postgres.database import Database
from application.following import Desk
from domain.catalogue import AnyRecorded
from domain.directory.person import PERSON
from domain.signals import LocationRecorded
from tests.followers.workshop import fill

VALUE = "SELECT value FROM policy.memories WHERE tenant_id = %(tenant)s AND key = %(key)s"


class Sum(msgspec.Struct):
    """How many facts were counted."""

    facts: int = 0


class Count:
    """A policy that counts facts, and fails on demand after it has remembered."""

    name = "count"
    behind: str | None = None
    facts = (LocationRecorded,)

    def __init__(self, worth: int = 1) -> None:
        self.worth = worth  # of a fact
        self.fails = False
        self.nothing_new = False

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        known = desk.memories(["sum", "none"], Sum).get("sum", Sum())
        # In place, as policies do; what is not remembered must not be met again.
        known.facts += self.worth * len(batch)
        if not self.nothing_new:
            desk.remember("sum", known)
        if self.fails:
            raise ValueError("It fails after it has counted.")


class Counter:
    """One process that follows: a policy, its handler and its loop."""

    def __init__(self, store: Database) -> None:
        self.policy = Count()
        self.handler = PolicyHandler(self.policy)
        self.loop = Loop(store.url, self.handler, grown=lambda *_: None)


@contextmanager
def counting_loads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Sequence[str]]]:
    """Note which keys are read from the database."""
    loads: list[Sequence[str]] = []
    load = desk_module.PostgresDesk._load

    def noted(desk: desk_module.PostgresDesk, keys: Sequence[str]) -> None:
        if keys:
            loads.append(keys)
        load(desk, keys)

    with monkeypatch.context() as patch:
        patch.setattr(desk_module.PostgresDesk, "_load", noted)
        yield loads


def counted(store: Database, tenant: str) -> int:
    ((value,),) = store.fetch(tenant, VALUE, {"tenant": tenant, "key": "sum"})
    return msgspec.json.decode(value, type=Sum).facts


def test_what_was_written_is_not_read_again(
    store: Database, log: PostgresLog, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.open_tenant(tenant)
    one = Counter(store)
    with counting_loads(monkeypatch) as loads:
        for _ in range(3):
            fill(log, tenant, 4)
            one.loop.catch_up()
    assert loads == [["sum", "none"]]
    assert counted(store, tenant) == 12


def test_what_is_dropped_takes_no_room() -> None:
    kept = Kept()
    kept.put("a", b"1234")
    kept.put("b", None)
    for key in ("a", "b", "never there"):
        kept.drop(key)
    assert (kept.values, kept.bytes_held) == ({}, 0)


def test_a_lease_that_went_to_another_process_and_came_back_serves_nothing_stale(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    one, other = Counter(store), Counter(store)
    for each in (one, one, other, one, other, other, one):
        fill(log, tenant, 4)
        each.loop.catch_up()
    assert counted(store, tenant) == 28


def test_what_is_passed_over_in_between_takes_nothing_away(
    store: Database, log: PostgresLog, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.open_tenant(tenant)
    one = Counter(store)
    fill(log, tenant, 4)
    one.loop.catch_up()
    elsewhere = Turns(one.policy.name, None, Array("text", ["ticket.opened"]), 1_000)
    monkeypatch.setattr(one.loop, "_turns", elsewhere)
    fill(log, tenant, 4)
    one.loop.catch_up()
    monkeypatch.undo()
    fill(log, tenant, 4)
    with counting_loads(monkeypatch) as loads:
        one.loop.catch_up()
    assert loads == []
    assert counted(store, tenant) == 8


def test_what_a_batch_left_that_was_rolled_back_is_forgotten(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    one = Counter(store)
    fill(log, tenant, 4)
    one.loop.catch_up()
    one.policy.fails = True
    fill(log, tenant, 1)
    assert one.loop.step()
    one.policy.fails = False
    one.loop.catch_up()
    fill(log, tenant, 2)
    one.loop.catch_up()
    assert counted(store, tenant) == 7


def test_a_checkpoint_that_could_not_be_moved_takes_what_was_kept_with_it(
    store: Database, log: PostgresLog, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The policy went through, and the transaction fell behind it."""
    log.open_tenant(tenant)
    one = Counter(store)
    fill(log, tenant, 4)
    one.loop.catch_up()
    fill(log, tenant, 3)

    def breaks(*_: object) -> None:
        raise psycopg.OperationalError("The connection is lost.")

    with monkeypatch.context() as patch:
        patch.setattr(Turns, "end", breaks)
        with pytest.raises(psycopg.OperationalError):
            one.loop.step()
    one.loop.catch_up()
    assert counted(store, tenant) == 7


def test_memories_that_were_rebuilt_are_read_again(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    """The checkpoint stays where it is, and what the process has kept is not what stands now."""
    log.open_tenant(tenant)
    one = Counter(store)
    fill(log, tenant, 4)
    one.loop.catch_up()
    Rebuild(store.url, Count(worth=10), tenant).run()
    fill(log, tenant, 1)
    one.loop.catch_up()
    assert counted(store, tenant) == 41


def test_what_is_the_same_is_not_written_again_and_what_was_not_remembered_is_not_kept(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    one = Counter(store)
    fill(log, tenant, 4)
    one.loop.catch_up()
    one.policy.nothing_new = True
    fill(log, tenant, 4)
    one.loop.catch_up()
    one.policy.nothing_new = False
    fill(log, tenant, 1)
    one.loop.catch_up()
    assert counted(store, tenant) == 5


def lease(tenant: str, token: int | None, next_token: int | None) -> Lease:
    return Lease(tenant, 0, b"", 0, 0, 0, token=token, next_token=next_token)


def put(keeping: Keeping, tenant: str, token: int, bytes_: int) -> None:
    kept = keeping.take(lease(tenant, None, token))
    kept.put("k", b"x" * bytes_)
    keeping.give_back(lease(tenant, None, token), kept)


def held(keeping: Keeping, tenant: str, token: int | None) -> dict[str, Any]:
    return keeping.take(lease(tenant, token, None)).values


def test_what_is_kept_is_bounded_and_quiet_tenants_go_first() -> None:
    keeping = Keeping(bytes_max=3 * (ENTRY_BYTES + 101))
    for token, tenant in enumerate(("a", "b", "c", "d"), 1):
        put(keeping, tenant, token, 100)
    put(keeping, "e", 5, 10_000)
    assert [len(held(keeping, each, n)) for n, each in enumerate("abcde", 1)] == [0, 1, 1, 1, 0]


def test_without_a_token_nothing_is_kept() -> None:
    keeping = Keeping()
    keeping.give_back(lease("a", None, None), Kept())
    put(keeping, "a", 7, 1)
    assert held(keeping, "a", None) == {}


def test_the_bytes_held_are_counted_once() -> None:
    kept = Kept()
    for value in (None, b"four", b"sixsix", None):
        kept.put("key", value)
    assert kept.bytes_held == ENTRY_BYTES + 3


class Apple(msgspec.Struct, frozen=True):
    """A memory that cannot be changed."""

    weight_g: int


def test_what_cannot_be_changed_is_kept_as_it_was_in_hand_until_the_next_batch() -> None:
    apple, total = Apple(80), Sum(1)
    kept = Kept()
    kept.put("apple", b"{}")
    kept.hold({"apple": apple, "total": total, "none": None})
    assert kept.in_hand == {"apple": apple}
    assert kept.in_hand["apple"] is apple
    kept.hold({})
    assert kept.in_hand == {}


def test_of_more_than_fits_nothing_is_kept_as_it_was_in_hand() -> None:
    kept = Kept()
    for key in ("one", "two"):
        kept.put(key, bytes(IN_HAND_BYTES_MAX // 2 + 1))
    kept.hold({"one": Apple(1)})
    assert kept.in_hand == {"one": Apple(1)}
    kept.hold({"one": Apple(1), "two": Apple(2)})
    assert kept.in_hand == {}


def test_one_tenant_of_a_policy_has_something_in_hand() -> None:
    keeping = Keeping()
    for token, tenant in enumerate("ab", 1):
        kept = keeping.take(lease(tenant, None, token))
        kept.hold({"apple": Apple(80)})
        keeping.give_back(lease(tenant, None, token), kept)
    assert keeping.take(lease("a", 1, None)).in_hand == {}
    assert keeping.take(lease("b", 2, None)).in_hand == {"apple": Apple(80)}


def test_aggregates_are_bounded_and_what_was_not_used_for_longest_goes_first() -> None:
    kept = Kept()
    half = STATES_BYTES_MAX // 2 // FACT_BYTES - 1
    for name in ("a", "b", "a"):
        kept.put_state(name, State(PERSON, PERSON.initial, half))
    assert kept.bytes_held == 2 * (ENTRY_BYTES + FACT_BYTES * half)
    kept.put_state("c", State(PERSON, PERSON.initial, 3))
    kept.put_state("d", State(PERSON, PERSON.initial, half))
    assert list(kept.states) == ["c", "d"]
    kept.put_state("c", State(PERSON, PERSON.initial, 2 * STATES_BYTES_MAX))
    assert (kept.states, kept.bytes_held) == ({}, 0)
