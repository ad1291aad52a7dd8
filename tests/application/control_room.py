"""A control room for tests: things happen, and the correlation joins them into incidents."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from application.policies.correlate_whenever_something_happens import (
    CorrelateWheneverSomethingHappens,
)
from domain.alert import AlertKind, AlertRaised, AlertRepeated, AlertWithdrawn, alert_stream
from domain.anomaly.facts import (
    AnomalyDetected,
    AnomalyWithdrawn,
    Bucket,
    Measured,
    Metric,
    SubjectKind,
    ThresholdReason,
    anomaly_stream,
)
from domain.directory.site import SiteRegistered, SiteRelocated, site_stream
from domain.finding.facts import (
    Evidence,
    FindingRaised,
    FindingType,
    FindingWithdrawn,
    finding_stream,
)
from domain.fraud.types import FraudType
from domain.incident.facts import IncidentEvent, incident_stream
from domain.incident.lifecycle import INCIDENT
from domain.incident.state import OPEN_STATUSES, Incident
from domain.incident.wishes import IncidentCommand
from domain.kernel import Event
from domain.severity import Severity
from domain.signals import (
    DeviceStatus,
    DeviceStatusRecorded,
    PanicRecorded,
    signal_stream,
    signal_uuid,
)
from tests.memory_desk import BEGAN_AT, Following, MemoryLog, settle

NAMESPACE = UUID("00000000-0000-0000-0000-000000c0ffee")
LATITUDE_M = 1 / 111_195  # degrees of latitude to a metre

Stated = tuple[str, Event]


def id_of(name: str) -> UUID:
    """Return the id under which tests know a finding, an anomaly or an alert."""
    return uuid5(NAMESPACE, name)


def at(minutes: float) -> datetime:
    """Return a moment in minutes after the tests' own beginning."""
    return BEGAN_AT + timedelta(minutes=minutes)


def device(
    name: str,
    minutes: float,
    status: DeviceStatus = DeviceStatus.OFFLINE,
    *,
    person: str | None = "G-1",
    site: str | None = "S-1",
    device_id: str = "D-1",
) -> Stated:
    """Return a device's status."""
    event = DeviceStatusRecorded(
        signal_id=name,
        source="t",
        occurred_at=at(minutes),
        device_id=device_id,
        status=status,
        person_id=person,
        site_id=site,
    )
    return signal_stream(signal_uuid("t", name)), event


def panic(name: str, minutes: float, *, person: str = "G-1", site: str | None = "S-1") -> Stated:
    """Return a call for help."""
    event = PanicRecorded(
        signal_id=name,
        source="t",
        occurred_at=at(minutes),
        person_id=person,
        device_id=f"phone-of-{person}",
        site_id=site,
    )
    return signal_stream(signal_uuid("t", name)), event


def finding(
    name: str,
    since: float,
    until: float,
    type_: FindingType = FindingType.LOW_PHONE_ACTIVITY,
    severity: Severity = Severity.MEDIUM,
    *,
    person: str | None = "G-1",
    site: str = "S-1",
    device_id: str | None = None,
) -> Stated:
    """Return a finding about a window."""
    event = FindingRaised(
        finding_id=id_of(name),
        finding_type=type_,
        severity=severity,
        site_id=site,
        person_id=person,
        device_id=device_id,
        subject_id="shift-1",
        title=name,
        window_start=at(since),
        window_end=at(until),
        evidence=Evidence(expected=(), received=(), explanation="short", judged_up_to=0),
    )
    return finding_stream(id_of(name)), event


def finding_withdrawn(name: str) -> Stated:
    evidence = Evidence(expected=(), received=(), explanation="all there", judged_up_to=0)
    event = FindingWithdrawn(reason="Scans came late.", evidence=evidence, because=())
    return finding_stream(id_of(name)), event


def measured(z: float, signals: tuple[UUID, ...] = ()) -> Measured:
    return Measured(
        value=1.0,
        mean=10.0,
        deviation=2.0,
        count=40,
        z=z,
        threshold=3.0,
        threshold_reason=ThresholdReason.DEFAULT,
        bucket=Bucket.HOUR_OF_WEEK,
        explanation="actual 1, typical 8-12",
        signals=signals,
    )


def anomaly(
    name: str,
    since: float,
    until: float,
    metric: Metric = Metric.PHONE_INTERACTIONS,
    z: float = -4.0,
    *,
    person: str | None = "G-1",
    site: str | None = "S-1",
) -> Stated:
    """Return an anomaly of a window."""
    event = AnomalyDetected(
        anomaly_id=id_of(name),
        metric=metric,
        subject_kind=SubjectKind.PERSON,
        subject_id=person or "G-0",
        site_id=site,
        person_id=person,
        device_id=None,
        severity=Severity.MEDIUM,
        window_start=at(since),
        window_end=at(until),
        measured=measured(z),
    )
    return anomaly_stream(id_of(name)), event


