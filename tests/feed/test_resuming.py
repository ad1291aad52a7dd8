"""Resuming: an old snapshot and the tail behind it are a fresh snapshot, or a resync is asked for."""

from __future__ import annotations

import asyncio
import random
import threading
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.log.postgres_log import PostgresLog
from domain.catalogue import AnyRecorded
from domain.fraud.facts import score_stream
from domain.fraud.memory import HIGH_RISK_FROM
from domain.ticket import TicketCommented, TicketStarted
from interfaces.feed import hub as hub_module
from interfaces.feed import reading
from interfaces.feed.hub import Hub
from interfaces.feed.reading import Reader
from projections.alert_board import ALERT_BOARD
from projections.fraud_scores import FRAUD_SCORES
from projections.kernel import Projection
from projections.ticket_board import TICKET_BOARD
from tests.feed.stage import EVERYTHING, FaultyLog, Stage, all_after, chained, tails, taken
from tests.projections.rows import OPENED, rows_of
from tests.projections.test_published import SCORED
from tests.tenant_stories import stories

# The stories below are of those; the other types have a story of their own in test_types.py.
BOARDS: dict[str, Projection[Any]] = {
    "ticket": TICKET_BOARD,
    "alert": ALERT_BOARD,
    "score": FRAUD_SCORES,
}


async def test_resuming_behind_any_position_continues_the_chain(hub: Hub, stage: Stage) -> None:
    stage.comments(3)
    stage.secret()
    stage.comments(2)
    whole = await all_after(hub, stage.tenant, 0)
    assert [frame["position"] for frame in whole] == [1, 2, 3, 4, 6, 7, 8]
    for cut in range(9):
        frames = await all_after(hub, stage.tenant, cut)
        assert [frame["position"] for frame in frames] == [
            frame["position"] for frame in whole if frame["position"] > cut
        ]
        assert chained(cut, frames)
        # A frame is a function of the log: told again, it shows the same.
        assert [frame["data"] for frame in frames] == [
            frame["data"] for frame in whole if frame["position"] > cut
        ]


def snapshot(facts: list[AnyRecorded]) -> dict[tuple[str, str], Any]:
    """Return what the lists show after these facts, as JSON."""
    return {
        (type_, key): msgspec.json.decode(msgspec.json.encode(row))
        for type_, board in BOARDS.items()
        for key, row in rows_of(board, facts).items()
        if type_ != "score" or row.probability >= HIGH_RISK_FROM
    }


def applied(
    shown: dict[tuple[str, str], Any], frames: list[dict[str, Any]]
) -> dict[tuple[str, str], Any]:
    """Return what a page shows that puts the tail on its old lists."""
    shown = dict(shown)
    for frame in frames:
        key = frame["type"], frame["data"][BOARDS[frame["type"]].key]
        shown[key] = frame["data"]
        if frame["type"] == "score" and frame["data"]["probability"] < HIGH_RISK_FROM:
            del shown[key]
    return shown


@settings(max_examples=15, deadline=None)
@given(story=stories(), seed=st.integers(0, 99))
def test_an_old_snapshot_with_the_tail_is_a_fresh_snapshot(
    log: PostgresLog, story: list[AnyRecorded], seed: int
) -> None:
    """Zulip's test, at every cut: whatever was missed, the tail makes good."""
    stage = Stage(log, f"t-{uuid4().hex[:12]}")
    for fact in story:
        stage.state(fact.stream_id, fact.event)
    facts = log.read(stage.tenant, 0, 1_000)
    fresh = snapshot(facts)

    async def check() -> None:
        hub = Hub(log, lambda tenant_id: log.head(tenant_id).position)
        for cut in range(len(facts) + 1):
            frames = await all_after(hub, stage.tenant, cut)
            assert chained(cut, frames)
            assert applied(snapshot(facts[:cut]), frames) == fresh
        await hub.close()

    asyncio.run(check())


async def test_whoever_saw_a_score_high_hears_that_it_fell(hub: Hub, stage: Stage) -> None:
    stream = score_stream(SCORED.attendance)
    low = msgspec.structs.replace(SCORED, probability=0.1)
    high = msgspec.structs.replace(SCORED, probability=0.9)
    stage.state(stream, low, high, low, low)
    frames = await all_after(hub, stage.tenant, 0)
    assert [(frame["position"], frame["data"]["probability"]) for frame in frames] == [
        (2, 0.9),
        (3, 0.1),
    ]
    # A listener that comes between, with no row at hand, hears it as well.
    assert [frame["position"] for frame in await all_after(hub, stage.tenant, 2)] == [3]


