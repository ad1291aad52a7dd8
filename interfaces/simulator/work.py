"""Work: what a guard's phone says of duty besides attendance and location, and what is missing of it.

A guard who deceives leaves the tours out as well: nobody walks them from home. One who took the tags off the walls
scans them at the post, in time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from math import exp
from random import Random
from zoneinfo import ZoneInfo

from interfaces.simulator.duties import Walk, Walks, task_of
from interfaces.simulator.geography import displaced
from interfaces.simulator.parameters import (
    ASLEEP,
    BUDDY_PUNCHING,
    DEVICE_SHARING,
    FORGOTTEN_TASK,
    GPS_OFF,
    IMPOSSIBLE_TRAVEL,
    LATE_TOUR,
    LEFT_POST,
    NO_SHOW,
    PANIC,
    PHONE_DEAD,
    SKIPPED_TOUR,
    TAGS_IN_ONE_PLACE,
    TAMPER,
)
from interfaces.simulator.randomness import stream
from interfaces.simulator.shifts import Neglect, Plan
from interfaces.simulator.tactics import Fixed, Moment, Presence, Said
from interfaces.simulator.world import Guard, World

ACTIVITY_INTERVAL_S = 900
# Of a relay shift, so that it is told of once: of two reports in an hour the first one alone would
# be held against hours of both, and vary more than they do.
RELAY_ACTIVITY_SHARE = 0.8
USES_PER_HOUR = (6.0, 30.0)  # of a guard's phone by day; an assumption
NIGHT_SHARE = 0.6  # of that between midnight and five
LATE_BY_S = (25 * 60.0, 45 * 60.0)
AWAY_M = (600.0, 1_500.0)
WATCHER_NOTICES_S = 120.0  # how long a device is gone before somebody says so


def working_moments(
    world: World, walks: Walks, plan: Plan, said: list[Moment], draw: Random
) -> list[Moment]:
    """Everything that is said during a shift, in the order in which it happens.

    `said` are the attendances and pings; of them is left out what goes wrong takes away.
    """
    neglect = plan.neglect
    if neglect is not None and neglect.name == NO_SHOW:
        return []
    if plan.tactic in {BUDDY_PUNCHING, DEVICE_SHARING}:
        return said  # the guard's own phone is switched off
    found = _without(said, neglect, plan, draw)
    found += _activity(world, plan, draw)
    if plan.tactic in {None, IMPOSSIBLE_TRAVEL, TAGS_IN_ONE_PLACE}:
        found += _tours(walks, plan, draw)
        found += _task(world, plan, draw)
    found += _trouble(plan)
    if neglect is not None and neglect.name == PHONE_DEAD:
        found = [
            moment
            for moment in found
            if not neglect.since <= moment.at < neglect.until or moment.name.startswith("gone")
        ]
    return sorted(found, key=lambda moment: (moment.at, moment.name))


def _without(said: list[Moment], neglect: Neglect | None, plan: Plan, draw: Random) -> list[Moment]:
    if neglect is None or neglect.name not in {GPS_OFF, LEFT_POST}:
        return list(said)
    guard = plan.shift.guard
    away_m = draw.uniform(*AWAY_M)
    away = Fixed(*displaced(guard.site.latitude, guard.site.longitude, away_m, 0.0))
    found = []
    for moment in said:
        inside = moment.direction is None and neglect.since <= moment.at < neglect.until
        if not inside:
            found.append(moment)
        elif neglect.name == LEFT_POST:
            found.append(_moved(moment, away))
    return found


def _moved(moment: Moment, place: Fixed) -> Moment:
    return Moment(at=moment.at, name=moment.name, place=place, phone=moment.phone, site=moment.site)


def _activity(world: World, plan: Plan, draw: Random) -> Iterator[Moment]:
    guard, neglect = plan.shift.guard, plan.neglect
    relay_minutes = world.parameters.relay_minutes
    interval_s = ACTIVITY_INTERVAL_S
    if relay_minutes is not None:
        interval_s = round(RELAY_ACTIVITY_SHARE * min(relay_minutes, 60.0) * 60)
    zone = ZoneInfo(guard.site.time_zone)
    usual = stream(world.seed, "usage", guard.index).uniform(*USES_PER_HOUR)
    at = plan.check_in_at + interval_s
    number = 0
    while at < plan.check_out_at:
        asleep = (
            neglect is not None
            and neglect.name == ASLEEP
            and neglect.since <= at - interval_s / 2 < neglect.until
        )
        share = NIGHT_SHARE if datetime.fromtimestamp(at, zone).hour < 5 else 1.0
        uses = 0 if asleep else poisson(draw, usual * share * interval_s / 3_600)
        content: dict[str, object] = {"interactions": uses, "interval_s": interval_s}
        yield _saying(guard, at, f"a{number}", Said("phone_activity", content))
        at += interval_s
        number += 1


def _tours(walks: Walks, plan: Plan, draw: Random) -> Iterator[Moment]:
    neglect = plan.neglect
    for number, walk in enumerate(walks.of(plan.shift)):
        late_s = draw.uniform(0.0, 180.0)
        if neglect is not None and number == 0:
            if neglect.name == SKIPPED_TOUR:
                continue
            if neglect.name == LATE_TOUR:
                late_s += draw.uniform(*LATE_BY_S)
        for moment in _walked(plan, walk, number, late_s, draw):
            asleep = (
                neglect is not None
                and neglect.name in {ASLEEP, LEFT_POST}
                and neglect.since <= moment.at < neglect.until
            )
            if not asleep and moment.at < plan.check_out_at:
                yield moment


def _walked(plan: Plan, walk: Walk, number: int, late_s: float, draw: Random) -> Iterator[Moment]:
    guard, seated = plan.shift.guard, plan.tactic == TAGS_IN_ONE_PLACE
    method = "nfc" if guard.index % 3 else "qr"
    for leg, checkpoint in enumerate(walk.tour.checkpoints):
        at = walk.starts_at + checkpoint.due_minutes * 60.0 + late_s - draw.uniform(0.0, 45.0)
        content: dict[str, object] = {
            "tour_id": walk.tour.tour_id,
            "checkpoint_id": checkpoint.checkpoint_id,
            "method": method,
        }
        yield Moment(
            at=at,
            name=f"t{number}.{leg}",
            place=_post(guard) if seated else Fixed(checkpoint.latitude, checkpoint.longitude),
            phone=guard.phone,
            site=guard.site,
            fraud=seated,
            said=Said("checkpoint_scan", content, placed=True),
        )


def _post(guard: Guard) -> Fixed:
    site = guard.site
    return Fixed(*displaced(site.latitude, site.longitude, guard.post_east_m, guard.post_north_m))


def _task(world: World, plan: Plan, draw: Random) -> Iterator[Moment]:
    task = task_of(world, plan.shift)
    forgotten = plan.neglect is not None and plan.neglect.name == FORGOTTEN_TASK
    if task is None or forgotten:
        return
    at = max(plan.check_in_at + 1.0, task.due_at - draw.uniform(120.0, 5_400.0))
    content: dict[str, object] = {"task_id": task.task_id}
    yield _saying(plan.shift.guard, at, "task", Said("task_completion", content))


def _trouble(plan: Plan) -> Iterator[Moment]:
    guard, neglect = plan.shift.guard, plan.neglect
    if neglect is None:
        return
    if neglect.name == PANIC:
        yield _saying(guard, neglect.since, "panic", Said("panic", {}, placed=True))
    elif neglect.name == TAMPER:
        said = Said("device_status", {"status": "tamper"})
        yield _saying(guard, neglect.since, "tamper", said)
    elif neglect.name == PHONE_DEAD:
        # Told by whoever watches the fleet, so it is not held back by the phone's own silence.
        for name, at, status in (
            ("gone", neglect.since + WATCHER_NOTICES_S, "offline"),
            ("gone-back", neglect.until, "online"),
        ):
            said = Said("device_status", {"status": status}, anonymous=True)
            yield _saying(guard, at, name, said)


def _saying(guard: Guard, at: float, name: str, said: Said) -> Moment:
    return Moment(
        at=at, name=name, place=Presence(guard), phone=guard.phone, site=guard.site, said=said
    )


def poisson(draw: Random, mean: float) -> int:
    """Draw a Poisson number by Knuth's method, fit for small means."""
    limit, product, number = exp(-mean), draw.random(), 0
    while product > limit:
        product *= draw.random()
        number += 1
    return number
