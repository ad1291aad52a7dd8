"""Whenever a ticket is told of, keep its service level: work out when it is due.

The moments are facts on a stream beside the ticket's, so that people's commands on the ticket meet
no stranger, and everybody who needs them follows them: the board, and the timers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast, get_args

import msgspec

from application.following import Desk
from domain.catalogue import AnyRecorded
from domain.directory.site import SiteRegistered, SiteTimeZoneCorrected, site_stream
from domain.directory.tenant import TENANT_STREAM, TenantFounded
from domain.kernel import Event
from domain.service_level.clock import (
    TICKET_CLOCK,
    ClockMoved,
    TicketClock,
    TimeTicket,
    begun,
    clock_stream,
    moved,
    timed,
)
from domain.service_level.facts import ServiceLevelSet
from domain.service_level.levels import SERVICE_LEVELS_STREAM, Levels, evolve
from domain.ticket import TicketEvent, TicketOpened

NAME = "keep-service-level-whenever-ticket-told"
MOVES: tuple[type[Event], ...] = get_args(ClockMoved)


class Wall(msgspec.Struct, frozen=True):
    """The time zone of a site, or of the tenant."""

    version: int
    time_zone: str


class Known(msgspec.Struct, frozen=True):
    """The service levels that stand."""

    version: int = 0
    levels: tuple[ServiceLevelSet, ...] = ()

    def state(self) -> Levels:
        return Levels({level.priority: level for level in self.levels})


class KeepServiceLevelWheneverTicketTold:
    """The policy `keep-service-level-whenever-ticket-told`."""

    name = NAME
    behind = None
    facts: tuple[type[Event], ...] = (
        *MOVES,
        ServiceLevelSet,
        SiteRegistered,
        SiteTimeZoneCorrected,
        TenantFounded,
    )

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        fetch_for(desk, batch)
        last: dict[str, AnyRecorded] = {}  # of each ticket whose clock moved
        for fact in batch:
            match fact.event:
                case ServiceLevelSet():
                    learn_level(desk, fact, fact.event)
                case (
                    SiteRegistered(time_zone=zone)
                    | SiteTimeZoneCorrected(time_zone=zone)
                    | TenantFounded(time_zone=zone)
                ):
                    learn_wall(desk, fact, zone)
                case _:
                    if move(desk, fact):
                        last[fact.stream_id] = fact
        # What a batch moves several times is stated once: nobody can look in between.
        for key, fact in last.items():
            clock = desk.memories([key], TicketClock)[key]
            wish = TimeTicket(timed=timed(clock))
            desk.do(TICKET_CLOCK, clock_stream(clock.ticket_id), wish, fact)


def fetch_for(desk: Desk, batch: Sequence[AnyRecorded]) -> None:
    """Have in hand what the batch will ask for."""
    tickets = [fact.stream_id for fact in batch if isinstance(fact.event, MOVES)]
    if not tickets:
        return
    clocks = desk.memories(tickets, TicketClock)
    sites = [clock.site_id for clock in clocks.values()]
    sites += [fact.event.site_id for fact in batch if isinstance(fact.event, TicketOpened)]
    desk.memories([site_stream(site) for site in sites if site is not None], Wall)
    desk.fetch_streams([f"clock-{ticket.removeprefix('ticket-')}" for ticket in tickets])


def move(desk: Desk, fact: AnyRecorded) -> bool:
    """Move the clock of a ticket; answer whether it was not moved by this fact before."""
    clock = desk.memories([fact.stream_id], TicketClock).get(fact.stream_id)
    levels = known_levels(desk).state()
    if clock is None:
        assert isinstance(fact.event, TicketOpened), f"{fact.event} stands before its ticket."
        zone = time_zone(desk, fact.event.site_id)
        clock = begun(fact.event, fact.recorded_at, levels, zone)
    elif fact.version <= clock.version:
        return False
    else:
        zone = time_zone(desk, clock.site_id)
        event = cast("TicketEvent", fact.event)
        clock = moved(clock, event, fact.recorded_at, levels, zone)
    desk.remember(fact.stream_id, msgspec.structs.replace(clock, version=fact.version))
    return True


def learn_level(desk: Desk, fact: AnyRecorded, event: ServiceLevelSet) -> None:
    known = known_levels(desk)
    if fact.version > known.version:
        levels = evolve(known.state(), event).chosen.values()
        desk.remember(SERVICE_LEVELS_STREAM, Known(fact.version, tuple(levels)))


def known_levels(desk: Desk) -> Known:
    return desk.memories([SERVICE_LEVELS_STREAM], Known).get(SERVICE_LEVELS_STREAM) or Known()


def learn_wall(desk: Desk, fact: AnyRecorded, zone: str) -> None:
    known = desk.memories([fact.stream_id], Wall).get(fact.stream_id)
    if known is None or fact.version > known.version:
        desk.remember(fact.stream_id, Wall(fact.version, zone))


def time_zone(desk: Desk, site_id: str | None) -> str:
    """Return the clock on the wall of a site; of the tenant, where the site has none."""
    keys = [TENANT_STREAM] if site_id is None else [site_stream(site_id), TENANT_STREAM]
    walls = desk.memories(keys, Wall)
    return next((walls[key].time_zone for key in keys if key in walls), "UTC")