def anomaly_withdrawn(name: str) -> Stated:
    return anomaly_stream(id_of(name)), AnomalyWithdrawn(reason="More came.", because=())


def alert(
    name: str,
    minutes: float,
    kind: AlertKind = AlertKind.FRAUD,
    severity: Severity = Severity.HIGH,
    *,
    evidence: UUID | None = None,
    person: str | None = "G-1",
    site: str | None = "S-1",
) -> Stated:
    """Return an alert on one evidence."""
    event = AlertRaised(
        alert_id=id_of(name),
        kind=kind,
        fraud_type=FraudType.GPS_SPOOFING if kind is AlertKind.FRAUD else None,
        metric=Metric.PHONE_INTERACTIONS if kind is AlertKind.ANOMALY else None,
        dedup_key=name,
        severity=severity,
        score=0.9,
        site_id=site,
        person_id=person,
        title=name,
        evidence=evidence or id_of(f"evidence of {name}"),
        seen_at=at(minutes),
    )
    return alert_stream(id_of(name)), event


def alert_repeated(name: str, minutes: float, severity: Severity = Severity.HIGH) -> Stated:
    """Return another evidence of an alert."""
    event = AlertRepeated(
        dedup_key=name,
        evidence=id_of(f"evidence of {name} at {minutes}"),
        score=0.9,
        evidence_severity=severity,
        severity=severity,
        count=2,
        seen_at=at(minutes),
    )
    return alert_stream(id_of(name)), event


def alert_withdrawn(name: str) -> Stated:
    return alert_stream(id_of(name)), AlertWithdrawn(dedup_key=name, reason="Disproved.")


def site(name: str, metres_north: float = 0.0) -> Stated:
    """Return a site's registration, so far north of a common point."""
    event = SiteRegistered(
        site_id=name,
        name=name,
        latitude=51.5 + metres_north * LATITUDE_M,
        longitude=-0.12,
        geofence_radius_m=100.0,
        time_zone="Europe/London",
    )
    return site_stream(name), event


def site_moved(name: str, metres_north: float) -> Stated:
    latitude = 51.5 + metres_north * LATITUDE_M
    return site_stream(name), SiteRelocated(latitude=latitude, longitude=-0.12)


class ControlRoom:
    """A log with the correlation that follows it."""

    def __init__(self, batch_facts_max: int = 1_000) -> None:
        self.log = MemoryLog()
        self.batch_facts_max = batch_facts_max
        self.correlation = Following(CorrelateWheneverSomethingHappens(), self.log)

    def happen(self, *stated: Stated) -> None:
        """State facts, and let the correlation answer when all of them stand."""
        for stream_id, event in stated:
            self.log.state(stream_id, event)
        settle(self.correlation, batch_facts_max=self.batch_facts_max)

    def one_by_one(self, *stated: Stated) -> None:
        """State facts, and let the correlation answer each before the next."""
        for each in stated:
            self.happen(each)

    def ask(self, incident_id: UUID, *wishes: IncidentCommand) -> None:
        """Let a person wish something of an incident."""
        for wish in wishes:
            self.log.wish(INCIDENT, incident_stream(incident_id), wish)
        settle(self.correlation, batch_facts_max=self.batch_facts_max)

    def incidents(self) -> dict[UUID, Incident]:
        """Return every incident that there ever was, in the order in which they were opened."""
        streams = dict.fromkeys(fact.stream_id for fact in self.log.facts)
        ids = [
            UUID(each.removeprefix("incident-")) for each in streams if each.startswith("incident-")
        ]
        return {id_: INCIDENT.replay(self.story(id_)) for id_ in ids}

    def open(self) -> dict[UUID, Incident]:
        """Return the incidents that are open."""
        return {id_: each for id_, each in self.incidents().items() if each.status in OPEN_STATUSES}

    def standing(self) -> set[tuple[frozenset[UUID], Severity]]:
        """Return the things and the severity of every open incident."""
        return {(frozenset(each.items), each.severity) for each in self.open().values()}

    def story(self, incident_id: UUID) -> list[IncidentEvent]:
        """Return the facts of an incident."""
        stream = incident_stream(incident_id)
        return [fact.event for fact in self.log.facts if fact.stream_id == stream]  # type: ignore[misc]  # a stream holds its own kind

    def only(self) -> Incident:
        """Return the one open incident."""
        (incident,) = self.open().values()
        return incident
