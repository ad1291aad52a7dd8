"""A storm: what a listener cannot take in time becomes a gap, and what is CRITICAL never does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias, cast
from unittest.mock import patch
from uuid import UUID

import msgspec
import pytest
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.severity import Severity
from domain.ticket import TicketCommented
from interfaces.feed import hub as hub_module
from interfaces.feed import listeners
from interfaces.feed.gaps import GAP_SITES_MAX
from interfaces.feed.hub import Hub
from interfaces.feed.listeners import Filter, Subscription
from interfaces.feed.reading import Reader, Told
from interfaces.feed.recipients import Tally
from projections.published import FRAME_TYPES, Frame, FrameType
from projections.ticket_board import TICKET_BOARD, TicketRow
from tests.feed.stage import (
    EVERYTHING,
    Stage,
    all_after,
    chained,
    eventually,
    listening,
    taken,
)
from tests.memory_desk import MemoryLog
from tests.projections.rows import OPENED, SEEN, rows_of
from tests.strategies import forall

START = 7
WAITING_MAX, CRITICAL_MAX = 4, 3

Offer: TypeAlias = tuple[str, str | None, bool]  # type, site, whether it is CRITICAL
TAKE = None
OFFERS = st.tuples(
    st.sampled_from(["finding", "anomaly"]), st.sampled_from(["S-1", "S-2", None]), st.booleans()
)
# Ordinary frames come in runs, or few examples would overflow.
STORMS = st.lists(
    st.one_of(OFFERS.map(lambda offer: [offer]), st.just([TAKE]), st.lists(OFFERS, min_size=5)),
    max_size=12,
).map(lambda runs: [act for run in runs for act in run])


@cache
def row() -> TicketRow:
    log = MemoryLog()
    log.state(f"ticket-{OPENED.ticket_id}", OPENED)
    (only,) = rows_of(TICKET_BOARD, log.facts).values()
    return cast(TicketRow, only)


def told(position: int, type_: str, site_id: str | None, *, critical: bool = False) -> Told:
    frame = Frame(
        type=cast(FrameType, type_),
        event="ticket.opened",
        position=position,
        recorded_at=SEEN,
        actor="user:test",
        site_id=site_id,
        data=row(),
    )
    return Told(frame, msgspec.json.encode(frame)[1:], critical, position)


class Slow:
    """A listener whose frames are offered by hand; it is always live."""

    def __init__(self) -> None:
        self.position = START
        reader = cast(Reader, None)  # it has no past to read
        self.tally = Tally()
        self.subscription = Subscription(
            EVERYTHING, START, reader, lambda: self.position, self.tally
        )
        self.heard: list[dict[str, Any]] = []

    def offer(self, type_: str, site_id: str | None, critical: bool = False) -> int:
        self.position += 2  # what stands between is not public
        self.subscription.offer(told(self.position, type_, site_id, critical=critical))
        return self.position

    def take(self) -> list[dict[str, Any]]:
        frames = [msgspec.json.decode(frame) for frame in self.subscription.take()]
        self.heard += frames
        return frames


def small() -> Any:
    """Let few frames be a storm."""
    return patch.multiple(listeners, QUEUE_FRAMES_MAX=WAITING_MAX, CRITICAL_FRAMES_MAX=CRITICAL_MAX)


def expected(offered: dict[int, Offer], gap: dict[str, Any]) -> list[Offer]:
    """Return the ordinary frames that stand where a gap says that it left some out."""
    within = range(gap["first_position"], gap["position"] + 1)
    return [offer for at, offer in offered.items() if at in within]


@forall(acts=STORMS)
def test_in_any_storm_all_is_told_or_counted_and_the_chain_is_whole(
    acts: Sequence[Offer | None],
) -> None:
    """Either each CRITICAL frame comes, in its place among all others, or the listener is sent away."""
    offered: dict[int, Offer] = {}
    since_taken = 0
    slow = Slow()
    with small():
        for act in [*acts, TAKE]:
            if act is TAKE:
                slow.take()
                since_taken = 0
                continue
            offered[slow.offer(*act)] = act
            since_taken += act[2]
            assert slow.subscription.lost == (since_taken > CRITICAL_MAX)
            if slow.subscription.lost:
                assert slow.take() == []
                break
            assert len(slow.subscription._frames) <= WAITING_MAX + 2 * CRITICAL_MAX + 1
        lost_from = slow.subscription.told if slow.subscription.lost else slow.position
    offered = {at: offer for at, offer in offered.items() if at <= lost_from}
    gaps = [frame for frame in slow.heard if frame["type"] == "gap"]
    frames = {frame["position"]: frame for frame in slow.heard if frame["type"] != "gap"}
    assert chained(START, slow.heard)
    positions = [frame["position"] for frame in slow.heard]
    assert positions == sorted(set(positions))
    for gap in gaps:
        left_out = expected(offered, gap)
        assert not any(critical for *_, critical in left_out)
        assert gap["previous"] < gap["first_position"] <= gap["position"]
        assert gap["left_out"] == len(left_out)
        assert gap["by_type"] == Counter(type_ for type_, *_ in left_out)
        assert gap["by_site"] == Counter(site for _, site, _ in left_out if site)
        assert frames.keys().isdisjoint(range(gap["first_position"], gap["position"] + 1))
    assert len(frames) + sum(gap["left_out"] for gap in gaps) == len(offered)
    # What is recorded by position is what was told: each frame was handed over or left out.
    recorded = {each.position: each for each in slow.tally.drain()}
    handed = {at for at, each in recorded.items() if each.recipients}
    assert handed == frames.keys()
    assert slow.tally.recipients == len(frames)
    assert slow.tally.gaps == len(gaps)
    if not slow.subscription.lost:
        assert {at for at, each in recorded.items() if each.left_out} == offered.keys() - handed
        assert slow.tally.left_out == sum(gap["left_out"] for gap in gaps)
    assert all(at in frames for at, (*_, critical) in offered.items() if critical)


def test_the_newest_are_told_and_the_rest_is_one_gap() -> None:
    slow = Slow()
    with small():
        for number in range(10):
            slow.offer("finding", "S-1" if number % 2 else "S-2")
    gap, *newest = slow.take()
    assert gap == {
        "previous": START,
        "type": "gap",
        "first_position": START + 2,
        "position": START + 16,
        "left_out": 8,
        "by_type": {"finding": 8},
        "by_site": {"S-1": 4, "S-2": 4},
    }
    assert [frame["position"] for frame in newest] == [START + 18, START + 20]
    assert slow.subscription.told == START + 20


def test_a_gap_does_not_pass_what_is_critical() -> None:
    slow = Slow()
    with small():
        for critical in (False, True, False, False, False, False, True, False):
            slow.offer("alert", "S-1", critical)
    kinds = [(frame["type"], frame.get("left_out")) for frame in slow.take()]
    assert kinds == [
        ("gap", 1), ("alert", None), ("gap", 3), ("alert", None), ("alert", None), ("alert", None)
    ]  # fmt: skip


def test_a_gap_names_the_sites_with_most_of_it() -> None:
    slow = Slow()
    sites = [f"S-{number}" for number in range(GAP_SITES_MAX + 5)]
    with small():
        for site_id in (*sites, *sites[5:], None, *["S-9"] * WAITING_MAX, "S-9"):
            slow.offer("alert", site_id)
    gap = slow.take()[0]
    assert set(gap["by_site"]) == set(sites[5:])
    assert gap["left_out"] > sum(gap["by_site"].values())


def test_of_what_a_listener_may_see_no_longer_it_is_not_told_either_how_much_was_left_out() -> None:
    slow = Slow()
    with small():
        for site_id in ("S-1", "S-2", "S-1", "S-1", "S-1"):
            slow.offer("alert", site_id)
        slow.subscription.filter = Filter(sites=frozenset({"S-2"}))
        (gap,) = slow.take()
        assert (gap["left_out"], gap["by_site"]) == (1, {"S-2": 1})
        for site_id in ("S-2", "S-2", "S-2", "S-2", "S-2"):
            slow.offer("alert", site_id)
        slow.subscription.filter = Filter(sites=frozenset({"S-3"}))
        assert slow.take() == []
    assert chained(START, slow.heard)


async def test_who_sees_a_gap_fetches_what_it_left_out_by_position(
    hub: Hub, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old snapshot, the tail with its gap, and what is fetched for it are all that there is."""
    monkeypatch.setattr(listeners, "QUEUE_FRAMES_MAX", 10)
    subscription = await hub.subscribe(stage.tenant, EVERYTHING, None)
    assert subscription is not None
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(subscription.ready())
    head = stage.comments(64)  # all at once, which is a storm also for the quickest
    await waiting
    gap, *newest = await taken(subscription, head)
    assert (gap["type"], gap["left_out"], gap["by_type"]) == ("gap", 60, {"ticket": 60})
    fetched = await all_after(hub, stage.tenant, gap["previous"])
    assert [frame["position"] for frame in fetched] == list(range(1, head + 1))
    assert fetched[gap["left_out"] + 1 :] == newest[1:]
    assert [frame["data"] for frame in fetched[gap["left_out"] :]] == [
        frame["data"] for frame in newest
    ]
    assert chained(0, [gap, *newest])


