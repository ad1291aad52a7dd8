"""Steady: a constant stream of signals from many guards, for load tests."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import msgspec

from interfaces.simulator.deliveries import Delivery, delivery, truth_of
from interfaces.simulator.geography import displaced
from interfaces.simulator.parameters import BUDDY_PUNCHING
from interfaces.simulator.randomness import stream
from interfaces.simulator.shifts import Plan, Shift
from interfaces.simulator.signals import signal
from interfaces.simulator.tactics import Fixed, Moment, Presence, Reading
from interfaces.simulator.world import Guard, World

FAR_M = 60_000.0  # from its site claims a fraudulent attendance to come


def steady(
    world: World, started_at: float, rate: float, seconds: float, attendance_share: float
) -> Iterator[Delivery]:
    """A constant `rate` of signals per second for a load test, one guard after the other.

    Every signal is delivered once and on time. The stated share of fraud falls on attendances: each is a buddy's
    punch from far away, plain enough that any detector should see it.
    """
    run = f"{world.source}-{int(started_at * 1_000):x}"
    draw = stream(world.seed, "steady", run)
    for number in count():
        at = started_at + number / rate
        if at >= started_at + seconds:
            return
        guard = world.guards[number % len(world.guards)]
        attends = draw.random() < attendance_share
        fraud = attends and draw.random() < world.parameters.fraud_rate
        moment = _steady_moment(world, guard, at, number, attends=attends, fraud=fraud)
        written = signal(draw, moment, guard, signal_id=f"n{number}", source=run)
        planned = Plan(Shift(run, guard, at, at), at, at, BUDDY_PUNCHING)
        truth = truth_of(planned, moment, written) if fraud else None
        yield delivery(at, moment, written, duplicate=False, truth=truth)


def _steady_moment(
    world: World, guard: Guard, at: float, number: int, *, attends: bool, fraud: bool
) -> Moment:
    site = guard.site
    # The clock of a load test is right: latency is what is measured here, not skew.
    phone = msgspec.structs.replace(guard.phone, skew_s=0.0)
    place: Presence | Fixed = Presence(guard)
    if fraud:
        colleague = world.guards[(guard.index + len(world.sites)) % len(world.guards)]
        phone = msgspec.structs.replace(colleague.phone, skew_s=0.0)
        place = Fixed(*displaced(site.latitude, site.longitude, FAR_M, 0.0))
    round_number = number // len(world.guards)
    return Moment(
        at=at,
        name="",
        direction=("check_in", "check_out")[round_number % 2] if attends else None,
        place=place,
        phone=phone,
        site=site,
        reading=Reading.ANOTHERS if fraud else Reading.OWN,
        fraud=fraud,
    )
