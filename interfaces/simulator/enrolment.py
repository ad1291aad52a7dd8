"""Enrolment: the drawn sites, persons, devices and tours stated to the directory before anything is sent."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

from interfaces.simulator.far_side import FarSide
from interfaces.simulator.roster import tour_entries
from interfaces.simulator.world import World

Entry = tuple[str, dict[str, object]]  # its id and its content


async def enrol(
    far_side: FarSide,
    world: World,
    *,
    security_manager: str | None,
    concurrency: int,
    stop: threading.Event,
) -> None:
    """State every site, then every person, every device and every tour; later ones name earlier ones.

    Raises:
        FarSideFailed: the far side refused an entry, or is gone.
    """
    for collection, entries in (
        ("sites", _sites(world, security_manager)),
        ("persons", _persons(world)),
        ("devices", _devices(world)),
        ("tours", tour_entries(world) if world.parameters.duties else iter(())),
    ):
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(_state(far_side, collection, entries, stop))
        except ExceptionGroup as failures:
            # They all met the same far side, so the first one speaks for the rest.
            raise failures.exceptions[0] from failures


async def _state(
    far_side: FarSide, collection: str, entries: Iterator[Entry], stop: threading.Event
) -> None:
    for item_id, content in entries:  # shared: each of the tasks takes the next one
        if stop.is_set():
            return
        await far_side.enrol(collection, item_id, content)


def _sites(world: World, security_manager: str | None) -> Iterator[Entry]:
    for site in world.sites:
        content: dict[str, object] = {
            "name": site.name,
            "latitude": site.latitude,
            "longitude": site.longitude,
            "geofence_radius_m": site.geofence_radius_m,
            "time_zone": site.time_zone,
        }
        if security_manager is not None:
            content["security_manager"] = security_manager
        yield site.site_id, content


def _persons(world: World) -> Iterator[Entry]:
    for guard in world.guards:
        yield (
            guard.person_id,
            {"name": guard.name, "phone": guard.telephone, "site_id": guard.site.site_id},
        )


def _devices(world: World) -> Iterator[Entry]:
    for guard in world.guards:
        yield (
            guard.phone.device_id,
            {"kind": "phone", "person_id": guard.person_id, "site_id": guard.site.site_id},
        )
