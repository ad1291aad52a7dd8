"""A small guard force and one of its nights, drawn at random: plan, days before, signals, audits.

Mishaps are many, since a quiet night proves nothing: guards stay away, sleep, wander off, check in
for one another and at two places; phones fall silent, lose their battery, their clock or their
position; tags are scanned late, not at all, or all in one place.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from domain.access.roles import Role
from domain.access.user import UserEmailChanged, UserEnrolled
from domain.directory.device import DeviceKind, DeviceRegistered
from domain.directory.person import PersonEnrolled
from domain.directory.shift import ShiftPlanned, ShiftRole
from domain.directory.site import SiteRegistered
from domain.directory.task import TaskAssigned
from domain.directory.tenant import TenantFounded
from domain.directory.tour import Checkpoint, TourDefined
from domain.finding.facts import AuditKind
from domain.kernel import Event
from domain.signals import (
    AttendanceRecorded,
    CheckpointScanRecorded,
    DeviceStatus,
    DeviceStatusRecorded,
    Direction,
    LocationRecorded,
    PanicRecorded,
    PhoneActivityRecorded,
    ScanMethod,
    SignalEvent,
    TaskCompletionRecorded,
    corrected_at,
)

NIGHT_HOURS = 8
DAYS_BEFORE = 5  # so that baselines judge, and nothing is older than the horizon
NORTH_M = 111_195.0  # of a degree of latitude
PERSONS = ("G-1", "G-2", "G-3")
SITES = {"S-1": (51.5, -0.12), "S-2": (51.503, -0.12), "S-3": (52.2, -0.12)}  # two are neighbours
HOMES = {"G-1": "S-1", "G-2": "S-1", "G-3": "S-2"}
CHECKPOINTS = (0, 10, 20)  # minutes after the tour's start


class Asked(NamedTuple):
    """An audit that somebody asks for."""

    minutes: float
    kind: AuditKind
    site_id: str | None


class Night(NamedTuple):
    """One night, as it was."""

    plan: list[tuple[str, Event]]  # by stream
    before: list[SignalEvent]  # of the days before, in order
    signals: list[SignalEvent]  # in order
    audits: list[Asked]


def last_night() -> datetime:
    """Return 22:00 of the last night that is over, by the log's clock."""
    start = datetime.now(UTC).replace(hour=22, minute=0, second=0, microsecond=0)
    while start + timedelta(hours=NIGHT_HOURS + 4) > datetime.now(UTC):
        start -= timedelta(days=1)
    return start


START = last_night()
END_MINUTES = (NIGHT_HOURS + 3) * 60.0  # behind the last duty


def at(minutes: float) -> datetime:
    """Return a moment in minutes after the night's begin."""
    return START + timedelta(minutes=minutes)


def draw(seed: int) -> Night:
    """Draw a night. The same seed is the same night."""
    chance = Random(seed)
    plan = directory(chance)
    before = [
        signal
        for day in range(-DAYS_BEFORE, 0)
        for person in PERSONS
        for signal in quiet_night(chance, person, day * 1_440)
    ]
    told = Teller(chance)
    for person in PERSONS:
        told.guard(person)
    told.tours()
    told.tasks()
    return Night(plan, in_order(before), in_order(told.signals), audits(chance))


def in_order(signals: list[SignalEvent]) -> list[SignalEvent]:
    return sorted(signals, key=lambda each: (corrected_at(each), each.signal_id))


def directory(chance: Random) -> list[tuple[str, Event]]:
    """Return what is stated up front: places, people, devices, shifts, a tour, tasks."""
    found: list[tuple[str, Event]] = [
        ("tenant", TenantFounded(name="Night Watch", time_zone="Europe/London")),
        ("user-boss", UserEnrolled(username="boss", name="Boss", roles=(Role.SUPERVISOR,))),
        ("user-boss", UserEmailChanged(email="boss@example.com")),
    ]
    for number, (site_id, (latitude, longitude)) in enumerate(SITES.items()):
        site = SiteRegistered(
            site_id=site_id,
            name=site_id,
            latitude=latitude,
            longitude=longitude,
            geofence_radius_m=100.0,
            time_zone=("UTC", "Europe/London", "Asia/Karachi")[number],
            security_manager="boss" if site_id == "S-1" else None,
        )
        found.append((f"site-{site_id}", site))
    for person in PERSONS:
        home = HOMES[person]
        enrolled = PersonEnrolled(person_id=person, name=person, site_id=home)
        device = DeviceRegistered(
            device_id=f"D-{person}", kind=DeviceKind.PHONE, person_id=person, site_id=home
        )
        found += [(f"person-{person}", enrolled), (f"device-D-{person}", device)]
        if chance.random() < 0.9:
            found.append(shift(f"N-{person}", person, home, chance.choice([0, 30]), 8))
    if chance.random() < 0.5:
        found.append(shift("N-open", None, chance.choice(list(SITES)), 120, 3))
    found.append(shift("N-boss", "boss", "S-2", 0, 8, ShiftRole.SUPERVISOR))
    checkpoints = tuple(
        Checkpoint(checkpoint_id=f"C-{minutes}", name=f"C {minutes}", due_minutes=minutes)
        for minutes in CHECKPOINTS
    )
    tour = TourDefined(
        tour_id="T-1",
        site_id="S-1",
        name="Round",
        checkpoints=checkpoints,
        starts=("23:00", "02:00", "04:00"),
        grace_minutes=5,
        valid_from=at(-30),
    )
    found.append(("tour-T-1", tour))
    for number in range(2):
        due = at(chance.randint(30, 400))
        task = TaskAssigned(task_id=f"J-{number}", site_id="S-1", name="Check a gate", due_at=due)
        found.append((f"task-J-{number}", task))
    return found


