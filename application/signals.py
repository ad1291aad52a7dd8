"""Signals as the field sends them: one Struct a kind, told apart on the wire by `kind`.

Each has the fields of the fact that it becomes, under the same names, except for how far the
device's clock was off: that is measured here, not told.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, TypeAlias

import msgspec

from domain.kernel import Identifier, Latitude, Longitude
from domain.signals import (
    AttendanceRecorded,
    BatteryPercent,
    CheckpointScanRecorded,
    DeviceStatus,
    DeviceStatusRecorded,
    Direction,
    GpsAccuracyM,
    Interactions,
    IntervalS,
    LocationRecorded,
    PanicRecorded,
    PhoneActivityRecorded,
    PhoneSignalDbm,
    ScanMethod,
    SignalEvent,
    TaskCompletionRecorded,
    Unit,
)


class Sent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """What every signal says of itself."""

    becomes: ClassVar[type[SignalEvent]]  # the fact

    signal_id: Identifier
    source: Identifier
    occurred_at: datetime  # the device's clock
    sent_at: datetime | None = None  # the device's clock when it sent the signal

    def fact(self, skew_ms: int) -> SignalEvent:
        """Return the fact that this signal becomes."""
        return self.becomes(**msgspec.structs.asdict(self), clock_skew_ms=skew_ms)


class AttendanceSignal(Sent, frozen=True, kw_only=True, tag="attendance"):
    """A guard checks in or out."""

    becomes = AttendanceRecorded

    person_id: Identifier
    site_id: Identifier
    device_id: Identifier
    direction: Direction
    latitude: Latitude
    longitude: Longitude
    gps_accuracy_m: GpsAccuracyM
    biometric_quality: Unit
    biometric_matched: bool
    phone_signal_dbm: PhoneSignalDbm | None = None
    battery_percent: BatteryPercent | None = None


class LocationSignal(Sent, frozen=True, kw_only=True, tag="location"):
    """A phone tells where it is."""

    becomes = LocationRecorded

    person_id: Identifier
    device_id: Identifier
    latitude: Latitude
    longitude: Longitude
    gps_accuracy_m: GpsAccuracyM
    site_id: Identifier | None = None
    phone_signal_dbm: PhoneSignalDbm | None = None
    battery_percent: BatteryPercent | None = None


class CheckpointScanSignal(Sent, frozen=True, kw_only=True, tag="checkpoint_scan"):
    """A guard's device read the tag of a checkpoint on a tour."""

    becomes = CheckpointScanRecorded

    person_id: Identifier
    site_id: Identifier
    device_id: Identifier
    tour_id: Identifier
    checkpoint_id: Identifier
    method: ScanMethod
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    gps_accuracy_m: GpsAccuracyM | None = None


class PhoneActivitySignal(Sent, frozen=True, kw_only=True, tag="phone_activity"):
    """How often a phone was used in the interval that ended at `occurred_at`."""

    becomes = PhoneActivityRecorded

    person_id: Identifier
    device_id: Identifier
    interactions: Interactions
    interval_s: IntervalS
    site_id: Identifier | None = None


class TaskCompletionSignal(Sent, frozen=True, kw_only=True, tag="task_completion"):
    """A guard says that a task is done."""

    becomes = TaskCompletionRecorded

    person_id: Identifier
    site_id: Identifier
    task_id: Identifier
    device_id: Identifier | None = None


class DeviceStatusSignal(Sent, frozen=True, kw_only=True, tag="device_status"):
    """A device, or what watches it, tells how it is."""

    becomes = DeviceStatusRecorded

    device_id: Identifier
    status: DeviceStatus
    person_id: Identifier | None = None
    site_id: Identifier | None = None
    battery_percent: BatteryPercent | None = None


class PanicSignal(Sent, frozen=True, kw_only=True, tag="panic"):
    """A guard calls for help."""

    becomes = PanicRecorded

    person_id: Identifier
    device_id: Identifier
    site_id: Identifier | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    gps_accuracy_m: GpsAccuracyM | None = None


Signal: TypeAlias = (
    AttendanceSignal
    | LocationSignal
    | CheckpointScanSignal
    | PhoneActivitySignal
    | TaskCompletionSignal
    | DeviceStatusSignal
    | PanicSignal
)
