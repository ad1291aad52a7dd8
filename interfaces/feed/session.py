"""One listener's session: what it may ask, what it is sent, and how it ends."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Annotated, Any, Literal, Protocol, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from interfaces.feed.hub import Hub
from interfaces.feed.listeners import Filter, Subscription
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

_encoder = msgspec.json.Encoder()

SiteIds = Annotated[list[str], msgspec.Meta(max_length=SITES_IN_FILTER_MAX)]


class Ping(msgspec.Struct, frozen=True, tag="ping", forbid_unknown_fields=True):
    """Are you there?"""


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe", forbid_unknown_fields=True):
    """Send these types and sites from now on; null means all, a field left out stays as it was."""

    types: list[FrameType] | UnsetType | None = UNSET
    site_ids: SiteIds | UnsetType | None = UNSET


_decoder: msgspec.json.Decoder[Ping | Subscribe] = msgspec.json.Decoder(Ping | Subscribe)

Admitted: TypeAlias = Callable[[], Awaitable[frozenset[str] | Literal["everywhere"] | None]]


class AdmissionUnknown(Exception):
    """At this moment nobody can say whether a credential is good."""


class Wire(Protocol):
    """The socket, as far as a session uses it."""

    async def send(self, *frames: bytes) -> None:
        """Send frames, in order; a slow client holds them up one by one."""
        ...

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

    def __init__(
        self,
        hub: Hub,
        wire: Wire,
        tenant_id: str,
        admitted: Admitted,
        *,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._hub = hub
        self._wire = wire
        self._tenant_id = tenant_id
        self._admitted = admitted
        self._heartbeat_s = heartbeat_s
        self._wanted = Filter()
        self._scope: frozenset[str] | None = None
        # A heartbeat must not overtake the frames that its position counts as told.
        self._telling = asyncio.Lock()

    async def run(self, wanted: Filter, after: int | None) -> None:
        """Send the snapshot position, what was missed, and then the tail.

        Raises:
            LogUnavailable, AdmissionUnknown: the log did not answer when the listener came.
        """
        self._wanted = wanted
        if not await self._admit():
            return
        subscription = await self._hub.subscribe(self._tenant_id, self._filter(), after)
        if subscription is None:
            await self._resync(after or 0)
            return
        try:
            await self._send(type="snapshot", position=subscription.start)
            await first_of(
                self._tell(subscription), self._hear(subscription), self._beat(subscription)
            )
        finally:
            self._hub.leave(self._tenant_id, subscription)

    async def _tell(self, subscription: Subscription) -> None:
        while not subscription.lost:
            await subscription.ready()
            async with self._telling:
                if frames := subscription.take():
                    await self._wire.send(*frames)
        await self._resync(subscription.told)

    async def _hear(self, subscription: Subscription) -> None:
        budget = Budget()
        while (message := await self._wire.receive()) is not None:
            if budget.take():
                await self._answer(message, subscription)
            else:
                await self._error(
                    "rate.exceeded", f"More than {MESSAGES_PER_MINUTE_MAX} messages in a minute."
                )

    async def _answer(self, message: bytes, subscription: Subscription) -> None:
        if len(message) > MESSAGE_BYTES_MAX:
            await self._error("message.too_large", f"More than {MESSAGE_BYTES_MAX} bytes.")
            return
        try:
            wish = _decoder.decode(message)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            await self._error("message.malformed", str(error))
            return
        if isinstance(wish, Ping):
            await self._send(type="pong")
            return
        types, sites = self._wanted.types, self._wanted.sites
        if wish.types is not UNSET:
            types = None if wish.types is None else frozenset(wish.types)
        if wish.site_ids is not UNSET:
            sites = None if wish.site_ids is None else frozenset(wish.site_ids)
        self._wanted = Filter(types, sites)
        async with self._telling:
            subscription.filter = self._filter()
            await self._send(type="subscribed", position=subscription.told)

    async def _beat(self, subscription: Subscription) -> None:
        while True:
            await asyncio.sleep(self._heartbeat_s)
            # Where nobody can say, the log is silent too, and the next heartbeat asks again.
            with suppress(AdmissionUnknown):
                if not await self._admit():
                    return
                subscription.filter = self._filter()
            async with self._telling:
                await self._send(type="heartbeat", position=subscription.told)

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
        await self._send(type="resync_required", position=position)
        await self._wire.close(CLOSE_RESYNC, "Load the lists again and come back by position.")

    async def _error(self, code: str, detail: str) -> None:
        await self._send(type="error", code=code, detail=detail)

    async def _send(self, **frame: object) -> None:
        await self._wire.send(_encoder.encode(frame))


async def first_of(*parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts of a session at once, until one ends or fails; then end the others."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def filter_of(types: list[str], site_ids: list[str]) -> Filter:
    """Return the filter of a query string; nothing named means everything.

    Raises:
        ValueError: a type that the feed does not have, or too many sites.
    """
    named = frozenset(name for text in types for name in text.split(",") if name)
    unknown = named - FRAME_TYPES
    if unknown:
        # What came in is not echoed: a close frame has room for 123 bytes.
        raise ValueError(f"types: the frame types are {', '.join(sorted(FRAME_TYPES))}.")
    if len(site_ids) > SITES_IN_FILTER_MAX:
        raise ValueError(f"site_id: at most {SITES_IN_FILTER_MAX} sites.")
    return Filter(named or None, frozenset(site_ids) or None)