def shift(  # noqa: PLR0917 - a line of a roster
    name: str,
    person: str | None,
    site: str,
    start: float,
    hours: float,
    role: ShiftRole = ShiftRole.GUARD,
) -> tuple[str, Event]:
    planned = ShiftPlanned(
        shift_id=name,
        site_id=site,
        role=role,
        person_id=person,
        starts_at=at(start),
        ends_at=at(start + hours * 60),
    )
    return f"shift-{name}", planned


def audits(chance: Random) -> list[Asked]:
    """Return what is asked for in the course of a night; the last one looks at all of it."""
    every = [
        Asked(chance.randint(20, 600), chance.choice(list(AuditKind)), chance.choice([None, "S-1"]))
        for _ in range(chance.randint(0, 3))
    ]
    return sorted(every, key=lambda each: each.minutes)


def quiet_night(chance: Random, person: str, start: float) -> list[SignalEvent]:
    """Return a night as it should be, from which baselines learn."""
    teller = Teller(chance)
    teller.attend(person, start - chance.randint(1, 9), HOMES[person])
    for hour in range(NIGHT_HOURS):
        teller.locate(person, start + hour * 60 + chance.randint(5, 50))
        teller.use(person, start + hour * 60 + 58, chance.randint(8, 14))
    teller.attend(person, start + NIGHT_HOURS * 60, HOMES[person], Direction.CHECK_OUT)
    return teller.signals


