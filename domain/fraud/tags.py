"""Tags: whether checkpoint tags of different places were scanned in one place.

A tag that was taken off the wall, or photographed, is read wherever its reader sits. What shows it is
where the directory says that the tags hang, against where, and how fast, they were scanned. When
they were due shows nothing: a plan is a wish and no distance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from operator import attrgetter

import msgspec

from domain.fraud.features import Walked
from domain.fraud.memory import SECOND_US, Scan
from domain.geometry import apart_m, distance_m, speed_kmh
from domain.signals import CLOCK_TOLERANCE

# Each of them at odds with each other one, so that a tag that the directory puts in a wrong place
# accuses nobody; an assumption.
TAGS_MIN = 3
# For what a map in the directory errs. Five times what a phone under open sky does, 4.9 m (van
# Diggelen & Enge 2015, "The world's first GPS MOOC and worldwide laboratory using smartphones",
# ION GNSS+); an assumption.
TAG_ERROR_M = 25.0
# From tag to tag as the crow flies, stops included. Nobody ran faster than 44.7 km/h (Graubner &
# Nixdorf 2011, "Biomechanical analysis of the sprint and hurdles events at the 2009 IAAF World
# Championships in Athletics", New Studies in Athletics 26), and nobody drives a round so fast; an
# assumption.
ROUND_KMH = 50.0
# Two clocks may each be off by so much before that is noticed; also the least time of any speed.
CLOCKS_S = 2 * CLOCK_TOLERANCE.total_seconds()
NEXT_SCANS_MAX = 20  # that one scan is compared with; what lies further ahead has a first one too


class Read(msgspec.Struct, frozen=True):
    """A scan of a tag, and where that tag hangs."""

    scan: Scan
    latitude: float
    longitude: float


class Impossible(msgspec.Struct, frozen=True):
    """Scans that cannot all have been made where their tags hang."""

    tags: list[str]  # checkpoints, in the order in which they were scanned
    apart_m: float  # each tag from each other one, at least
    time_s: float  # from the first scan to the last
    in_one_place: bool  # False: nothing but the time shows it


def impossible_scans(walked: Sequence[Walked]) -> Impossible | None:
    """Return the first scans of a shift that cannot be true together, if there are any."""
    reads = [
        Read(scan, *tour.places[scan.checkpoint_id])
        for tour in walked
        for scan in tour.scans
        if scan.checkpoint_id in tour.places
    ]
    reads.sort(key=attrgetter("scan"))
    for at_odds in (in_one_place, too_fast):
        found = first_group(reads, at_odds)
        if found:
            return Impossible(
                tags=[read.scan.checkpoint_id for read in found],
                apart_m=min(tags_apart_m(one, other) for one, other in combinations(found, 2)),
                time_s=(found[-1].scan.at_us - found[0].scan.at_us) / SECOND_US,
                in_one_place=at_odds is in_one_place,
            )
    return None


def first_group(reads: Sequence[Read], at_odds: Callable[[Read, Read], bool]) -> list[Read]:
    """Return the first scans of which each is at odds with each other one; empty if there are none.

    Of the scans that follow one, each joins that is at odds with all that joined before it.
    """
    for index, first in enumerate(reads):
        group = [first]
        for later in reads[index + 1 : index + 1 + NEXT_SCANS_MAX]:
            if all(at_odds(read, later) for read in group):
                group.append(later)
                if len(group) == TAGS_MIN:
                    return group
    return []


def in_one_place(one: Read, other: Read) -> bool:
    """Return whether two scans may have been made in one place, and surely not at both their tags."""
    if not one.scan.place or not other.scan.place:
        return False
    latitude, longitude, accuracy_m = one.scan.place
    other_latitude, other_longitude, other_accuracy_m = other.scan.place
    between_m = distance_m(latitude, longitude, other_latitude, other_longitude)
    if apart_m(between_m, accuracy_m, other_accuracy_m) > 0:
        return False
    return apart_m(tags_apart_m(one, other) - between_m, accuracy_m, other_accuracy_m) > TAG_ERROR_M


def too_fast(one: Read, other: Read) -> bool:
    """Return whether nobody gets from one tag to the other in the time between two scans."""
    time_s = abs(other.scan.at_us - one.scan.at_us) / SECOND_US
    return speed_kmh(tags_apart_m(one, other) - TAG_ERROR_M, time_s + CLOCKS_S) > ROUND_KMH


def tags_apart_m(one: Read, other: Read) -> float:
    """Return how far from each other two tags hang."""
    return distance_m(one.latitude, one.longitude, other.latitude, other.longitude)
