"""A small field for tests: two sites, signals with a place and a time, and a log that is followed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import msgspec

from domain.catalogue import AnyEvent, AnyRecorded, Recorded
from domain.directory.device import DeviceKind, DeviceRegistered, device_stream
from domain.directory.site import SiteRegistered, site_stream
from domain.directory.tour import Checkpoint, TourDefined, tour_stream
from domain.fraud.facts import FraudScored
from domain.fraud.judging import Rescore
from domain.fraud.knowledge import Thoughts, think
from domain.fraud.score import RULES, Scorer
from domain.fraud.shelf import M
from domain.signals import (
    AttendanceRecorded,
    CheckpointScanRecorded,
    Direction,
    LocationRecorded,
    ScanMethod,
    SignalEvent,
    signal_stream,
    signal_uuid,
)

NAMESPACE = UUID("00000000-0000-0000-0000-00000000f1e1")
MONDAY = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # when signals reach the log, if nothing is said
DEGREE_M = 111_195.0  # of latitude

# The tags of the tour T-1, and how many metres north of the centre of S-01 they hang.
TAGS = {"C-1": 0.0, "C-2": 1_000.0, "C-3": 2_000.0}

PLACES = {"S-01": (51.5, -0.12), "S-02": (51.8, -0.12)}  # 33 km apart


def at(minutes: float, *, day: int = 0) -> datetime:
    """Return a time after Monday, eight o'clock."""
    return MONDAY + timedelta(days=day, minutes=minutes)


def attendance(
    moment: datetime,
    person: str = "G-1",
    *,
    site: str = "S-01",
    device: str | None = None,
    direction: Direction = Direction.CHECK_IN,
    north_m: float = 0.0,
    accuracy_m: float = 8.0,
    quality: float = 0.93,
    matched: bool = True,
) -> AttendanceRecorded:
    """Return an attendance at a site's centre, or so many metres north of it."""
    latitude, longitude = PLACES[site]
    return AttendanceRecorded(
        signal_id=f"a-{person}-{moment:%m%d%H%M%S%f}-{site}",
        source="test",
        person_id=person,
        site_id=site,
        device_id=device or f"D-{person}",
        direction=direction,
        latitude=latitude + north_m / DEGREE_M,
        longitude=longitude,
        gps_accuracy_m=accuracy_m,
        biometric_quality=quality,
        biometric_matched=matched,
        occurred_at=moment,
        phone_signal_dbm=-71,
        battery_percent=83,
    )


def location(
    moment: datetime, person: str = "G-1", *, site: str = "S-01", north_m: float = 0.0
) -> LocationRecorded:
    """Return a location at a site's centre, or so many metres north of it."""
    latitude, longitude = PLACES[site]
    return LocationRecorded(
        signal_id=f"l-{person}-{moment:%m%d%H%M%S%f}-{north_m:.0f}",
        source="test",
        person_id=person,
        device_id=f"D-{person}",
        latitude=latitude + north_m / DEGREE_M,
        longitude=longitude,
        gps_accuracy_m=10.0,
        occurred_at=moment,
    )


def scan(
    moment: datetime,
    tag: str,
    person: str = "G-1",
    *,
    tour: str = "T-1",
    north_m: float | None = None,
) -> CheckpointScanRecorded:
    """Return the scan of a tag of a tour at S-01, at no known place or so far north of its centre."""
    latitude, longitude = PLACES["S-01"]
    return CheckpointScanRecorded(
        signal_id=f"c-{person}-{moment:%m%d%H%M%S%f}-{tour}-{tag}-{north_m}",
        source="test",
        person_id=person,
        site_id="S-01",
        device_id=f"D-{person}",
        tour_id=tour,
        checkpoint_id=tag,
        method=ScanMethod.NFC,
        latitude=None if north_m is None else latitude + north_m / DEGREE_M,
        longitude=None if north_m is None else longitude,
        gps_accuracy_m=None if north_m is None else 10.0,
        occurred_at=moment,
    )


def checkpoint(tag: str) -> Checkpoint:
    """Return a checkpoint; only those of `TAGS` hang at a known place."""
    if tag not in TAGS:
        return Checkpoint(checkpoint_id=tag, name=tag, due_minutes=10)
    latitude, longitude = tag_place(tag)
    return Checkpoint(
        checkpoint_id=tag, name=tag, due_minutes=10, latitude=latitude, longitude=longitude
    )


def tag_place(tag: str) -> tuple[float, float]:
    latitude, longitude = PLACES["S-01"]
    return latitude + TAGS[tag] / DEGREE_M, longitude


def uuid_of(signal: SignalEvent) -> UUID:
    return signal_uuid(signal.source, signal.signal_id)


