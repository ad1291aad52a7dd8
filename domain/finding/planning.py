"""Planning: which duties of a site become due in a time, worked out from its plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from domain.directory.shift import ShiftPlanned, ShiftRole
from domain.finding.duties import (
    EARLY,
    GOING_ON_GAP,
    HALF_HOUR,
    HOUR,
    LEAVING,
    SHIFT_MAX,
    WALK_LATE,
    Duty,
    HourDuty,
    ShiftDuty,
    SiteHalfHourDuty,
    TaskDuty,
    WalkDuty,
    Walker,
)
from domain.finding.plan import SitePlan, TourVersion

DAY = timedelta(days=1)
# Shifts that begin so long before a duty is due, or so long after, may still shape it: a shift of
# a day that goes on from a shift of a day.
SHIFTS_BEFORE = 3 * DAY
SHIFTS_AFTER = DAY
# A signal changes no duty that is judged from so long before it on, or from so long after it on.
JUDGED_BEFORE = SHIFT_MAX
JUDGED_AFTER = 3 * DAY + 2 * HOUR  # a walk may take two days with its grace, and begin early

zone = lru_cache(maxsize=1_000)(ZoneInfo)


def duties_due(plan: SitePlan, since: datetime, until: datetime) -> list[Duty]:
    """Return the duties of a site that are to be judged from a moment in (since, until] on.

    The plan must hold the shifts that begin from `since - SHIFTS_BEFORE` to `until + SHIFTS_AFTER`.
    """
    shifts = sorted(plan.shifts, key=lambda each: (each.starts_at, each.shift_id))
    found: list[Duty] = []
    for shift in shifts:
        if since - SHIFT_MAX - HOUR < shift.starts_at <= until:
            found += duties_of_shift(plan, shift, shifts)
    found += site_half_hours(plan, shifts, since, until)
    for tour in plan.tours:
        found += walks(plan, tour, shifts, since, until)
    for task in plan.tasks:
        found.append(
            TaskDuty(
                site_id=plan.site_id,
                task_id=task.task_id,
                name=task.name,
                person_id=task.person_id,
                starts_at=task.due_at,
            )
        )
    return [duty for duty in found if since < duty.due <= until]


def duties_of_shift(
    plan: SitePlan, shift: ShiftPlanned, shifts: list[ShiftPlanned]
) -> Iterator[Duty]:
    """Yield a shift's beginning and its full hours."""
    goes_on = any(continues(shift, earlier) for earlier in shifts)
    yield ShiftDuty(
        site_id=plan.site_id,
        shift_id=shift.shift_id,
        role=shift.role,
        person_id=shift.person_id,
        starts_at=shift.starts_at,
        ends_at=end_of(shift),
        goes_on=goes_on,
    )
    if shift.person_id is None:
        return
    start = shift.starts_at
    while start + HOUR <= end_of(shift):
        yield HourDuty(
            site_id=plan.site_id,
            fence=plan.fence,
            shift_id=shift.shift_id,
            person_id=shift.person_id,
            shift_starts_at=shift.starts_at,
            goes_on=goes_on,
            starts_at=start,
            until=start + HOUR,
        )
        start += HOUR


def continues(shift: ShiftPlanned, earlier: ShiftPlanned) -> bool:
    """Return whether somebody goes on from an earlier shift into this one without a break."""
    return (
        shift.person_id is not None
        and earlier.person_id == shift.person_id
        and earlier.shift_id != shift.shift_id
        and earlier.starts_at < shift.starts_at
        and abs(shift.starts_at - end_of(earlier)) <= GOING_ON_GAP
    )


def end_of(shift: ShiftPlanned) -> datetime:
    return min(shift.ends_at, shift.starts_at + SHIFT_MAX)


