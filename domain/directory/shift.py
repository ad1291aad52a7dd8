"""Shift: who is on duty at a site, from when until when. A roster is a list of them.

A shift that was cancelled may be planned again.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

import msgspec
from msgspec.structs import asdict, replace

from domain.kernel import Command, Decider, Event, Identifier, Instant, Senseless, Unknown
from domain.moments import require_in_range

SHIFT_LENGTH_MAX = timedelta(hours=24)


class ShiftRole(StrEnum):
    """What somebody is on duty for."""

    GUARD = "guard"
    SUPERVISOR = "supervisor"


class ShiftPlanned(Event, frozen=True, tag="shift.planned"):
    """A shift got its content, the whole of it, for the first time or anew. It does not mean that anybody came."""

    shift_id: Identifier
    site_id: Identifier
    role: ShiftRole
    person_id: Identifier | None  # None: nobody is found for it yet
    starts_at: Instant
    ends_at: Instant


class ShiftCancelled(Event, frozen=True, tag="shift.cancelled"):
    """A shift does not take place. Whoever was planned for it owes nothing."""


ShiftEvent: TypeAlias = ShiftPlanned | ShiftCancelled


class PlanShift(Command, frozen=True):
    """Plan a shift, or bring it up to this content."""

    shift_id: Identifier
    site_id: Identifier
    starts_at: Instant
    ends_at: Instant
    role: ShiftRole = ShiftRole.GUARD
    person_id: Identifier | None = None


class CancelShift(Command, frozen=True):
    """Let a shift not take place."""


ShiftCommand: TypeAlias = PlanShift | CancelShift


class ShiftUnknown(Unknown):
    """Nobody planned a shift under this id."""

    code = "shift.unknown"


class ShiftEndsBeforeItStarts(Senseless):
    """A shift ends after it starts."""

    code = "shift.ends_before_it_starts"


class ShiftTooLong(Senseless):
    """Nobody is on duty for more than a day at a stretch; plan two shifts."""

    code = "shift.too_long"


class Shift(msgspec.Struct, frozen=True):
    """What the next decision needs to know: the content that stands, and whether it still does."""

    content: ShiftPlanned | None = None
    cancelled: bool = False


def decide(shift: Shift, command: ShiftCommand) -> list[ShiftEvent]:
    """Answer with the new content, or with nothing where it stands already.

    Raises:
        ShiftUnknown: there is no shift to cancel.
        ShiftEndsBeforeItStarts: it does not end after it starts.
        ShiftTooLong: it takes more than a day.
        MomentOutOfRange: it lies in a time that the log does not keep.
    """
    if isinstance(command, CancelShift):
        if shift.content is None:
            raise ShiftUnknown("There is no shift of this id.")
        return [] if shift.cancelled else [ShiftCancelled()]
    require_in_range("starts_at", command.starts_at)
    require_in_range("ends_at", command.ends_at)
    if command.ends_at <= command.starts_at:
        raise ShiftEndsBeforeItStarts("ends_at must be after starts_at.", field="$.ends_at")
    if command.ends_at - command.starts_at > SHIFT_LENGTH_MAX:
        raise ShiftTooLong("A shift takes 24 hours at most.", field="$.ends_at")
    wanted = ShiftPlanned(**asdict(command))
    return [] if wanted == shift.content and not shift.cancelled else [wanted]


def evolve(shift: Shift, event: ShiftEvent) -> Shift:
    """Fold one fact into the state."""
    return Shift(event) if isinstance(event, ShiftPlanned) else replace(shift, cancelled=True)


SHIFT = Decider(initial=Shift(), decide=decide, evolve=evolve)


def shift_stream(shift_id: str) -> str:
    """Return the stream that tells a shift's story."""
    return f"shift-{shift_id}"
