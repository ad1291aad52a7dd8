"""Signals: raw facts from the field, each a stream of one fact, so that a second delivery meets
the first one at the log's door.

A device's clock may be off. What it said stands in the fact, and how far off it was is measured
against the moment it sent the signal; every rule orders signals by the corrected time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha1
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from domain.kernel import Event, Identifier, Latitude, Longitude

# The root of every signal id; it never changes, or old deliveries would be taken in again.
SIGNAL_NAMESPACE = UUID("5d0c9a2e-7a0e-5b0a-9d52-3c5c7b0c7f11")
_namespace_hashed = sha1(SIGNAL_NAMESPACE.bytes, usedforsecurity=False)
# What a UUID says of itself, version 5 of RFC 9562, in place of these bits of the hash.
_VERSION_5 = 0x5000 << 64 | 0x8000 << 48
_FREE_BITS = (1 << 128) - 1 ^ (0xF000 << 64 | 0xC000 << 48)
# Below this, the time that a message spends on its way looks like a clock that is off.
CLOCK_TOLERANCE = timedelta(seconds=30)
MILLISECOND = timedelta(milliseconds=1)  # of skew
# Product rule: what is told later than this is recorded and said to be late, and judges nothing
# any more.
HORIZON = timedelta(days=7)

Unit = Annotated[float, msgspec.Meta(ge=0, le=1)]
GpsAccuracyM = Annotated[float, msgspec.Meta(ge=0, le=100_000)]
PhoneSignalDbm = Annotated[int, msgspec.Meta(ge=-140, le=0)]
BatteryPercent = Annotated[int, msgspec.Meta(ge=0, le=100)]
Interactions = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
IntervalS = Annotated[int, msgspec.Meta(ge=1, le=86_400)]


class Direction(StrEnum):
    """Which end of a duty an attendance marks."""

    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"


class ScanMethod(StrEnum):
    """How a checkpoint was read."""

    NFC = "nfc"
    QR = "qr"


class DeviceStatus(StrEnum):
    """How a device is."""

    ONLINE = "online"
    OFFLINE = "offline"
    TAMPER = "tamper"
    LOW_BATTERY = "low_battery"


class AttendanceRecorded(Event, frozen=True, tag="attendance.recorded"):
    """A guard checked in or out at a site. Stated on arrival, as the device told it; it does not mean that the guard was there."""

    signal_id: Identifier
    source: Identifier
    person_id: Identifier
    site_id: Identifier
    device_id: Identifier
    direction: Direction
    latitude: Latitude
    longitude: Longitude
    gps_accuracy_m: GpsAccuracyM
    biometric_quality: Unit
    biometric_matched: bool
    occurred_at: datetime  # the device's clock
    phone_signal_dbm: PhoneSignalDbm | None = None
    battery_percent: BatteryPercent | None = None
    sent_at: datetime | None = None  # the device's clock when it sent the signal
    clock_skew_ms: int = 0  # device minus ours, 0 within the tolerance


class LocationRecorded(Event, frozen=True, tag="location.recorded"):
    """A phone told where it is. Stated on arrival; it does not mean that its guard carried it."""

    signal_id: Identifier
    source: Identifier
    person_id: Identifier
    device_id: Identifier
    latitude: Latitude
    longitude: Longitude
    gps_accuracy_m: GpsAccuracyM
    occurred_at: datetime  # the device's clock
    site_id: Identifier | None = None
    phone_signal_dbm: PhoneSignalDbm | None = None
    battery_percent: BatteryPercent | None = None
    sent_at: datetime | None = None  # the device's clock when it sent the signal
    clock_skew_ms: int = 0  # device minus ours, 0 within the tolerance


class Stamped(Event, frozen=True, kw_only=True):
    """What every signal says of itself beside what it is about."""

    signal_id: Identifier
    source: Identifier
    occurred_at: datetime  # the device's clock
    sent_at: datetime | None = None  # the device's clock when it sent the signal
    clock_skew_ms: int = 0  # device minus ours, 0 within the tolerance


class CheckpointScanRecorded(Stamped, frozen=True, kw_only=True, tag="checkpoint_scan.recorded"):
    """A guard's device read a checkpoint's tag. Stated on arrival; it does not mean that the tag hung where it belongs."""

    person_id: Identifier
    site_id: Identifier
    device_id: Identifier
    tour_id: Identifier
    checkpoint_id: Identifier
    method: ScanMethod
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    gps_accuracy_m: GpsAccuracyM | None = None


class PhoneActivityRecorded(Stamped, frozen=True, kw_only=True, tag="phone_activity.recorded"):
    """How often a guard's phone was used in an interval that ended when the signal happened. Stated on arrival; zero is a measurement, silence is none."""

    person_id: Identifier
    device_id: Identifier
    interactions: Interactions
    interval_s: IntervalS  # that ended at occurred_at
    site_id: Identifier | None = None


class TaskCompletionRecorded(Stamped, frozen=True, kw_only=True, tag="task_completion.recorded"):
    """A guard said that a task is done. Stated on arrival; it does not mean that the task was ever assigned."""

    person_id: Identifier
    site_id: Identifier
    task_id: Identifier
    device_id: Identifier | None = None


class DeviceStatusRecorded(Stamped, frozen=True, kw_only=True, tag="device_status.recorded"):
    """A device, or what watches it, told how it is."""

    device_id: Identifier
    status: DeviceStatus
    person_id: Identifier | None = None
    site_id: Identifier | None = None
    battery_percent: BatteryPercent | None = None


class PanicRecorded(Stamped, frozen=True, kw_only=True, tag="panic.recorded"):
    """A guard called for help. Stated on arrival; it is believed until a person says otherwise."""

    person_id: Identifier
    device_id: Identifier
    site_id: Identifier | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    gps_accuracy_m: GpsAccuracyM | None = None


# Every kind has person_id, site_id and device_id; where one may be missing it is None.
SignalEvent: TypeAlias = (
    AttendanceRecorded
    | LocationRecorded
    | CheckpointScanRecorded
    | PhoneActivityRecorded
    | TaskCompletionRecorded
    | DeviceStatusRecorded
    | PanicRecorded
)


def signal_uuid(source: str, signal_id: str) -> UUID:
    """Return the identity of a signal: the same for every delivery of it, for ever."""
    # The length keeps ("a/b", "c") and ("a", "b/c") apart. It is uuid5 of this text, worked out by
    # hand in half the time, since nothing is done as often as this.
    hashed = _namespace_hashed.copy()
    hashed.update(f"{len(source)}/{source}/{signal_id}".encode())
    number = int.from_bytes(hashed.digest()[:16], "big")
    return UUID(int=number & _FREE_BITS | _VERSION_5)


def signal_stream(signal: UUID) -> str:
    """Return the stream that holds a signal's one fact."""
    return f"signal-{signal}"


def clock_skew_ms(sent_at: datetime | None, received_at: datetime) -> int:
    """Return how far the device's clock is ahead of ours, in milliseconds; 0 within the tolerance."""
    if sent_at is None:
        return 0
    skew = sent_at - received_at
    if abs(skew) <= CLOCK_TOLERANCE:
        return 0
    return skew // MILLISECOND


def corrected_at(signal: SignalEvent) -> datetime:
    """Return when the signal happened by our clock, as well as it can be known."""
    if signal.clock_skew_ms == 0:
        return signal.occurred_at
    return signal.occurred_at - signal.clock_skew_ms * MILLISECOND
