"""What each kind of entry of the directory shall be, as clients state it, and how its list is narrowed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from application.directory import (
    DEVICE_ENTRIES,
    PERSON_ENTRIES,
    SHIFT_ENTRIES,
    SITE_ENTRIES,
    TASK_ENTRIES,
    TOUR_ENTRIES,
    Entries,
)
from domain.directory.device import DeviceKind
from domain.directory.shift import ShiftRole
from domain.directory.site import GeofenceRadiusM
from domain.directory.time_zone import TimeZoneName
from domain.directory.tour import Checkpoints, Minutes, Starts
from domain.kernel import (
    Identifier,
    Instant,
    Latitude,
    Longitude,
    PersonalName,
    PersonalPhone,
    ShortText,
)
from interfaces.http.parameters import (
    FromParameter,
    IdentifierFilter,
    ToParameter,
    moments,
    require_order,
)
from interfaces.http.reading import filters
from projections.directory import DEVICES, PERSONS, SHIFTS, SITES, TASKS, TOURS
from projections.kernel import Projection


class Content(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an entry shall be; its identifier stands in the address."""


class SiteContent(Content, frozen=True, kw_only=True):
    """A place that is guarded; coordinates in degrees (WGS 84)."""

    name: ShortText
    latitude: Latitude
    longitude: Longitude
    geofence_radius_m: GeofenceRadiusM
    time_zone: TimeZoneName
    security_manager: Identifier | None = None


class PersonContent(Content, frozen=True, kw_only=True):
    """A guard; `site_id` is the home site."""

    name: PersonalName
    phone: PersonalPhone | None = None
    site_id: Identifier | None = None


class DeviceContent(Content, frozen=True, kw_only=True):
    """A device, whose it is and where it belongs."""

    kind: DeviceKind
    person_id: Identifier | None = None
    site_id: Identifier | None = None


class TourContent(Content, frozen=True, kw_only=True):
    """A round of checkpoints, in the order in which they are walked; starts in the site's time zone."""

    site_id: Identifier
    name: ShortText
    checkpoints: Checkpoints
    starts: Starts = ()
    grace_minutes: Minutes = 10
    valid_from: Instant | None = None


class ShiftContent(Content, frozen=True, kw_only=True):
    """Who is on duty at a site, up to a day long; nobody yet where `person_id` is missing."""

    site_id: Identifier
    starts_at: Instant
    ends_at: Instant
    role: ShiftRole = ShiftRole.GUARD
    person_id: Identifier | None = None


class TaskContent(Content, frozen=True, kw_only=True):
    """Something to be done by a moment, by whoever is on shift where `person_id` is missing."""

    site_id: Identifier
    name: ShortText
    due_at: Instant
    person_id: Identifier | None = None


class Narrowed(msgspec.Struct, frozen=True, kw_only=True):
    """What of a list is asked for."""

    equal: dict[str, str] = {}
    above: dict[str, datetime] = {}
    below: dict[str, datetime] = {}


def by_nothing() -> Narrowed:
    return Narrowed()


def by_site(site_id: IdentifierFilter = None) -> Narrowed:
    return Narrowed(equal=filters(site_id=site_id))


def by_site_and_person(
    site_id: IdentifierFilter = None, person_id: IdentifierFilter = None
) -> Narrowed:
    return Narrowed(equal=filters(site_id=site_id, person_id=person_id))


def by_duty(
    site_id: IdentifierFilter = None,
    person_id: IdentifierFilter = None,
    since: FromParameter = None,
    until: ToParameter = None,
) -> Narrowed:
    return of_span(site_id, person_id, ("ends_at", since), ("starts_at", until))


def by_due_time(
    site_id: IdentifierFilter = None,
    person_id: IdentifierFilter = None,
    since: FromParameter = None,
    until: ToParameter = None,
) -> Narrowed:
    return of_span(site_id, person_id, ("due_at", since), ("due_at", until))


def of_span(
    site_id: str | None,
    person_id: str | None,
    since: tuple[str, str | None],
    until: tuple[str, str | None],
) -> Narrowed:
    """Return what narrows a list to a span; the bounds name the field of the row that they are for.

    Raises:
        Rejected: a bound is no moment, or they are the wrong way round.
    """
    above = moments(since[0], "from", since[1])
    below = moments(until[0], "to", until[1])
    require_order(above, below)
    return Narrowed(equal=filters(site_id=site_id, person_id=person_id), above=above, below=below)


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of entry as its door shows it; the parameters of `narrowed` are those of the query."""

    entries: Entries
    projection: Projection[Any]
    content: type[Content]
    narrowed: Callable[..., Narrowed]
    end_verb: str | None = None
    example: dict[str, Any]


KINDS = (
    Kind(
        entries=SITE_ENTRIES,
        projection=SITES,
        content=SiteContent,
        narrowed=by_nothing,
        example={
            "name": "North Gate",
            "latitude": 48.1771,
            "longitude": 11.5562,
            "geofence_radius_m": 150,
            "time_zone": "Europe/Berlin",
            "security_manager": "supervisor",
        },
    ),
    Kind(
        entries=PERSON_ENTRIES,
        projection=PERSONS,
        content=PersonContent,
        narrowed=by_site,
        example={"name": "Ada Marsh", "phone": "+49 89 99998 007", "site_id": "S-01"},
    ),
    Kind(
        entries=DEVICE_ENTRIES,
        projection=DEVICES,
        content=DeviceContent,
        narrowed=by_site_and_person,
        example={"kind": "phone", "person_id": "G-007", "site_id": "S-01"},
    ),
    Kind(
        entries=TOUR_ENTRIES,
        projection=TOURS,
        content=TourContent,
        narrowed=by_site,
        end_verb="retire",
        example={
            "site_id": "S-01",
            "name": "Night round",
            "checkpoints": [
                {"checkpoint_id": "C-1", "name": "North door", "due_minutes": 5},
                {"checkpoint_id": "C-2", "name": "Boiler room", "due_minutes": 20},
            ],
            "starts": ["22:00", "02:00"],
            "grace_minutes": 10,
        },
    ),
    Kind(
        entries=SHIFT_ENTRIES,
        projection=SHIFTS,
        content=ShiftContent,
        narrowed=by_duty,
        end_verb="cancel",
        example={
            "site_id": "S-01",
            "person_id": "G-007",
            "role": "guard",
            "starts_at": "2026-11-22T20:00:00+00:00",
            "ends_at": "2026-11-23T04:00:00+00:00",
        },
    ),
    Kind(
        entries=TASK_ENTRIES,
        projection=TASKS,
        content=TaskContent,
        narrowed=by_due_time,
        end_verb="cancel",
        example={
            "site_id": "S-01",
            "name": "Lock the yard",
            "due_at": "2026-11-22T21:00:00+00:00",
        },
    ),
)
