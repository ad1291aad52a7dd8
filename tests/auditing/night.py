"""A night for tests: a plan, signals that come in any order, audits, and the policy that follows.

Everything is in memory; what the read models would tell is folded from the log each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec

from application.auditing import RunAudit, StandingFinding
from application.following import KnownSignal, Window
from application.policies.keep_findings_right_whenever_signals_come_late import (
    KeepFindingsRightWheneverSignalsComeLate,
)
from application.ports import Append, Appended, Cause, Outcome, StreamMoved
from domain.catalogue import AnyRecorded
from domain.directory.shift import ShiftCancelled, ShiftPlanned, ShiftRole
from domain.directory.site import GeofenceResized, SiteRegistered, SiteRelocated
from domain.directory.task import TaskAssigned, TaskCancelled
from domain.directory.tour import Checkpoint, TourDefined, TourRetired
from domain.finding.audit import REACH
from domain.finding.coverage import Coverage, covering, is_covered
from domain.finding.duties import Duty
from domain.finding.facts import (
    AuditKind,
    AuditRequested,
    FindingRaised,
    audit_stream,
    finding_stream,
)
from domain.finding.finding import FINDING, STANDING
from domain.finding.judging import judged_findings
from domain.finding.plan import Fence, SitePlan, tour_versions
from domain.finding.planning import duties_due
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
    SignalEvent,
    TaskCompletionRecorded,
    signal_stream,
    signal_uuid,
)
from tests.memory_desk import Following, MemoryDesk, MemoryLog, settle

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


class AsEventLog:
    """The reading and appending of the port `EventLog` on a memory log that policies follow."""

    def __init__(self, log: MemoryLog) -> None:
        self.log = log
        self.appends_left: int | None = None  # None: nobody kills the writer

    def read_stream(self, tenant_id: str, stream_id: str) -> list[AnyRecorded]:
        del tenant_id
        return self.log.stream(stream_id)

    def append(self, tenant_id: str, append: Append) -> Appended:
        (outcome,) = self.append_each(tenant_id, [append])
        if isinstance(outcome, StreamMoved):
            raise outcome
        return outcome

    def append_each(self, tenant_id: str, appends: Sequence[Append]) -> list[Outcome]:
        del tenant_id
        return [self._one(append) for append in appends]

    def _one(self, append: Append) -> Outcome:
        if self.appends_left is not None:
            if self.appends_left == 0:
                raise KilledError
            self.appends_left -= 1
        (slice_,) = append.slices
        stands = self.log.versions[slice_.stream_id]
        if slice_.expected != stands:
            return StreamMoved(slice_.stream_id, stands)
        first = len(self.log.facts) + 1
        for fact in slice_.facts:
            self.log.state(slice_.stream_id, fact.event, slice_.cause, fact.event_id)
        return Appended(first, len(self.log.facts))


class KilledError(BaseException):
    """The worker is no more."""


class Night:
    """A log with a plan, a worker for audits, and the policy."""

    def __init__(self, *plan: Event) -> None:
        self.log = MemoryLog()
        self.port = AsEventLog(self.log)
        self.policy = Following(KeepFindingsRightWheneverSignalsComeLate(), self.log)
        self.audits = 0
        for event in plan or (site(), shift()):
            self.plan(event)

    def plan(self, event: Event, stream_id: str = "") -> None:
        """State a fact of the directory."""
        if not stream_id:
            field = STREAMS[type(event)]
            stream_id = PREFIXES[field] + getattr(event, field)
        self.log.state(stream_id, event)

    def tell(self, *signals: SignalEvent) -> None:
        """Record signals; what is recorded already stays so."""
        for signal in signals:
            uuid = signal_uuid(signal.source, signal.signal_id)
            if not self.log.stream(signal_stream(uuid)):
                self.log.state(signal_stream(uuid), signal, event_id=uuid)

    def follow(self, batch: int = 1_000) -> None:
        """Let the policy catch up."""
        settle(self.policy, batch_facts_max=batch)

    def ask(
        self,
        minutes: float,
        kind: AuditKind = AuditKind.COMPREHENSIVE,
        site_id: str | None = None,
    ) -> AnyRecorded:
        """Ask for an audit as of a moment of the night."""
        self.audits += 1
        audit_id = uuid5(NAMESPACE, str(self.audits))
        request = AuditRequested(audit_id=audit_id, kind=kind, as_of=at(minutes), site_id=site_id)
        return self.log.state(audit_stream(audit_id), request)

    def run(self, asked: AnyRecorded, *, kill_after: int | None = None) -> None:
        """Do an audit, or as much of it as so many appends allow."""
        assert isinstance(asked.event, AuditRequested)
        self.port.appends_left = kill_after
        reading = Reading(self.log)
        try:
            RunAudit(self.port, reading, reading)(  # type: ignore[arg-type]  # a part of the port
                "t", asked.event.audit_id, asked.position
            )
        except KilledError:
            pass
        finally:
            self.port.appends_left = None

    def audit(
        self,
        minutes: float,
        kind: AuditKind = AuditKind.COMPREHENSIVE,
        site_id: str | None = None,
    ) -> None:
        """Ask for an audit, do it, and let the policy answer."""
        self.run(self.ask(minutes, kind, site_id))
        self.follow()

    def standing(self) -> dict[UUID, FindingRaised]:
        """Return what stands, told without what depends on when it was judged."""
        return {
            id_: plain(finding.judged)
            for id_, finding in self.stories().items()
            if finding.stage in STANDING and finding.judged
        }

    def stories(self) -> dict[UUID, Any]:
        ids = {fact.stream_id for fact in self.log.facts if fact.stream_id.startswith("finding-")}
        return {
            UUID(id_.removeprefix("finding-")): FINDING.replay(
                fact.event  # type: ignore[misc]  # the stream holds nothing else
                for fact in self.log.stream(id_)
            )
            for id_ in ids
        }

    def types(self) -> list[str]:
        """Return which findings stand, by name."""
        return sorted(each.finding_type.value for each in self.standing().values())

    def expected(self) -> dict[UUID, FindingRaised]:
        """Return what is to stand: every duty that an audit was asked about, on every signal."""
        everywhere = Coverage()
        alone: dict[str, Coverage] = {}
        for fact in self.log.facts:
            if isinstance(request := fact.event, AuditRequested):
                if request.site_id is None:
                    everywhere = covering(everywhere, request)
                else:
                    before = alone.get(request.site_id, Coverage())
                    alone[request.site_id] = covering(before, request)
        reading = Reading(self.log)
        found = {}
        for plan in reading.plans("t", reading.sites("t"), at(-3_000), at(6_000)):
            for duty in duties_due(plan, at(-3_000), at(6_000)):
                coverages = [everywhere, alone.get(plan.site_id, Coverage())]
                if is_covered(coverages, duty.due):
                    for finding in judged_findings(duty, self.known(duty), 0):
                        found[finding.finding_id] = plain(finding)
        return found

    def known(self, duty: Duty) -> list[KnownSignal]:
        """Return the signals of a duty, one by one."""
        windows = [Window(ask.kind, ask.subject_id, ask.since, ask.until) for ask in duty.asks]
        answers = Reading(self.log).signals("t", windows, len(self.log.facts))
        known = {each.signal: each for answer in answers for each in answer}
        return sorted(known.values(), key=lambda each: (each.at, str(each.signal)))


def plain(judged: FindingRaised) -> FindingRaised:
    evidence = msgspec.structs.replace(judged.evidence, judged_up_to=0)
    return msgspec.structs.replace(judged, evidence=evidence, because=(), audit_id=None)


class Reading:
    """What the read models would tell, folded from a log: the ports `KnownSignals` and `Plans`."""

    def __init__(self, log: MemoryLog) -> None:
        self.log = log

    def signals(
        self, tenant_id: str, windows: Sequence[Window], up_to: int
    ) -> list[list[KnownSignal]]:
        del tenant_id
        return MemoryDesk(self.log, "reading", {}, up_to).signals(windows)

    def wait(self, tenant_id: str, position: int) -> None:
        """Nothing is behind here."""

    def sites(self, tenant_id: str) -> list[str]:
        del tenant_id
        return sorted(site.site_id for site in self.log.events(SiteRegistered))

    def plans(
        self, tenant_id: str, site_ids: Sequence[str], since: datetime, until: datetime
    ) -> list[SitePlan]:
        del tenant_id, since, until
        fences: dict[str, Fence] = {}
        shifts: dict[str, ShiftPlanned] = {}
        tasks: dict[str, TaskAssigned] = {}
        tours: list[tuple[TourDefined | TourRetired, str, datetime]] = []
        for fact in self.log.facts:
            name = fact.stream_id.partition("-")[2]
            match fact.event:
                case SiteRegistered() as each:
                    fences[name] = Fence(each.latitude, each.longitude, each.geofence_radius_m)
                case SiteRelocated(latitude=latitude, longitude=longitude) if name in fences:
                    fences[name] = Fence(latitude, longitude, fences[name].radius_m)
                case GeofenceResized(geofence_radius_m=radius):
                    fences[name] = msgspec.structs.replace(fences[name], radius_m=radius)
                case ShiftPlanned() as planned:
                    shifts[name] = planned
                case ShiftCancelled():
                    shifts.pop(name, None)
                case TaskAssigned() as assigned:
                    tasks[name] = assigned
                case TaskCancelled():
                    tasks.pop(name, None)
                case TourDefined() | TourRetired() as told:
                    tours.append((told, name, fact.recorded_at))
                case _:
                    pass
        versions = tour_versions(tours)
        return [
            SitePlan(
                site_id=site_id,
                fence=fences.get(site_id),
                time_zone="UTC",
                tours=versions.get(site_id, ()),
                shifts=tuple(each for each in shifts.values() if each.site_id == site_id),
                tasks=tuple(each for each in tasks.values() if each.site_id == site_id),
            )
            for site_id in site_ids
        ]

    def stories(self, tenant_id: str, finding_ids: Sequence[UUID]) -> dict[UUID, list[AnyRecorded]]:
        del tenant_id
        found = {each: self.log.stream(finding_stream(each)) for each in finding_ids}
        return {each: story for each, story in found.items() if story}

    def standing(
        self, tenant_id: str, site_ids: Sequence[str], since: datetime
    ) -> list[StandingFinding]:
        del tenant_id
        found = {}
        for fact in self.log.facts:
            if fact.stream_id.startswith("finding-"):
                state = FINDING.replay(each.event for each in self.log.stream(fact.stream_id))  # type: ignore[misc]
                judged = state.judged
                assert judged is not None
                if judged.site_id in site_ids and judged.window_end >= since:
                    found[judged.finding_id] = StandingFinding(
                        judged.finding_id, state.stage in STANDING, state.judged_up_to
                    )
        return list(found.values())


def cause(position: int) -> Cause:
    return Cause("system:test", caused_by=position)


__all__ = ["REACH", "Night", "Reading"]
