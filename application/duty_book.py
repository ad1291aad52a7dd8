"""Duty book: what a policy remembers of the plan and of what audits have covered.

All of it is learned from facts alone, in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from application.duty_memories import (
    KINDS,
    LEARNED,
    DayMemory,
    LearnedMemory,
    RosterMemory,
    ShiftMemory,
    SiteMemory,
    TaskMemory,
    TourMemory,
    day_key,
    day_of,
    days_of,
    roster_key,
    site_key,
)
from application.following import Desk
from domain.catalogue import AnyRecorded
from domain.directory.shift import ShiftCancelled, ShiftPlanned
from domain.directory.site import (
    GeofenceResized,
    SiteRegistered,
    SiteRelocated,
    SiteTimeZoneCorrected,
    site_stream,
)
from domain.directory.task import TaskAssigned, TaskCancelled
from domain.directory.tour import TourDefined, TourRetired
from domain.finding.coverage import Coverage, Span
from domain.finding.duties import Duty
from domain.finding.plan import Fence, SitePlan, with_tour, without_tour
from domain.finding.planning import (
    DAY,
    JUDGED_AFTER,
    SHIFTS_AFTER,
    SHIFTS_BEFORE,
    duties_due,
    end_of,
)

M = TypeVar("M", bound=msgspec.Struct)

PLAN_FACTS = (
    SiteRegistered,
    SiteRelocated,
    GeofenceResized,
    SiteTimeZoneCorrected,
    ShiftPlanned,
    ShiftCancelled,
    TourDefined,
    TourRetired,
    TaskAssigned,
    TaskCancelled,
)
MARGIN = timedelta(hours=2)
EVERYWHERE = "coverage"  # the key of what audits of all sites have covered


class DutyBook:
    """The memories of a desk, as plans and coverage."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def changes(self, batch: Sequence[AnyRecorded]) -> dict[str, Span]:
        """Return, before the facts are learned, when duties are judged that they may change."""
        for kind in (ShiftMemory, TaskMemory, TourMemory):
            keys = [
                fact.stream_id
                for fact in batch
                if KINDS.get(type(fact.event), ("", None))[1] is kind
            ]
            self._desk.memories(keys, kind)
        found: dict[str, Span] = {}
        for fact in batch:
            for site_id, span in self._spans(fact):
                before = found.get(site_id, span)
                found[site_id] = Span(min(before.since, span.since), max(before.until, span.until))
        return found

    def learn(self, batch: Sequence[AnyRecorded]) -> None:
        """Take in what facts say of the plan; what was taken in before changes nothing."""
        learned = self._one(LEARNED, LearnedMemory, LearnedMemory(0)).position
        new = [fact for fact in batch if fact.position > learned]
        if not new:
            return
        self._desk.remember(LEARNED, LearnedMemory(new[-1].position))
        self._fetch_for(new)
        for fact in new:
            self._learn(fact)

    def duties(self, wanted: Mapping[str, Span]) -> dict[str, list[Duty]]:
        """Return the duties of sites that are judged from a moment in a time on."""
        self._desk.memories([site_key(site_id) for site_id in wanted], SiteMemory)
        days = {
            site_id: list(days_of(span.since - SHIFTS_BEFORE, span.until + SHIFTS_AFTER))
            for site_id, span in wanted.items()
        }
        self._desk.memories(
            [day_key(site_id, day) for site_id, each in days.items() for day in each], DayMemory
        )
        return {
            site_id: duties_due(self._plan(site_id, days[site_id]), span.since, span.until)
            for site_id, span in wanted.items()
        }

    def sites_of(self, persons: Iterable[tuple[str, datetime]]) -> dict[str, set[str]]:
        """Return the sites where persons have shifts around moments."""
        keys = {
            person: [roster_key(person, day) for day in days_of(at - DAY, at + DAY)]
            for person, at in persons
        }
        known = self._desk.memories([key for each in keys.values() for key in each], RosterMemory)
        return {
            person: {site for key in each if key in known for site in known[key].sites}
            for person, each in keys.items()
        }

    def coverages(self, site_ids: Iterable[str]) -> dict[str, list[Coverage]]:
        """Return what audits have covered of sites: of every site, and of each alone."""
        sites = list(site_ids)
        keys = [EVERYWHERE, *(coverage_key(site_id) for site_id in sites)]
        known = self._desk.memories(keys, Coverage)
        return {
            site_id: [known[key] for key in (EVERYWHERE, coverage_key(site_id)) if key in known]
            for site_id in sites
        }

    def _one(self, key: str, type_: type[M], default: M) -> M:
        return self._desk.memories([key], type_).get(key, default)

    def _plan(self, site_id: str, days: Sequence[date]) -> SitePlan:
        site = self._one(site_key(site_id), SiteMemory, SiteMemory())
        known = self._desk.memories([day_key(site_id, day) for day in days], DayMemory)
        return SitePlan(
            site_id=site_id,
            fence=site.fence,
            time_zone=site.time_zone,
            tours=site.tours,
            shifts=tuple(shift for day in known.values() for shift in day.shifts),
            tasks=tuple(task for day in known.values() for task in day.tasks),
        )

    def _spans(self, fact: AnyRecorded) -> Iterator[tuple[str, Span]]:
        """Yield when duties are judged that a fact may change, and where."""
        match fact.event:
            case ShiftPlanned() | ShiftCancelled() as event:
                shift = self._one(fact.stream_id, ShiftMemory, ShiftMemory(None)).planned
                for each in (shift, event):
                    if isinstance(each, ShiftPlanned):
                        until = end_of(each) + JUDGED_AFTER
                        yield each.site_id, Span(each.starts_at - MARGIN, until)
            case TaskAssigned() | TaskCancelled() as event:
                task = self._one(fact.stream_id, TaskMemory, TaskMemory(None)).assigned
                for job in (task, event):
                    if isinstance(job, TaskAssigned):
                        yield job.site_id, Span(job.due_at - MARGIN, job.due_at + MARGIN)
            case TourDefined() | TourRetired() as event:
                tour = self._one(fact.stream_id, TourMemory, TourMemory(""))
                since = fact.recorded_at
                if isinstance(event, TourDefined):
                    since = event.valid_from or since
                    yield event.site_id, Span(since - MARGIN, fact.recorded_at + JUDGED_AFTER)
                if tour.site_id:
                    yield tour.site_id, Span(since - MARGIN, fact.recorded_at + JUDGED_AFTER)
            case SiteRegistered() | SiteRelocated() | GeofenceResized() | SiteTimeZoneCorrected():
                at = fact.recorded_at
                site_id = fact.stream_id.removeprefix(site_stream(""))
                yield site_id, Span(at - 8 * DAY, at + JUDGED_AFTER)
            case _:
                pass

    def _fetch_for(self, batch: Sequence[AnyRecorded]) -> None:
        """Have the memories in hand that facts change."""
        sites: set[str] = set()
        days: set[str] = set()
        rosters: set[str] = set()
        for fact in batch:
            event = fact.event
            if isinstance(event, ShiftPlanned | ShiftCancelled):
                shift = self._one(fact.stream_id, ShiftMemory, ShiftMemory(None)).planned
                for each in (shift, event):
                    if isinstance(each, ShiftPlanned):
                        days.add(day_key(each.site_id, day_of(each.starts_at)))
                        if each.person_id:
                            rosters.add(roster_key(each.person_id, day_of(each.starts_at)))
            elif isinstance(event, TaskAssigned | TaskCancelled):
                task = self._one(fact.stream_id, TaskMemory, TaskMemory(None)).assigned
                for job in (task, event):
                    if isinstance(job, TaskAssigned):
                        days.add(day_key(job.site_id, day_of(job.due_at)))
            elif isinstance(event, TourDefined):
                sites.add(site_key(event.site_id))
        self._desk.memories(sorted(sites), SiteMemory)
        self._desk.memories(sorted(days), DayMemory)
        self._desk.memories(sorted(rosters), RosterMemory)

    def _learn(self, fact: AnyRecorded) -> None:
        match fact.event:
            case ShiftPlanned() as event:
                self._replan(fact.stream_id, event)
            case ShiftCancelled():
                self._replan(fact.stream_id, None)
            case TaskAssigned() as event:
                self._reassign(fact.stream_id, event)
            case TaskCancelled():
                self._reassign(fact.stream_id, None)
            case TourDefined() | TourRetired() as event:
                self._retour(fact, event)
            case SiteRegistered() as site:
                known = self._one(fact.stream_id, SiteMemory, SiteMemory())
                fence = Fence(site.latitude, site.longitude, site.geofence_radius_m)
                self._desk.remember(
                    fact.stream_id, replace(known, fence=fence, time_zone=site.time_zone)
                )
            case SiteRelocated(latitude=latitude, longitude=longitude):
                self._refence(fact.stream_id, latitude=latitude, longitude=longitude)
            case GeofenceResized(geofence_radius_m=radius_m):
                self._refence(fact.stream_id, radius_m=radius_m)
            case SiteTimeZoneCorrected(time_zone=name):
                known = self._one(fact.stream_id, SiteMemory, SiteMemory())
                self._desk.remember(fact.stream_id, replace(known, time_zone=name))
            case _:
                pass

    def _refence(self, key: str, **changes: float) -> None:
        known = self._one(key, SiteMemory, SiteMemory())
        if known.fence is not None:
            self._desk.remember(key, replace(known, fence=replace(known.fence, **changes)))

    def _replan(self, key: str, planned: ShiftPlanned | None) -> None:
        before = self._one(key, ShiftMemory, ShiftMemory(None)).planned
        self._desk.remember(key, ShiftMemory(planned))
        if before is not None:
            day = day_key(before.site_id, day_of(before.starts_at))
            known = self._one(day, DayMemory, DayMemory())
            left = tuple(each for each in known.shifts if each.shift_id != before.shift_id)
            self._desk.remember(day, replace(known, shifts=left))
        if planned is None:
            return
        day = day_key(planned.site_id, day_of(planned.starts_at))
        known = self._one(day, DayMemory, DayMemory())
        self._desk.remember(day, replace(known, shifts=(*known.shifts, planned)))
        if planned.person_id is not None:
            roster = roster_key(planned.person_id, day_of(planned.starts_at))
            sites = self._one(roster, RosterMemory, RosterMemory()).sites
            if planned.site_id not in sites:
                self._desk.remember(roster, RosterMemory((*sites, planned.site_id)))

    def _reassign(self, key: str, assigned: TaskAssigned | None) -> None:
        before = self._one(key, TaskMemory, TaskMemory(None)).assigned
        self._desk.remember(key, TaskMemory(assigned))
        if before is not None:
            day = day_key(before.site_id, day_of(before.due_at))
            known = self._one(day, DayMemory, DayMemory())
            left = tuple(each for each in known.tasks if each.task_id != before.task_id)
            self._desk.remember(day, replace(known, tasks=left))
        if assigned is not None:
            day = day_key(assigned.site_id, day_of(assigned.due_at))
            known = self._one(day, DayMemory, DayMemory())
            self._desk.remember(day, replace(known, tasks=(*known.tasks, assigned)))

    def _retour(self, fact: AnyRecorded, event: TourDefined | TourRetired) -> None:
        tour_id = fact.stream_id.removeprefix("tour-")
        at = fact.recorded_at
        before = self._one(fact.stream_id, TourMemory, TourMemory("")).site_id
        if before:
            known = self._one(site_key(before), SiteMemory, SiteMemory())
            ends = (event.valid_from or at) if isinstance(event, TourDefined) else at
            tours = without_tour(known.tours, tour_id, ends)
            self._desk.remember(site_key(before), replace(known, tours=tours))
        if isinstance(event, TourDefined):
            known = self._one(site_key(event.site_id), SiteMemory, SiteMemory())
            tours = with_tour(known.tours, event, at)
            self._desk.remember(site_key(event.site_id), replace(known, tours=tours))
            self._desk.remember(fact.stream_id, TourMemory(event.site_id))


def coverage_key(site_id: str) -> str:
    return f"{EVERYWHERE}-{site_id}"
