"""Shifts: when each guard is due, by the site's own clock, and what the guard really does about it.

A shift is named by its guard and its local date and drawn from that name alone. Beginning and end are both read from
the local clock, so a night shift is an hour longer or shorter when the clocks change.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from interfaces.simulator.parameters import (
    ASLEEP,
    BUDDY_PUNCHING,
    DEVICE_SHARING,
    FORGOTTEN_TASK,
    GPS_OFF,
    GPS_SPOOFING,
    IMPOSSIBLE_TRAVEL,
    LATE_TOUR,
    LEFT_POST,
    NEGLECTS,
    NO_SHOW,
    PANIC,
    PHONE_DEAD,
    SKIPPED_TOUR,
    TAMPER,
)
from interfaces.simulator.randomness import between, stream
from interfaces.simulator.world import Guard, Site, World

DAYS_OF_WORK = {8: 5, 12: 4}  # of seven, by the shift's length in hours
ORDINARY_SHIFT_S = 8 * 3_600.0  # habits of arrival are drawn for shifts of this length
EARLIEST_ARRIVAL_S = -45 * 60.0
LATEST_ARRIVAL_S = 45 * 60.0
LATEST_DEPARTURE_S = 60 * 60.0
# How long what goes wrong lasts, at least and at most. Assumptions.
NEGLECT_LASTS_S = {
    ASLEEP: (90 * 60.0, 200 * 60.0),
    LEFT_POST: (25 * 60.0, 80 * 60.0),
    GPS_OFF: (90 * 60.0, 200 * 60.0),
    PHONE_DEAD: (90 * 60.0, 200 * 60.0),
}
RELAY_GROUPS = 4  # of guards who begin a relay shift together


class Shift(msgspec.Struct, frozen=True):
    shift_id: str
    guard: Guard
    starts_at: float  # seconds since 1970, UTC
    ends_at: float


class Neglect(msgspec.Struct, frozen=True):
    """Something that goes wrong in an honest guard's shift, whether or not it is the guard's fault."""

    name: str
    since: float  # seconds since 1970
    until: float


class Plan(msgspec.Struct, frozen=True):
    """What the guard means to do with a shift."""

    shift: Shift
    check_in_at: float
    check_out_at: float
    tactic: str | None = None
    accomplice: Guard | None = None  # whose phone is used
    accomplice_check_in_at: float | None = None
    elsewhere: Site | None = None  # the second site of an impossible journey
    neglect: Neglect | None = None  # only of an honest shift


def shifts(world: World, guard: Guard, since: float, until: float) -> Iterator[Shift]:
    """The guard's shifts that touch the span, in order; endless when `until` is infinity."""
    since, until = since - LATEST_DEPARTURE_S, until - EARLIEST_ARRIVAL_S
    if world.parameters.relay_minutes is not None:
        yield from _relay(guard, len(world.sites), world.parameters.relay_minutes, since, until)
        return
    zone = ZoneInfo(guard.site.time_zone)
    # Two days before cover a shift that began yesterday on the far side of the date line.
    day = datetime.fromtimestamp(since, zone).date() - timedelta(days=2)
    while True:
        if _works(guard, day):
            shift = _rostered(guard, day, zone)
            if shift.starts_at >= until:
                return
            if shift.ends_at > since:
                yield shift
        elif datetime.combine(day, time(), zone).timestamp() >= until:
            return
        day += timedelta(days=1)


def _works(guard: Guard, day: date) -> bool:
    return (day.toordinal() + guard.rest_phase) % 7 < DAYS_OF_WORK[guard.shift_hours]


def _rostered(guard: Guard, day: date, zone: ZoneInfo) -> Shift:
    starts = datetime.combine(day, time(guard.start_hour))
    ends = starts + timedelta(hours=guard.shift_hours)
    return Shift(
        shift_id=f"{guard.person_id}.{day:%Y%m%d}",
        guard=guard,
        # The zone comes last: adding hours first makes the end a time on the local clock as well.
        starts_at=starts.replace(tzinfo=zone).timestamp(),
        ends_at=ends.replace(tzinfo=zone).timestamp(),
    )


