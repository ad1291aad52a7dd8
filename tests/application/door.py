"""What stands at the door of signals: one of each kind, a directory that knows them, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.log.postgres_log import PostgresLog
from application.accepting import (
    SignalRefused,
)
from application.ingestion import Taken, TakenAs
from application.ports import Append, Cause
from application.signals import (
    AttendanceSignal,
    CheckpointScanSignal,
    DeviceStatusSignal,
    LocationSignal,
    PanicSignal,
    PhoneActivitySignal,
    Signal,
    TaskCompletionSignal,
)
from domain.directory.device import DeviceKind, DeviceRegistered
from domain.directory.person import PersonEnrolled
from domain.directory.site import SiteRegistered
from domain.directory.tour import Checkpoint, TourDefined
from domain.signals import (
    DeviceStatus,
    Direction,
    ScanMethod,
)

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DIRECTORY = 4  # facts that the directory takes
ATTENDANCE = AttendanceSignal(
    signal_id="a-1",
    source="test",
    occurred_at=NOW,
    person_id="G-1",
    site_id="S-1",
    device_id="D-1",
    direction=Direction.CHECK_IN,
    latitude=51.5,
    longitude=-0.12,
    gps_accuracy_m=8.0,
    biometric_quality=0.93,
    biometric_matched=True,
)
LOCATION = LocationSignal(
    signal_id="l-1",
    source="test",
    occurred_at=NOW,
    person_id="G-1",
    device_id="D-1",
    latitude=51.5,
    longitude=-0.12,
    gps_accuracy_m=8.0,
)
TOLD: dict[str, Any] = {"source": "test", "occurred_at": NOW}
SCAN = CheckpointScanSignal(
    **TOLD,
    signal_id="c-1",
    person_id="G-1",
    site_id="S-1",
    device_id="D-1",
    tour_id="T-1",
    checkpoint_id="C-1",
    method=ScanMethod.NFC,
    latitude=51.5,
    longitude=-0.12,
    gps_accuracy_m=8.0,
)
ACTIVITY = PhoneActivitySignal(
    **TOLD, signal_id="p-1", person_id="G-1", device_id="D-1", interactions=3, interval_s=900
)
COMPLETION = TaskCompletionSignal(
    **TOLD, signal_id="t-1", person_id="G-1", site_id="S-1", task_id="K-1"
)
STATUS = DeviceStatusSignal(
    **TOLD, signal_id="d-1", device_id="D-1", status=DeviceStatus.LOW_BATTERY, battery_percent=4
)
PANIC = PanicSignal(**TOLD, signal_id="x-1", person_id="G-1", device_id="D-1")
EACH_KIND: list[Signal] = [ATTENDANCE, LOCATION, SCAN, ACTIVITY, COMPLETION, STATUS, PANIC]


def open_directory(log: PostgresLog, tenant: str) -> None:
    """Open a tenant with one site, one person, one device and one tour."""
    log.open_tenant(tenant)
    site = SiteRegistered(
        site_id="S-1",
        name="One",
        latitude=51.5,
        longitude=-0.12,
        geofence_radius_m=100.0,
        time_zone="Europe/London",
    )
    tour = TourDefined(
        tour_id="T-1",
        site_id="S-1",
        name="Night round",
        checkpoints=(Checkpoint("C-1", "North door", 5),),
        starts=("22:00",),
        grace_minutes=10,
    )
    for stream_id, fact in (
        ("site-S-1", site),
        ("tour-T-1", tour),
        ("person-G-1", PersonEnrolled(person_id="G-1", name="Ada")),
        ("device-D-1", DeviceRegistered(device_id="D-1", kind=DeviceKind.PHONE)),
    ):
        log.append(tenant, Append.of(stream_id, 0, [fact], Cause("user:test")))


def accepted(position: int) -> Taken:
    return Taken(TakenAs.ACCEPTED, position)


def duplicate(position: int) -> Taken:
    return Taken(TakenAs.DUPLICATE, position)


def refusal_of(taken: Sequence[Taken]) -> SignalRefused:
    (result,) = taken
    assert result.status is TakenAs.REFUSED
    assert result.position is None
    assert isinstance(result.refusal, SignalRefused)
    assert str(result.refusal).endswith("."), "A refusal is a sentence for people."
    return result.refusal
