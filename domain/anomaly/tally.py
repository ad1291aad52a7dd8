"""Tally: one person's hour as the set of its signals, and the metrics of that hour.

Adding is order-free. Of positions one a minute is kept, the earliest, and their median is the
hour's value, so that one bad fix says nothing and a phone that tells every second fills no memory.
"""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

import msgspec

from domain.anomaly.facts import Metric
from domain.signals import AttendanceRecorded, LocationRecorded, PhoneActivityRecorded, SignalEvent

HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000
FIXES_MIN = 3  # before an hour is over: fewer are no median


class Fix(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A position and how good it was."""

    at_us: int
    accuracy_m: float
    outside_m: float  # the geofence of the person's site, accuracy subtracted; -1: no site known


class Value(NamedTuple):
    """What a metric is in a window, and how many signals it was measured from."""

    value: float
    signals: int


class Tally(msgspec.Struct, array_like=True):
    """What is known of one person's hour."""

    start_us: int
    locations: int = 0
    interactions: int = 0
    interval_s: int = 0
    activities: int = 0
    fixes: list[Fix] = msgspec.field(default_factory=list)  # one a minute, in no order
    positions: int = 0  # that were told, however many a minute

    def add(self, signal: SignalEvent, at_us: int, outside_m: float) -> None:
        """Take in one signal of this hour."""
        match signal:
            case LocationRecorded(gps_accuracy_m=accuracy_m):
                self.locations += 1
                self._fix(Fix(at_us, accuracy_m, outside_m))
            case AttendanceRecorded(gps_accuracy_m=accuracy_m):
                self._fix(Fix(at_us, accuracy_m, outside_m))
            case PhoneActivityRecorded(interactions=interactions, interval_s=interval_s):
                self.interactions += interactions
                self.interval_s += interval_s
                self.activities += 1
            case _:
                pass

    def _fix(self, fix: Fix) -> None:
        self.positions += 1
        minute = fix.at_us // MINUTE_US
        for place, kept in enumerate(self.fixes):
            if kept.at_us // MINUTE_US == minute:
                self.fixes[place] = min(kept, fix)
                return
        self.fixes.append(fix)

    def values(self, *, over: bool) -> dict[Metric, Value]:
        """Return the metrics of the hour, or, of an hour that goes on, those that say something.

        What goes on is told in coarse steps, so that a storm of signals is not told one by one.
        """
        found: dict[Metric, Value] = {}
        if self.locations:
            locations = self.locations if over else coarse(self.locations)
            found[Metric.LOCATION_UPDATES] = Value(float(locations), locations)
        if self.activities:
            rate = self.interactions * 3_600 / self.interval_s
            found[Metric.PHONE_INTERACTIONS] = Value(rate, self.activities)
        if self.fixes and (over or len(self.fixes) >= FIXES_MIN):
            accuracy_m = median(fix.accuracy_m for fix in self.fixes)
            found[Metric.GPS_ACCURACY] = Value(accuracy_m, self.positions)
            outside = [fix.outside_m for fix in self.fixes if fix.outside_m >= 0]
            if outside and (over or len(outside) >= FIXES_MIN):
                found[Metric.GEOFENCE_DISTANCE] = Value(median(outside), self.positions)
        return found


#: The metrics of a person's hour.
HOURLY = (
    Metric.LOCATION_UPDATES,
    Metric.PHONE_INTERACTIONS,
    Metric.GPS_ACCURACY,
    Metric.GEOFENCE_DISTANCE,
)


def coarse(count: int) -> int:
    """Return the largest number of three binary digits that is not above a count."""
    return count >> (dropped := max(0, count.bit_length() - 3)) << dropped


def hour_start(at_us: int) -> int:
    """Return the beginning of the hour of a moment, by UTC: it is the same on every wall."""
    return at_us // HOUR_US * HOUR_US
