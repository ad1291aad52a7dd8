"""Runner: one simulation from enrolment to summary, as the command line and the demonstration start it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from math import inf
from time import monotonic, time

import msgspec

from interfaces.simulator.deliveries import Delivery
from interfaces.simulator.enrolment import enrol
from interfaces.simulator.far_side import FarSide, FarSideFailed
from interfaces.simulator.ledger import Lines
from interfaces.simulator.mishaps import Mishap, mishaps
from interfaces.simulator.pace import LONGEST_NAP_S, Pace, batches
from interfaces.simulator.parameters import Parameters, speed_of
from interfaces.simulator.play import play
from interfaces.simulator.roster import Roster
from interfaces.simulator.sender import Sender
from interfaces.simulator.steady import steady
from interfaces.simulator.summary import Summary, Tally
from interfaces.simulator.world import DAY_S, World, world

GRACE_S = 5.0  # for requests under way when the run is stopped
PROGRESS_EVERY_S = 0.5


class Progress(msgspec.Struct, frozen=True):
    """Where a run stands."""

    phase: str  # enrol, history, live or rate
    share: float | None  # of the phase that is done, 0 to 1; None where it has no end
    played_at: float | None  # seconds since 1970
    summary: Summary


class SimulationFailed(Exception):
    """The run could not go on; `summary` holds what had been sent until then."""

    def __init__(self, reason: str, summary: Summary) -> None:
        super().__init__(reason)
        self.summary = summary


class _Phase(msgspec.Struct, frozen=True):
    name: str
    deliveries: Iterator[Delivery]
    pace: Pace
    start: float
    end: float
    stamp_now: bool  # the played time is not the real time, so phones stamp anew


Watch = Callable[[Progress], None]


def run(parameters: Parameters, *, stop: threading.Event, watch: Watch | None = None) -> Summary:
    """Enrol, play and send until the span ends or `stop` is set; answer the summary.

    Blocks, and runs in any thread. `watch` is called about twice a second, in that thread.

    Raises:
        InvalidParameter: the truth or ledger file cannot be written.
        SimulationFailed: the far side refuses the driver, or stayed away longer than the retries last.
    """
    return asyncio.run(_Run(parameters, stop, watch).whole())


class _Run:
    def __init__(self, parameters: Parameters, stop: threading.Event, watch: Watch | None) -> None:
        self._parameters = parameters
        self._stop = stop
        self._watch = watch
        self._tally = Tally()
        self._began = monotonic()
        self._watched_at = -PROGRESS_EVERY_S
        self._phase = "enrol"
        self._share: float | None = None
        self._played_at: float | None = None

    async def whole(self) -> Summary:
        work = asyncio.create_task(self._work())
        while not work.done() and not self._stop.is_set():
            # The stop comes from another thread, so it has to be looked at.
            await asyncio.wait({work}, timeout=LONGEST_NAP_S)
            self._show()
        if not work.done():
            await asyncio.wait({work}, timeout=GRACE_S)
            work.cancel()
            await asyncio.wait({work})
        if not work.cancelled() and (failure := work.exception()) is not None:
            if isinstance(failure, FarSideFailed):
                raise SimulationFailed(str(failure), self._summary()) from failure
            raise failure
        self._tally.stopped = self._stop.is_set()
        return self._summary()

    async def _work(self) -> None:
        parameters = self._parameters
        drawn = world(parameters.seed, parameters.world)
        far_side = FarSide(parameters, self._tally)
        try:
            with (
                Lines("truth", parameters.truth) as truth,
                Lines("ledger", parameters.ledger) as ledger,
            ):
                if parameters.enrol:
                    await self._enrol(far_side, drawn)
                sender = Sender(
                    far_side,
                    self._tally,
                    truth=truth,
                    ledger=ledger,
                    concurrency=parameters.concurrency,
                )
                self._began = monotonic()  # enrolment is not part of the rate
                try:
                    await self._send(far_side, sender, drawn)
                finally:
                    await sender.cut_off()
        finally:
            await far_side.close()

    async def _enrol(self, far_side: FarSide, drawn: World) -> None:
        await enrol(
            far_side,
            drawn,
            security_manager=self._parameters.security_manager,
            concurrency=self._parameters.concurrency,
            stop=self._stop,
        )

    async def _send(self, far_side: FarSide, sender: Sender, drawn: World) -> None:
        parameters = self._parameters
        for phase in _phases(parameters, drawn):
            roster = None
            if parameters.enrol and drawn.parameters.duties and phase.name != "rate":
                roster = Roster(far_side, drawn, phase.start, phase.end, parameters.concurrency)
            wrong = _Peeking(
                mishaps(drawn, phase.start, phase.end) if phase.name != "rate" else iter(())
            )
            async for batch in batches(
                phase.deliveries,
                phase.pace,
                batch_items=parameters.batch_items,
                linger_s=parameters.linger_ms / 1_000,
                stop=self._stop,
            ):
                played_at = batch.deliveries[-1].deliver_at
                if roster is not None:
                    await roster.reach(played_at, self._stop)
                sender.tell(wrong.until(played_at))
                await sender.submit(batch.deliveries, stamp_now=phase.stamp_now)
                if batch.due_at is not None:
                    behind_s = time() - batch.due_at
                    self._tally.behind_max_s = max(self._tally.behind_max_s, behind_s)
                self._note(phase, played_at)
        await sender.drain()

    def _note(self, phase: _Phase, played_at: float) -> None:
        self._phase, self._played_at = phase.name, played_at
        endless = phase.end == inf
        self._share = None if endless else (played_at - phase.start) / (phase.end - phase.start)

    def _show(self) -> None:
        now = monotonic()
        if self._watch is not None and now - self._watched_at >= PROGRESS_EVERY_S:
            self._watched_at = now
            standing = Progress(self._phase, self._share, self._played_at, self._summary())
            self._watch(standing)

    def _summary(self) -> Summary:
        return self._tally.summary(monotonic() - self._began)


class _Peeking:
    """What goes wrong, taken as far as the play has come."""

    def __init__(self, found: Iterator[tuple[float, Mishap]]) -> None:
        self._found = found
        self._next = next(found, None)

    def until(self, at: float) -> list[Mishap]:
        """Take what begins up to `at`."""
        taken = []
        while self._next is not None and self._next[0] <= at:
            taken.append(self._next[1])
            self._next = next(self._found, None)
        return taken


def _phases(parameters: Parameters, drawn: World) -> Iterator[_Phase]:
    """The spans of a run, one after the other; live where nothing else was asked for."""
    now = time()
    if parameters.rate is not None and parameters.seconds is not None:
        deliveries = steady(
            drawn, now, parameters.rate, parameters.seconds, parameters.attendance_share
        )
        pace = Pace(1.0, now, now)
        yield _Phase("rate", deliveries, pace, now, now + parameters.seconds, stamp_now=False)
        return
    span = None
    if parameters.start is not None and parameters.days is not None:
        start = parameters.start.timestamp()
        span = (start, start + parameters.days * DAY_S)
    elif parameters.history_days is not None:
        span = (now - parameters.history_days * DAY_S, now)
    if span is not None:
        pace = Pace(speed_of(parameters.pace), span[0], time())
        yield _Phase("history", play(drawn, *span), pace, *span, stamp_now=True)
    if parameters.live or span is None:
        # It begins where the history ended, so what became due meanwhile goes out at once.
        pace = Pace(1.0, now, now)
        yield _Phase("live", play(drawn, now, inf), pace, now, inf, stamp_now=False)