def site_half_hours(
    plan: SitePlan, shifts: list[ShiftPlanned], since: datetime, until: datetime
) -> Iterator[SiteHalfHourDuty]:
    """Yield the half hours of the clock through which guards are on shift one after the other."""
    # From a full hour on, so that each second half knows who was on shift in the first.
    start = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - HOUR
    guards = [
        each
        for each in shifts
        if each.role is ShiftRole.GUARD and each.starts_at < until and end_of(each) > start
    ]
    before: tuple[str, ...] = ()
    while guards and start < until:
        end = start + HALF_HOUR
        persons = on_shift_through(guards, start, end)
        if persons:
            duty = SiteHalfHourDuty(
                site_id=plan.site_id, starts_at=start, until=end, persons=persons
            )
            yield duty if duty.is_first_half else replace(duty, persons_before=before)
        start, before = end, persons


def on_shift_through(guards: list[ShiftPlanned], start: datetime, end: datetime) -> tuple[str, ...]:
    """Return who is on shift at some time of a span, or nobody where not all of it is covered."""
    covered = start
    persons = set()
    for shift in guards:
        if shift.person_id is not None and shift.starts_at < end and end_of(shift) > start:
            persons.add(shift.person_id)
            if shift.starts_at <= covered:
                covered = max(covered, end_of(shift))
    return tuple(sorted(persons)) if covered >= end else ()


def walks(
    plan: SitePlan,
    tour: TourVersion,
    shifts: list[ShiftPlanned],
    since: datetime,
    until: datetime,
) -> Iterator[WalkDuty]:
    """Yield the walks of a tour that begin while this version of it is in force."""
    grace = timedelta(minutes=tour.grace_minutes)
    last_due = timedelta(minutes=max(each.due_minutes for each in tour.checkpoints))
    longest = last_due + grace + WALK_LATE
    # One more day on both sides, since a walk's scans end where those of the next one begin.
    starts = starts_of(tour.starts, plan.time_zone, since - longest - 2 * DAY, until + DAY)
    for number, start in enumerate(starts):
        if start < tour.since or (tour.until is not None and start >= tour.until):
            continue
        end = start + longest
        if number + 1 < len(starts):
            # A scan just before the next walk's start is the next walk's first.
            end = min(end, max(starts[number + 1] - grace, start + last_due + grace))
        since_scan = start - grace
        if number > 0:
            since_scan = max(since_scan, min(starts[number - 1] + last_due + grace, start))
        begun = [
            each
            for each in shifts
            if start - SHIFT_MAX < each.starts_at <= start and each.role is ShiftRole.GUARD
        ]
        on_shift = [each for each in begun if start < each.ends_at]
        yield WalkDuty(
            site_id=plan.site_id,
            tour_id=tour.tour_id,
            name=tour.name,
            checkpoints=tour.checkpoints,
            grace=grace,
            starts_at=start,
            since=since_scan,
            until=end,
            walkers=walkers(on_shift, end),
            # Where no shift was planned for a day, nobody plans shifts.
            manned=not begun or any(start + last_due <= each.ends_at for each in on_shift),
        )


def walkers(on_shift: list[ShiftPlanned], end: datetime) -> tuple[Walker, ...]:
    """Return who may walk, each once: what tells of them comes from before their shift until they leave."""
    found: dict[str, Walker] = {}
    for shift in on_shift:
        if shift.person_id is not None:
            # A signal changes no duty that was judged JUDGED_BEFORE it.
            until = max(end, min(end_of(shift) + LEAVING, end + JUDGED_BEFORE))
            found[shift.person_id] = Walker(shift.person_id, shift.starts_at - EARLY, until)
    return tuple(sorted(found.values(), key=lambda each: each.person_id))


def starts_of(
    starts: tuple[str, ...], time_zone: str, since: datetime, until: datetime
) -> list[datetime]:
    """Return when a tour starts in a time, oldest first; a clock time that a change of the clocks
    leaves out is the same time after it, one that comes twice is the first."""
    found = set()
    day: date = since.astimezone(zone(time_zone)).date()
    while day <= until.astimezone(zone(time_zone)).date():
        for text in starts:
            local = datetime.combine(day, time.fromisoformat(text), zone(time_zone))
            found.add(local.astimezone(UTC))
        day += DAY
    return sorted(found)
