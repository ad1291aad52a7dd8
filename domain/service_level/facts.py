"""What a tenant promises of its tickets, and the moments that follow from it for each."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from domain.directory.time_zone import TimeZoneName
from domain.kernel import Event, Instant
from domain.ticket.facts import ElapsedS, Priority

TARGET_S_MIN = 1
TARGET_S_MAX = 90 * 24 * 3_600  # ninety days

TargetS = Annotated[int, msgspec.Meta(ge=TARGET_S_MIN, le=TARGET_S_MAX)]


class Hours(StrEnum):
    """Which time counts: all of it, or Monday to Friday from 08:00 to 18:00 on the site's wall."""

    ALWAYS = "ALWAYS"
    BUSINESS = "BUSINESS"


class ServiceLevelSet(Event, frozen=True, tag="service_level.set"):
    """A tenant chose how soon tickets of a priority are to be taken on and done. It holds for tickets that are opened, reopened, re-prioritised or escalated from here on."""

    priority: Priority
    acknowledge_s: TargetS  # until somebody has the ticket, in seconds that count
    resolve_s: TargetS  # until the work is done, in seconds that count
    hours: Hours = Hours.ALWAYS


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """One target of a ticket that is not reached. The moments are null while the clock stands still."""

    target_s: TargetS  # that may count
    counted_s: ElapsedS  # that counted up to `since`
    at_risk_at: Instant | None = None  # when four fifths are gone
    due_at: Instant | None = None  # when all of it is gone


class TicketTimed(Event, frozen=True, tag="ticket.timed"):
    """The moments by which a ticket is to be taken on and done were worked out, for the first time or anew. Stated by a policy on a stream beside the ticket's; a target that is reached, or needs no clock any more, is null."""

    ticket_id: UUID
    version: int  # of the ticket's stream on which the moments stand
    priority: Priority
    hours: Hours
    time_zone: TimeZoneName  # of the site, where business hours count
    since: Instant  # from when on time runs that is not in `counted_s`
    paused: bool = False  # the ticket is on hold
    acknowledge: Deadline | None = None
    resolve: Deadline | None = None


ServiceLevelEvent: TypeAlias = ServiceLevelSet | TicketTimed
