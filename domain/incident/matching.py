"""How well two things match: by whom or what they are about, by what they are signs of, by time.

    score = 0.5 * entity + 0.3 * kind + 0.2 * nearness, each 0 to 1; they belong together from 0.45

Entity: the same guard or device 1, the same site 0.7, neighbouring sites 0.5; the best one counts.
Kind: a pair that tells of one course of events 1, an ordinary pair 0.5, twice the same sign 0.2.
Nearness: 1 where the times overlap, falling to 0 at the window's 15 minutes; beyond there is no
match. What lasts longer than an hour overlaps with nearly everything at its site, so there its
overlap counts nothing and the site half. A low battery says nothing of other people's devices: it
matches by guard and device alone. Two things that stand on the same signal match fully.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from domain.incident.facts import Item, Sign

WINDOW = timedelta(minutes=15)  # product rule
NEIGHBOURS_WITHIN_M = 500.0  # between the centres of two sites' geofences
WIDE_FROM = timedelta(hours=1)  # assumption: longer than that says little of when
SPAN_MAX = timedelta(hours=24)  # of what lasts longer, the end counts

ENTITY_SHARE, KIND_SHARE, TIME_SHARE = 0.5, 0.3, 0.2
JOINED_FROM = 0.45
SAME_ONE, SAME_SITE, NEIGHBOURING = 1.0, 0.7, 0.5
TELLING, ORDINARY, REPEATED = 1.0, 0.5, 0.2

#: Which sites lie near which; both ways.
Neighbours = Mapping[str, frozenset[str]]

TELLING_PAIRS = frozenset(
    frozenset(pair)
    for pair in (
        (Sign.LOW_PHONE_ACTIVITY, Sign.DEVICE_OFFLINE),
        (Sign.LOW_PHONE_ACTIVITY, Sign.SILENT_DEVICE),
        (Sign.LOW_PHONE_ACTIVITY, Sign.GPS_OFF),
        (Sign.LOW_PHONE_ACTIVITY, Sign.MISSED_CHECKPOINT),
        (Sign.DEVICE_OFFLINE, Sign.SILENT_DEVICE),
        (Sign.DEVICE_OFFLINE, Sign.MISSED_CHECKPOINT),
        (Sign.DEVICE_OFFLINE, Sign.LOW_BATTERY),
        (Sign.DEVICE_OFFLINE, Sign.TAMPER),
        (Sign.SILENT_DEVICE, Sign.SILENT_SITE),
        (Sign.TAMPER, Sign.SILENT_SITE),
        (Sign.TAMPER, Sign.FRAUD),
        (Sign.FRAUD, Sign.GPS_OFF),
        (Sign.FRAUD, Sign.GEOFENCE_BREACH),
        (Sign.FRAUD, Sign.NO_SHOW),
        (Sign.NO_SHOW, Sign.UNCOVERED_SHIFT),
        (Sign.NO_SHOW, Sign.SILENT_SITE),
        (Sign.UNCOVERED_SHIFT, Sign.SILENT_SITE),
        (Sign.GEOFENCE_BREACH, Sign.MISSED_CHECKPOINT),
    )
)


class Standing(msgspec.Struct, frozen=True):
    """An item that stands, with what it stands on and what people said of it."""

    item: Item
    stands_on: tuple[UUID, ...] = ()  # signals and judgements, itself included
    cuts: dict[str, bool] = {}  # a person's split -> whether it was split off
    bonds: tuple[UUID, ...] = ()  # a person's merge, or a split's own part, that holds it


class Match(msgspec.Struct, frozen=True):
    """How well two items match, and why."""

    score: float  # 0 to 1
    reasons: tuple[str, ...]


def until_of(item: Item) -> datetime:
    """Return when an item was over."""
    return item.at if item.until is None else item.until


def apart(first: Item, second: Item) -> timedelta:
    """Return the time between two items; 0 where they overlap."""
    gap = max(first.at, second.at) - min(until_of(first), until_of(second))
    return max(gap, timedelta(0))


def match(first: Standing, second: Standing, neighbours: Neighbours) -> Match | None:
    """Return how two items match, or None where they do not belong together for each other's sake."""
    a, b = first.item, second.item
    gap = apart(a, b)
    if gap > WINDOW:
        return None
    entity = entity_match(a, b, neighbours)
    if entity is None:
        return None
    weight, by_entity, is_place = entity
    kind, by_kind = kind_match(a.sign, b.sign)
    reasons = (by_entity, *by_kind, time_reason(gap))
    if not set(first.stands_on).isdisjoint(second.stands_on):
        return Match(1.0, ("both stand on the same evidence", *reasons))
    nearness = 1 - gap / WINDOW
    if is_place and max(until_of(a) - a.at, until_of(b) - b.at) > WIDE_FROM:
        weight, nearness = weight / 2, 0.0
    score = round(ENTITY_SHARE * weight + KIND_SHARE * kind + TIME_SHARE * nearness, 4)
    return Match(score, reasons) if score >= JOINED_FROM else None


def entity_match(a: Item, b: Item, neighbours: Neighbours) -> tuple[float, str, bool] | None:
    """Return the best thing that two items share: its weight, the reason, and whether it is a place."""
    if a.person_id is not None and a.person_id == b.person_id:
        return SAME_ONE, f"the same guard {a.person_id}", False
    if a.device_id is not None and a.device_id == b.device_id:
        return SAME_ONE, f"the same device {a.device_id}", False
    if a.site_id is None or b.site_id is None or Sign.LOW_BATTERY in {a.sign, b.sign}:
        return None
    if a.site_id == b.site_id:
        return SAME_SITE, f"the same site {a.site_id}", True
    if b.site_id in neighbours.get(a.site_id, frozenset()):
        near, far = sorted((a.site_id, b.site_id))
        return NEIGHBOURING, f"{near} and {far} are within {NEIGHBOURS_WITHIN_M:.0f} m", True
    return None


def kind_match(a: Sign, b: Sign) -> tuple[float, tuple[str, ...]]:
    """Return how much two signs say together."""
    if a is b:
        return REPEATED, ()
    if Sign.PANIC in {a, b} or frozenset({a, b}) in TELLING_PAIRS:
        first, second = sorted((a, b))
        return TELLING, (f"{words(first)} and {words(second)} tell of one course of events",)
    return ORDINARY, ()


def time_reason(gap: timedelta) -> str:
    """Return the time between two items in words."""
    seconds = int(gap.total_seconds())
    if seconds == 0:
        return "at the same time"
    return f"{seconds // 60} min apart" if seconds >= 60 else f"{seconds} s apart"


def words(sign: Sign) -> str:
    """Return a sign as people say it."""
    return sign.value.replace("_", " ").replace("gps", "GPS")
