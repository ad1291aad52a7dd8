"""The hub: one tail a tenant, nothing lost, nothing twice, and nobody else's."""

from __future__ import annotations

import asyncio
import threading
from uuid import uuid4

import pytest

from adapters.embedded.postgres import EmbeddedPostgres
from adapters.log.postgres_log import PostgresLog
from adapters.postgres import database
from adapters.postgres.database import Database
from application.ports import Append, LogUnavailable, NoSuchTenant
from domain.severity import Severity
from domain.ticket import TicketStarted
from interfaces.feed import hub as hub_module
from interfaces.feed import listeners
from interfaces.feed.hub import Hub
from interfaces.feed.listeners import Filter
from interfaces.feed.reading import Reader
from tests.feed.stage import CAUSE, EVERYTHING, FaultyLog, Stage, all_after, chained, tails, taken
from tests.projections.rows import OPENED, RAISED


async def test_a_listener_is_told_what_happens_from_now_on(hub: Hub, stage: Stage) -> None:
    start = stage.ticket()
    subscription = await hub.subscribe(stage.tenant, EVERYTHING, None)
    assert subscription is not None
    assert subscription.start == start
    stage.secret()
    first, second = stage.ticket("S-1"), stage.ticket("S-2")
    frames = await taken(subscription, second)
    assert [frame["position"] for frame in frames] == [first, second]
    assert chained(start, frames)
    assert (frames[0]["type"], frames[0]["event"]) == ("ticket", "ticket.opened")
    assert (frames[0]["site_id"], frames[0]["actor"]) == ("S-1", "user:test")
    assert frames[0]["data"]["status"] == "NEW"
    assert subscription.told >= second
    tally = hub.tallies[stage.tenant]
    assert (tally.frames, tally.recipients) == (2, 2)
    hub.leave(stage.tenant, subscription)


async def test_filters_by_type_and_site_let_through_what_is_wanted(hub: Hub, stage: Stage) -> None:
    start = stage.secret()
    stage.ticket("S-1")
    last = stage.ticket("S-2")
    alert = stage.state(f"alert-{uuid4()}", RAISED)
    wanted = {
        Filter(types=frozenset({"alert"})): [alert],
        Filter(sites=frozenset({"S-2"})): [last],
        Filter(frozenset({"ticket"}), frozenset({"S-2", "S-9"})): [last],
        Filter(frozenset({"score"})): [],
    }
    for filter_, positions in wanted.items():
        frames = await all_after(hub, stage.tenant, start, filter_)
        assert [frame["position"] for frame in frames] == positions
        assert chained(start, frames)


async def test_two_tenants_never_hear_of_each_other(
    hub: Hub, stage: Stage, log: PostgresLog
) -> None:
    other = Stage(log, f"{stage.tenant}-b")
    mine = await hub.subscribe(stage.tenant, EVERYTHING, None)
    theirs = await hub.subscribe(other.tenant, EVERYTHING, None)
    assert mine is not None
    assert theirs is not None
    for _ in range(3):
        stage.ticket("mine")
        other.ticket("theirs")
    assert {frame["site_id"] for frame in await taken(mine, 3)} == {"mine"}
    assert {frame["site_id"] for frame in await taken(theirs, 3)} == {"theirs"}
    assert {frame["site_id"] for frame in await all_after(hub, other.tenant, 0)} == {"theirs"}


