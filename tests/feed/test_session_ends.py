"""How a session ends, or goes on: credentials, listeners that fall behind or go, and a feed that closes."""

from __future__ import annotations

import asyncio

import pytest

from domain.severity import Severity
from interfaces.feed import hub as hub_module
from interfaces.feed import listeners
from interfaces.feed.hub import Hub
from interfaces.feed.session import (
    CLOSE_RESYNC,
    CLOSE_UNAUTHENTICATED,
    AdmissionUnknown,
    first_of,
)
from tests.feed.stage import Stage, eventually, listening


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
