"""A guard post for tests: a site with two guards, their signals, and the policy that watches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import msgspec

from application.policies.judge_baselines_whenever_signals_recorded import (
    JudgeBaselinesWheneverSignalsRecorded,
)
from application.watching.memories import Rulings, Subject, family_key, rulings_key
from domain.anomaly.facts import (
    AnomalyDetected,
    AnomalyRevised,
    AnomalyWithdrawn,
    Measured,
    Metric,
    SubjectKind,
)
from domain.anomaly.family import Family
from domain.baseline.thresholds import Ruling
from domain.directory.person import PersonEnrolled, person_stream
from domain.directory.site import SiteRegistered, site_stream
from domain.directory.tenant import TENANT_STREAM, TenantFounded
from domain.directory.tour import Checkpoint, TourDefined, tour_stream
from domain.kernel import Event
from domain.severity import Severity
from domain.signals import (
    AttendanceRecorded,
    CheckpointScanRecorded,
    DeviceStatus,
    DeviceStatusRecorded,
    Direction,
    LocationRecorded,
    PhoneActivityRecorded,
    ScanMethod,
    SignalEvent,
    TaskCompletionRecorded,
    signal_stream,
    signal_uuid,
)
from tests.memory_desk import BEGAN_AT, Following, MemoryLog, settle

SITE, OTHER = "S-1", "S-2"
PLACES = {SITE: (51.5, -0.12), OTHER: (51.8, -0.12)}
DEGREE_M = 111_195.0  # of latitude
FIRST = (BEGAN_AT - timedelta(days=6)).replace(hour=0, minute=0)  # six days before the log begins
TOUR = TourDefined(
    tour_id="T-1",
    site_id=SITE,
    name="Round",
    checkpoints=tuple(
        Checkpoint(checkpoint_id=f"C-{number}", name="Door", due_minutes=10) for number in range(3)
    ),
    starts=(),
    grace_minutes=5,
)


def at(day: int, hour: int, minute: float = 0.0) -> datetime:
    """Return a moment of one of the six days."""
    return FIRST + timedelta(days=day, hours=hour, minutes=minute)


def location(
    moment: datetime, person: str = "G-1", *, accuracy_m: float = 10.0, north_m: float = 0.0
) -> LocationRecorded:
    latitude, longitude = PLACES[SITE]
    return LocationRecorded(
        signal_id=f"l-{person}-{moment:%d%H%M%S%f}",
        source="test",
        person_id=person,
        device_id="D-1",
        latitude=latitude + north_m / DEGREE_M,
        longitude=longitude,
        gps_accuracy_m=accuracy_m,
        occurred_at=moment,
    )


def check_in(
    moment: datetime,
    person: str = "G-1",
    *,
    site: str = SITE,
    accuracy_m: float = 10.0,
    direction: Direction = Direction.CHECK_IN,
) -> AttendanceRecorded:
    latitude, longitude = PLACES[site]
    return AttendanceRecorded(
        signal_id=f"a-{person}-{site}-{moment:%d%H%M%S%f}",
        source="test",
        person_id=person,
        site_id=site,
        device_id="D-1",
        direction=direction,
        latitude=latitude,
        longitude=longitude,
        gps_accuracy_m=accuracy_m,
        biometric_quality=0.9,
        biometric_matched=True,
        occurred_at=moment,
    )


def activity(moment: datetime, person: str = "G-1", *, interactions: int = 10) -> SignalEvent:
    return PhoneActivityRecorded(
        signal_id=f"p-{person}-{moment:%d%H%M%S%f}",
        source="test",
        person_id=person,
        device_id="D-1",
        interactions=interactions,
        interval_s=1_800,
        occurred_at=moment,
    )


def scan(
    moment: datetime, checkpoint: int, person: str = "G-1", *, tour: str = "T-1"
) -> SignalEvent:
    return CheckpointScanRecorded(
        signal_id=f"s-{person}-{moment:%d%H%M%S%f}",
        source="test",
        person_id=person,
        site_id=SITE,
        device_id="D-1",
        tour_id=tour,
        checkpoint_id=f"C-{checkpoint}",
        method=ScanMethod.NFC,
        occurred_at=moment,
    )


def task(moment: datetime, person: str = "G-1") -> SignalEvent:
    return TaskCompletionRecorded(
        signal_id=f"t-{person}-{moment:%d%H%M%S%f}",
        source="test",
        person_id=person,
        site_id=SITE,
        task_id="K-1",
        occurred_at=moment,
    )


def tampered(moment: datetime) -> SignalEvent:
    """A panel at the site, which is nobody's."""
    return DeviceStatusRecorded(
        signal_id=f"d-{moment:%d%H%M%S%f}",
        source="test",
        person_id=None,
        site_id=SITE,
        device_id="P-1",
        status=DeviceStatus.TAMPER,
        occurred_at=moment,
    )


def uuid_of(signal: SignalEvent) -> UUID:
    return signal_uuid(signal.source, signal.signal_id)