class Field:
    """A tenant's log and the follower that scores it, with memories kept as bytes between batches."""

    def __init__(self, scorer: Scorer = RULES) -> None:
        self.scorer = scorer
        self.log: list[AnyRecorded] = []
        self.read = 0
        self.kept: dict[str, bytes] = {}
        self.versions: dict[str, int] = {}
        for site, (latitude, longitude) in PLACES.items():
            self.record(
                site_stream(site),
                SiteRegistered(
                    site_id=site,
                    name=site,
                    latitude=latitude,
                    longitude=longitude,
                    geofence_radius_m=100.0,
                    time_zone="Europe/London",
                ),
                MONDAY - timedelta(days=60),
            )
        self.register("D-shared")
        self.define(*TAGS)

    def register(
        self, device: str, kind: DeviceKind = DeviceKind.PHONE, person: str | None = None
    ) -> None:
        fact = DeviceRegistered(device_id=device, kind=kind, person_id=person)
        self.record(device_stream(device), fact, MONDAY - timedelta(days=60))

    def define(self, *tags: str, valid_from: datetime | None = None) -> None:
        """Say which tags belong to the tour T-1."""
        checkpoints = tuple(checkpoint(tag) for tag in tags)
        fact = TourDefined(
            tour_id="T-1",
            site_id="S-01",
            name="Round",
            checkpoints=checkpoints,
            starts=(),
            grace_minutes=10,
            valid_from=valid_from,
        )
        self.record(tour_stream("T-1"), fact, MONDAY - timedelta(days=60))

    def record(self, stream: str, event: AnyEvent, recorded_at: datetime = NIGHT) -> AnyRecorded:
        self.versions[stream] = self.versions.get(stream, 0) + 1
        position = len(self.log) + 1
        fact: AnyRecorded = Recorded(
            tenant_id="t",
            position=position,
            stream_id=stream,
            version=self.versions[stream],
            event_id=uuid5(NAMESPACE, str(position)),
            occurred_at=recorded_at,
            recorded_at=recorded_at,
            actor="key:test",
            caused_by=None,
            correlation_id=NAMESPACE,
            event=event,
        )
        self.log.append(fact)
        return fact

    def signals(self, signals: Iterable[SignalEvent], recorded_at: datetime = NIGHT) -> None:
        for signal in signals:
            self.record(signal_stream(uuid_of(signal)), signal, recorded_at)

    def recall(self, keys: Sequence[str], type_: type[M], /) -> dict[str, M]:
        return {
            key: msgspec.json.decode(self.kept[key], type=type_) for key in keys if key in self.kept
        }

    def take(self, batch: Sequence[AnyRecorded]) -> list[Rescore]:
        thoughts = think(batch, self.recall, self.scorer)
        self.keep(thoughts)
        return thoughts.rescores

    def keep(self, thoughts: Thoughts) -> None:
        for key, memory in thoughts.memories.items():
            self.kept[key] = msgspec.json.encode(memory)
        for key in thoughts.forgotten:
            self.kept.pop(key, None)

    def replayed(self, cuts: Iterable[int] = ()) -> dict[str, bytes]:
        """Return the memories that a replay of the whole log makes, which states nothing."""
        again = Field(self.scorer)
        sizes = iter(cuts)
        while again.read < len(self.log):
            batch = self.log[again.read : again.read + next(sizes, len(self.log))]
            again.read += len(batch)
            thoughts = think(batch, again.recall, self.scorer, replaying=True)
            assert thoughts.rescores == []
            again.keep(thoughts)
        return again.kept

    def follow(self, cuts: Iterable[int] = ()) -> list[FraudScored]:
        """Read to the end of the log, in batches of these sizes and then at once; return the scores."""
        sizes = iter(cuts)
        scores = []
        while self.read < len(self.log):
            size = next(sizes, len(self.log))
            batch = self.log[self.read : self.read + size]
            self.read += len(batch)
            for rescore in self.take(batch):
                assert self.versions.get(rescore.stream_id, 0) == rescore.version
                self.record(rescore.stream_id, rescore.fact)
                scores.append(rescore.fact)
        return scores

    def standing(self) -> dict[UUID, FraudScored]:
        """Return the last score of each attendance."""
        found: dict[UUID, FraudScored] = {}
        for recorded in self.log:
            if isinstance(recorded.event, FraudScored):
                found[recorded.event.attendance] = recorded.event
        return found

    def memory(self, key: str, type_: type[M]) -> M:
        return msgspec.json.decode(self.kept[key], type=type_)


def after(*signals: SignalEvent) -> Field:
    """Return a field in which these were told and scored."""
    field = Field()
    field.signals(signals)
    field.follow()
    return field


def then(field: Field, *signals: SignalEvent) -> list[FraudScored]:
    """Return the scores that these lead to when they come to a field."""
    field.signals(signals)
    return field.follow()


def judge(signals: Iterable[SignalEvent]) -> FraudScored:
    """Return the standing score of the last attendance among signals, taken in at once."""
    signals = list(signals)
    last = [signal for signal in signals if isinstance(signal, AttendanceRecorded)][-1]
    field = Field()
    field.signals(signals)
    field.follow()
    return field.standing()[uuid_of(last)]


def judged(score: FraudScored) -> tuple[object, ...]:
    """Return what makes two scores the same judgement; how it came about does not count."""
    return (
        score.features,
        score.probability,
        score.fraud_type,
        score.reasons,
        score.contradictions,
        score.witnesses,
    )
