"""Shift: who is on duty at a site, from when until when. A roster is a list of them."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from domain.kernel import Event, Identifier, Instant


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
    """A shift does not take place."""


ShiftEvent: TypeAlias = ShiftPlanned | ShiftCancelled