def _relay(
    guard: Guard, n_sites: int, minutes: float, since: float, until: float
) -> Iterator[Shift]:
    """Short shifts and rests of equal length in turn, so that somewhere a relief is always due."""
    length_s = minutes * 60.0
    group = guard.index // n_sites % RELAY_GROUPS
    phase_s = group * 2 * length_s / RELAY_GROUPS
    number = max(0, int((since - phase_s) // (2 * length_s)) - 1)
    while True:
        starts_at = phase_s + number * 2 * length_s
        if starts_at >= until:
            return
        if starts_at + length_s > since:
            yield Shift(f"{guard.person_id}.r{number}", guard, starts_at, starts_at + length_s)
        number += 1


def plan(world: World, shift: Shift) -> Plan:
    """Draw what happens in a shift: habits, and perhaps a tactic that its circumstances allow."""
    tactic = _intended(world, shift)
    check_in_at, check_out_at = _habit(world, shift)
    honest = Plan(shift, check_in_at, check_out_at)
    if tactic is None:
        return msgspec.structs.replace(honest, neglect=_neglect(world, honest))
    if tactic in {BUDDY_PUNCHING, DEVICE_SHARING}:
        found = _accomplice(world, shift)
        if found is not None:
            colleague, their_check_in_at = found
            return msgspec.structs.replace(
                honest,
                tactic=tactic,
                accomplice=colleague,
                accomplice_check_in_at=their_check_in_at,
            )
        tactic = _instead(world)
    if tactic == IMPOSSIBLE_TRAVEL:
        # Another time zone is always too far away; a second site in the same city is not.
        others = [s for s in world.sites if s.time_zone != shift.guard.site.time_zone]
        if others:
            elsewhere = stream(world.seed, "elsewhere", shift.shift_id).choice(others)
            return msgspec.structs.replace(honest, tactic=tactic, elsewhere=elsewhere)
        tactic = _instead(world)
    return honest if tactic is None else msgspec.structs.replace(honest, tactic=tactic)


def _neglect(world: World, planned: Plan) -> Neglect | None:
    """Draw what goes wrong; how long it lasts depends on what it is and on how long the shift is."""
    if not world.parameters.duties:
        return None
    shift = planned.shift
    draw = stream(world.seed, "neglect", shift.shift_id)
    if draw.random() >= world.parameters.neglect_rate:
        return None
    name = draw.choice(NEGLECTS)
    if name in {NO_SHOW, SKIPPED_TOUR, LATE_TOUR, FORGOTTEN_TASK}:
        return Neglect(name, shift.starts_at, shift.ends_at)
    length_s = planned.check_out_at - planned.check_in_at
    begins_at = planned.check_in_at + draw.uniform(0.1, 0.4) * length_s
    if name in {PANIC, TAMPER}:
        return Neglect(name, begins_at, begins_at)
    lasts_s = min(draw.uniform(*NEGLECT_LASTS_S[name]), 0.5 * length_s)
    return Neglect(name, begins_at, begins_at + lasts_s)


def _intended(world: World, shift: Shift) -> str | None:
    draw = stream(world.seed, "intent", shift.shift_id)
    if draw.random() >= shift.guard.fraud_rate:
        return None
    return draw.choice(world.parameters.tactics)


def _instead(world: World) -> str | None:
    """What one does who lacks a colleague or a second site; nothing, where that tactic is not wanted."""
    alone = [
        tactic
        for tactic in world.parameters.tactics
        if tactic not in {BUDDY_PUNCHING, DEVICE_SHARING, IMPOSSIBLE_TRAVEL}
    ]
    if GPS_SPOOFING in alone:
        return GPS_SPOOFING
    return alone[0] if alone else None


def _habit(world: World, shift: Shift) -> tuple[float, float]:
    guard = shift.guard
    draw = stream(world.seed, "habit", shift.shift_id)
    # Nobody is a quarter of an hour early for a shift of twenty minutes.
    scale = min(1.0, (shift.ends_at - shift.starts_at) / ORDINARY_SHIFT_S)
    early_s = draw.gauss(guard.arrival_offset_s, guard.arrival_spread_s)
    late_s = draw.gauss(guard.departure_offset_s, 240.0)
    return (
        shift.starts_at + scale * between(early_s, EARLIEST_ARRIVAL_S, LATEST_ARRIVAL_S),
        shift.ends_at + scale * between(late_s, -900.0, LATEST_DEPARTURE_S),
    )


def _accomplice(world: World, shift: Shift) -> tuple[Guard, float] | None:
    """An honest colleague who begins at the same time, and when that colleague really checks in."""
    found = []
    for colleague in world.colleagues(shift.guard):
        for other in shifts(world, colleague, shift.starts_at, shift.starts_at + 1.0):
            together = other.starts_at == shift.starts_at
            if together and _intended(world, other) is None:
                found.append((colleague, _habit(world, other)[0]))
    if not found:
        return None
    return stream(world.seed, "accomplice", shift.shift_id).choice(found)
