"""Directory: sites, persons, devices, tours, shifts and tasks as lists and pages show them.

All of them fold alike. One fact states the whole content of an entry and is the row; every other
fact changes the fields that it bears, under the very names that the row has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar, get_args

import msgspec
from msgspec.structs import asdict, replace

from domain.catalogue import AnyRecorded
from domain.directory.device import DeviceEvent, DeviceKind, DeviceRegistered
from domain.directory.person import PersonEnrolled, PersonEvent
from domain.directory.shift import ShiftCancelled, ShiftEvent, ShiftPlanned, ShiftRole
from domain.directory.site import SecurityManagerRelieved, SiteEvent, SiteRegistered
from domain.directory.task import TaskAssigned, TaskCancelled, TaskEvent
from domain.directory.tour import Checkpoint, TourDefined, TourEvent, TourRetired
from domain.kernel import Event
from projections.kernel import Projection, key_behind

R = TypeVar("R", bound=msgspec.Struct)


class SiteRow(msgspec.Struct, frozen=True, kw_only=True):
    """One site; coordinates in degrees, the radius of its geofence in metres."""

    site_id: str
    name: str
    latitude: float
    longitude: float
    geofence_radius_m: float
    time_zone: str
    security_manager: str | None = None
    position: int  # of the last fact folded into the row


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """One guard, with the home site where there is one."""

    person_id: str
    name: str
    phone: str | None = None
    site_id: str | None = None
    position: int


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One device, who carries it and where it belongs."""

    device_id: str
    kind: DeviceKind
    person_id: str | None = None
    site_id: str | None = None
    position: int


class TourRow(msgspec.Struct, frozen=True, kw_only=True):
    """One tour, with its checkpoints in the order in which they are walked."""

    tour_id: str
    site_id: str
    name: str
    checkpoints: tuple[Checkpoint, ...]
    starts: tuple[str, ...]  # every day, in the site's time zone
    grace_minutes: int
    valid_from: datetime | None = None  # walks that start from then on
    retired: bool = False
    position: int


class ShiftRow(msgspec.Struct, frozen=True, kw_only=True):
    """One shift of a roster."""

    shift_id: str
    site_id: str
    role: ShiftRole
    person_id: str | None
    starts_at: datetime
    ends_at: datetime
    cancelled: bool = False
    position: int


class TaskRow(msgspec.Struct, frozen=True, kw_only=True):
    """One task, and by when it shall be done."""

    task_id: str
    site_id: str
    name: str
    due_at: datetime
    person_id: str | None = None
    cancelled: bool = False
    position: int


# What the facts mean that bear no field.
BARE: Mapping[type[Event], Mapping[str, object]] = {
    SecurityManagerRelieved: {"security_manager": None},
    TourRetired: {"retired": True},
    ShiftCancelled: {"cancelled": True},
    TaskCancelled: {"cancelled": True},
}


def folding(row: type[R], content: type[Event]) -> Callable[[R | None, AnyRecorded], R | None]:
    """Return the fold of entries whose whole content is stated by a fact of this type."""

    def project(known: R | None, fact: AnyRecorded) -> R | None:
        """Fold one fact into its entry's row."""
        event = fact.event
        if isinstance(event, content):
            return row(**asdict(event), position=fact.position)
        # What comes before its entry was stated is corrupt, and no row is made up for it.
        if known is None:
            return None
        return replace(known, **BARE.get(type(event), asdict(event)), position=fact.position)

    return project


def entries(
    noun: str, row: type[R], content: type[Event], facts: Any, newest_first: str | None = None
) -> Projection[R]:
    """Return the read model of one kind of entry, listed by its ids unless said otherwise."""
    return Projection(
        name=f"{noun}s",
        table=f"{noun}s",
        row=row,
        key=f"{noun}_id",
        newest_first=newest_first or f"{noun}_id",
        facts=get_args(facts),
        key_of=key_behind(f"{noun}-"),
        project=folding(row, content),
    )


SITES = entries("site", SiteRow, SiteRegistered, SiteEvent)
PERSONS = entries("person", PersonRow, PersonEnrolled, PersonEvent)
DEVICES = entries("device", DeviceRow, DeviceRegistered, DeviceEvent)
TOURS = entries("tour", TourRow, TourDefined, TourEvent)
SHIFTS = entries("shift", ShiftRow, ShiftPlanned, ShiftEvent, newest_first="starts_at")
TASKS = entries("task", TaskRow, TaskAssigned, TaskEvent, newest_first="due_at")
