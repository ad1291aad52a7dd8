"""Plan: what duty was asked for at one site, as far as judging it needs to know.

The same plan is remembered by the policy that keeps findings right and read from the read models
by an audit, so both derive the same duties from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from domain.directory.shift import ShiftPlanned
from domain.directory.task import TaskAssigned
from domain.directory.tour import Checkpoint, TourDefined, TourRetired


class Fence(msgspec.Struct, frozen=True):
    """The circle around a site in which a guard counts as present; degrees and metres."""

    latitude: float
    longitude: float
    radius_m: float


class TourVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a tour asked for in a time. A walk is judged by what was in force when it began."""

    tour_id: str
    name: str
    checkpoints: tuple[Checkpoint, ...]
    starts: tuple[str, ...]  # HH:MM in the site's time zone
    grace_minutes: int
    since: datetime  # included
    until: datetime | None = None  # not included; None: still in force


class SitePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A site and the duties there."""

    site_id: str
    fence: Fence | None  # None: the site is not registered, so nobody can be outside of it
    time_zone: str
    tours: tuple[TourVersion, ...] = ()  # every version, in force or not
    shifts: tuple[ShiftPlanned, ...] = ()
    tasks: tuple[TaskAssigned, ...] = ()


def with_tour(
    versions: Sequence[TourVersion], event: TourDefined, recorded_at: datetime
) -> tuple[TourVersion, ...]:
    """Return the versions of a site's tours after one of them got another content.

    A tour that is defined again asks for something else from then on; walks that began before are
    judged by what was asked of them.
    """
    version = TourVersion(
        tour_id=event.tour_id,
        name=event.name,
        checkpoints=event.checkpoints,
        starts=event.starts,
        grace_minutes=event.grace_minutes,
        since=event.valid_from or recorded_at,
    )
    return (*ended(versions, event.tour_id, version.since), version)


def without_tour(
    versions: Sequence[TourVersion], tour_id: str, recorded_at: datetime
) -> tuple[TourVersion, ...]:
    """Return the versions after a tour was retired: what was due before stays due."""
    return ended(versions, tour_id, recorded_at)


def ended(versions: Sequence[TourVersion], tour_id: str, at: datetime) -> tuple[TourVersion, ...]:
    """Return the versions of which those of one tour end at a moment at the latest."""
    return tuple(
        msgspec.structs.replace(each, until=at if each.until is None else min(each.until, at))
        if each.tour_id == tour_id
        else each
        for each in versions
        if each.tour_id != tour_id or each.since < at
    )


def tour_versions(
    stories: Sequence[tuple[TourDefined | TourRetired, str, datetime]],
) -> dict[str, tuple[TourVersion, ...]]:
    """Return the versions of tours by site, from their facts in order: fact, tour and when."""
    sites: dict[str, str] = {}
    versions: dict[str, tuple[TourVersion, ...]] = {}
    for event, tour_id, recorded_at in stories:
        before = sites.get(tour_id)
        if before is not None:
            at = recorded_at
            if isinstance(event, TourDefined) and event.valid_from is not None:
                at = event.valid_from
            versions[before] = ended(versions[before], tour_id, at)
        if isinstance(event, TourDefined):
            sites[tour_id] = event.site_id
            versions[event.site_id] = with_tour(versions.get(event.site_id, ()), event, recorded_at)
    return versions