async def test_a_listener_that_does_not_keep_up_is_told_all_that_is_critical(
    hub: Hub, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "QUEUE_FRAMES_MAX", 10)
    monkeypatch.setattr(hub_module, "POLL_S", 0.01)
    async with listening(hub, stage.tenant) as listener:
        await listener.socket.heard(1)
        listener.socket.flows.clear()
        first = stage.ticket()
        await eventually(lambda: hub.tallies[stage.tenant].frames >= first)
        critical = []
        for _ in range(3):
            stage.comments(20)
            critical.append(stage.ticket(severity=Severity.CRITICAL))
        head = stage.comments(4)
        await eventually(lambda: hub.tallies[stage.tenant].frames >= head)
        listener.socket.flows.set()
        await eventually(lambda: listener.socket.sent[-1]["position"] >= head)
        frames = listener.socket.sent[1:]
        assert chained(0, frames)
        gaps = [frame for frame in frames if frame["type"] == "gap"]
        assert len(gaps) == 3
        assert sum(gap["left_out"] for gap in gaps) + len(frames) - len(gaps) == head
        shown = [frame for frame in frames if frame["type"] == "ticket"]
        urgent = [at["position"] for at in shown if at["data"]["severity"] == "CRITICAL"]
        assert urgent == critical


def test_a_gap_is_no_type_that_somebody_can_ask_for() -> None:
    assert "gap" not in FRAME_TYPES


def test_the_story_of_a_critical_ticket_is_critical_as_the_log_has_it(stage: Stage) -> None:
    ticket_id = UUID(int=5)
    opened = replace(OPENED, ticket_id=ticket_id, severity=Severity.CRITICAL)
    stage.state(f"ticket-{ticket_id}", opened, TicketCommented(text="Hm"))
    stage.ticket()
    read = Reader(stage.log, stage.tenant).read(0)
    assert [told.critical for told in read.frames] == [True, True, False]
