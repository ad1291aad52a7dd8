"""Tactics: a plan turned into the moments at which a phone says something, honest or not.

A moment is marked as fraud when what it claims is untrue. An impossible journey begins with an honest check-in, and
the colleague whose phone is borrowed stays honest too.
"""

from __future__ import annotations

from enum import Enum, auto
from math import cos, pi, sin
from random import Random

import msgspec

from interfaces.simulator.geography import displaced
from interfaces.simulator.parameters import (
    BUDDY_PUNCHING,
    DEVICE_SHARING,
    GHOST_SHIFT,
    GPS_SPOOFING,
    IMPOSSIBLE_TRAVEL,
    TAGS_IN_ONE_PLACE,
)
from interfaces.simulator.shifts import Plan
from interfaces.simulator.world import Guard, Phone, Site

FAILED_FIRST_TRY_RATE = 0.02  # honest check-ins whose first reading does not match
ASLEEP_RATE = 0.03  # pings that the phone's power saving swallows
WANDER_M = 2.5  # standard deviation of a guard's place about the post


class Presence(msgspec.Struct, frozen=True):
    """Where a guard on duty is: at the post, or on a round about it."""

    guard: Guard

    def at(self, draw: Random, moment: float) -> tuple[float, float]:
        guard, site = self.guard, self.guard.site
        east_m = guard.post_east_m + draw.gauss(0.0, WANDER_M)
        north_m = guard.post_north_m + draw.gauss(0.0, WANDER_M)
        if guard.patrol_radius_m:
            angle = 2 * pi * moment / guard.lap_s
            east_m += guard.patrol_radius_m * cos(angle)
            north_m += guard.patrol_radius_m * sin(angle)
        return displaced(site.latitude, site.longitude, east_m, north_m)


class Fixed(msgspec.Struct, frozen=True):
    """A place that does not move: a guard's home, or a point typed into a spoofing app."""

    latitude: float
    longitude: float

    def at(self, draw: Random, moment: float) -> tuple[float, float]:  # noqa: ARG002
        return self.latitude, self.longitude


class Reading(Enum):
    """How the biometric check comes out."""

    OWN = auto()
    FAILED = auto()  # the right finger, badly placed
    ANOTHERS = auto()  # somebody else's
    REPLAYED = auto()  # a photo or mould that passes


