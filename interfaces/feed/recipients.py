"""Recipients: counts how many listeners each frame was handed to, and hands the counts over.

The counting stands in the way of every frame to every listener, so it is one addition there; a
tally that was filled is handed over once a second, by one writer for all tenants of the process.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from uuid import UUID, uuid4

import structlog

from application.ports import LogUnavailable
from application.recipients import Handed, RecipientBook

RECORD_EVERY_S = 1.0  # so much of the counts is lost with a process that is killed
UNRECORDED_POSITIONS_MAX = 100_000  # of a tenant, that wait for a database that does not answer
FORGET_EVERY_S = 3_600.0

_journal = structlog.get_logger(__name__)


class Tally:
    """What one process told the listeners of one tenant.

    Counted on the feed's loop alone; the totals may be read from any thread.
    """

    def __init__(self) -> None:
        self.frames = 0  # that the tail told
        self.recipients = 0  # listeners, over all frames, that a frame was handed to
        self.left_out = 0  # the same, for whom a frame was left out
        self.gaps = 0
        self.resyncs = 0  # listeners that were sent away to load the lists again
        self.unrecorded = 0  # positions whose counts were given up
        self.handed: defaultdict[int, int] = defaultdict(int)  # position -> listeners, unrecorded
        self.missed: defaultdict[int, int] = defaultdict(int)

    def told(self, position: int) -> None:
        """Count a frame of the tail, which is known from then on even if nobody wants it."""
        self.frames += 1
        self.handed[position] += 0

    def leave_out(self, position: int) -> None:
        """Count a listener for whom a frame is left out."""
        self.left_out += 1
        self.missed[position] += 1

    def drain(self) -> list[Handed]:
        """Return what was counted by position since the last time."""
        handed, missed = self.handed, self.missed
        self.handed, self.missed = defaultdict(int), defaultdict(int)
        return [
            Handed(position, handed[position], missed[position])
            for position in sorted({*handed, *missed})
        ]


class Recorder:
    """Hands over what the tallies counted. A database that does not answer costs time, not counts."""

    def __init__(self, tallies: Mapping[str, Tally], book: RecipientBook) -> None:
        self._tallies = tallies
        self._book = book
        self._waiting: defaultdict[str, deque[tuple[UUID, list[Handed]]]] = defaultdict(deque)
        self._forget_at = 0.0

    async def run(self) -> None:
        """Hand over until cancelled."""
        while True:
            await asyncio.sleep(RECORD_EVERY_S)
            await self.record()

    async def record(self) -> None:
        """Hand over what was counted until now, as far as the database answers."""
        for tenant_id, tally in list(self._tallies.items()):
            if counted := tally.drain():
                self._waiting[tenant_id].append((uuid4(), counted))
        try:
            for tenant_id, waiting in self._waiting.items():
                while waiting:
                    await asyncio.to_thread(self._book.keep, tenant_id, *waiting[0])
                    waiting.popleft()
            await self._forget()
        except LogUnavailable as error:
            _journal.warning("recipients_wait", error=str(error))
            for tenant_id in self._waiting:
                self._give_up(tenant_id)

    async def _forget(self) -> None:
        if time.monotonic() >= self._forget_at:
            for tenant_id in list(self._tallies):
                await asyncio.to_thread(self._book.forget, tenant_id)
            self._forget_at = time.monotonic() + FORGET_EVERY_S

    def _give_up(self, tenant_id: str) -> None:
        """Give up the oldest counts where more wait than memory is meant for."""
        waiting = self._waiting[tenant_id]
        positions = sum(len(counted) for _, counted in waiting)
        while positions > UNRECORDED_POSITIONS_MAX:
            _, counted = waiting.popleft()
            positions -= len(counted)
            self._tallies[tenant_id].unrecorded += len(counted)
