"""Duties: the windows in which something was asked for, derived from the plan alone.

A window is anchored to the plan, never to when somebody looks: to a shift, to each full hour of a
shift, to one walk of a tour, to half an hour of a site, to a task. Each says from when on it is
judged, which signals it is judged on, and which findings it may lead to.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, TypeAlias
from uuid import UUID, uuid5

import msgspec

from domain.anomaly.facts import SubjectKind
from domain.directory.shift import ShiftRole
from domain.directory.tour import Checkpoint
from domain.finding.facts import FindingType
from domain.finding.plan import Fence

# The root of every finding's id; it never changes, or old findings would be raised again.
FINDING_NAMESPACE = UUID("3c2e7a54-4b0b-5c6f-9a0d-7a8f1f5f5e21")

HOUR = timedelta(hours=1)
# A site that is silent for so long is told: after whole hours, most storms were over before anybody
# knew of them. An assumption, measured in ADR 0054. Two of them make an hour of the clock.
HALF_HOUR = timedelta(minutes=30)
# Messages of honest devices on a good line are in the log by then.
GRACE = timedelta(minutes=5)
CHECK_IN_GRACE = timedelta(minutes=15)  # product rule: who comes later did not show up in time
EARLY = timedelta(hours=2)  # a check-in so long before its shift is one for it
# Who goes on from a shift into the next does not check in again.
GOING_ON_LOOK_BACK = timedelta(hours=12)
GOING_ON_GAP = timedelta(minutes=30)
SHIFT_MAX = timedelta(hours=24)  # hours of a shift behind these are nobody's duty
BREACH_LOOK_BACK = timedelta(minutes=30)  # a breach may begin before its hour does
WALK_LATE = timedelta(minutes=30)  # after the last grace a scan is still a late one
LEAVING = HOUR  # after a shift its check-out is still one of it
TASK_SPAN = timedelta(hours=24)  # a task is done so long before it is due, or late until then


class Ask(msgspec.Struct, frozen=True):
    """Signals of one subject that a duty is judged on."""

    kind: SubjectKind
    subject_id: str
    since: datetime  # included
    until: datetime  # not included


class ShiftDuty(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is to be at a site when a shift begins."""

    types: ClassVar = (FindingType.NO_SHOW, FindingType.UNCOVERED_SHIFT)

    site_id: str
    shift_id: str
    role: ShiftRole
    person_id: str | None
    starts_at: datetime
    ends_at: datetime
    goes_on: bool  # the person has been on duty there until now

    @property
    def subject_id(self) -> str:
        return self.shift_id

    @property
    def until(self) -> datetime:
        return self.starts_at + CHECK_IN_GRACE

    @property
    def due(self) -> datetime:
        return self.until + GRACE

    @property
    def asks(self) -> tuple[Ask, ...]:
        since = self.starts_at - GOING_ON_LOOK_BACK
        return (Ask(SubjectKind.SITE, self.site_id, since, self.ends_at),)


class HourDuty(msgspec.Struct, frozen=True, kw_only=True):
    """A guard on shift is to be awake, reachable and at the site, in each full hour."""

    types: ClassVar = (
        FindingType.LOW_PHONE_ACTIVITY,
        FindingType.GEOFENCE_BREACH,
        FindingType.SILENT_DEVICE,
        FindingType.GPS_OFF,
    )

    site_id: str
    fence: Fence | None
    shift_id: str
    person_id: str
    shift_starts_at: datetime
    goes_on: bool
    starts_at: datetime
    until: datetime

    @property
    def subject_id(self) -> str:
        return self.shift_id

    @property
    def due(self) -> datetime:
        return self.until + GRACE

    @property
    def asks(self) -> tuple[Ask, ...]:
        since = self.shift_starts_at - (GOING_ON_LOOK_BACK if self.goes_on else EARLY)
        return (Ask(SubjectKind.PERSON, self.person_id, since, self.until),)


class Walker(msgspec.Struct, frozen=True):
    """Somebody on shift when a walk begins, and when they may be heard of on that duty."""

    person_id: str
    since: datetime
    until: datetime


