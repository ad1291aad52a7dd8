"""The hub: tails the log of each tenant that has listeners, once per process, and fans out.

The feed has no store of its own. Whatever a listener missed is read from the log again, so a
dropped connection loses nothing and a slow listener is sent away to come back by position.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec
import structlog

from application.ports import LogUnavailable
from domain.catalogue import AnyRecorded
from projections.published import PUBLIC_TYPES, Frame, Row, publish, subject_of

POLL_S = 0.25  # a lost wake-up costs this much, never a frame
READ_FACTS_MAX = 1_000
QUEUE_FRAMES_MAX = 1_000  # frames that wait for one slow listener
BACKLOG_POSITIONS_MAX = 200_000  # further behind, a listener loads the lists anew
ROWS_CACHED_MAX = 20_000  # public rows kept in memory per tenant, oldest use dropped first
FAILURE_PAUSE_S = 0.5

_journal = structlog.get_logger(__name__)
_encoder = msgspec.json.Encoder()


class Told(msgspec.Struct, frozen=True):
    """A frame and its JSON without the opening brace, encoded once for all listeners."""

    frame: Frame
    body: bytes

    @property
    def position(self) -> int:
        return self.frame.position

    def after(self, previous: int) -> bytes:
        """Return the bytes for a listener that was told everything up to `previous`."""
        return b'{"previous":%d,%s' % (previous, self.body)


class Tail(Protocol):
    """What the hub wants from the log; every call may block, so it runs in a thread."""

    def read_types(
        self, tenant_id: str, after: int, types: Sequence[str], limit: int
    ) -> tuple[list[AnyRecorded], int]:
        """Return facts of these types behind `after`, and the position up to which they are all."""
        ...

    def read_stream(self, tenant_id: str, stream_id: str) -> list[AnyRecorded]:
        """Return a stream's facts, oldest first."""
        ...


class Filter(msgspec.Struct, frozen=True):
    """Which frames a listener wants and may see; None means all."""

    types: frozenset[str] | None = None
    sites: frozenset[str] | None = None

    def lets_through(self, frame: Frame) -> bool:
        """Return whether a frame is for this listener."""
        if self.types is not None and frame.type not in self.types:
            return False
        return self.sites is None or frame.site_id in self.sites


class Subscription:
    """One listener's bounded queue. `last` is the position up to which it was told everything."""

    def __init__(self, filter_: Filter, last: int) -> None:
        self.filter = filter_
        self.last = last
        self.overflown = False
        self._frames: deque[Told] = deque()
        self._arrived = asyncio.Event()

    def offer(self, told: Told) -> bool:
        """Queue a frame if it is for this listener; answer whether it was."""
        if self.overflown or told.position <= self.last:
            return False
        if not self.filter.lets_through(told.frame):
            return False
        if len(self._frames) >= QUEUE_FRAMES_MAX:
            # Never a silent loss: all that is unsent goes, and the listener is told to resync.
            self._frames.clear()
            self.overflown = True
        else:
            self._frames.append(told)
        self._arrived.set()
        return True

    async def next(self) -> list[bytes]:
        """Wait for frames and answer their bytes, oldest first. Empty means overflown."""
        await self._arrived.wait()
        self._arrived.clear()
        sent = []
        while self._frames:
            told = self._frames.popleft()
            sent.append(told.after(self.last))
            self.last = told.position
        return sent


