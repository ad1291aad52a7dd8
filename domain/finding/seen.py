"""What judging is given, and what it answers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import msgspec

from domain.finding.facts import Expected, FindingType
from domain.severity import Severity
from domain.signals import (
    AttendanceRecorded,
    DeviceStatus,
    DeviceStatusRecorded,
    Direction,
    SignalEvent,
)

RECEIVED_MAX = 100  # signals named in one evidence
MINUTE = timedelta(minutes=1)


class Seen(Protocol):
    """A signal as it stands in the log."""

    @property
    def at(self) -> datetime:
        """Return when it happened, by our clock."""
        ...

    @property
    def signal(self) -> UUID: ...

    @property
    def recorded_at(self) -> datetime: ...

    @property
    def event(self) -> SignalEvent: ...


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanting in a duty, and on what that is said."""

    type: FindingType
    severity: Severity
    title: str
    expected: tuple[Expected, ...]
    received: Sequence[Seen] = ()
    explanation: str
    device_id: str | None = None


class Presence(msgspec.Struct, frozen=True):
    """A time between a check-in and the check-out behind it."""

    since: datetime
    until: datetime | None  # None: nobody checked out


def check_ins(signals: Sequence[Seen], site_id: str, person_id: str) -> list[Seen]:
    """Return a person's check-ins at a site, oldest first."""
    return [
        each
        for each in signals
        if isinstance(each.event, AttendanceRecorded)
        and each.event.direction is Direction.CHECK_IN
        and each.event.site_id == site_id
        and each.event.person_id == person_id
    ]


def presences(signals: Sequence[Seen], site_id: str, person_id: str) -> list[Presence]:
    """Return when a person was at a site, as their check-ins and check-outs tell it."""
    found: list[Presence] = []
    since: datetime | None = None
    for each in signals:
        event = each.event
        if (
            not isinstance(event, AttendanceRecorded)
            or event.site_id != site_id
            or event.person_id != person_id
        ):
            continue
        if event.direction is Direction.CHECK_IN:
            since = since or each.at
        elif since is not None:
            found.append(Presence(since, each.at))
            since = None
    return found if since is None else [*found, Presence(since, None)]


def time_present(found: Sequence[Presence], since: datetime, until: datetime) -> timedelta:
    """Return how much of a time somebody was present."""
    total = timedelta(0)
    for each in found:
        end = until if each.until is None else min(each.until, until)
        total += max(timedelta(0), end - max(each.since, since))
    return total


def is_present(found: Sequence[Presence], at: datetime) -> bool:
    """Return whether somebody was present at a moment."""
    return any(each.since <= at and (each.until is None or at < each.until) for each in found)


def while_present(signals: Sequence[Seen], found: Sequence[Presence]) -> list[Seen]:
    """Return the signals, ordered by time, of the times in which somebody was present."""
    here: list[Seen] = []
    for each in found:
        first = bisect_left(signals, each.since, key=moment)
        last = None if each.until is None else bisect_left(signals, each.until, key=moment)
        here += signals[first:last]
    return here


def moment(seen: Seen) -> datetime:
    return seen.at


def is_sign_of_life(seen: Seen) -> bool:
    """Return whether a signal came from a device that works; that one is offline comes from others."""
    event = seen.event
    return not (isinstance(event, DeviceStatusRecorded) and event.status is DeviceStatus.OFFLINE)


def is_from_phone(event: SignalEvent) -> bool:
    """Return whether a signal shows that a guard carries a device that talks by itself.

    An attendance may come from a reader on the wall, unless it tells of a phone's radio or battery.
    """
    if isinstance(event, AttendanceRecorded):
        return event.phone_signal_dbm is not None or event.battery_percent is not None
    return event.device_id is not None


def minutes(time: timedelta) -> int:
    """Return a time in full minutes, for people."""
    return time // MINUTE


def clock(at: datetime) -> str:
    """Return a moment of the day as titles name it."""
    return f"{at:%Y-%m-%d %H:%M}Z"
