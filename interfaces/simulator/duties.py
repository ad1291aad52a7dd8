"""Duties: the tours of each site, who walks them, and the tasks that a shift is given.

Everything is named and drawn from that name, so it does not matter who asks, nor for which span.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from math import cos, pi, sin
from zoneinfo import ZoneInfo

import msgspec

from interfaces.simulator.geography import displaced
from interfaces.simulator.parameters import WorldParameters
from interfaces.simulator.randomness import stream
from interfaces.simulator.shifts import Shift, shifts
from interfaces.simulator.world import Guard, Site, World

TOUR_EVERY_HOURS = 3
TOUR_LEG_MINUTES = (4, 7)  # between two checkpoints, as they are planned
TOUR_CHECKPOINTS = (4, 7)
TOUR_GRACE_MINUTES = 10
RELAY_LEG_MINUTES = 1  # short enough for the shortest demonstration
RELAY_CHECKPOINTS = 3
TASK_RATE = 0.5  # of shifts with a task besides tours


class Checkpoint(msgspec.Struct, frozen=True):
    checkpoint_id: str
    name: str
    due_minutes: int  # after the tour's start
    latitude: float
    longitude: float


class Tour(msgspec.Struct, frozen=True):
    tour_id: str
    site: Site
    name: str
    checkpoints: tuple[Checkpoint, ...]
    starts: tuple[str, ...]  # every day, by the site's clock
    grace_minutes: int

    @property
    def length_s(self) -> float:
        """How long a walk takes as it is planned."""
        return self.checkpoints[-1].due_minutes * 60.0


class Walk(msgspec.Struct, frozen=True):
    """One round of a tour that is due."""

    tour: Tour
    starts_at: float  # seconds since 1970


class Task(msgspec.Struct, frozen=True):
    task_id: str
    name: str
    due_at: float  # seconds since 1970


def tours(world: World) -> tuple[Tour, ...]:
    """One tour for each site."""
    return tuple(_tour(world.seed, world.parameters, site) for site in world.sites)


def _tour(seed: int, parameters: WorldParameters, site: Site) -> Tour:
    draw = stream(seed, "tour", site.site_id)
    relay = parameters.relay_minutes is not None
    legs = RELAY_CHECKPOINTS if relay else draw.randint(*TOUR_CHECKPOINTS)
    leg_minutes = RELAY_LEG_MINUTES if relay else draw.randint(*TOUR_LEG_MINUTES)
    round_m = draw.uniform(0.3, 0.7) * site.geofence_radius_m
    checkpoints = []
    for number in range(legs):
        angle = 2 * pi * number / legs
        place = displaced(site.latitude, site.longitude, round_m * cos(angle), round_m * sin(angle))
        checkpoints.append(
            Checkpoint(
                checkpoint_id=f"{site.site_id}-C{number + 1}",
                name=f"Checkpoint {number + 1}",
                due_minutes=(number + 1) * leg_minutes,
                latitude=place[0],
                longitude=place[1],
            )
        )
    first = draw.randrange(TOUR_EVERY_HOURS)
    # Half past, so that no tour begins while the reliefs change.
    starts = tuple(f"{hour:02d}:30" for hour in range(first, 24, TOUR_EVERY_HOURS))
    if relay:
        starts = tuple(f"{hour:02d}:{minute}" for hour in range(24) for minute in ("00", "30"))
    return Tour(
        tour_id=f"{site.site_id}-T1",
        site=site,
        name=f"{site.name} round",
        checkpoints=tuple(checkpoints),
        starts=starts,
        grace_minutes=TOUR_GRACE_MINUTES,
    )


def task_of(world: World, shift: Shift) -> Task | None:
    """The task that a shift is given, if it is given one."""
    draw = stream(world.seed, "task", shift.shift_id)
    if draw.random() >= TASK_RATE:
        return None
    due_at = shift.starts_at + draw.uniform(0.4, 0.8) * (shift.ends_at - shift.starts_at)
    return Task(f"{shift.shift_id}.task", draw.choice(TASKS), round(due_at))


TASKS = (
    "Check the fire doors",
    "Read the generator's meter",
    "Lock the loading bay",
    "Test the panic button",
    "Count the visitor passes",
)


class Walks:
    """Which walks are due, and who of a site's guards on shift walks each of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tours = {tour.site.site_id: tour for tour in tours(world)}
        self._walkers: dict[tuple[str, float], int | None] = {}

    def of(self, shift: Shift) -> Iterator[Walk]:
        """The walks that fall to the guard of this shift, in order."""
        tour = self._tours[shift.guard.site.site_id]
        for starts_at in _starts(tour, shift.starts_at, shift.ends_at - tour.length_s):
            if self._walker(tour, starts_at) == shift.guard.index:
                yield Walk(tour, starts_at)

    def _walker(self, tour: Tour, starts_at: float) -> int | None:
        key = (tour.tour_id, starts_at)
        if key not in self._walkers:
            on_shift = [
                guard.index
                for guard in self._guards(tour.site)
                if any(
                    shift.starts_at <= starts_at and starts_at + tour.length_s <= shift.ends_at
                    for shift in shifts(self._world, guard, starts_at, starts_at + 1.0)
                )
            ]
            draw = stream(self._world.seed, "walk", *key)
            self._walkers[key] = draw.choice(on_shift) if on_shift else None
        return self._walkers[key]

    def _guards(self, site: Site) -> Iterator[Guard]:
        return (guard for guard in self._world.guards if guard.site.site_id == site.site_id)


def _starts(tour: Tour, since: float, until: float) -> Iterator[float]:
    """When a tour begins, from `since` to `until`, both included; a time that the clock skips is left out."""
    zone = ZoneInfo(tour.site.time_zone)
    day = datetime.fromtimestamp(since, zone).date()
    last = datetime.fromtimestamp(until, zone).date()
    while day <= last:
        for start in tour.starts:
            local = datetime.combine(day, time.fromisoformat(start), zone)
            at = local.timestamp()
            exists = datetime.fromtimestamp(at, zone).time() == local.time()
            if exists and since <= at <= until:
                yield at
        day += timedelta(days=1)
