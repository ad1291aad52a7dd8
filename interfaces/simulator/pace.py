"""Pace: a stream of deliveries cut into batches, each handed out when it is due."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from time import time

import msgspec

from interfaces.simulator.deliveries import Delivery

LONGEST_NAP_S = 0.1  # so that a stop is noticed


class Pace(msgspec.Struct, frozen=True):
    """Played time against real time."""

    speed: float | None  # played seconds per real second; None: as fast as possible
    played_from: float = 0.0  # played time, seconds since 1970 …
    real_from: float = 0.0  # … at this real time

    def due_at(self, delivery: Delivery) -> float:
        if self.speed is None:
            return 0.0
        return self.real_from + (delivery.deliver_at - self.played_from) / self.speed


class Batch(msgspec.Struct, frozen=True):
    deliveries: list[Delivery]
    due_at: float | None  # real time of the first item; None where there is no hurry and no delay


async def batches(
    deliveries: Iterator[Delivery],
    pace: Pace,
    *,
    batch_items: int,
    linger_s: float,
    stop: threading.Event,
    now: Callable[[], float] = time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Batch]:
    """Batches of at most `batch_items`, in order. Ends with the stream, or soon after `stop` is set.

    At a pace, a batch holds what has become due; nothing is handed out before its time.
    """

    async def nap(until: float) -> None:
        # The stop comes from another thread, so it has to be looked at.
        while not stop.is_set() and (left_s := until - now()) > 0:
            await sleep(min(left_s, LONGEST_NAP_S))

    gathered: list[Delivery] = []
    for delivery in deliveries:
        due_at = pace.due_at(delivery)
        if gathered and (len(gathered) == batch_items or due_at > now()):
            yield _batch(gathered, pace)
            gathered = []
        if due_at > now():
            # A little company makes fewer requests of the same signals.
            await nap(max(due_at, now() + linger_s))
        if stop.is_set():
            return
        gathered.append(delivery)
    if gathered:
        yield _batch(gathered, pace)


def _batch(gathered: list[Delivery], pace: Pace) -> Batch:
    return Batch(gathered, None if pace.speed is None else pace.due_at(gathered[0]))
