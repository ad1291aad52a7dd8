"""Tour: an ordered round of checkpoints at a site, and when it has to be walked."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from domain.kernel import Event, Identifier, Latitude, Longitude, ShortText

CHECKPOINTS_MAX = 100  # of a tour
STARTS_MAX = 48  # of a tour in a day

LocalTime = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Minutes = Annotated[int, msgspec.Meta(ge=0, le=1_440)]


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tag on the wall, and by when after the tour's start it is due."""

    checkpoint_id: Identifier
    name: ShortText
    due_minutes: Minutes  # after the tour's start
    latitude: Latitude | None = None
    longitude: Longitude | None = None


Checkpoints = Annotated[
    tuple[Checkpoint, ...], msgspec.Meta(min_length=1, max_length=CHECKPOINTS_MAX)
]
Starts = Annotated[tuple[LocalTime, ...], msgspec.Meta(max_length=STARTS_MAX)]


class TourDefined(Event, frozen=True, tag="tour.defined"):
    """A tour got its content, the whole of it, for the first time or anew. It is walked by whoever is on shift at its site."""

    tour_id: Identifier
    site_id: Identifier
    name: ShortText
    checkpoints: Checkpoints  # in the order in which they are walked
    starts: Starts  # every day, in the site's time zone; empty: only when somebody walks it
    grace_minutes: Minutes  # a scan so much after its due time is not late yet


class TourRetired(Event, frozen=True, tag="tour.retired"):
    """A tour is not walked any more. What was due before stays due."""


TourEvent: TypeAlias = TourDefined | TourRetired
