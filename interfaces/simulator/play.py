"""Play: the deliveries of a world over a span of time, in the order in which they arrive.

A span holds what is delivered in it, not what happens in it. So two neighbouring spans together hold exactly what the
whole holds, and a played past goes over into the live present without a seam. Nothing is kept but the shifts under way
and the signals that wait for a connection.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from random import Random

from interfaces.simulator.deliveries import Delivery, delivery, truth_of
from interfaces.simulator.duties import Walks
from interfaces.simulator.randomness import stream
from interfaces.simulator.shifts import Plan, plan, shifts
from interfaces.simulator.signals import signal
from interfaces.simulator.silences import longest_silence_s, reachable_at
from interfaces.simulator.tactics import Moment, moments
from interfaces.simulator.work import working_moments
from interfaces.simulator.world import Guard, World

FLUSH_S = 90.0  # in which a phone that is back sends what it had queued, in no order
NETWORK_FASTEST_S = 0.2
NETWORK_SLOWEST_S = 4.0
DUPLICATE_SOONEST_S = 1.0
DUPLICATE_LATEST_S = 30 * 60.0
LONGEST_WAY_S = FLUSH_S + NETWORK_SLOWEST_S + DUPLICATE_LATEST_S  # of a phone with a connection


def play(world: World, start: float, end: float) -> Iterator[Delivery]:
    """Every delivery from `start` up to but not including `end`, in order of arrival.

    Both are seconds since 1970; `end` may be infinity.
    """
    walks = Walks(world)
    tellings = (_tellings(world, walks, guard, start, end) for guard in world.guards)
    waiting: list[tuple[float, str, bool, Delivery]] = []
    for happened_at, deliveries in heapq.merge(*tellings, key=lambda telling: telling[0]):
        # Nothing is delivered before it happens, so what is due by now is complete.
        while waiting and waiting[0][0] <= happened_at:
            yield heapq.heappop(waiting)[3]
        for found in deliveries:
            if start <= found.deliver_at < end:
                signal_id = str(found.signal["signal_id"])
                entry = (found.deliver_at, signal_id, found.duplicate, found)
                heapq.heappush(waiting, entry)
    while waiting:
        yield heapq.heappop(waiting)[3]


def _tellings(
    world: World, walks: Walks, guard: Guard, start: float, end: float
) -> Iterator[tuple[float, list[Delivery]]]:
    """One guard's signals with their deliveries, in the order in which they happen."""
    seed, interval_s = world.seed, world.parameters.location_interval_s
    longest_delay_s = longest_silence_s(world.parameters) + LONGEST_WAY_S
    for shift in shifts(world, guard, start - longest_delay_s, end):
        planned = plan(world, shift)
        if _told_before(world, planned, start):
            continue
        draw = stream(seed, "shift", shift.shift_id)
        ways = stream(seed, "delivery", shift.shift_id)
        said = moments(planned, interval_s, draw)
        first_seed = draw.getrandbits(64)
        if world.parameters.duties:
            # Of a generator of its own, so that attendances and pings are the same without duties.
            at_work = stream(seed, "work", shift.shift_id)
            said = working_moments(world, walks, planned, said, at_work)
        for moment in said:
            if moment.at >= end:
                break
            arrivals = _arrivals(world, ways, moment)
            if arrivals[-1] < start:
                continue
            # Each signal has its own seed, so that leaving one out does not change the next.
            draw.seed(f"{first_seed}/{moment.name}")
            yield moment.at, _deliveries(world, planned, moment, arrivals, draw)


def _told_before(world: World, planned: Plan, start: float) -> bool:
    """Whether everything about a shift was delivered before the span, so that it need not be drawn.

    What a phone still holds back at `start` it holds back in an outage that was under way when the shift ended.
    """
    guard = planned.shift.guard
    phones = [guard.phone]
    if planned.accomplice is not None:
        phones.append(planned.accomplice.phone)
    sites = [guard.site] if planned.elsewhere is None else [guard.site, planned.elsewhere]
    return all(
        reachable_at(world, site, phone, planned.check_out_at) < start - LONGEST_WAY_S
        for site in sites
        for phone in phones
    )


def _arrivals(world: World, ways: Random, moment: Moment) -> list[float]:
    """When a signal arrives: once, or twice."""
    rates = world.parameters
    if moment.said is not None and moment.said.anonymous:
        first_at = moment.at  # somebody else tells it, over another connection
    else:
        first_at = reachable_at(world, moment.site, moment.phone, moment.at)
    if first_at > moment.at:
        first_at += ways.uniform(0.0, FLUSH_S)
    first_at += ways.uniform(NETWORK_FASTEST_S, NETWORK_SLOWEST_S)
    if ways.random() >= rates.duplicate_rate:
        return [first_at]
    return [first_at, first_at + ways.uniform(DUPLICATE_SOONEST_S, DUPLICATE_LATEST_S)]


def _deliveries(
    world: World, planned: Plan, moment: Moment, arrivals: list[float], draw: Random
) -> list[Delivery]:
    shift = planned.shift
    signal_id = f"{shift.shift_id}.{moment.name}"
    written = signal(draw, moment, shift.guard, signal_id=signal_id, source=world.source)
    truth = truth_of(planned, moment, written) if moment.fraud else None
    first_at, *again = arrivals
    return [
        delivery(first_at, moment, written, duplicate=False, truth=truth),
        *(delivery(at, moment, written, duplicate=True) for at in again),
    ]
