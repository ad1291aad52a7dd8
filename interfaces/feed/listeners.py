"""Listeners: what one of them wants and may see, and the bounded queue of what it is yet to be told.

Who takes more slowly than things happen, or meets more at once than a queue holds, is told the
newest frames and everything CRITICAL; in the place of the rest stands a gap that says what it was.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import msgspec

from application.ports import LogUnavailable
from interfaces.feed.gaps import Gap
from interfaces.feed.reading import FAILURE_PAUSE_S, Reader, Told
from interfaces.feed.recipients import Tally

# Frames below CRITICAL that wait for one listener; more become a gap. It is less than one look into
# the log may find, so that what nobody could read is coalesced for the quickest screen as well.
QUEUE_FRAMES_MAX = 500
CRITICAL_FRAMES_MAX = 1_000  # CRITICAL frames that wait for one; more, and it must load the lists


class Filter(msgspec.Struct, frozen=True):
    """Which frames a listener wants and may see; None means all."""

    types: frozenset[str] | None = None
    sites: frozenset[str] | None = None

    def lets_through(self, type_: str, site_id: str | None) -> bool:
        """Return whether a frame of this type at this site is for this listener."""
        if self.types is not None and type_ not in self.types:
            return False
        return self.sites is None or site_id in self.sites


class Subscription:
    """One listener. It reads the past from the log until it meets the tail, then from a queue.

    The queue is bounded, and so is what is read of the past at once: a slow listener holds little
    memory, whether it is behind or live.
    """

    def __init__(
        self,
        filter_: Filter,
        start: int,
        reader: Reader,
        tailed: Callable[[], int],
        tally: Tally,
    ) -> None:
        self.filter = filter_
        self.start = start
        self.lost = False  # frames were thrown away: the listener must load the lists again
        self._reader = reader  # of its own, because it reads apart from the tail
        self._tailed = tailed  # how far the tail has come
        self._tally = tally  # of all listeners of the tenant
        self._live = start >= tailed()
        self._read_to = start  # what it read itself; the tail offers what stands behind
        self._last = start  # position of the last frame that was taken, or where it began
        self._told = start
        self._frames: deque[Told | Gap] = deque()
        self._critical = 0  # of those that the tail offered
        self._ordinary = 0
        self._changed = asyncio.Event()

    @property
    def told(self) -> int:
        """Return the position up to which nothing is missing in what was taken."""
        if not self._frames and not self.lost:
            self._told = max(self._told, self._tailed() if self._live else self._read_to)
        return max(self._told, self._last)

    def offer(self, told: Told) -> None:
        """Queue a frame if it is for this listener."""
        if not self._live or self.lost or told.position <= self._read_to:
            return
        if not self.filter.lets_through(told.frame.type, told.frame.site_id):
            return
        if not told.critical:
            if self._ordinary >= QUEUE_FRAMES_MAX:
                self._coalesce()
            self._ordinary += 1
        elif self._critical >= CRITICAL_FRAMES_MAX:
            self.lose()
            return
        else:
            self._critical += 1
        self._frames.append(told)
        self._changed.set()

    def lose(self) -> None:
        """Throw away all that waits. It is never silent: the listener is told to load anew."""
        self._tally.resyncs += not self.lost
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
        gaps = 0
        handed = self._tally.handed
        # Asked again, because what the listener may see can have shrunk since it was queued.
        lets_through = self.filter.lets_through
        for waits in self._frames:
            if isinstance(waits, Gap):
                gap = waits.after(self._last, lets_through)
                if gap is None:
                    continue
                taken.append(gap)
                gaps += 1
            elif lets_through(waits.frame.type, waits.frame.site_id):
                taken.append(waits.after(self._last))
                handed[waits.position] += 1
            else:
                continue
            self._last = waits.position
        self._frames.clear()
        self._critical = self._ordinary = 0
        self._tally.gaps += gaps
        self._tally.recipients += len(taken) - gaps
        return taken

    def _coalesce(self) -> None:
        """Leave out what waits below CRITICAL; gaps between what is left say so."""
        kept: deque[Told | Gap] = deque()
        gap: Gap | None = None  # that grows, until something CRITICAL stands behind it
        for waits in self._frames:
            if isinstance(waits, Told) and waits.critical:
                kept.append(waits)
                gap = None
                continue
            if gap is None:
                gap = Gap()
                kept.append(gap)
            gap.leave_out(waits)
            if isinstance(waits, Told):
                self._tally.leave_out(waits.position)
        self._frames = kept
        self._ordinary = 0

    async def _catch_up(self) -> None:
        after = self._read_to
        try:
            read = await asyncio.to_thread(self._reader.read, after)
        except LogUnavailable:
            await asyncio.sleep(FAILURE_PAUSE_S)
            return
        if self._read_to != after:
            return  # another one that waits was faster; what it read must not be told twice
        lets_through = self.filter.lets_through
        self._frames.extend(
            told for told in read.frames if lets_through(told.frame.type, told.frame.site_id)
        )
        self._read_to = read.up_to