class Standing(msgspec.Struct, frozen=True):
    """An anomaly that stands, by its last numbers."""

    metric: Metric
    subject_id: str
    window_start: datetime
    severity: Severity
    measured: Measured


def standing_of(detected: AnomalyDetected, last: AnomalyDetected | AnomalyRevised) -> Standing:
    return Standing(
        detected.metric,
        detected.subject_id,
        detected.window_start,
        last.severity,
        last.measured,
    )


class Post:
    """A log, and the watch that follows it."""

    def __init__(self, zone: str = "Europe/London") -> None:
        self.log = MemoryLog()
        self.known: set[UUID] = set()
        self.watch = Following(JudgeBaselinesWheneverSignalsRecorded(), self.log)
        self.log.state(TENANT_STREAM, TenantFounded(name="T", time_zone=zone))
        for site, (latitude, longitude) in PLACES.items():
            registered = SiteRegistered(
                site_id=site,
                name=site,
                latitude=latitude,
                longitude=longitude,
                geofence_radius_m=100.0,
                time_zone=zone,
            )
            self.log.state(site_stream(site), registered)
        for person in ("G-1", "G-2"):
            enrolled = PersonEnrolled(person_id=person, name=person, site_id=SITE)
            self.log.state(person_stream(person), enrolled)
        self.log.state(tour_stream("T-1"), TOUR)

    def record(self, *signals: SignalEvent) -> None:
        """Record signals that were not recorded before."""
        for signal in signals:
            uuid = uuid_of(signal)
            if uuid not in self.known:
                self.known.add(uuid)
                self.log.state(signal_stream(uuid), signal, event_id=uuid)

    def tell(self, stream_id: str, event: Event) -> None:
        self.log.state(stream_id, event)

    def settle(self, batch_facts_max: int = 1_000) -> None:
        settle(self.watch, batch_facts_max=batch_facts_max)

    def family(self, metric: Metric, subject: str = "G-1") -> Family:
        kind = SubjectKind.SITE if subject == SITE else SubjectKind.PERSON
        key = family_key(Subject(kind, subject), metric)
        return msgspec.json.decode(self.watch.kept[key], type=Family)

    def rulings(self, metric: Metric) -> list[Ruling]:
        return msgspec.json.decode(self.watch.kept[rulings_key(metric)], type=Rulings).rulings

    def baselines(self) -> dict[str, object]:
        """Return every baseline, as far as judging depends on it."""
        found: dict[str, object] = {}
        for key, value in self.watch.kept.items():
            if key.startswith("baseline/"):
                family = msgspec.json.decode(value, type=Family)
                found[key] = (family.recent, family.kept, family.today)
            elif key.startswith("lending/"):
                found[key] = msgspec.json.decode(value)
        return found

    def standing(self, metric: Metric | None = None) -> dict[UUID, Standing]:
        """Return the anomalies that stand."""
        standing: dict[UUID, Standing] = {}
        ids = {}
        for fact in self.log.facts:
            match fact.event:
                case AnomalyDetected() as detected:
                    ids[fact.stream_id] = detected
                    standing[detected.anomaly_id] = standing_of(detected, detected)
                case AnomalyRevised() as revised:
                    detected = ids[fact.stream_id]
                    standing[detected.anomaly_id] = standing_of(detected, revised)
                case AnomalyWithdrawn():
                    del standing[ids[fact.stream_id].anomaly_id]
                case _:
                    pass
        return {
            each: known
            for each, known in standing.items()
            if metric is None or known.metric is metric
        }


def shifts(
    draw: Random, days: Iterable[int] = range(6), persons: Iterable[str] = ("G-1", "G-2")
) -> list[SignalEvent]:
    """Return what guards send on some days: mostly the usual, now and then something else."""
    signals: list[SignalEvent] = []
    for person in persons:
        for day in days:
            start = draw.choice([8, 8, 8, 9, 14])
            signals.append(check_in(at(day, start, draw.gauss(5.0, 2.0) % 60), person))
            for hour in range(start, start + 8):
                bad = draw.random() < 0.06
                storm = draw.random() < 0.04
                for number in range(draw.randint(3, 4) + 30 * storm):
                    moment = at(day, hour, 1 + number * (1.6 if storm else 13) + draw.random())
                    accuracy_m = abs(draw.gauss(10, 2)) + 200 * bad
                    north_m = draw.choice([0.0] * 9 + [3_000.0])
                    signals.append(location(moment, person, accuracy_m=accuracy_m, north_m=north_m))
                if draw.random() < 0.7:
                    interactions = draw.choice([9, 10, 11, 12, 13, 200])
                    signals.append(activity(at(day, hour, 30), person, interactions=interactions))
                if draw.random() < 0.3:
                    minutes = draw.choice([2, 3, 4])
                    signals += [
                        scan(at(day, hour, 5 + minutes * number), number, person)
                        for number in range(draw.choice([3, 3, 2]))
                    ]
                if draw.random() < 0.3:
                    signals.append(task(at(day, hour, 40), person))
    return sorted(signals, key=lambda signal: (signal.occurred_at, signal.signal_id))
