"""The clock of a ticket: which time counted for its targets, and when they are due.

A term begins when a ticket is opened, reopened or escalated: both targets begin anew. Another
priority keeps what was counted and goes on with its own targets. Holding a ticket stops the clock,
so the due moments move by the hold; taking it on reaches one target, and its end the other.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.kernel import Command, Decider
from domain.service_level.facts import Deadline, Hours, ServiceLevelSet, TicketTimed
from domain.service_level.hours import counted_s, moment_after
from domain.service_level.levels import Levels
from domain.ticket.facts import (
    Priority,
    ServiceTarget,
    TicketAssigned,
    TicketCancelled,
    TicketClosed,
    TicketEscalated,
    TicketEvent,
    TicketHeld,
    TicketMerged,
    TicketOpened,
    TicketPrioritised,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketStarted,
)

AT_RISK_FROM = 0.8  # of a target's time

#: The facts that move the clock; whatever else is told of a ticket leaves it as it is.
ClockMoved: TypeAlias = (
    TicketOpened
    | TicketAssigned
    | TicketStarted
    | TicketHeld
    | TicketResumed
    | TicketResolved
    | TicketClosed
    | TicketReopened
    | TicketCancelled
    | TicketPrioritised
    | TicketMerged
    | TicketEscalated
)


class Leg(msgspec.Struct, frozen=True):
    """One target that is not reached."""

    target_s: int
    counted_s: float = 0.0  # up to where the clock runs from


class TicketClock(msgspec.Struct, frozen=True, kw_only=True):
    """The clock of one ticket."""

    ticket_id: UUID
    site_id: str | None
    priority: Priority
    since: datetime  # from when on time runs that is not counted yet
    version: int = 1  # of the ticket's stream
    hours: Hours = Hours.ALWAYS
    time_zone: str = "UTC"
    assigned: bool = False
    paused: bool = False
    acknowledge: Leg | None = None
    resolve: Leg | None = None


def begun(  # of this ticket, at this moment, under these levels, on this wall
    opened: TicketOpened, at: datetime, levels: Levels, time_zone: str
) -> TicketClock:
    """Return the clock of a new ticket."""
    clock = TicketClock(
        ticket_id=opened.ticket_id, site_id=opened.site_id, priority=opened.priority, since=at
    )
    return new_term(clock, levels.of(opened.priority), time_zone)


def moved(
    clock: TicketClock, event: TicketEvent, at: datetime, levels: Levels, time_zone: str
) -> TicketClock:
    """Return the clock after a fact of its ticket."""
    clock = counted(clock, at)
    match event:
        case TicketAssigned():
            return replace(clock, assigned=True, acknowledge=None)
        case TicketStarted():
            return replace(clock, acknowledge=None)
        case TicketHeld():
            return replace(clock, paused=True)
        case TicketResumed():
            return replace(clock, paused=False)
        case TicketResolved() | TicketClosed() | TicketCancelled() | TicketMerged():
            return replace(clock, paused=False, acknowledge=None, resolve=None)
        case TicketReopened() | TicketEscalated():
            return new_term(clock, levels.of(clock.priority), time_zone)
        case TicketPrioritised(priority=priority):
            level = levels.of(priority)
            return replace(
                clock,
                priority=priority,
                hours=level.hours,
                time_zone=time_zone,
                acknowledge=with_target(clock.acknowledge, level.acknowledge_s),
                resolve=with_target(clock.resolve, level.resolve_s),
            )
        case _:
            return clock


def new_term(clock: TicketClock, level: ServiceLevelSet, time_zone: str) -> TicketClock:
    """Return the clock with its targets before it, except one that is reached already."""
    return replace(
        clock,
        hours=level.hours,
        time_zone=time_zone,
        acknowledge=None if clock.assigned else Leg(level.acknowledge_s),
        resolve=Leg(level.resolve_s),
    )


def counted(clock: TicketClock, at: datetime) -> TicketClock:
    """Return the clock with the time up to a moment counted, unless it stands still."""
    if clock.paused:
        return replace(clock, since=at)
    seconds = counted_s(clock.hours, clock.time_zone, clock.since, at)
    return replace(
        clock,
        since=at,
        acknowledge=later(clock.acknowledge, seconds),
        resolve=later(clock.resolve, seconds),
    )


def later(leg: Leg | None, seconds: float) -> Leg | None:
    return None if leg is None else replace(leg, counted_s=leg.counted_s + seconds)


def with_target(leg: Leg | None, target_s: int) -> Leg | None:
    return None if leg is None else replace(leg, target_s=target_s)


def timed(clock: TicketClock) -> TicketTimed:
    """Return what a clock says, as a fact."""
    return TicketTimed(
        ticket_id=clock.ticket_id,
        version=clock.version,
        priority=clock.priority,
        hours=clock.hours,
        time_zone=clock.time_zone,
        since=clock.since,
        paused=clock.paused,
        acknowledge=deadline(clock, clock.acknowledge),
        resolve=deadline(clock, clock.resolve),
    )


def deadline(clock: TicketClock, leg: Leg | None) -> Deadline | None:
    if leg is None:
        return None
    if clock.paused:
        return Deadline(target_s=leg.target_s, counted_s=leg.counted_s)
    hours, zone, since = clock.hours, clock.time_zone, clock.since
    at_risk_s = AT_RISK_FROM * leg.target_s - leg.counted_s
    return Deadline(
        target_s=leg.target_s,
        counted_s=leg.counted_s,
        at_risk_at=moment_after(hours, zone, since, at_risk_s),
        due_at=moment_after(hours, zone, since, leg.target_s - leg.counted_s),
    )


def deadlines(fact: TicketTimed) -> dict[ServiceTarget, Deadline]:
    """Return the targets that are not reached."""
    both = {ServiceTarget.ACKNOWLEDGE: fact.acknowledge, ServiceTarget.RESOLVE: fact.resolve}
    return {target: found for target, found in both.items() if found is not None}


def elapsed_s(fact: TicketTimed, found: Deadline, at: datetime) -> float:
    """Return the time that counted for a target up to a moment, in seconds."""
    if fact.paused:
        return found.counted_s
    return found.counted_s + counted_s(fact.hours, fact.time_zone, fact.since, at)


def next_moment(fact: TicketTimed, after: datetime | None = None) -> datetime | None:
    """Return the first moment at which something is to be told, behind another one where given."""
    moments = [
        moment
        for found in deadlines(fact).values()
        for moment in (found.at_risk_at, found.due_at)
        if moment is not None and (after is None or moment > after)
    ]
    return min(moments, default=None)


class TimeTicket(Command, frozen=True):
    """State what the clock of a ticket says."""

    timed: TicketTimed


def decide(stands: TicketTimed | None, command: TimeTicket) -> list[TicketTimed]:
    """State it, unless it stands already."""
    return [] if stands == command.timed else [command.timed]


def evolve(stands: TicketTimed | None, event: TicketTimed) -> TicketTimed | None:  # noqa: ARG001 - the last fact says all
    """Fold one fact into the state."""
    return event


INITIAL: TicketTimed | None = None
TICKET_CLOCK = Decider(initial=INITIAL, decide=decide, evolve=evolve)


def clock_stream(ticket_id: UUID) -> str:
    """Return the stream that tells what a ticket's clock said."""
    return f"clock-{ticket_id}"
