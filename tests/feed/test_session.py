"""The session: what a listener is sent, what it may say, and what that is answered by."""

from __future__ import annotations

import asyncio

import pytest

from interfaces.feed.hub import Hub
from interfaces.feed.session import (
    CLOSE_RESYNC,
    MESSAGE_BYTES_MAX,
    MESSAGES_PER_MINUTE_MAX,
    SITES_IN_FILTER_MAX,
    Budget,
)
from tests.feed.stage import Stage, chained, eventually, listening, of_type


async def test_a_session_begins_with_the_snapshot_and_goes_on_with_the_tail(
    hub: Hub, stage: Stage
) -> None:
    start = stage.ticket()
    async with listening(hub, stage.tenant) as listener:
        assert await listener.socket.heard(1) == [{"type": "snapshot", "position": start}]
        head = stage.ticket()
        (_, frame) = await listener.socket.heard(2)
        assert (frame["type"], frame["position"], frame["previous"]) == ("ticket", head, start)
        listener.socket.go()
        assert await listener.ended() is None


async def test_what_was_missed_comes_before_what_happens(hub: Hub, stage: Stage) -> None:
    stage.comments(4)
    async with listening(hub, stage.tenant, after=2) as listener:
        await listener.socket.heard(4)
        head = stage.ticket()
        snapshot, *frames = await listener.socket.heard(5)
        assert snapshot == {"type": "snapshot", "position": 2}
        assert [frame["position"] for frame in frames] == [3, 4, 5, head]
        assert chained(2, frames)


async def test_a_listener_ahead_of_the_log_is_told_to_load_anew(hub: Hub, stage: Stage) -> None:
    async with listening(hub, stage.tenant, after=99) as listener:
        code, _ = await listener.ended() or (0, "")
        assert code == CLOSE_RESYNC
        assert listener.socket.sent == [{"type": "resync_required", "position": 99}]


async def test_of_150_messages_in_a_minute_50_are_answered_by_errors(
    hub: Hub, stage: Stage
) -> None:
    async with listening(hub, stage.tenant) as listener:
        for _ in range(150):
            listener.socket.say({"type": "ping"})
        frames = (await listener.socket.heard(151))[1:]
        assert [frame["type"] for frame in frames] == ["pong"] * 100 + ["error"] * 50
        assert {frame["code"] for frame in frames[100:]} == {"rate.exceeded"}
        # The feed itself goes on.
        head = stage.ticket()
        assert (await listener.socket.heard(152))[-1]["position"] == head


def test_the_budget_of_a_minute_comes_back_message_by_message() -> None:
    now = 0.0
    budget = Budget(lambda: now)
    for second in range(MESSAGES_PER_MINUTE_MAX):
        now = second / 10
        assert budget.take()
    assert not budget.take()
    now = 59.99
    assert not budget.take()
    now = 60.0
    assert budget.take()
    assert not budget.take()
    now = 60.1
    assert budget.take()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", "message.malformed"),
        (b"{", "message.malformed"),
        (b"\xff\xfe", "message.malformed"),
        (b'{"type":"ping","text":"\xff"}', "message.malformed"),
        (b"[]", "message.malformed"),
        ({}, "message.malformed"),
        ({"type": "shout"}, "message.malformed"),
        ({"type": "ping", "loud": True}, "message.malformed"),
        ({"type": "subscribe", "types": ["weather"]}, "message.malformed"),
        ({"type": "subscribe", "types": "ticket"}, "message.malformed"),
        (
            {"type": "subscribe", "site_ids": ["S"] * (SITES_IN_FILTER_MAX + 1)},
            "message.malformed",
        ),
        (b"[" * MESSAGE_BYTES_MAX, "message.malformed"),
        (b" " * (MESSAGE_BYTES_MAX + 1), "message.too_large"),
    ],
)
async def test_a_message_that_is_none_is_answered_by_an_error(
    hub: Hub, stage: Stage, message: object, code: str
) -> None:
    async with listening(hub, stage.tenant) as listener:
        listener.socket.say(message)
        error = await listener.socket.heard_of("error")
        assert error["code"] == code
        assert error["detail"]
        listener.socket.say({"type": "ping"})
        await listener.socket.heard_of("pong")


async def test_a_heartbeat_says_how_far_the_listener_was_told(hub: Hub, stage: Stage) -> None:
    async with listening(hub, stage.tenant, heartbeat_s=0.05) as listener:
        await listener.socket.heard_of("heartbeat")
        stage.ticket()
        last = stage.secret()
        await eventually(lambda: listener.socket.sent[-1]["position"] >= last)
        positions = [frame["position"] for frame in listener.socket.sent]
        assert positions == sorted(positions), "A heartbeat overtook a frame that it counts."


async def test_a_heartbeat_does_not_overtake_what_it_counts_as_told(hub: Hub, stage: Stage) -> None:
    async with listening(hub, stage.tenant, heartbeat_s=0.03) as listener:
        await listener.socket.heard(1)
        listener.socket.flows.clear()
        for _ in range(5):
            stage.ticket()
        await asyncio.sleep(0.5)
        listener.socket.flows.set()
        await listener.socket.heard(8)
        for _ in range(3):
            stage.ticket()
        await eventually(lambda: len(of_type(listener.socket.sent, "ticket")) >= 8)
        positions = [frame["position"] for frame in listener.socket.sent]
        assert positions == sorted(positions)
