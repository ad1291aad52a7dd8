"""Duty memories: what is remembered of the plan, and under which keys.

Shifts and tasks are kept by site and day, so that a roster of a year is many small memories and
judging a night reads a few of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from domain.directory.shift import ShiftCancelled, ShiftPlanned
from domain.directory.task import TaskAssigned, TaskCancelled
from domain.directory.tour import TourDefined, TourRetired
from domain.finding.plan import Fence, TourVersion
from domain.finding.planning import DAY

LEARNED = "learned"


class LearnedMemory(msgspec.Struct, frozen=True):
    """How far the plan was learned."""

    position: int


class SiteMemory(msgspec.Struct, frozen=True):
    """A site: where its fence stands, its clock, and its tours in every version."""

    fence: Fence | None = None
    time_zone: str = "UTC"
    tours: tuple[TourVersion, ...] = ()


class DayMemory(msgspec.Struct, frozen=True):
    """What is planned at a site on a day: shifts that begin and tasks that are due."""

    shifts: tuple[ShiftPlanned, ...] = ()
    tasks: tuple[TaskAssigned, ...] = ()


class RosterMemory(msgspec.Struct, frozen=True):
    """Where a person's shifts of a day were planned to be, now or before."""

    sites: tuple[str, ...] = ()


class ShiftMemory(msgspec.Struct, frozen=True):
    """A shift as it was planned last; None: it was cancelled."""

    planned: ShiftPlanned | None


class TaskMemory(msgspec.Struct, frozen=True):
    """A task as it was assigned last; None: it was cancelled."""

    assigned: TaskAssigned | None


class TourMemory(msgspec.Struct, frozen=True):
    """Where a tour is walked."""

    site_id: str


Content = ShiftMemory | TaskMemory | TourMemory
KINDS: Mapping[type[Any], tuple[str, type[Any]]] = {
    ShiftPlanned: ("shift-", ShiftMemory),
    ShiftCancelled: ("shift-", ShiftMemory),
    TaskAssigned: ("task-", TaskMemory),
    TaskCancelled: ("task-", TaskMemory),
    TourDefined: ("tour-", TourMemory),
    TourRetired: ("tour-", TourMemory),
}


def days_of(since: datetime, until: datetime) -> Iterator[date]:
    """Yield the days of a time, both ends included."""
    day = day_of(since)
    while day <= day_of(until):
        yield day
        day += DAY


def day_of(at: datetime) -> date:
    return at.astimezone(UTC).date()


def site_key(site_id: str) -> str:
    return f"site-{site_id}"


def day_key(site_id: str, day: date) -> str:
    return f"day-{site_id}/{day}"


def roster_key(person_id: str, day: date) -> str:
    return f"roster-{person_id}/{day}"