@pytest.mark.parametrize("seed", range(3))
async def test_resuming_while_others_write_loses_and_doubles_nothing(
    hub: Hub, stage: Stage, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "READ_FACTS_MAX", 7)
    monkeypatch.setattr(hub_module, "POLL_S", 0.005)
    draw = random.Random(seed)
    writing = [
        threading.Thread(target=lambda: [stage.comments(2) for _ in range(25)]),
        threading.Thread(target=lambda: [stage.ticket() for _ in range(40)]),
    ]
    heard: list[dict[str, Any]] = []
    for writer in writing:
        writer.start()
    last = 0
    while any(writer.is_alive() for writer in writing) or last < 115:
        subscription = await hub.subscribe(stage.tenant, EVERYTHING, last)
        assert subscription is not None
        for _ in range(draw.randrange(1, 4)):
            try:
                await asyncio.wait_for(subscription.ready(), 0.2)
            except TimeoutError:
                break
            frames = [msgspec.json.decode(frame) for frame in subscription.take()]
            # The connection may break after any frame of those that were handed out.
            got = frames[: draw.randrange(len(frames) + 1)]
            heard += got
            if len(got) < len(frames):
                break
        hub.leave(stage.tenant, subscription)
        last = heard[-1]["position"] if heard else 0
    assert [frame["position"] for frame in heard] == list(range(1, 116))
    assert chained(0, heard)


async def test_a_position_that_the_log_has_not_given_out_needs_a_resync(
    hub: Hub, stage: Stage
) -> None:
    head = stage.ticket()
    assert await hub.subscribe(stage.tenant, EVERYTHING, head + 1) is None
    await asyncio.sleep(0.05)
    assert tails(stage.tenant) == 0, "Nobody is left, so nobody tails."


async def test_a_listener_that_is_far_behind_needs_a_resync(
    hub: Hub, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "BACKLOG_POSITIONS_MAX", 5)
    head = stage.comments(9)
    assert await hub.subscribe(stage.tenant, EVERYTHING, head - 6) is None
    assert len(await all_after(hub, stage.tenant, head - 5)) == 5


async def test_a_listener_may_be_a_moment_ahead_of_the_tail(
    hub: Hub, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process told it the newest frame already; here it must not hear it twice."""
    monkeypatch.setattr(hub_module, "POLL_S", 60.0)
    first = await hub.subscribe(stage.tenant, EVERYTHING, None)
    assert first is not None
    await asyncio.sleep(0.1)
    head = stage.ticket()
    ahead = await hub.subscribe(stage.tenant, EVERYTHING, head)
    assert ahead is not None
    waiting = asyncio.create_task(ahead.ready())
    hub.wake(None)
    assert [frame["position"] for frame in await taken(first, head)] == [head]
    assert not waiting.done()
    after = stage.ticket()
    hub.wake(frozenset({"another", stage.tenant}))
    frames = await taken(ahead, after)
    assert [frame["position"] for frame in frames] == [after]
    assert chained(head, frames)
    await waiting


async def test_a_listener_that_is_behind_reads_the_past_in_portions(
    hub: Hub, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "READ_FACTS_MAX", 10)
    head = stage.comments(94)
    subscription = await hub.subscribe(stage.tenant, EVERYTHING, 0)
    assert subscription is not None
    portions = []
    while subscription.told < head:
        await subscription.ready()
        portions.append(len(subscription.take()))
    assert portions == [10] * 9 + [5]
    hub.leave(stage.tenant, subscription)


async def test_two_that_wait_for_one_listener_read_its_past_once(hub: Hub, stage: Stage) -> None:
    head = stage.comments(3)
    subscription = await hub.subscribe(stage.tenant, EVERYTHING, 0)
    assert subscription is not None
    await asyncio.gather(subscription.ready(), subscription.ready())
    assert len(subscription.take()) == head
    hub.leave(stage.tenant, subscription)


@pytest.mark.parametrize("rows_max", [0, 1, 100])
def test_a_row_is_the_same_from_memory_and_from_the_log(
    stage: Stage, rows_max: int, tail: FaultyLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts of one stream may come in several reads, and its row may have been forgotten between."""
    monkeypatch.setattr(reading, "READ_FACTS_MAX", 1)
    tickets = [UUID(int=number) for number in (1, 2)]
    for ticket_id in tickets:
        opened = msgspec.structs.replace(OPENED, ticket_id=ticket_id)
        stage.state(f"ticket-{ticket_id}", opened)
    for event in (TicketCommented(text="Hm"), TicketStarted()):
        for ticket_id in tickets:
            stage.state(f"ticket-{ticket_id}", event)
    reader = Reader(tail, stage.tenant, rows_max)
    rows = []
    position = 0
    for _ in range(6):
        read = reader.read(position)
        assert read.full
        position = read.up_to
        rows += [told.frame.data for told in read.frames]
    facts = stage.log.read(stage.tenant, 0, 10)
    whole = [rows_of(TICKET_BOARD, facts[: n + 1]) for n in range(6)]
    assert rows == [whole[n][str(tickets[n % 2])] for n in range(6)]
    assert reader.read(6) == reading.Read([], 6, full=False)
