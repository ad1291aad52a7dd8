"""Pace by a clock that the test turns: nothing before its time, nothing left out, and a stop heard."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from interfaces.simulator.deliveries import Delivery
from interfaces.simulator.pace import LONGEST_NAP_S, Batch, Pace, batches

START = 1_800_000_000.0
RATE = 400  # signals a second
LINGER_S = 0.05


class Clock:
    """A clock that moves only while somebody sleeps; the stop is pressed during the nap so named."""

    def __init__(self, stop_at_nap: int | None = None) -> None:
        self.now = START
        self.naps_s: list[float] = []
        self.stop = threading.Event()
        self._stop_at_nap = stop_at_nap

    async def sleep(self, seconds: float) -> None:
        self.naps_s.append(seconds)
        self.now += seconds
        if len(self.naps_s) == self._stop_at_nap:
            self.stop.set()


def steadily(seconds: float) -> Iterator[Delivery]:
    for number in range(int(RATE * seconds)):
        at = START + number / RATE
        yield Delivery(at, {"signal_id": f"n{number}"}, at, None)


async def handed_out(
    clock: Clock, deliveries: Iterator[Delivery], busy_s: float = 0.0
) -> list[tuple[float, Batch]]:
    """Take every batch, each with the time at which it came; each keeps the taker busy for so long."""
    taken = []
    async for batch in batches(
        deliveries,
        Pace(1.0, START, START),
        batch_items=200,
        linger_s=LINGER_S,
        stop=clock.stop,
        now=lambda: clock.now,
        sleep=clock.sleep,
    ):
        taken.append((clock.now, batch))
        clock.now += busy_s
    return taken


def assert_whole_and_not_early(taken: list[tuple[float, Batch]], wanted: int) -> None:
    ids = [delivery.signal["signal_id"] for _, batch in taken for delivery in batch.deliveries]
    assert ids == [f"n{number}" for number in range(wanted)]
    for at, batch in taken:
        assert batch.due_at == batch.deliveries[0].deliver_at
        assert all(delivery.deliver_at <= at for delivery in batch.deliveries)


async def test_a_steady_rate_is_kept() -> None:
    clock = Clock()
    taken = await handed_out(clock, steadily(2.0))
    assert_whole_and_not_early(taken, 800)
    late_s = [at - delivery.deliver_at for at, batch in taken for delivery in batch.deliveries]
    assert max(late_s) <= LINGER_S + 1 / RATE + 1e-6  # float seconds since 1970
    assert max(len(batch.deliveries) for _, batch in taken) <= RATE * LINGER_S + 1


async def test_who_was_kept_busy_gets_what_became_due_meanwhile() -> None:
    clock = Clock()
    taken = await handed_out(clock, steadily(2.0), busy_s=0.3)
    assert_whole_and_not_early(taken, 800)
    assert max(len(batch.deliveries) for _, batch in taken) in range(100, 150)
    # Not later than the last one became due, and one taking for each of the steps till then.
    assert clock.now <= START + 2.0 + 2 * 0.3


async def test_a_stop_is_looked_for_while_nothing_is_due() -> None:
    clock = Clock(stop_at_nap=3)
    far_off = START + 1_000
    assert await handed_out(clock, iter([Delivery(far_off, {}, far_off, None)])) == []
    assert clock.naps_s == [LONGEST_NAP_S] * 3
