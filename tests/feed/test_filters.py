"""Filters: what a listener wants to hear of, and what it may."""

from __future__ import annotations

import asyncio

import pytest

from interfaces.feed.hub import Hub
from interfaces.feed.listeners import Filter
from interfaces.feed.session import (
    SITES_IN_FILTER_MAX,
    filter_of,
)
from tests.feed.stage import Stage, eventually, listening, of_type


async def test_a_listener_may_change_what_it_wants(hub: Hub, stage: Stage) -> None:
    wanted = Filter(types=frozenset({"ticket"}), sites=frozenset({"S-1"}))
    async with listening(hub, stage.tenant, wanted=wanted) as listener:

        async def change(**fields: object) -> None:
            listener.socket.sent.clear()
            listener.socket.say({"type": "subscribe", **fields})
            await listener.socket.heard_of("subscribed")

        async def heard_sites() -> list[str]:
            stage.ticket("S-1")
            stage.ticket("S-2")
            last = stage.ticket("S-3")
            await eventually(lambda: hub.tallies[stage.tenant].frames >= last)
            listener.socket.say({"type": "ping"})
            await listener.socket.heard_of("pong")
            return [frame["site_id"] for frame in of_type(listener.socket.sent, "ticket")]

        await listener.socket.heard(1)
        assert await heard_sites() == ["S-1"]
        await change(site_ids=["S-2", "S-3"])
        assert await heard_sites() == ["S-2", "S-3"]
        await change(site_ids=None)
        assert await heard_sites() == ["S-1", "S-2", "S-3"]
        await change(types=["alert", "score"])
        assert await heard_sites() == []
        await change(types=None)
        assert await heard_sites() == ["S-1", "S-2", "S-3"]
        await change()
        assert await heard_sites() == ["S-1", "S-2", "S-3"]


async def test_a_scoped_listener_hears_of_its_own_sites_whatever_it_asks_for(
    hub: Hub, stage: Stage
) -> None:
    async with listening(hub, stage.tenant, scope=frozenset({"S-1", "S-2"})) as listener:
        await listener.socket.heard(1)
        listener.socket.say({"type": "subscribe", "site_ids": ["S-2", "S-3"]})
        await listener.socket.heard_of("subscribed")
        for site in ("S-1", "S-3", "S-2"):
            stage.ticket(site)
        frame = await listener.socket.heard_of("ticket")
        assert frame["site_id"] == "S-2"
        listener.socket.say({"type": "subscribe", "site_ids": None})
        await asyncio.sleep(0.05)
        for site in ("S-3", "S-1"):
            stage.ticket(site)
        await eventually(lambda: len(of_type(listener.socket.sent, "ticket")) >= 2)
        assert [frame["site_id"] for frame in of_type(listener.socket.sent, "ticket")] == [
            "S-2",
            "S-1",
        ]


def test_nothing_named_is_everything() -> None:
    assert filter_of([], []) == Filter(None, None)
    assert filter_of(["", ","], []) == Filter(None, None)
    assert filter_of(["ticket,alert", "score"], ["S-1"]) == Filter(
        frozenset({"ticket", "alert", "score"}), frozenset({"S-1"})
    )


@pytest.mark.parametrize(
    ("types", "site_ids"),
    [(["ticket,weather"], []), (["é" * 200], []), ([], ["S"] * (SITES_IN_FILTER_MAX + 1))],
)
def test_a_filter_that_cannot_be_is_refused_in_a_few_words(
    types: list[str], site_ids: list[str]
) -> None:
    with pytest.raises(ValueError, match=r"^(types|site_id): ") as caught:
        filter_of(types, site_ids)
    assert len(str(caught.value).encode()) <= 123
