"""One listener's session: what it may ask, what it is sent, and how it ends."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal, Protocol, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from interfaces.feed.hub import Filter, Hub, Subscription
from projections.published import FRAME_TYPES, FrameType

MESSAGES_PER_MINUTE_MAX = 100  # of one client; product rule
MESSAGE_BYTES_MAX = 16 * 1024
SITES_IN_FILTER_MAX = 1_000
HEARTBEAT_S = 15.0
MINUTE_S = 60.0

CLOSE_MALFORMED = 4400
CLOSE_UNAUTHENTICATED = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_RESYNC = 4409
CLOSE_UNAVAILABLE = 4503

T = TypeVar("T")

_encoder = msgspec.json.Encoder()

SiteIds = Annotated[list[str], msgspec.Meta(max_length=SITES_IN_FILTER_MAX)]


class Ping(msgspec.Struct, frozen=True, tag="ping", forbid_unknown_fields=True):
    """Are you there?"""


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe", forbid_unknown_fields=True):
    """Send these types and sites from now on; null means all, a field left out stays as it was."""

    types: list[FrameType] | None | UnsetType = UNSET
    site_ids: SiteIds | None | UnsetType = UNSET


_decoder: msgspec.json.Decoder[Ping | Subscribe] = msgspec.json.Decoder(Ping | Subscribe)

Admitted: TypeAlias = Callable[[], Awaitable[frozenset[str] | Literal["everywhere"] | None]]


class Wire(Protocol):
    """The socket, as far as a session uses it."""

    async def send(self, frame: bytes) -> None: ...

    async def receive(self) -> bytes | None:
        """Return the next message, or None when the client has gone."""
        ...

    async def close(self, code: int, reason: str) -> None: ...


class Budget:
    """At most so many messages in any minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: deque[float] = deque()

    def take(self) -> bool:
        """Count a message and answer whether it was within the limit. What is refused counts not."""
        now = self._clock()
        while self._taken and now - self._taken[0] >= MINUTE_S:
            self._taken.popleft()
        if len(self._taken) >= MESSAGES_PER_MINUTE_MAX:
            return False
        self._taken.append(now)
        return True


class Session:
    """Serves one accepted socket until either side ends it.

    `admitted` says which sites the holder of the credential may see at this moment, "everywhere",
    or None when the credential is not good any more. It is asked again with each heartbeat.
    """

    def __init__(self, hub: Hub, wire: Wire, tenant_id: str, admitted: Admitted) -> None:
        self._hub = hub
        self._wire = wire
        self._tenant_id = tenant_id
        self._admitted = admitted
        self._wanted = Filter()
        self._scope: frozenset[str] | None = None
        self._subscription: Subscription | None = None

    async def run(self, wanted: Filter, after: int | None) -> None:
        """Send the snapshot position, what was missed, and then the tail."""
        self._wanted = wanted
        if not await self._admit():
            return
        joined = await self._hub.subscribe(self._tenant_id, self._filter(), after)
        if joined is None:
            await self._resync(after or 0)
            return
        subscription, missed, start = joined
        self._subscription = subscription
        try:
            await self._wire.send(_encoder.encode({"type": "snapshot", "position": start}))
            for frame in missed:
                await self._wire.send(frame)
            end = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tell(end, subscription))
                group.create_task(self._hear(end))
                group.create_task(self._beat(end))
        finally:
            self._hub.leave(self._tenant_id, subscription)

    async def _tell(self, end: asyncio.Event, subscription: Subscription) -> None:
        while not end.is_set():
            frames = await until(end, subscription.next())
            if frames is None:
                return
            if subscription.overflown:
                await self._resync(subscription.last)
                end.set()
                return
            for frame in frames:
                await self._wire.send(frame)

    async def _hear(self, end: asyncio.Event) -> None:
        budget = Budget()
        while not end.is_set():
            message = await until(end, self._wire.receive())
            if message is None:
                end.set()
                return
            if budget.take():
                await self._answer(message)
            else:
                await self._error(
                    "rate.exceeded", f"More than {MESSAGES_PER_MINUTE_MAX} messages in a minute."
                )

    async def _answer(self, message: bytes) -> None:
        if len(message) > MESSAGE_BYTES_MAX:
            await self._error("message.too_large", f"More than {MESSAGE_BYTES_MAX} bytes.")
            return
        try:
            wish = _decoder.decode(message)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            await self._error("message.malformed", str(error))
            return
        if isinstance(wish, Ping):
            await self._wire.send(b'{"type":"pong"}')
            return
        types, sites = self._wanted.types, self._wanted.sites
        if wish.types is not UNSET:
            types = None if wish.types is None else frozenset(wish.types)
        if wish.site_ids is not UNSET:
            sites = None if wish.site_ids is None else frozenset(wish.site_ids)
        self._wanted = Filter(types, sites)
        assert self._subscription is not None
        self._subscription.filter = self._filter()
        await self._wire.send(
            _encoder.encode({"type": "subscribed", "position": self._subscription.last})
        )

    async def _beat(self, end: asyncio.Event) -> None:
        while await until(end, asyncio.sleep(HEARTBEAT_S, result=True)):
            if not await self._admit():
                end.set()
                return
            assert self._subscription is not None
            self._subscription.filter = self._filter()
            position = self._hub.position(self._tenant_id)
            await self._wire.send(_encoder.encode({"type": "heartbeat", "position": position}))

    async def _admit(self) -> bool:
        sites = await self._admitted()
        if sites is None:
            await self._wire.close(CLOSE_UNAUTHENTICATED, "The credential is not valid any more.")
            return False
        self._scope = None if sites == "everywhere" else frozenset(sites)
        return True

    def _filter(self) -> Filter:
        sites = self._wanted.sites
        if self._scope is not None:
            sites = self._scope if sites is None else sites & self._scope
        return Filter(self._wanted.types, sites)

    async def _resync(self, position: int) -> None:
        frame = {"type": "resync_required", "position": position}
        await self._wire.send(_encoder.encode(frame))
        await self._wire.close(CLOSE_RESYNC, "Load the lists again and come back by position.")

    async def _error(self, code: str, detail: str) -> None:
        await self._wire.send(
            _encoder.encode({"type": "error", "code": code, "detail": detail})
        )


async def until(end: asyncio.Event, wanted: Awaitable[T]) -> T | None:
    """Return what is awaited, or None when the session ends first."""
    waiting = asyncio.ensure_future(wanted)
    ending = asyncio.ensure_future(end.wait())
    try:
        await asyncio.wait({waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else None
    finally:
        for task in (waiting, ending):
            task.cancel()


def filter_of(types: list[str], site_ids: list[str]) -> Filter:
    """Return the filter of a query string; nothing named means everything.

    Raises:
        ValueError: a type that the feed does not have, or too many sites.
    """
    named = frozenset(name for text in types for name in text.split(",") if name)
    unknown = named - FRAME_TYPES
    if unknown:
        raise ValueError(f"types: there is no frame type {', '.join(sorted(unknown))}.")
    if len(site_ids) > SITES_IN_FILTER_MAX:
        raise ValueError(f"site_id: at most {SITES_IN_FILTER_MAX} sites.")
    return Filter(named or None, frozenset(site_ids) or None)