class Channel:
    """One tenant's tail: its position, its listeners, and the rows that frames show."""

    def __init__(self, tail: Tail, tenant_id: str, position: int) -> None:
        self.tenant_id = tenant_id
        self.position = position
        self.woken = asyncio.Event()
        self.subscriptions: set[Subscription] = set()
        self._tail = tail
        self._rows: OrderedDict[str, tuple[int, Row]] = OrderedDict()  # stream -> version, row

    async def run(self, count: Callable[[Told, int], None]) -> None:
        """Tail until cancelled; `count` hears of each frame and its number of recipients."""
        while True:
            self.woken.clear()
            try:
                facts, up_to = await asyncio.to_thread(
                    self._tail.read_types, self.tenant_id, self.position, PUBLIC_TYPES, READ_FACTS_MAX
                )
                frames = await asyncio.to_thread(self.frames, facts)
            except LogUnavailable as error:
                _journal.warning("feed_lost_log", tenant=self.tenant_id, error=str(error))
                await asyncio.sleep(FAILURE_PAUSE_S)
                continue
            for frame in frames:
                count(frame, sum(listener.offer(frame) for listener in self.subscriptions))
            self.position = up_to
            if len(facts) < READ_FACTS_MAX:
                try:
                    await asyncio.wait_for(self.woken.wait(), POLL_S)
                except TimeoutError:
                    continue

    def frames(self, facts: Iterable[AnyRecorded]) -> list[Told]:
        """Return the public frames of facts, each with its subject's row right after that fact."""
        made = []
        for fact in facts:
            frame = publish(fact, self._row_after(fact))
            if frame is not None:
                made.append(Told(frame, _encoder.encode(frame)[1:]))
        return made

    def _row_after(self, fact: AnyRecorded) -> Row | None:
        projection = subject_of(fact)
        if projection is None:
            return None
        known = self._rows.pop(fact.stream_id, None)
        if known is not None and known[0] == fact.version - 1:
            row = projection.project(known[1], fact)
        else:
            row = None
            for earlier in self._tail.read_stream(self.tenant_id, fact.stream_id):
                if earlier.version > fact.version:
                    break
                row = projection.project(row, earlier)
        if row is not None:
            self._rows[fact.stream_id] = (fact.version, row)
            if len(self._rows) > ROWS_CACHED_MAX:
                self._rows.popitem(last=False)
        return row


class Hub:
    """All channels of a process. Lives on one event loop; `wake` may be called from any thread."""

    def __init__(self, tail: Tail, head: Callable[[str], int]) -> None:
        self.recipients = 0  # deliveries queued since the start, over all frames
        self.frames = 0
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
    ) -> tuple[Subscription, list[bytes], int] | None:
        """Join a tenant's feed; answer the subscription, the frames since `after`, and where it starts.

        None means that `after` is too far behind or ahead of the log: the listener must resync.

        Raises:
            LogUnavailable: the log did not answer.
        """
        channel = await self._channel(tenant_id)
        joined = channel.position
        if after is not None and not 0 <= joined - after <= BACKLOG_POSITIONS_MAX:
            # The channel may be a moment behind a position that the log has already given out.
            head = await asyncio.to_thread(self._head, tenant_id)
            if not 0 <= head - after <= BACKLOG_POSITIONS_MAX:
                return None
        start = joined if after is None else after
        subscription = Subscription(filter_, max(start, joined))
        channel.subscriptions.add(subscription)
        try:
            missed, last = await asyncio.to_thread(
                self._missed, tenant_id, filter_, start, joined
            )
        except BaseException:
            channel.subscriptions.discard(subscription)
            raise
        # What came in while the past was read is queued already; nothing of it is at or before
        # `joined`, so nothing is told twice.
        subscription.last = last
        return subscription, missed, start

    def _missed(
        self, tenant_id: str, filter_: Filter, after: int, until: int
    ) -> tuple[list[bytes], int]:
        past = Channel(self._tail, tenant_id, after)
        missed: list[bytes] = []
        position = last = after
        while position < until:
            facts, position = self._tail.read_types(
                tenant_id, position, PUBLIC_TYPES, READ_FACTS_MAX
            )
            for told in past.frames(fact for fact in facts if fact.position <= until):
                if filter_.lets_through(told.frame):
                    missed.append(told.after(last))
                    last = told.position
        return missed, last

    def position(self, tenant_id: str) -> int:
        """Return how far a tenant that has listeners was tailed."""
        return self._channels[tenant_id][0].position

    def leave(self, tenant_id: str, subscription: Subscription) -> None:
        """End a subscription; a tenant without listeners is not tailed any more."""
        channel, task = self._channels[tenant_id]
        channel.subscriptions.discard(subscription)
        if not channel.subscriptions:
            task.cancel()
            del self._channels[tenant_id]

    async def close(self) -> None:
        """Stop every tail."""
        for _, task in self._channels.values():
            task.cancel()
        self._channels.clear()

    async def _channel(self, tenant_id: str) -> Channel:
        async with self._opening:
            if tenant_id not in self._channels:
                self._loop = asyncio.get_running_loop()
                position = await asyncio.to_thread(self._head, tenant_id)
                channel = Channel(self._tail, tenant_id, position)
                task = asyncio.create_task(channel.run(self._count), name=f"feed-{tenant_id}")
                self._channels[tenant_id] = (channel, task)
            return self._channels[tenant_id][0]

    def _count(self, told: Told, recipients: int) -> None:
        self.frames += 1
        self.recipients += recipients
        _journal.debug("frame_told", position=told.position, recipients=recipients)
