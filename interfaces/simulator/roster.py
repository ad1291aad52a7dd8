"""Roster: shifts and tasks stated to the directory some time ahead of what is played."""

from __future__ import annotations

import asyncio
import heapq
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

from interfaces.simulator.duties import task_of, tours
from interfaces.simulator.far_side import FarSide
from interfaces.simulator.shifts import Shift, plan, shifts
from interfaces.simulator.world import DAY_S, Guard, World

Entry = tuple[str, str, dict[str, object]]  # collection, id and content

AHEAD_S = DAY_S
RELAY_AHEAD_S = 1_800.0


class Roster:
    """States each shift and task once, before its time comes."""

    def __init__(
        self, far_side: FarSide, world: World, start: float, end: float, concurrency: int
    ) -> None:
        self._far_side = far_side
        self._world = world
        self._end = end
        self._concurrency = concurrency
        relay = world.parameters.relay_minutes is not None
        self._ahead_s = RELAY_AHEAD_S if relay else AHEAD_S
        found = (_to_come(world, guard, start, end) for guard in world.guards)
        self._shifts = heapq.merge(*found, key=lambda shift: shift.starts_at)
        self._next: Shift | None = next(self._shifts, None)

    async def reach(self, at: float, stop: threading.Event) -> None:
        """State everything that begins up to some time after `at`, in seconds since 1970.

        Raises:
            FarSideFailed: the far side refused an entry, or is gone.
        """
        entries = self._due(at + self._ahead_s)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._concurrency):
                    group.create_task(self._state(entries, stop))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures

    async def _state(self, entries: Iterator[Entry], stop: threading.Event) -> None:
        for collection, item_id, content in entries:  # shared: each of the tasks takes the next one
            if stop.is_set():
                return
            await self._far_side.enrol(collection, item_id, content)

    def _due(self, until: float) -> Iterator[Entry]:
        while self._next is not None and self._next.starts_at < min(until, self._end):
            shift, self._next = self._next, next(self._shifts, None)
            yield from _entries(self._world, shift)


def _to_come(world: World, guard: Guard, start: float, end: float) -> Iterator[Shift]:
    """Yield a guard's shifts of a span. One that was checked in for before it would look like a no-show."""
    for shift in shifts(world, guard, start, end):
        if plan(world, shift).check_in_at >= start:
            yield shift


def _entries(world: World, shift: Shift) -> Iterator[Entry]:
    guard = shift.guard
    yield (
        "shifts",
        shift.shift_id,
        {
            "site_id": guard.site.site_id,
            "role": "guard",
            "person_id": guard.person_id,
            "starts_at": _stated(shift.starts_at),
            "ends_at": _stated(shift.ends_at),
        },
    )
    task = task_of(world, shift)
    if task is not None:
        yield (
            "tasks",
            task.task_id,
            {
                "site_id": guard.site.site_id,
                "person_id": guard.person_id,
                "name": task.name,
                "due_at": _stated(task.due_at),
            },
        )


def tour_entries(world: World) -> Iterator[tuple[str, dict[str, object]]]:
    """The tours of all sites, as the directory takes them."""
    for tour in tours(world):
        checkpoints = [
            {
                "checkpoint_id": checkpoint.checkpoint_id,
                "name": checkpoint.name,
                "due_minutes": checkpoint.due_minutes,
                "latitude": checkpoint.latitude,
                "longitude": checkpoint.longitude,
            }
            for checkpoint in tour.checkpoints
        ]
        yield (
            tour.tour_id,
            {
                "site_id": tour.site.site_id,
                "name": tour.name,
                "checkpoints": checkpoints,
                "starts": list(tour.starts),
                "grace_minutes": tour.grace_minutes,
            },
        )


def _stated(at: float) -> str:
    return datetime.fromtimestamp(round(at), UTC).isoformat()
