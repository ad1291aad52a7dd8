"""Tour: an ordered round of checkpoints at a site, and when it has to be walked.

A tour that was retired may be defined again; whoever states it anew wants it walked.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, TypeAlias

import msgspec
from msgspec.structs import asdict, replace

from domain.kernel import (
    Command,
    Decider,
    Event,
    Identifier,
    Instant,
    Latitude,
    Longitude,
    Senseless,
    ShortText,
    Unknown,
)
from domain.moments import require_in_range

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
    valid_from: Instant | None = None  # walks that start from then on; None: from when it is stated


class TourRetired(Event, frozen=True, tag="tour.retired"):
    """A tour is not walked any more. What was due before stays due."""


TourEvent: TypeAlias = TourDefined | TourRetired


class DefineTour(Command, frozen=True):
    """Make a tour known, or bring it up to this content."""

    tour_id: Identifier
    site_id: Identifier
    name: ShortText
    checkpoints: Checkpoints
    starts: Starts = ()
    grace_minutes: Minutes = 10
    valid_from: Instant | None = None  # None: from now on


class RetireTour(Command, frozen=True):
    """Let a tour not be walked any more."""


TourCommand: TypeAlias = DefineTour | RetireTour


class TourUnknown(Unknown):
    """Nobody defined a tour under this id."""

    code = "tour.unknown"


class CheckpointTwice(Senseless):
    """A round passes each of its checkpoints once."""

    code = "tour.checkpoint_twice"


class CheckpointsOutOfOrder(Senseless):
    """Checkpoints are due in the order in which they are walked."""

    code = "tour.checkpoints_out_of_order"


class StartTwice(Senseless):
    """A tour starts once at a time of the day."""

    code = "tour.start_twice"


class Tour(msgspec.Struct, frozen=True):
    """What the next decision needs to know: the content that stands, and whether it is still walked."""

    content: TourDefined | None = None
    retired: bool = False


def decide(tour: Tour, command: TourCommand) -> list[TourEvent]:
    """Answer with the new content, or with nothing where it stands already.

    Raises:
        TourUnknown: there is no tour to retire.
        CheckpointTwice: two checkpoints of the tour have one id.
        CheckpointsOutOfOrder: a checkpoint is due before the one in front of it.
        StartTwice: two starts are the same.
        MomentOutOfRange: it shall hold from a time that the log does not keep.
    """
    if isinstance(command, RetireTour):
        if tour.content is None:
            raise TourUnknown("There is no tour of this id.")
        return [] if tour.retired else [TourRetired()]
    require_walkable(command)
    if command.valid_from is not None:
        require_in_range("valid_from", command.valid_from)
    wanted = TourDefined(**asdict(command))
    return [] if wanted == tour.content and not tour.retired else [wanted]


def require_walkable(wanted: DefineTour) -> None:
    """Refuse what is no round: a checkpoint twice, going back in time, or two starts at once."""
    seen: set[str] = set()
    for index, checkpoint in enumerate(wanted.checkpoints):
        if checkpoint.checkpoint_id in seen:
            raise CheckpointTwice(
                f"The checkpoint {checkpoint.checkpoint_id} stands twice in the tour.",
                field=f"$.checkpoints[{index}].checkpoint_id",
            )
        seen.add(checkpoint.checkpoint_id)
    for index, (first, second) in enumerate(pairwise(wanted.checkpoints), start=1):
        if second.due_minutes < first.due_minutes:
            raise CheckpointsOutOfOrder(
                f"{second.checkpoint_id} is due before {first.checkpoint_id}, which comes first.",
                field=f"$.checkpoints[{index}].due_minutes",
            )
    if len(set(wanted.starts)) < len(wanted.starts):
        raise StartTwice("A time stands twice among the starts.", field="$.starts")


def evolve(tour: Tour, event: TourEvent) -> Tour:
    """Fold one fact into the state."""
    return Tour(event) if isinstance(event, TourDefined) else replace(tour, retired=True)


TOUR = Decider(initial=Tour(), decide=decide, evolve=evolve)


def tour_stream(tour_id: str) -> str:
    """Return the stream that tells a tour's story."""
    return f"tour-{tour_id}"
