"""Worrying: which anomalies somebody must look at. Every anomaly is stated and shown all the same.

Unusual is not wrong: what is said of a value on the other side of its baseline worries nobody, a
site that is heard of more than usual or a phone that receives badly. How often somebody is heard of
also falls when a phone has no connection, and silence itself is what audits look for; so there an
anomaly must lie farther out.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from domain.anomaly.facts import Measured, Metric


class Worry(msgspec.Struct, frozen=True, kw_only=True):
    """What of a metric worries."""

    low: bool = False
    high: bool = False
    times: float = 1.0  # of the threshold, at least
    signals: int = 1  # that the value is measured from, at least


WORRIES: Mapping[Metric, Worry] = {
    Metric.PHONE_INTERACTIONS: Worry(low=True),
    Metric.LOCATION_UPDATES: Worry(low=True, times=1.5),
    Metric.TOUR_DURATION: Worry(low=True, high=True),  # tags in one place are scanned fast
    Metric.TOUR_COMPLETION: Worry(low=True),
    Metric.CHECK_IN_TIME: Worry(low=True, high=True),
    Metric.GEOFENCE_DISTANCE: Worry(high=True),
    # A position that is too exact was not measured; a single one may be.
    Metric.GPS_ACCURACY: Worry(low=True, signals=3),
    Metric.SITE_SIGNALS: Worry(low=True, times=1.5),
    Metric.TASK_COMPLETIONS: Worry(low=True),
}


def is_worrying(metric: Metric, measured: Measured, threshold: float | None = None) -> bool:
    """Return whether somebody must look at an anomaly, by its own threshold or by another one."""
    by = measured.threshold if threshold is None else threshold
    return worries(metric, measured.z, by, len(measured.signals))


def worries(metric: Metric, z: float, threshold: float, signals: int) -> bool:
    """Return whether somebody must look at a value that lies so far out and stands on so many signals."""
    worry = WORRIES[metric]
    return (
        (worry.high if z > 0 else worry.low)
        and abs(z) >= worry.times * threshold
        and signals >= worry.signals
    )