class WalkDuty(msgspec.Struct, frozen=True, kw_only=True):
    """A tour is to be walked once."""

    types: ClassVar = (FindingType.MISSED_CHECKPOINT, FindingType.LATE_CHECKPOINT)

    site_id: str
    tour_id: str
    name: str
    checkpoints: tuple[Checkpoint, ...]
    grace: timedelta
    starts_at: datetime
    since: datetime  # scans from here on count for this walk
    until: datetime  # and before here
    walkers: tuple[Walker, ...]  # on shift when it begins, by person
    manned: bool  # False: shifts are planned there, and none lasts from its start to its last checkpoint

    @property
    def person_id(self) -> str | None:
        """Return who is on shift, where that is one person."""
        return self.walkers[0].person_id if len(self.walkers) == 1 else None

    @property
    def subject_id(self) -> str:
        return self.tour_id

    @property
    def due(self) -> datetime:
        return self.until + GRACE

    @property
    def asks(self) -> tuple[Ask, ...]:
        persons = (
            Ask(SubjectKind.PERSON, each.person_id, each.since, each.until) for each in self.walkers
        )
        return (Ask(SubjectKind.SITE, self.site_id, self.since, self.until), *persons)


class SiteHalfHourDuty(msgspec.Struct, frozen=True, kw_only=True):
    """A site where somebody is on shift is to be heard of in each half hour of the clock.

    The second half of an hour asks for the first one, too: together they tell of a whole hour.
    """

    types: ClassVar = (FindingType.SILENT_SITE,)

    site_id: str
    starts_at: datetime
    until: datetime
    persons: tuple[str, ...]  # on shift at some time of the half hour, in order
    # On shift in the first half of the same hour; empty where this is the first half itself, or
    # where nobody was on shift for some time of it.
    persons_before: tuple[str, ...] = ()

    @property
    def subject_id(self) -> str:
        return self.site_id

    @property
    def person_id(self) -> None:
        return None

    @property
    def due(self) -> datetime:
        return self.until + GRACE

    @property
    def asks(self) -> tuple[Ask, ...]:
        since = self.hour_starts_at if self.persons_before else self.starts_at
        persons = sorted({*self.persons, *self.persons_before})
        return (
            Ask(SubjectKind.SITE, self.site_id, since, self.until),
            *(Ask(SubjectKind.PERSON, person, since, self.until) for person in persons),
        )

    @property
    def hour_starts_at(self) -> datetime:
        """Return when the hour of the clock begins that this is a half of."""
        return self.starts_at.replace(minute=0)

    @property
    def is_first_half(self) -> bool:
        return self.starts_at == self.hour_starts_at


class TaskDuty(msgspec.Struct, frozen=True, kw_only=True):
    """A task is to be done by a moment."""

    types: ClassVar = (FindingType.TASK_OVERDUE,)

    site_id: str
    task_id: str
    name: str
    person_id: str | None
    starts_at: datetime  # when it is due

    @property
    def subject_id(self) -> str:
        return self.task_id

    @property
    def until(self) -> datetime:
        return self.starts_at + CHECK_IN_GRACE

    @property
    def due(self) -> datetime:
        return self.until + GRACE

    @property
    def asks(self) -> tuple[Ask, ...]:
        due_at = self.starts_at
        return (Ask(SubjectKind.SITE, self.site_id, due_at - TASK_SPAN, due_at + TASK_SPAN),)


Duty: TypeAlias = ShiftDuty | HourDuty | WalkDuty | SiteHalfHourDuty | TaskDuty


def finding_id(type_: FindingType, duty: Duty) -> UUID:
    """Return the id of a duty's finding: the same whoever judges it, and whenever.

    A shift that is moved to another site is another duty, so the site is a part of it.
    """
    start, half = duty.starts_at, ""
    if isinstance(duty, SiteHalfHourDuty):
        # A site's duty was a whole hour once. The half that completes an hour asks for all of it
        # and goes on with its finding, so that old ones are still revised and withdrawn.
        start, half = duty.hour_starts_at, "/half" if duty.is_first_half else ""
    what = f"{type_.value}/{duty.site_id}/{duty.subject_id}/{start.timestamp():.3f}{half}"
    return uuid5(FINDING_NAMESPACE, what)
