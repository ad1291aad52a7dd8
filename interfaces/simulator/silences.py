"""Silences: storms that take a whole site's connection away, and phones that are offline for days.

Both are functions of the site or phone and the time, like a phone's own outages.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from interfaces.simulator.parameters import WorldParameters
from interfaces.simulator.phones import connected_at
from interfaces.simulator.randomness import stream
from interfaces.simulator.world import DAY_S, Phone, Site, World

WEEK_S = 7 * DAY_S


class Kind(NamedTuple):
    """A kind of silence: at most one in each period."""

    name: str
    period_s: float
    shortest_s: float
    longest_s: float


STORM = Kind("storm", DAY_S, 3_600.0, 3 * 3_600.0)
BACKLOG = Kind("backlog", WEEK_S, DAY_S, 3 * DAY_S)


def longest_silence_s(parameters: WorldParameters) -> float:
    """The longest time for which a phone may hold a signal back; its own outages end with its day."""
    storms_s = STORM.longest_s if parameters.storm_rate else 0.0
    return DAY_S + storms_s + (BACKLOG.longest_s if _backlog_rate(parameters) else 0.0)


def _backlog_rate(parameters: WorldParameters) -> float:
    # Among shifts of minutes, days of silence would only make the beginning slow.
    return 0.0 if parameters.relay_minutes is not None else parameters.backlog_rate


def reachable_at(world: World, site: Site, phone: Phone, at: float) -> float:
    """The first moment from `at` on at which what a phone says at a site reaches the world."""
    parameters = world.parameters
    reached = at
    while True:
        before = reached
        reached = connected_at(world.seed, parameters.late_rate, phone, reached)
        for begins_at, ends_at in (
            storm_at(world.seed, parameters.storm_rate, site.site_id, reached),
            backlog_at(world.seed, _backlog_rate(parameters), phone.device_id, reached),
        ):
            if begins_at <= reached < ends_at:
                reached = ends_at
        if reached == before:
            return reached


def storm_at(seed: int, rate: float, site_id: str, at: float) -> tuple[float, float]:
    """The storm of a site's day, or an empty span."""
    return _silence(seed, STORM, rate, site_id, int(at // STORM.period_s))


def backlog_at(seed: int, rate: float, device_id: str, at: float) -> tuple[float, float]:
    """The long silence of a phone's week, or an empty span."""
    return _silence(seed, BACKLOG, rate, device_id, int(at // BACKLOG.period_s))


@lru_cache(maxsize=65_536)
def _silence(seed: int, kind: Kind, rate: float, subject: str, number: int) -> tuple[float, float]:
    draw = stream(seed, kind.name, subject, number)
    if draw.random() >= rate:
        return (0.0, 0.0)
    length_s = draw.uniform(kind.shortest_s, kind.longest_s)
    # It ends within its own period, so that one look at a period tells all.
    begins_at = number * kind.period_s + draw.uniform(0.0, kind.period_s - length_s)
    return (begins_at, begins_at + length_s)
