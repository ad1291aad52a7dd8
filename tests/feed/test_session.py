"""The session: what a listener may say, what it is sent, and how it ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from domain.severity import Severity
from interfaces.feed import hub as hub_module
from interfaces.feed import listeners
from interfaces.feed.hub import Hub
from interfaces.feed.listeners import Filter
from interfaces.feed.session import (
    CLOSE_RESYNC,
    CLOSE_UNAUTHENTICATED,
    MESSAGE_BYTES_MAX,
    MESSAGES_PER_MINUTE_MAX,
    SITES_IN_FILTER_MAX,
    AdmissionUnknown,
    Budget,
    filter_of,
    first_of,
)
from tests.feed.stage import Stage, chained, eventually, listening


def of_type(frames: list[dict[str, Any]], *types: str) -> list[dict[str, Any]]:
    return [frame for frame in frames if frame["type"] in types]


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


async def test_a_scope_that_shrinks_counts_from_the_next_heartbeat_on(
    hub: Hub, stage: Stage
) -> None:
    async with listening(hub, stage.tenant, heartbeat_s=0.05) as listener:
        await listener.socket.heard(1)
        listener.admission.answer = frozenset({"S-2"})
        asked = listener.admission.asked
        await eventually(lambda: listener.admission.asked >= asked + 2)
        stage.ticket("S-1")
        head = stage.ticket("S-2")
        assert (await listener.socket.heard_of("ticket"))["position"] == head


async def test_a_credential_that_is_taken_away_ends_the_session_at_the_next_heartbeat(
    hub: Hub, stage: Stage
) -> None:
    async with listening(hub, stage.tenant, heartbeat_s=0.05) as listener:
        await listener.socket.heard_of("heartbeat")
        listener.admission.answer = None
        code, _ = await listener.ended() or (0, "")
        assert code == CLOSE_UNAUTHENTICATED


async def test_nobody_is_let_in_on_a_credential_that_was_taken_away_before(
    hub: Hub, stage: Stage
) -> None:
    async with listening(hub, stage.tenant) as listener:
        listener.admission.answer = None
        code, _ = await listener.ended() or (0, "")
        assert code == CLOSE_UNAUTHENTICATED
        assert listener.socket.sent == []


async def test_where_nobody_can_say_the_session_goes_on_until_somebody_can(
    hub: Hub, stage: Stage
) -> None:
    async with listening(hub, stage.tenant, heartbeat_s=0.03) as listener:
        await listener.socket.heard_of("heartbeat")
        listener.admission.answer = AdmissionUnknown()
        asked = listener.admission.asked
        await eventually(lambda: listener.admission.asked >= asked + 3)
        assert not listener.task.done()
        listener.admission.answer = None
        code, _ = await listener.ended() or (0, "")
        assert code == CLOSE_UNAUTHENTICATED


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


async def test_whom_even_the_critical_overtakes_is_told_to_load_anew_and_sent_away(
    hub: Hub, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "CRITICAL_FRAMES_MAX", 10)
    monkeypatch.setattr(hub_module, "POLL_S", 0.01)
    async with listening(hub, stage.tenant) as listener:
        await listener.socket.heard(1)
        listener.socket.flows.clear()
        first = stage.ticket()
        await eventually(lambda: hub.tallies[stage.tenant].frames >= first)
        head = stage.comments(60, severity=Severity.CRITICAL)
        await eventually(lambda: hub.tallies[stage.tenant].frames >= head)
        tally = hub.tallies[stage.tenant]
        assert tally.recipients == 1, "One is on its way; what was thrown away nobody was handed."
        (subscription,) = hub._channels[stage.tenant][0].subscriptions
        assert (subscription.lost, len(subscription._frames)) == (True, 0), "No more is kept."
        assert tally.resyncs == 1
        listener.socket.flows.set()
        code, _ = await listener.ended() or (0, "")
        assert code == CLOSE_RESYNC
        *_, frame, resync = listener.socket.sent
        assert (frame["type"], frame["position"]) == ("ticket", first)
        assert resync == {"type": "resync_required", "position": first}


async def test_a_client_that_goes_while_it_is_sent_something_leaves_nothing_behind(
    hub: Hub, stage: Stage
) -> None:
    before = asyncio.all_tasks()
    async with listening(hub, stage.tenant) as listener:
        await listener.socket.heard(1)
        listener.socket.flows.clear()
        head = stage.ticket()
        await eventually(lambda: hub.tallies[stage.tenant].frames >= head)
        listener.socket.go()
        assert await listener.ended() is None
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() == before


async def test_a_failure_of_the_socket_rises_and_leaves_nothing_behind(
    hub: Hub, stage: Stage
) -> None:
    before = asyncio.all_tasks()
    async with listening(hub, stage.tenant) as listener:
        await listener.socket.heard(1)
        listener.socket.fails_with = OSError("broken")
        stage.ticket()
        with pytest.raises(OSError, match="broken"):
            await listener.ended()
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() == before


async def test_a_session_that_is_cancelled_leaves_nothing_behind(hub: Hub, stage: Stage) -> None:
    before = asyncio.all_tasks()
    async with listening(hub, stage.tenant) as listener:
        await listener.socket.heard(1)
        listener.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listener.ended()
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() == before


async def test_a_feed_that_closes_sends_its_listeners_away(hub: Hub, stage: Stage) -> None:
    async with listening(hub, stage.tenant) as listener:
        await listener.socket.heard(1)
        await hub.close()
        code, _ = await listener.ended() or (0, "")
        assert code == CLOSE_RESYNC


async def test_the_first_part_that_ends_ends_the_others() -> None:
    ended: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("endless")

    async def failing() -> None:
        await asyncio.sleep(0)
        raise LookupError

    with pytest.raises(LookupError):
        await first_of(endless(), failing())
    assert ended == ["endless"]


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
