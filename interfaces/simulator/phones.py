"""Phones: where they think they are, how full they are, and when they have a connection.

Battery and connection are functions of the phone and the time, not of who asks, so two guards who use one phone in the
same hour see one battery and one outage.
"""

from __future__ import annotations

from functools import lru_cache
from math import log, pi, sin
from random import Random
from typing import NamedTuple

from interfaces.simulator.geography import displaced
from interfaces.simulator.randomness import between, stream
from interfaces.simulator.world import DAY_S, Phone

# Outages are a mixture of two exponentials, so that a few last hours. Assumptions.
SHORT_OUTAGE_MEAN_S = 12 * 60.0
LONG_OUTAGE_MEAN_S = 150 * 60.0
LONG_OUTAGE_SHARE = 0.2
OUTAGE_MEAN_S = (
    1 - LONG_OUTAGE_SHARE
) * SHORT_OUTAGE_MEAN_S + LONG_OUTAGE_SHARE * LONG_OUTAGE_MEAN_S
# Whoever meets an outage already under way meets a long one more often: each counts by its length.
LONG_OUTAGE_SHARE_UNDER_WAY = LONG_OUTAGE_SHARE * LONG_OUTAGE_MEAN_S / OUTAGE_MEAN_S

PLUGGED_IN_PERCENT = 14.0
CONFESSED_OUTLIER_SHARE = 0.75  # of bad fixes come with a bad accuracy; the rest look good
OUTLIER_LOWEST_M = 150.0
OUTLIER_HIGHEST_M = 3_000.0


class Fix(NamedTuple):
    latitude: float
    longitude: float
    accuracy_m: float


def fix(draw: Random, phone: Phone, latitude: float, longitude: float) -> Fix:
    """What the receiver reports at a place: jitter of its class, and rarely something far off."""
    jitter_m = phone.jitter_m * draw.lognormvariate(0.0, 0.25)
    accuracy_m = between(1.6 * jitter_m * draw.lognormvariate(0.0, 0.2), 2.5, 150.0)
    east_m, north_m = draw.gauss(0.0, jitter_m), draw.gauss(0.0, jitter_m)
    if draw.random() < phone.outlier_rate:
        # Log-uniform: hundreds of metres are common among outliers, kilometres are rare.
        off_m = OUTLIER_LOWEST_M * (OUTLIER_HIGHEST_M / OUTLIER_LOWEST_M) ** draw.random()
        angle = draw.uniform(0.0, 2 * pi)
        east_m += off_m * sin(angle)
        north_m += off_m * sin(angle + pi / 2)
        if draw.random() < CONFESSED_OUTLIER_SHARE:
            accuracy_m = off_m * draw.uniform(0.6, 1.6)
    there = displaced(latitude, longitude, east_m, north_m)
    return Fix(*there, round(accuracy_m, 1))


def battery_percent(phone: Phone, at: float) -> int:
    """A saw-tooth: down from full to the level where it is plugged in, and up again."""
    down_s, up_s = phone.discharge_hours * 3_600, phone.charge_hours * 3_600
    into_s = (at + phone.phase_s) % (down_s + up_s)
    swing = 100.0 - PLUGGED_IN_PERCENT
    if into_s < down_s:
        return round(100.0 - swing * into_s / down_s)
    return round(PLUGGED_IN_PERCENT + swing * (into_s - down_s) / up_s)


def signal_dbm(draw: Random, phone: Phone) -> int:
    return round(between(draw.gauss(phone.signal_dbm, 4.0), -125.0, -45.0))


def connected_at(seed: int, late_rate: float, phone: Phone, at: float) -> float:
    """The first moment from `at` on at which the phone has a connection."""
    if late_rate == 0:
        return at
    day, into_s = divmod(at + phone.phase_s, DAY_S)
    for begins_s, ends_s in _outages(seed, late_rate, phone.device_id, int(day)):
        if begins_s <= into_s < ends_s:
            return at + ends_s - into_s
    return at


@lru_cache(maxsize=16_384)
def _outages(
    seed: int, late_rate: float, device_id: str, day: int
) -> tuple[tuple[float, float], ...]:
    """One phone-day's outages. A phone-day begins at the phone's own hour and begins in the long-run state, so that
    the share of time without a connection is the stated rate at every moment of it.
    """
    draw = stream(seed, "outages", device_id, day)
    connected_mean_s = OUTAGE_MEAN_S * (1 - late_rate) / late_rate
    found: list[tuple[float, float]] = []
    at_s, offline = 0.0, draw.random() < late_rate
    long_share = LONG_OUTAGE_SHARE_UNDER_WAY
    while at_s < DAY_S:
        if offline:
            mean_s = LONG_OUTAGE_MEAN_S if draw.random() < long_share else SHORT_OUTAGE_MEAN_S
            ends_s = min(DAY_S, at_s + _exponential(draw, mean_s))
            found.append((at_s, ends_s))
            at_s = ends_s
        else:
            at_s += _exponential(draw, connected_mean_s)
        offline = not offline
        long_share = LONG_OUTAGE_SHARE
    return tuple(found)


def _exponential(draw: Random, mean: float) -> float:
    return -mean * log(1.0 - draw.random())
