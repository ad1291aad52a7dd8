"""Muters: the silences and maintenances in force, and the clocks of the sites, learned from their facts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeAlias, assert_never, get_args
from uuid import UUID

import msgspec

from application.following import Desk
from domain.catalogue import AnyRecorded
from domain.directory.site import SiteRegistered, SiteTimeZoneCorrected, site_stream
from domain.kernel import Event
from domain.muting.facts import (
    MaintenanceCancelled,
    MaintenancePlanned,
    MaintenanceWindowClosed,
    SilenceEnded,
    SilenceLapsed,
    SilenceStarted,
)

MuterFact: TypeAlias = (
    SilenceStarted
    | SilenceEnded
    | SilenceLapsed
    | MaintenancePlanned
    | MaintenanceWindowClosed
    | MaintenanceCancelled
)
MUTER_FACTS: tuple[type[Event], ...] = get_args(MuterFact)
ZONE_FACTS = (SiteRegistered, SiteTimeZoneCorrected)
MUTERS = "muters"  # the key
# The longest that a window may reach beyond the last day as UTC tells it: a day of its own length,
# and the offset of the zone that is farthest away.
OVER_AFTER = timedelta(days=3)


class Muters(msgspec.Struct, frozen=True):
    """What may mute, by itself, in the whole tenant."""

    position: int = 0  # of the last fact that was taken in
    silences: tuple[SilenceStarted, ...] = ()
    maintenance: tuple[MaintenancePlanned, ...] = ()


class Zone(msgspec.Struct, frozen=True):
    """The time on a site's wall."""

    time_zone: str
    version: int  # of the site's stream; what is not newer was taken in already


class Ended(msgspec.Struct, frozen=True):
    """A muter mutes no more, from a moment on; what it held back may call people again."""

    muter_id: UUID
    at: datetime


def muters(desk: Desk) -> Muters:
    """Return what is in force."""
    return desk.memories([MUTERS], Muters).get(MUTERS) or Muters()


def id_behind(fact: AnyRecorded) -> UUID:
    """Return the id of the silence, maintenance, alert or finding that a fact is about."""
    return UUID(fact.stream_id.partition("-")[2])


def zone_key(site_id: str) -> str:
    """Return the key under which the time zone of a site is remembered."""
    return f"zone/{site_id}"


def time_zone_of(desk: Desk, site_id: str) -> str:
    """Return the time zone of a site; UTC where it is not registered."""
    key = zone_key(site_id)
    known = desk.memories([key], Zone).get(key)
    return "UTC" if known is None else known.time_zone


def learn_zone(desk: Desk, fact: AnyRecorded) -> None:
    """Remember the time zone of a site, where a fact says one."""
    if not isinstance(fact.event, ZONE_FACTS):
        return
    key = zone_key(fact.stream_id.removeprefix(site_stream("")))
    known = desk.memories([key], Zone).get(key)
    if known is None or fact.version > known.version:
        desk.remember(key, Zone(fact.event.time_zone, fact.version))


def learn_muter(desk: Desk, fact: AnyRecorded) -> Ended | None:
    """Remember what a fact says of a silence or a maintenance; answer with what has come to its end."""
    event = fact.event
    if not isinstance(event, MuterFact):
        return None
    known = muters(desk)
    if fact.position <= known.position:
        return None
    muter_id = id_behind(fact)
    silences = tuple(each for each in known.silences if each.silence_id != muter_id)
    today = fact.recorded_at - OVER_AFTER
    maintenance = tuple(each for each in known.maintenance if each.last_day >= f"{today:%Y-%m-%d}")
    ended: Ended | None = Ended(muter_id, fact.recorded_at)
    match event:
        case SilenceStarted():
            silences, ended = (*silences, event), None
        case MaintenancePlanned():
            maintenance, ended = (*maintenance, event), None
        case MaintenanceWindowClosed(ended_at=ended_at):
            # The clock that saw the end may be ahead of the log's, which would still see the window.
            ended = Ended(muter_id, max(fact.recorded_at, ended_at))
        case MaintenanceCancelled():
            maintenance = tuple(each for each in maintenance if each.window_id != muter_id)
        case SilenceEnded() | SilenceLapsed():
            pass  # it is not among the silences any more
        case _:
            assert_never(event)
    desk.remember(MUTERS, Muters(fact.position, silences, maintenance))
    return ended
