"""What is planned for a night and what the field sends in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.directory.shift import ShiftPlanned, ShiftRole
from domain.directory.site import SiteRegistered
from domain.directory.task import TaskAssigned
from domain.directory.tour import Checkpoint, TourDefined
from domain.kernel import Event
from domain.signals import (
    AttendanceRecorded,
    CheckpointScanRecorded,
    DeviceStatus,
    DeviceStatusRecorded,
    Direction,
    LocationRecorded,
    PhoneActivityRecorded,
    ScanMethod,
    TaskCompletionRecorded,
)

NIGHT = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)  # when the first shift begins
LATITUDE, LONGITUDE = 51.5, -0.12
NORTH_M = 111_195.0  # of a degree of latitude
LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)
NAMESPACE = UUID("00000000-0000-0000-0000-000000000e01")


def at(minutes: float) -> datetime:
    """Return a moment of the night, in minutes after 22:00."""
    return NIGHT + timedelta(minutes=minutes)


def stamp(minutes: float, key: str) -> dict[str, Any]:
    return {"signal_id": f"{key}-{minutes:g}", "source": "field", "occurred_at": at(minutes)}


def attendance(
    minutes: float,
    person: str = "G-1",
    direction: Direction = Direction.CHECK_IN,
    *,
    site: str = "S-1",
    phone: bool = True,
) -> AttendanceRecorded:
    return AttendanceRecorded(
        **stamp(minutes, f"{direction}-{person}-{site}"),
        person_id=person,
        site_id=site,
        device_id=f"D-{person}",
        direction=direction,
        latitude=LATITUDE,
        longitude=LONGITUDE,
        gps_accuracy_m=8.0,
        biometric_quality=0.9,
        biometric_matched=True,
        battery_percent=80 if phone else None,
    )


def location(minutes: float, person: str = "G-1", *, north_m: float = 0.0) -> LocationRecorded:
    return LocationRecorded(
        **stamp(minutes, f"location-{person}-{north_m:g}"),
        person_id=person,
        device_id=f"D-{person}",
        latitude=LATITUDE + north_m / NORTH_M,
        longitude=LONGITUDE,
        gps_accuracy_m=10.0,
    )


def activity(minutes: float, interactions: int = 20, person: str = "G-1") -> PhoneActivityRecorded:
    return PhoneActivityRecorded(
        **stamp(minutes, f"activity-{person}-{interactions}"),
        person_id=person,
        device_id=f"D-{person}",
        interactions=interactions,
        interval_s=900,
    )


def scan(minutes: float, checkpoint: str, person: str = "G-1") -> CheckpointScanRecorded:
    return CheckpointScanRecorded(
        **stamp(minutes, f"scan-{checkpoint}-{person}"),
        person_id=person,
        site_id="S-1",
        device_id=f"D-{person}",
        tour_id="T-1",
        checkpoint_id=checkpoint,
        method=ScanMethod.NFC,
    )


def completion(minutes: float, task: str = "J-1") -> TaskCompletionRecorded:
    return TaskCompletionRecorded(
        **stamp(minutes, f"done-{task}"), person_id="G-1", site_id="S-1", task_id=task
    )


def status(
    minutes: float, status_: DeviceStatus = DeviceStatus.OFFLINE, person: str = "G-1"
) -> DeviceStatusRecorded:
    return DeviceStatusRecorded(
        **stamp(minutes, f"status-{person}-{status_}"),
        device_id=f"D-{person}",
        person_id=person,
        status=status_,
    )


def site(site_id: str = "S-1", radius_m: float = 100.0) -> SiteRegistered:
    return SiteRegistered(
        site_id=site_id,
        name=site_id,
        latitude=LATITUDE,
        longitude=LONGITUDE,
        geofence_radius_m=radius_m,
        time_zone="UTC",
    )


def shift(
    shift_id: str = "N-1",
    person: str | None = "G-1",
    *,
    start: float = 0,
    hours: float = 8,
    site: str = "S-1",
    role: ShiftRole = ShiftRole.GUARD,
) -> ShiftPlanned:
    return ShiftPlanned(
        shift_id=shift_id,
        site_id=site,
        role=role,
        person_id=person,
        starts_at=at(start),
        ends_at=at(start + hours * 60),
    )


def tour(
    starts: tuple[str, ...] = ("23:00", "02:00"), *, due: tuple[int, ...] = (0, 10, 20)
) -> TourDefined:
    return TourDefined(
        tour_id="T-1",
        site_id="S-1",
        name="Round",
        checkpoints=tuple(
            Checkpoint(checkpoint_id=f"C-{number}", name=f"C {number}", due_minutes=minutes)
            for number, minutes in enumerate(due)
        ),
        starts=starts,
        grace_minutes=5,
        valid_from=LONG_AGO,
    )


def task(task_id: str = "J-1", due: float = 120) -> TaskAssigned:
    return TaskAssigned(task_id=task_id, site_id="S-1", name="Check the gate", due_at=at(due))


STREAMS: dict[type[Event], str] = {
    SiteRegistered: "site_id",
    ShiftPlanned: "shift_id",
    TourDefined: "tour_id",
    TaskAssigned: "task_id",
}
PREFIXES = {"site_id": "site-", "shift_id": "shift-", "tour_id": "tour-", "task_id": "task-"}
