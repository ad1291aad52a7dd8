"""Mishaps: the truth about what goes wrong besides fraud, which only the truth file is told."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from math import inf

import msgspec

from interfaces.simulator.duties import Walks, task_of
from interfaces.simulator.parameters import (
    FORGOTTEN_TASK,
    LATE_TOUR,
    SKIPPED_TOUR,
    STORM,
)
from interfaces.simulator.shifts import Plan, plan, shifts
from interfaces.simulator.signals import timestamp
from interfaces.simulator.silences import storm_at
from interfaces.simulator.world import DAY_S, Guard, Site, World


class Mishap(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, for whom and when; both moments are true time."""

    mishap: str
    site_id: str
    person_id: str | None = None
    device_id: str | None = None
    shift_id: str | None = None
    since: str
    until: str


def mishaps(world: World, start: float, end: float) -> Iterator[tuple[float, Mishap]]:
    """Everything that begins to go wrong from `start` up to but not including `end`, in order.

    Both are seconds since 1970; `end` may be infinity.
    """
    if not world.parameters.duties:
        return
    walks = Walks(world)
    # Where nothing ever goes wrong, an endless span would be searched for ever.
    guards = world.guards if world.parameters.neglect_rate else ()
    of_guards = (_of_guard(world, walks, guard, start, end) for guard in guards)
    of_sites = (_storms(world, site, start, end) for site in world.sites)
    yield from heapq.merge(*of_guards, *of_sites, key=lambda told: told[0])


def _of_guard(
    world: World, walks: Walks, guard: Guard, start: float, end: float
) -> Iterator[tuple[float, Mishap]]:
    for shift in shifts(world, guard, start - DAY_S, end):
        span = _span(world, walks, plan(world, shift))
        if span is None or not start <= span[0] < end:
            continue
        planned = plan(world, shift)
        assert planned.neglect is not None
        mishap = Mishap(
            mishap=planned.neglect.name,
            site_id=guard.site.site_id,
            person_id=guard.person_id,
            device_id=guard.phone.device_id,
            shift_id=shift.shift_id,
            since=true_time(guard, span[0]),
            until=true_time(guard, span[1]),
        )
        yield span[0], mishap


def _span(world: World, walks: Walks, planned: Plan) -> tuple[float, float] | None:
    """When it goes wrong; None where what would go wrong is not there."""
    neglect = planned.neglect
    if neglect is None:
        return None
    if neglect.name in {SKIPPED_TOUR, LATE_TOUR}:
        walk = next(walks.of(planned.shift), None)
        if walk is None:
            return None
        return walk.starts_at, walk.starts_at + walk.tour.length_s
    if neglect.name == FORGOTTEN_TASK:
        task = task_of(world, planned.shift)
        return None if task is None else (planned.shift.starts_at, task.due_at)
    return neglect.since, neglect.until


def _storms(world: World, site: Site, start: float, end: float) -> Iterator[tuple[float, Mishap]]:
    day = int(start // DAY_S)
    while day * DAY_S < end:
        at = day * DAY_S
        begins_at, ends_at = storm_at(world.seed, world.parameters.storm_rate, site.site_id, at)
        if ends_at and start <= begins_at < end:
            guard = next(guard for guard in world.guards if guard.site.site_id == site.site_id)
            mishap = Mishap(
                mishap=STORM,
                site_id=site.site_id,
                since=true_time(guard, begins_at),
                until=true_time(guard, ends_at),
            )
            yield begins_at, mishap
        day += 1
        if end == inf and day * DAY_S > start + 3_660 * DAY_S:
            return


def true_time(guard: Guard, at: float) -> str:
    """A moment in UTC, whatever the guard's phone would say."""
    right = msgspec.structs.replace(guard.phone, skew_s=0.0, local_time=False)
    return timestamp(at, right, guard.site)