class Teller:
    """Tells of a night, signal by signal."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.signals: list[SignalEvent] = []
        self.skews_ms: dict[str, int] = {}  # of devices

    def guard(self, person: str) -> None:
        """Tell of a guard's night, with everything that may go wrong in it."""
        chance = self.chance
        device = f"D-{person}"
        if chance.random() < 0.25:
            self.skews_ms[device] = chance.choice([-1, 1]) * chance.randint(90, 3_000) * 1_000
        first = len(self.signals)
        self.attendances(person)
        away = chance.randint(0, 400) if chance.random() < 0.4 else -1_000
        asleep = chance.randint(0, 300) if chance.random() < 0.4 else -1_000
        blind = chance.randint(0, 300) if chance.random() < 0.2 else -1_000
        every = chance.choice([8, 12, 20])
        for minute in range(0, NIGHT_HOURS * 60, every):
            if chance.random() < 0.9 and not blind <= minute < blind + 130:
                far = 900.0 if away <= minute < away + 40 else 0.0
                self.locate(person, minute + chance.choice([0.0, 0.5, 1.25]), far)
        for minute in range(14, NIGHT_HOURS * 60, 15):
            resting = asleep <= minute < asleep + 150
            self.use(person, minute, 0 if resting else chance.choice([0, 2, 3, 3, 4, 6]))
        quiet = chance.randint(0, 300) if chance.random() < 0.35 else -1_000
        kept = [
            each
            for each in self.signals[first:]
            if not at(quiet) <= corrected_at(each) < at(quiet + 135)
        ]
        self.signals[first:] = kept
        for _ in range(chance.choice([0, 0, 1, 2])):
            status = chance.choice(list(DeviceStatus))
            minute = quiet + 5 if quiet >= 0 else chance.randint(0, 470)
            self.status(person, minute + len(self.signals) / 100, status)
        if chance.random() < 0.15:
            self.panic(person, chance.randint(10, 470))

    def attendances(self, person: str) -> None:
        """Come, go, or have somebody else pretend it."""
        chance, home = self.chance, HOMES[person]
        came = chance.choice([-10, -4, -2, 2, 14, 40, 100, None])
        if came is not None:
            self.attend(person, came, home, honest=chance.random() < 0.8)
        if chance.random() < 0.3:
            middle = chance.randint(60, 400)
            self.attend(person, middle, home, Direction.CHECK_OUT)
            self.attend(person, middle + chance.choice([4, 30]), home)
        if chance.random() < 0.3:
            self.attend(person, chance.randint(0, 480), chance.choice(["S-2", "S-3"]))
        if chance.random() < 0.3:
            other = chance.choice([each for each in PERSONS if each != person])
            minute = chance.randint(0, 480)
            self.attend(person, minute, home, device=f"D-{other}", honest=False)
        if chance.random() < 0.8:
            self.attend(person, NIGHT_HOURS * 60 + 3, home, Direction.CHECK_OUT)

    def tours(self) -> None:
        """Walk, walk late, walk half, or scan all tags in one place."""
        chance = self.chance
        for start in (60, 240, 360):
            walker = chance.choice(PERSONS)
            lazy = chance.random() < 0.2
            for due in CHECKPOINTS:
                late = 0.1 * due if lazy else due + chance.choice([-2, 1, 3, 12, 28])
                if chance.random() < 0.8:
                    self.scan(walker, start + late, f"C-{due}")

    def tasks(self) -> None:
        for number in range(2):
            if self.chance.random() < 0.6:
                minute = self.chance.randint(0, 500)
                stamp = self.stamp(minute, f"done-{number}")
                self.signals.append(
                    TaskCompletionRecorded(
                        **stamp, person_id="G-1", site_id="S-1", task_id=f"J-{number}"
                    )
                )

    def attend(
        self,
        person: str,
        minutes: float,
        site: str,
        direction: Direction = Direction.CHECK_IN,
        *,
        device: str = "",
        honest: bool = True,
    ) -> None:
        latitude, longitude = SITES[site]
        device = device or f"D-{person}"
        self.signals.append(
            AttendanceRecorded(
                **self.stamp(minutes, f"{direction}-{person}-{site}-{device}", device),
                person_id=person,
                site_id=site,
                device_id=device,
                direction=direction,
                latitude=latitude + (0 if honest else 0.02),
                longitude=longitude,
                gps_accuracy_m=8.0 if honest else 150.0,
                biometric_quality=0.9 if honest else 0.3,
                biometric_matched=honest,
                battery_percent=80,
                phone_signal_dbm=-80,
            )
        )

    def locate(self, person: str, minutes: float, far_m: float = 0.0) -> None:
        latitude, longitude = SITES[HOMES[person]]
        self.signals.append(
            LocationRecorded(
                **self.stamp(minutes, f"location-{person}", f"D-{person}"),
                person_id=person,
                device_id=f"D-{person}",
                latitude=latitude + (far_m + self.chance.randint(-20, 20)) / NORTH_M,
                longitude=longitude,
                gps_accuracy_m=float(self.chance.randint(5, 14)),
            )
        )

    def use(self, person: str, minutes: float, interactions: int) -> None:
        self.signals.append(
            PhoneActivityRecorded(
                **self.stamp(minutes, f"use-{person}", f"D-{person}"),
                person_id=person,
                device_id=f"D-{person}",
                interactions=interactions,
                interval_s=900,
            )
        )

    def scan(self, person: str, minutes: float, checkpoint: str) -> None:
        self.signals.append(
            CheckpointScanRecorded(
                **self.stamp(minutes, f"scan-{checkpoint}-{person}", f"D-{person}"),
                person_id=person,
                site_id="S-1",
                device_id=f"D-{person}",
                tour_id="T-1",
                checkpoint_id=checkpoint,
                method=ScanMethod.NFC,
            )
        )

    def status(self, person: str, minutes: float, status: DeviceStatus) -> None:
        self.signals.append(
            DeviceStatusRecorded(
                **self.stamp(minutes, f"status-{person}-{status}", f"D-{person}"),
                device_id=f"D-{person}",
                status=status,
            )
        )

    def panic(self, person: str, minutes: float) -> None:
        self.signals.append(
            PanicRecorded(
                **self.stamp(minutes, f"panic-{person}", f"D-{person}"),
                person_id=person,
                device_id=f"D-{person}",
                site_id=HOMES[person],
            )
        )

    def stamp(self, minutes: float, key: str, device: str = "") -> dict[str, Any]:
        """Return what a signal says of itself, by a clock that may be off."""
        skew_ms = self.skews_ms.get(device, 0)
        return {
            "signal_id": f"{key}-{minutes:g}",
            "source": "field",
            "occurred_at": at(minutes) + timedelta(milliseconds=skew_ms),
            "clock_skew_ms": skew_ms,
        }