async def test_a_wake_up_from_any_thread_reaches_its_tenants_tail(
    hub: Hub, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.wake(None)  # before anybody listens it concerns nobody
    monkeypatch.setattr(hub_module, "POLL_S", 60.0)
    subscription = await hub.subscribe(stage.tenant, EVERYTHING, None)
    assert subscription is not None
    await asyncio.sleep(0.1)
    head = stage.ticket()
    hub.wake(frozenset({"another"}))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(subscription.ready(), 0.2)
    await asyncio.to_thread(hub.wake, frozenset({stage.tenant}))
    assert [frame["position"] for frame in await taken(subscription, head)] == [head]


async def test_many_may_come_at_once_and_share_one_tail(hub: Hub, stage: Stage) -> None:
    joined = await asyncio.gather(
        *(hub.subscribe(stage.tenant, EVERYTHING, None) for _ in range(20))
    )
    assert tails(stage.tenant) == 1
    head = stage.ticket()
    for subscription in joined:
        assert subscription is not None
        assert len(await taken(subscription, head)) == 1
        hub.leave(stage.tenant, subscription)
        hub.leave(stage.tenant, subscription)  # leaving twice is leaving once
    assert hub.tallies[stage.tenant].recipients == 20


async def test_a_tail_goes_on_for_who_is_about_to_join_when_the_last_one_leaves(
    hub: Hub, stage: Stage, tail: FaultyLog
) -> None:
    """Whoever is ahead of the tail waits for the head; meanwhile everybody else may go."""
    leaving = await hub.subscribe(stage.tenant, EVERYTHING, None)
    assert leaving is not None
    asked, answer = threading.Event(), threading.Event()
    position = hub._head

    def slow(tenant_id: str) -> int:
        asked.set()
        assert answer.wait(5)
        return position(tenant_id)

    hub._head = slow
    joining = asyncio.create_task(hub.subscribe(stage.tenant, EVERYTHING, 1))
    await asyncio.to_thread(asked.wait, 5)
    stage.ticket()
    hub.leave(stage.tenant, leaving)
    answer.set()
    subscription = await joining
    assert subscription is not None
    head = stage.ticket()
    assert [frame["position"] for frame in await taken(subscription, head)] == [head]
    hub.leave(stage.tenant, subscription)


async def test_a_listener_too_slow_for_what_is_critical_loses_its_place_and_holds_no_memory(
    hub: Hub, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "CRITICAL_FRAMES_MAX", 5)
    monkeypatch.setattr(hub_module, "POLL_S", 0.01)
    slow = await hub.subscribe(stage.tenant, EVERYTHING, None)
    quick = await hub.subscribe(stage.tenant, EVERYTHING, None)
    assert slow is not None
    assert quick is not None
    first = stage.ticket()
    assert len(await taken(slow, first)) == 1
    assert len(await taken(quick, first)) == 1
    for _ in range(20):
        critical = stage.ticket(severity=Severity.CRITICAL)
        assert len(await taken(quick, critical)) == 1
    await slow.ready()
    assert slow.lost
    assert slow.take() == []
    assert slow.told == first
    # It comes back behind what it was told, and has missed nothing.
    assert len(await all_after(hub, stage.tenant, slow.told)) == 20


async def test_what_a_listener_may_see_no_longer_is_not_handed_out(hub: Hub, stage: Stage) -> None:
    subscription = await hub.subscribe(stage.tenant, EVERYTHING, None)
    assert subscription is not None
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(subscription.ready())
    stage.ticket("S-1")
    await waiting
    subscription.filter = Filter(sites=frozenset({"S-2"}))
    assert subscription.take() == []
    head = stage.ticket("S-2")
    frames = await taken(subscription, head)
    assert [frame["position"] for frame in frames] == [head]
    assert chained(0, frames)


async def test_a_log_that_is_away_for_a_while_costs_time_and_no_frame(
    hub: Hub, stage: Stage, tail: FaultyLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "FAILURE_PAUSE_S", 0.01)
    monkeypatch.setattr(listeners, "FAILURE_PAUSE_S", 0.01)
    stage.comments(2)
    live = await hub.subscribe(stage.tenant, EVERYTHING, None)
    behind = await hub.subscribe(stage.tenant, EVERYTHING, 0)
    assert live is not None
    assert behind is not None
    tail.fails_with = LogUnavailable("away")
    with pytest.raises(LogUnavailable):
        await hub.subscribe(stage.tenant, EVERYTHING, 99)
    with pytest.raises(LogUnavailable):
        await hub.subscribe(f"{stage.tenant}-b", EVERYTHING, None)
    head = stage.ticket()
    waiting = asyncio.create_task(behind.ready())
    await asyncio.sleep(0.4)
    assert not waiting.done()
    tail.fails_with = None
    assert len(await taken(live, head)) == 1
    assert len(await taken(behind, head)) == 4
    # Of two that wait for one listener, one may have found all taken, and wait for what comes next.
    stage.ticket()
    await waiting


def test_a_database_that_stops_is_a_log_that_does_not_answer(
    postgres: EmbeddedPostgres, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "POOL_WAIT_S", 0.5)
    store = Database(postgres.app_url(), connections_max=2)
    log = PostgresLog(store)
    try:
        log.open_tenant(tenant)
        postgres.stop()
        with pytest.raises(LogUnavailable):
            log.read_types(tenant, 0, ["ticket.opened"], 10)
        with pytest.raises(LogUnavailable):
            log.head(tenant)
        with pytest.raises(LogUnavailable):
            log.read_stream(tenant, "ticket-1")
    finally:
        log.close()
        store.close()


async def test_a_tail_that_breaks_sends_its_listeners_away(
    hub: Hub, stage: Stage, tail: FaultyLog
) -> None:
    subscription = await hub.subscribe(stage.tenant, EVERYTHING, None)
    assert subscription is not None
    tail.fails_with = ValueError("damaged")
    async with asyncio.timeout(5):
        await subscription.ready()
    assert subscription.lost
    tail.fails_with = None
    hub.leave(stage.tenant, subscription)
    head = stage.ticket()
    again = await hub.subscribe(stage.tenant, EVERYTHING, subscription.told)
    assert again is not None
    assert len(await taken(again, head)) == 1


async def test_closing_ends_every_tail_and_sends_everybody_away(hub: Hub, stage: Stage) -> None:
    subscription = await hub.subscribe(stage.tenant, EVERYTHING, None)
    assert subscription is not None
    await hub.close()
    await subscription.ready()
    assert subscription.lost
    assert tails(stage.tenant) == 0


async def test_a_tenant_without_a_log_has_no_feed(hub: Hub, tenant: str) -> None:
    with pytest.raises(NoSuchTenant):
        await hub.subscribe(tenant, EVERYTHING, None)


def test_several_appends_in_one_call_are_told_one_by_one(stage: Stage) -> None:
    appends = [
        Append.of(f"ticket-{number}", 0, [OPENED, TicketStarted()], CAUSE) for number in range(3)
    ]
    stage.log.append_each(stage.tenant, appends)
    read = Reader(stage.log, stage.tenant).read(0)
    assert [told.position for told in read.frames] == [1, 2, 3, 4, 5, 6]
