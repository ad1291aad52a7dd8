"""Contradictions: what cannot be true together with an attendance, whatever a model says.

The hard ones are rules for ever: two sites at once, one device for two guards within minutes,
impossible travel, tags scanned in one place. The soft ones weigh heavily and leave room for an
innocent reading.
"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import msgspec

from domain.fraud.features import (
    FIXES_AFTER_US,
    Known,
    Travel,
    away_m,
    travel_by_phone,
    travel_from_attendance,
)
from domain.fraud.memory import MINUTE_US, SECOND_US, Fence, Visit
from domain.fraud.tags import impossible_scans
from domain.geometry import distance_m, speed_kmh

# On real traces fixes a minute apart exceed this 0.65 times in 10,000 (product rule).
IMPOSSIBLE_TRAVEL_KMH = 200.0
# From one geofence's edge to the other's, door to door; an assumption.
TWO_SITES_KMH = 120.0
TWO_SITES_US = 10 * MINUTE_US  # an assumption
PHONE_ELSEWHERE_M = 500.0  # accuracies subtracted, before and after; an assumption


class ContradictionCode(StrEnum):
    """What contradicts an attendance."""

    TWO_PLACES_AT_ONCE = "two_places_at_once"
    DEVICE_SHARED = "device_shared"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    TAGS_IN_ONE_PLACE = "tags_in_one_place"
    PHONE_ELSEWHERE = "phone_elsewhere"
    DEVICE_OF_ANOTHER = "device_of_another"


HARD = frozenset(
    {
        ContradictionCode.TWO_PLACES_AT_ONCE,
        ContradictionCode.DEVICE_SHARED,
        ContradictionCode.IMPOSSIBLE_TRAVEL,
        ContradictionCode.TAGS_IN_ONE_PLACE,
    }
)


class Contradiction(msgspec.Struct, frozen=True):
    """One thing that contradicts an attendance, in plain words."""

    code: ContradictionCode
    text: str
    # The attendances that it cannot be true together with. Locations and scans are too many to be
    # remembered by their ids; the words say when they were.
    witnesses: tuple[UUID, ...] = ()


def contradictions(visit: Visit, known: Known) -> list[Contradiction]:
    """Return what contradicts an attendance, in the order of the codes; each code at most once."""
    found = (
        two_places_at_once(visit, known),
        device_shared(visit, known),
        impossible_travel(visit, known),
        tags_in_one_place(known),
        phone_elsewhere(visit, known),
        device_of_another(visit, known),
    )
    return [contradiction for contradiction in found if contradiction is not None]


def two_places_at_once(visit: Visit, known: Known) -> Contradiction | None:
    """Two attendances at sites too far apart for the time between, wherever the GPS claims to be."""
    here = known.fence
    if here is None:
        return None
    for past in reversed(known.earlier):
        if not isinstance(past, Visit) or visit.at_us - past.at_us > TWO_SITES_US:
            return None
        there = known.fences_nearby.get(past.site_id)
        if past.site_id == visit.site_id or there is None:
            continue
        gap_m = between_fences_m(here, there)
        time_s = (visit.at_us - past.at_us) / SECOND_US
        if speed_kmh(gap_m, time_s) > TWO_SITES_KMH:
            return Contradiction(
                ContradictionCode.TWO_PLACES_AT_ONCE,
                f"The same person attended {past.site_id} {in_words(time_s)} before,"
                f" {gap_m / 1000:.1f} km away.",
                (past.signal,),
            )
    return None


def between_fences_m(here: Fence, there: Fence) -> float:
    """Return the way from one geofence's edge to the other's; 0 where they touch."""
    centres_m = distance_m(here.latitude, here.longitude, there.latitude, there.longitude)
    return max(0.0, centres_m - here.radius_m - there.radius_m)


def device_shared(visit: Visit, known: Known) -> Contradiction | None:
    """Another person attended on the same personal device within minutes."""
    if not known.uses:
        return None
    use = min(known.uses, key=lambda use: (abs(use.at_us - visit.at_us), use.at_us, use.signal))
    time_s = abs(use.at_us - visit.at_us) / SECOND_US
    return Contradiction(
        ContradictionCode.DEVICE_SHARED,
        f"{use.person_id} attended on the same device {visit.device_id} {in_words(time_s)}"
        f" {'before' if use.at_us <= visit.at_us else 'after'}.",
        (use.signal,),
    )


def impossible_travel(visit: Visit, known: Known) -> Contradiction | None:
    """The way from the attendance before, or from a location of the phone, is too fast for a guard."""
    fastest: Travel | None = None
    for travel in (travel_from_attendance(visit, known), travel_by_phone(visit, known)):
        if travel is not None and (fastest is None or travel.kmh > fastest.kmh):
            fastest = travel
    if fastest is None or fastest.kmh <= IMPOSSIBLE_TRAVEL_KMH:
        return None
    by_phone = fastest.attendance is None
    start = "The phone was" if by_phone else "The person's attendance before was"
    return Contradiction(
        ContradictionCode.IMPOSSIBLE_TRAVEL,
        f"{start} {fastest.distance_m / 1000:.1f} km away {in_words(fastest.time_s)} before:"
        f" {fastest.kmh:.0f} km/h.",
        () if fastest.attendance is None else (fastest.attendance,),
    )


def tags_in_one_place(known: Known) -> Contradiction | None:
    """Tags that hang apart were scanned in one place, or faster than anybody gets to them."""
    found = impossible_scans(known.walked)
    if found is None:
        return None
    how = "in one place within" if found.in_one_place else "within"
    return Contradiction(
        ContradictionCode.TAGS_IN_ONE_PLACE,
        f"The tags {', '.join(found.tags)} hang {found.apart_m:.0f} m from each other at least"
        f" and were scanned {how} {in_words(found.time_s)}.",
    )


def phone_elsewhere(visit: Visit, known: Known) -> Contradiction | None:
    """The person's phone was elsewhere just before and just after: nobody came and went between."""
    before = known.fixes_before[-1] if known.fixes_before else None
    after = known.fixes_after[0] if known.fixes_after else None
    if before is None or after is None or visit.at_us - before.at_us > FIXES_AFTER_US:
        return None
    before_m, after_m = away_m(visit, before), away_m(visit, after)
    if min(before_m, after_m) < PHONE_ELSEWHERE_M:
        return None
    return Contradiction(
        ContradictionCode.PHONE_ELSEWHERE,
        f"The phone was {before_m:.0f} m away {in_words((visit.at_us - before.at_us) / SECOND_US)} before"
        f" and {after_m:.0f} m away {in_words((after.at_us - visit.at_us) / SECOND_US)} after.",
    )


def device_of_another(visit: Visit, known: Known) -> Contradiction | None:
    """The directory says that another person carries the device."""
    if known.holder is None or known.holder == known.person_id:
        return None
    return Contradiction(
        ContradictionCode.DEVICE_OF_ANOTHER,
        f"The device {visit.device_id} is carried by {known.holder}.",
    )


def in_words(time_s: float) -> str:
    """Return a time as people say it."""
    if time_s < 90:
        return f"{time_s:.0f} s"
    if time_s < 5_400:
        return f"{time_s / 60:.0f} min"
    return f"{time_s / 3_600:.1f} h"
