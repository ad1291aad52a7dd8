"""The ports of an audit on a memory log: what is read, what is appended, and who kills the writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from application.auditing import StandingFinding
from application.following import KnownSignal, Window
from application.ports import Append, Appended, Cause, Outcome, StreamMoved
from domain.catalogue import AnyRecorded
from domain.directory.shift import ShiftCancelled, ShiftPlanned
from domain.directory.site import GeofenceResized, SiteRegistered, SiteRelocated
from domain.directory.task import TaskAssigned, TaskCancelled
from domain.directory.tour import TourDefined, TourRetired
from domain.finding.facts import (
    finding_stream,
)
from domain.finding.finding import FINDING, STANDING
from domain.finding.plan import Fence, SitePlan, tour_versions
from tests.memory_desk import MemoryDesk, MemoryLog


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
                state = FINDING.replay(each.event for each in self.log.stream(fact.stream_id))  # type: ignore[misc]  # a finding's own
                judged = state.judged
                assert judged is not None
                if judged.site_id in site_ids and judged.window_end >= since:
                    found[judged.finding_id] = StandingFinding(
                        judged.finding_id, state.stage in STANDING, state.judged_up_to
                    )
        return list(found.values())


def cause(position: int) -> Cause:
    return Cause("system:test", caused_by=position)
