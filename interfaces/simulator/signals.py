"""Signals: a moment written down as the phone would send it, in the words of the public interface."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import assert_never
from zoneinfo import ZoneInfo

from interfaces.simulator.phones import Fix, battery_percent, fix, signal_dbm
from interfaces.simulator.randomness import between
from interfaces.simulator.tactics import Moment, Reading, Said
from interfaces.simulator.world import Guard, Phone, Site

# Mean and standard deviation of the quality of a reading, 0 to 1. Assumptions.
POOR_READING_RATE = 0.02  # of honest readings: gloves, rain, a dirty lens
POOR = (0.62, 0.06)
FAILED = (0.45, 0.08)
ANOTHERS = (0.32, 0.10)
REPLAYED = (0.68, 0.06)
ANOTHERS_PASSES_RATE = 0.25
OWN_SPREAD = 0.025

Signal = dict[str, object]


def signal(draw: Random, moment: Moment, guard: Guard, *, signal_id: str, source: str) -> Signal:
    """The signal of a moment, without the time of sending, which the delivery adds."""
    if moment.said is not None:
        return _other(draw, moment, moment.said, guard, signal_id=signal_id, source=source)
    latitude, longitude = moment.place.at(draw, moment.at)
    seen = fix(draw, moment.phone, latitude, longitude)
    if moment.spoofed_accuracy_m is not None:
        seen = Fix(latitude, longitude, moment.spoofed_accuracy_m)
    written: Signal = {
        "kind": "location" if moment.direction is None else "attendance",
        "signal_id": signal_id,
        "source": source,
        "occurred_at": timestamp(moment.at, moment.phone, moment.site),
        "person_id": guard.person_id,
        "device_id": moment.phone.device_id,
        "latitude": seen.latitude,
        "longitude": seen.longitude,
        "gps_accuracy_m": seen.accuracy_m,
        "phone_signal_dbm": signal_dbm(draw, moment.phone),
        "battery_percent": battery_percent(moment.phone, moment.at),
    }
    if moment.direction is not None:
        quality, matched = _reading(draw, moment.reading, guard.biometric_quality)
        written |= {
            "site_id": moment.site.site_id,
            "direction": moment.direction,
            "biometric_quality": quality,
            "biometric_matched": matched,
        }
    return written


def _other(
    draw: Random, moment: Moment, said: Said, guard: Guard, *, signal_id: str, source: str
) -> Signal:
    written: Signal = {
        "kind": said.kind,
        "signal_id": signal_id,
        "source": source,
        "occurred_at": timestamp(moment.at, moment.phone, moment.site),
        "device_id": moment.phone.device_id,
        "site_id": moment.site.site_id,
        **said.content,
    }
    if not said.anonymous:
        written["person_id"] = guard.person_id
    if said.placed:
        seen = fix(draw, moment.phone, *moment.place.at(draw, moment.at))
        written |= {
            "latitude": seen.latitude,
            "longitude": seen.longitude,
            "gps_accuracy_m": seen.accuracy_m,
        }
    return written


def timestamp(at: float, phone: Phone, site: Site) -> str:
    """A time as the phone's clock shows it, wrong by its skew, in the zone it writes."""
    zone = ZoneInfo(site.time_zone) if phone.local_time else UTC
    # Rounded first: a float just below a millisecond would be cut to the one before.
    shown = datetime.fromtimestamp(round(at + phone.skew_s, 3), zone)
    return shown.isoformat(timespec="milliseconds")


def _reading(draw: Random, reading: Reading, usual: float) -> tuple[float, bool]:
    matched = True
    match reading:
        case Reading.OWN:
            mean, spread = POOR if draw.random() < POOR_READING_RATE else (usual, OWN_SPREAD)
        case Reading.FAILED:
            (mean, spread), matched = FAILED, False
        case Reading.ANOTHERS:
            (mean, spread), matched = ANOTHERS, draw.random() < ANOTHERS_PASSES_RATE
        case Reading.REPLAYED:
            mean, spread = REPLAYED
        case _:
            assert_never(reading)
    return round(between(draw.gauss(mean, spread), 0.02, 0.999), 3), matched
