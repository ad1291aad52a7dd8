"""The hub: tails the log of each tenant that has listeners, once per process, and fans out.

The feed has no store of its own. Whatever a listener missed is read from the log again, so a
dropped connection loses nothing and a slow listener is sent away to come back by position.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import structlog

from application.ports import LogUnavailable
from interfaces.feed.listeners import Filter, Subscription
from interfaces.feed.reading import FAILURE_PAUSE_S, Reader, Tail
from interfaces.feed.recipients import Tally

POLL_S = 0.25  # a lost wake-up costs this much, never a frame
BACKLOG_POSITIONS_MAX = 200_000  # further behind, a listener loads the lists anew

_journal = structlog.get_logger(__name__)


class Channel:
    """One tenant's tail: its position and its listeners."""

    def __init__(self, tail: Tail, tenant_id: str, position: int, tally: Tally) -> None:
        self.tenant_id = tenant_id
        self.position = position
        self.tally = tally
        self.woken = asyncio.Event()
        self.subscriptions: set[Subscription] = set()
        self._reader = Reader(tail, tenant_id)

    async def run(self) -> None:
        """Tail until cancelled."""
        while True:
            self.woken.clear()
            try:
                read = await asyncio.to_thread(self._reader.read, self.position)
            except LogUnavailable as error:
                _journal.warning("feed_lost_log", tenant=self.tenant_id, error=str(error))
                await asyncio.sleep(FAILURE_PAUSE_S)
                continue
            # The offers and the move are one step of the loop: who joins in between misses nothing.
            for told in read.frames:
                self.tally.told(told.position)
                for listener in self.subscriptions:
                    listener.offer(told)
            self.position = read.up_to
            if not read.full:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.woken.wait(), POLL_S)

    def lose(self) -> None:
        """Send every listener away; they come back by position."""
        for subscription in self.subscriptions:
            subscription.lose()


class Hub:
    """All channels of a process. Lives on one event loop; `wake` may be called from any thread."""

    def __init__(self, tail: Tail, head: Callable[[str], int]) -> None:
        self.tallies: dict[str, Tally] = {}  # of every tenant that had listeners since the start
        self._tail = tail
        self._head = head
        self._channels: dict[str, tuple[Channel, asyncio.Task[None]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening = asyncio.Lock()

    def wake(self, tenants: frozenset[str] | None) -> None:
        """Say, from any thread, whose logs have grown; None means anybody's."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, tenants)

    def _wake(self, tenants: frozenset[str] | None) -> None:
        for tenant_id, (channel, _) in self._channels.items():
            if tenants is None or tenant_id in tenants:
                channel.woken.set()

    async def subscribe(
        self, tenant_id: str, filter_: Filter, after: int | None
    ) -> Subscription | None:
        """Join a tenant's feed behind a position, or at its end.

        None means that `after` is too far behind or ahead of the log: the listener must resync.

        Raises:
            LogUnavailable: the log did not answer.
        """
        channel = await self._channel(tenant_id)
        start = channel.position if after is None else after
        reader = Reader(self._tail, tenant_id)
        subscription = Subscription(filter_, start, reader, lambda: channel.position, channel.tally)
        # Before anything is awaited, or the channel might end with its last other listener.
        channel.subscriptions.add(subscription)
        try:
            near = 0 <= channel.position - start <= BACKLOG_POSITIONS_MAX
            if not near:
                # The channel may be a moment behind a position that the log has given out already.
                head = await asyncio.to_thread(self._head, tenant_id)
                near = 0 <= head - start <= BACKLOG_POSITIONS_MAX
        except BaseException:
            self.leave(tenant_id, subscription)
            raise
        if not near:
            self.leave(tenant_id, subscription)
            return None
        return subscription

    def leave(self, tenant_id: str, subscription: Subscription) -> None:
        """End a subscription; a tenant without listeners is not tailed any more."""
        if tenant_id not in self._channels:
            return
        channel, task = self._channels[tenant_id]
        channel.subscriptions.discard(subscription)
        if not channel.subscriptions:
            task.cancel()
            del self._channels[tenant_id]

    def listeners(self) -> dict[str, int]:
        """Return how many listen at this moment, by tenant; from any thread."""
        channels = [channel for channel, _ in [*self._channels.values()]]
        return {channel.tenant_id: len(channel.subscriptions) for channel in channels}

    async def close(self) -> None:
        """Stop every tail and send the listeners away."""
        channels = list(self._channels.values())
        self._channels.clear()
        for channel, task in channels:
            task.cancel()
            channel.lose()
        await asyncio.gather(*(task for _, task in channels), return_exceptions=True)

    async def _channel(self, tenant_id: str) -> Channel:
        async with self._opening:
            if tenant_id not in self._channels:
                self._loop = asyncio.get_running_loop()
                position = await asyncio.to_thread(self._head, tenant_id)
                tally = self.tallies.setdefault(tenant_id, Tally())
                channel = Channel(self._tail, tenant_id, position, tally)
                task = asyncio.create_task(channel.run(), name=f"feed-{tenant_id}")
                task.add_done_callback(partial(self._ended, channel))
                self._channels[tenant_id] = (channel, task)
            return self._channels[tenant_id][0]

    def _ended(self, channel: Channel, task: asyncio.Task[None]) -> None:
        """A tail that broke must not leave its listeners waiting for what will never come."""
        if task.cancelled():
            return
        _journal.error("feed_broke", tenant=channel.tenant_id, exc_info=task.exception())
        if self._channels.get(channel.tenant_id, (None, None))[0] is channel:
            del self._channels[channel.tenant_id]
        channel.lose()
