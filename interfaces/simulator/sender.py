"""Sender: batches on their way, a bounded number at a time, each answered item written to the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from interfaces.simulator.deliveries import Delivery
from interfaces.simulator.far_side import FarSide
from interfaces.simulator.ledger import Acknowledged, Lines
from interfaces.simulator.mishaps import Mishap
from interfaces.simulator.signals import Signal
from interfaces.simulator.summary import Tally


class Sender:
    def __init__(
        self, far_side: FarSide, tally: Tally, *, truth: Lines, ledger: Lines, concurrency: int
    ) -> None:
        self._far_side = far_side
        self._tally = tally
        self._truth = truth
        self._ledger = ledger
        self._room = asyncio.Semaphore(concurrency)
        self._under_way: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    async def submit(self, deliveries: Sequence[Delivery], *, stamp_now: bool) -> None:
        """Send a batch as soon as there is room, without waiting for its answer.

        Raises:
            FarSideFailed: this batch or an earlier one met a far side that is gone or refuses us.
        """
        await self._room.acquire()
        if self._failure is not None:
            self._room.release()
            raise self._failure
        # The truth goes first: a checker must never find a fraud in the log that the file does not know yet.
        truths = [delivery.truth for delivery in deliveries if delivery.truth is not None]
        self._truth.add(truths)
        self._tally.sent += len(deliveries)
        self._tally.frauds += len(truths)
        signals = [stamped(delivery) if stamp_now else delivery.signal for delivery in deliveries]
        task = asyncio.create_task(self._send(signals))
        self._under_way.add(task)
        task.add_done_callback(self._landed)

    def tell(self, mishaps: Sequence[Mishap]) -> None:
        """Write down what goes wrong, before the first signal that could show it is sent."""
        self._truth.add(mishaps)
        self._tally.mishaps += len(mishaps)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._room.release()
        if not task.cancelled() and task.exception() is not None:
            self._failure = self._failure or task.exception()

    async def _send(self, signals: Sequence[Signal]) -> None:
        results = await self._far_side.send(signals)
        now = datetime.now(UTC).isoformat()
        lines = []
        for signal, result in zip(signals, results, strict=True):
            code = None if result.problem is None else result.problem.code
            self._tally.statuses[result.status] += 1
            self._tally.reached(result.position)
            if result.status == "refused":
                self._tally.refusals[code or "unknown"] += 1
            lines.append(
                Acknowledged(
                    signal_id=str(signal["signal_id"]),
                    source=str(signal["source"]),
                    status=result.status,
                    position=result.position,
                    code=code,
                    acknowledged_at=now,
                )
            )
        self._ledger.add(lines)

    async def drain(self) -> None:
        """Wait for everything that is under way.

        Raises:
            FarSideFailed: a batch met a far side that is gone or refuses us.
        """
        if self._under_way:
            await asyncio.wait(self._under_way)
        if self._failure is not None:
            raise self._failure

    async def cut_off(self) -> None:
        """Give up what is under way; its items stay unacknowledged."""
        left = list(self._under_way)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)


def stamped(delivery: Delivery) -> Signal:
    """The signal as its phone sends it at this moment, by its own clock.

    A played past is sent now: a stamp from the past would look like a clock that is off by that much.
    """
    if delivery.skew_s is None:
        return delivery.signal
    now = datetime.now(UTC) + timedelta(seconds=delivery.skew_s)
    return {**delivery.signal, "sent_at": now.isoformat(timespec="milliseconds")}
