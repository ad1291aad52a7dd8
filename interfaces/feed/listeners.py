"""Listeners: what one of them wants and may see, and the bounded queue of what it is yet to be told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import msgspec

from application.ports import LogUnavailable
from interfaces.feed.reading import FAILURE_PAUSE_S, Reader, Told
from projections.published import Frame

QUEUE_FRAMES_MAX = 1_000  # frames that wait for one slow listener


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
    """One listener. It reads the past from the log until it meets the tail, then from a queue.

    The queue is bounded, and so is what is read of the past at once: a slow listener holds little
    memory, whether it is behind or live.
    """

    def __init__(
        self, filter_: Filter, start: int, reader: Reader, tailed: Callable[[], int]
    ) -> None:
        self.filter = filter_
        self.start = start
        self.lost = False  # frames were thrown away: the listener must load the lists again
        self._reader = reader  # of its own, because it reads apart from the tail
        self._tailed = tailed  # how far the tail has come
        self._live = start >= tailed()
        self._read_to = start  # what it read itself; the tail offers what stands behind
        self._last = start  # position of the last frame that was taken, or where it began
        self._told = start
        self._frames: deque[Told] = deque()
        self._changed = asyncio.Event()

    @property
    def told(self) -> int:
        """Return the position up to which nothing is missing in what was taken."""
        if not self._frames and not self.lost:
            self._told = max(self._told, self._tailed() if self._live else self._read_to)
        return max(self._told, self._last)

    def offer(self, told: Told) -> bool:
        """Queue a frame if it is for this listener; answer whether it was."""
        if not self._live or self.lost or told.position <= self._read_to:
            return False
        if not self.filter.lets_through(told.frame):
            return False
        if len(self._frames) >= QUEUE_FRAMES_MAX:
            self.lose()
            return False
        self._frames.append(told)
        self._changed.set()
        return True

    def lose(self) -> None:
        """Throw away all that waits. It is never silent: the listener is told to load anew."""
        self.lost = True
        self._frames.clear()
        self._changed.set()

    async def ready(self) -> None:
        """Wait until there is something to take, or until frames were lost."""
        while not self._frames and not self.lost:
            if self._live:
                await self._changed.wait()
                self._changed.clear()
            elif self._read_to >= self._tailed():
                # No await stands between this look and the tail's next offer.
                self._live = True
            else:
                await self._catch_up()

    def take(self) -> list[bytes]:
        """Return the bytes of all that waits, oldest first, each frame naming the one before."""
        taken = []
        for told in self._frames:
            # Asked again, because what the listener may see can have shrunk since it was queued.
            if self.filter.lets_through(told.frame):
                taken.append(told.after(self._last))
                self._last = told.position
        self._frames.clear()
        return taken

    async def _catch_up(self) -> None:
        after = self._read_to
        try:
            read = await asyncio.to_thread(self._reader.read, after)
        except LogUnavailable:
            await asyncio.sleep(FAILURE_PAUSE_S)
            return
        if self._read_to != after:
            return  # another one that waits was faster; what it read must not be told twice
        self._frames.extend(told for told in read.frames if self.filter.lets_through(told.frame))
        self._read_to = read.up_to