class Said(msgspec.Struct, frozen=True):
    """What a signal of another kind than attendance and location says."""

    kind: str
    content: dict[str, object]
    placed: bool = False  # whether it says where it was said
    anonymous: bool = False  # whether it leaves out who carries the phone


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a phone says."""

    at: float
    name: str  # unique within the shift
    direction: str | None = None  # None: a location ping
    place: Presence | Fixed
    phone: Phone
    site: Site
    reading: Reading = Reading.OWN
    spoofed_accuracy_m: float | None = None  # None: the receiver's own fix
    fraud: bool = False
    said: Said | None = None  # None: an attendance or a location ping


def moments(plan: Plan, interval_s: float, draw: Random) -> list[Moment]:
    """What is said during a shift, in the order in which it happens."""
    match plan.tactic:
        case None:
            found = _honest(plan, interval_s, draw)
        case tactic if tactic == TAGS_IN_ONE_PLACE:
            found = _honest(plan, interval_s, draw)  # only the tours are a lie
        case tactic if tactic in {BUDDY_PUNCHING, DEVICE_SHARING}:
            found = _by_a_colleague(plan, draw)
        case tactic if tactic == GPS_SPOOFING:
            found = _spoofed(plan, interval_s, draw)
        case tactic if tactic == GHOST_SHIFT:
            found = _ghost(plan, draw)
        case tactic if tactic == IMPOSSIBLE_TRAVEL:
            found = _in_two_places(plan, interval_s, draw)
        case unknown:
            raise AssertionError(f"no such tactic: {unknown}")
    return sorted(found, key=lambda moment: (moment.at, moment.name))


def _honest(plan: Plan, interval_s: float, draw: Random) -> list[Moment]:
    guard = plan.shift.guard
    place = Presence(guard)
    found = [
        _attendance(plan, "in", "check_in", plan.check_in_at, place),
        _attendance(plan, "out", "check_out", plan.check_out_at, place),
    ]
    if draw.random() < FAILED_FIRST_TRY_RATE:
        tried_at = plan.check_in_at - draw.uniform(8, 40)
        found.append(
            _attendance(plan, "in-try", "check_in", tried_at, place, reading=Reading.FAILED)
        )
    return found + _pings(plan, interval_s, draw, place)


def _by_a_colleague(plan: Plan, draw: Random) -> list[Moment]:
    """The guard stays away, phone switched off; a colleague signs in and out for both."""
    colleague, their_check_in_at = plan.accomplice, plan.accomplice_check_in_at
    assert colleague is not None and their_check_in_at is not None  # noqa: PT018
    place = Presence(colleague)
    if plan.tactic == DEVICE_SHARING:
        # One phone goes from hand to hand: two names within a few minutes, and the check passes.
        within_s = 0.3 * (plan.shift.ends_at - plan.shift.starts_at)
        check_in_at = their_check_in_at + min(draw.uniform(30, 240), within_s)
        reading = Reading.REPLAYED
    else:
        check_in_at, reading = plan.check_in_at, Reading.ANOTHERS
    check_out_at = plan.check_out_at
    return [
        _attendance(
            plan, name, direction, at, place, reading=reading, phone=colleague.phone, fraud=True
        )
        for name, direction, at in (
            ("in", "check_in", check_in_at),
            ("out", "check_out", check_out_at),
        )
    ]


def _spoofed(plan: Plan, interval_s: float, draw: Random) -> list[Moment]:
    """The guard stays at home and the phone claims the site: the same too perfect point each time."""
    site = plan.shift.guard.site
    point = Fixed(*displaced(site.latitude, site.longitude, draw.gauss(0, 8), draw.gauss(0, 8)))
    accuracy_m = draw.choice((1.0, 1.0, 2.0, 3.0))
    found = [
        _attendance(plan, name, direction, at, point, spoofed_accuracy_m=accuracy_m, fraud=True)
        for name, direction, at in (
            ("in", "check_in", plan.check_in_at),
            ("out", "check_out", plan.check_out_at),
        )
    ]
    if draw.random() < 0.5:
        # The app is left on: not one metre of jitter in a whole shift.
        return found + _pings(
            plan, interval_s, draw, point, spoofed_accuracy_m=accuracy_m, fraud=True
        )
    # The app is switched off between the two, and the phone gives its owner away.
    return found + _pings(plan, interval_s, draw, _home(plan.shift.guard))


def _ghost(plan: Plan, draw: Random) -> list[Moment]:
    """The guard signs in, goes home, and is hardly heard of until signing out from there."""
    home = _home(plan.shift.guard)
    present = Presence(plan.shift.guard)
    found = [_attendance(plan, "in", "check_in", plan.check_in_at, present, fraud=True)]
    if draw.random() < 0.7:
        found.append(_attendance(plan, "out", "check_out", plan.check_out_at, home, fraud=True))
    if draw.random() < 0.5:
        return found
    sparse_s = (plan.check_out_at - plan.check_in_at) / draw.uniform(3, 7)
    return found + _pings(plan, sparse_s, draw, home)


def _in_two_places(plan: Plan, interval_s: float, draw: Random) -> list[Moment]:
    """The guard is on duty and, minutes later, also signs in at a site no journey could reach by then."""
    site = plan.elsewhere
    assert site is not None
    there = Fixed(*displaced(site.latitude, site.longitude, draw.gauss(0, 20), draw.gauss(0, 20)))
    length_s = plan.check_out_at - plan.check_in_at
    check_in_at = plan.check_in_at + min(draw.uniform(600, 2_400), 0.3 * length_s)
    return [
        *_honest(plan, interval_s, draw),
        _attendance(plan, "away-in", "check_in", check_in_at, there, site=site, fraud=True),
    ]


def _home(guard: Guard) -> Fixed:
    site = guard.site
    return Fixed(
        *displaced(site.latitude, site.longitude, guard.lodging_east_m, guard.lodging_north_m)
    )


def _attendance(
    plan: Plan,
    name: str,
    direction: str,
    at: float,
    place: Presence | Fixed,
    *,
    reading: Reading = Reading.OWN,
    phone: Phone | None = None,
    site: Site | None = None,
    spoofed_accuracy_m: float | None = None,
    fraud: bool = False,
) -> Moment:
    guard = plan.shift.guard
    return Moment(
        at=at,
        name=name,
        direction=direction,
        place=place,
        phone=phone or guard.phone,
        site=site or guard.site,
        reading=reading,
        spoofed_accuracy_m=spoofed_accuracy_m,
        fraud=fraud,
    )


def _pings(
    plan: Plan,
    interval_s: float,
    draw: Random,
    place: Presence | Fixed,
    *,
    spoofed_accuracy_m: float | None = None,
    fraud: bool = False,
) -> list[Moment]:
    """Pings between check-in and check-out, about an interval apart, a few of them swallowed."""
    guard = plan.shift.guard
    found = []
    at = plan.check_in_at + draw.uniform(0.0, interval_s)
    number = 0
    while at < plan.check_out_at:
        if draw.random() >= ASLEEP_RATE:
            found.append(
                Moment(
                    at=at,
                    name=f"p{number}",
                    place=place,
                    phone=guard.phone,
                    site=guard.site,
                    spoofed_accuracy_m=spoofed_accuracy_m,
                    fraud=fraud,
                )
            )
        number += 1
        at += interval_s * draw.uniform(0.9, 1.1)
    return found
