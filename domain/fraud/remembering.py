"""Remembering: how memories take something in, stay within their limits, and answer.

Adding is order-free: the same set leaves the same memory, and adding twice adds nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from uuid import UUID

from domain.fraud.memory import (
    DAY_US,
    HABITS_KEPT_US,
    HISTORY_VISITS_MAX,
    SCANS_MAX,
    TRACK_SLOT_US,
    TRACKS_KEPT_US,
    USES_KEPT_US,
    USES_MAX,
    VERDICTS_MAX,
    VISITS_KEPT_US,
    VISITS_MAX,
    DeviceMemory,
    Fence,
    Fix,
    Habit,
    KnownVerdict,
    Past,
    PersonMemory,
    Round,
    Scan,
    SiteMemory,
    TourMemory,
    TrackMemory,
    Use,
    Visit,
)


def fence_at(site: SiteMemory, at_us: int) -> Fence | None:
    """Return the geofence that was in force; the first one also before its time."""
    return next(
        (fence for fence in reversed(site.fences) if fence.since_us <= at_us),
        site.fences[0] if site.fences else None,
    )


def holder_at(device: DeviceMemory, at_us: int) -> str | None:
    """Return who carried a device; the first holder also before the hand-over."""
    return next(
        (holder.person_id for holder in reversed(device.holders) if holder.since_us <= at_us),
        device.holders[0].person_id if device.holders else None,
    )


def round_at(tour: TourMemory, at_us: int) -> Round | None:
    """Return what a tour consisted of; the first definition also before its time."""
    return next(
        (each for each in reversed(tour.rounds) if each.since_us <= at_us),
        tour.rounds[0] if tour.rounds else None,
    )


def visit_order(visit: Visit) -> tuple[int, UUID]:
    return visit.at_us, visit.signal


def visit_moment(visit: Visit) -> int:
    return visit.at_us


def use_order(use: Use) -> tuple[int, UUID]:
    return use.at_us, use.signal


def use_moment(use: Use) -> int:
    return use.at_us


def fix_moment(fix: Fix) -> int:
    return fix.at_us


def past_moment(past: Past) -> int:
    return past.at_us


def place_of(visits: list[Visit], at_us: int, signal: UUID) -> int | None:
    """Return the index of an attendance, or None where it is not remembered any more."""
    index = bisect_left(visits, (at_us, signal), key=visit_order)
    if index < len(visits) and visits[index].signal == signal:
        return index
    return None


def add_visit(person: PersonMemory, visit: Visit) -> int | None:
    """Take an attendance in; answer with its index, or None where it was there already."""
    visits = person.visits
    order = visit_order(visit)
    if not visits or visit_order(visits[-1]) < order:
        visits.append(visit)
        return len(visits) - 1
    index = bisect_left(visits, order, key=visit_order)
    if visits[index].signal == visit.signal:
        return None
    visits.insert(index, visit)
    return index


def forget_old_visits(person: PersonMemory) -> None:
    """Keep the memory of a person within its limits; old attendances become habits."""
    visits, habits = person.visits, person.habits
    if not visits:
        return
    newest_us = visits[-1].at_us
    old = max(
        bisect_left(visits, newest_us - VISITS_KEPT_US, key=visit_moment),
        len(visits) - VISITS_MAX,
        0,
    )
    for visit in visits[:old]:
        habit = Habit(
            visit.at_us, visit.checks_in, visit.local_day, visit.local_minute, visit.violation
        )
        insort(habits, habit, key=past_moment)
    del visits[:old]
    forgotten = max(
        bisect_left(habits, newest_us - HABITS_KEPT_US, key=past_moment),
        len(habits) - HISTORY_VISITS_MAX,
    )
    del habits[: max(0, forgotten)]


def add_use(device: DeviceMemory, use: Use) -> None:
    """Take a new attendance on a device in."""
    insort(device.uses, use, key=use_order)


def forget_old_uses(device: DeviceMemory) -> None:
    """Keep the memory of a device within its limits."""
    uses = device.uses
    if uses:
        old = bisect_left(uses, uses[-1].at_us - USES_KEPT_US, key=use_moment)
        del uses[: max(old, len(uses) - USES_MAX)]


def uses_around(device: DeviceMemory, at_us: int, within_us: int) -> list[Use]:
    """Return the attendances on a device around a moment, both ends included."""
    first = bisect_left(device.uses, at_us - within_us, key=use_moment)
    return device.uses[first : bisect_right(device.uses, at_us + within_us, key=use_moment)]


def add_fix(track: TrackMemory, fix: Fix) -> tuple[int, int] | None:
    """Take a location in; answer with the moments between which something changed, if it did.

    Of one minute the earliest is kept, and of one moment the smallest, whatever came first.
    """
    fixes = track.fixes
    slot = fix.at_us // TRACK_SLOT_US
    if not fixes or fixes[-1].at_us // TRACK_SLOT_US < slot:
        fixes.append(fix)
        return fix.at_us, fix.at_us
    index = bisect_left(fixes, slot * TRACK_SLOT_US, key=fix_moment)
    kept = fixes[index]
    if kept.at_us // TRACK_SLOT_US != slot:
        fixes.insert(index, fix)
        return fix.at_us, fix.at_us
    if kept <= fix:
        return None
    fixes[index] = fix
    return fix.at_us, kept.at_us


def fixes_between(track: TrackMemory, from_us: int, to_us: int) -> list[Fix]:
    """Return the locations of a time, both ends included."""
    first = bisect_left(track.fixes, from_us, key=fix_moment)
    return track.fixes[first : bisect_right(track.fixes, to_us, key=fix_moment)]


def add_track_day(person: PersonMemory, at_us: int) -> bool:
    """Note that a track of this moment's day is kept; answer whether that is new."""
    days, day = person.track_days, at_us // DAY_US
    if days and days[-1] == day:
        return False  # the way of nearly all
    index = bisect_left(days, day)
    if index < len(days) and days[index] == day:
        return False
    days.insert(index, day)
    return True


def forget_old_tracks(person: PersonMemory, heard_us: int) -> list[int]:
    """Let go of the days on which a person's tracks can judge nothing any more; return them.

    `heard_us` is when the newest signal of the person was recorded: what is forgotten is a function
    of the facts, so a replay forgets the same.
    """
    last = (heard_us - TRACKS_KEPT_US) // DAY_US
    days = person.track_days
    if not days or days[0] >= last:
        return []
    around = {visit.at_us // DAY_US + away for visit in person.visits for away in (-1, 0, 1)}
    old = [day for day in days if day < last and day not in around]
    person.track_days = [day for day in days if day not in old]
    return old


def add_scan(track: TrackMemory, scan: Scan) -> bool:
    """Take a scan in; answer whether something changed. Of too many the earliest are kept."""
    scans = track.scans
    index = bisect_left(scans, scan)
    if index == SCANS_MAX or (index < len(scans) and scans[index] == scan):
        return False
    scans.insert(index, scan)
    del scans[SCANS_MAX:]
    return True


def add_verdict(person: PersonMemory, verdict: KnownVerdict) -> bool:
    """Take a verdict in; answer whether it was new. The oldest are counted and forgotten."""
    if person.verdicts and verdict.position <= person.verdicts[-1].position:
        return False
    person.verdicts.append(verdict)
    if len(person.verdicts) > VERDICTS_MAX:
        oldest = person.verdicts.pop(0)
        if all(later.alert != oldest.alert for later in person.verdicts):
            person.frauds_before += oldest.fraud is True
            person.benign_before += oldest.fraud is False
    return True


def uncount_verdict(person: PersonMemory, fraud: bool | None) -> None:
    """Take back a verdict that is so old that it was only counted."""
    person.frauds_before -= fraud is True
    person.benign_before -= fraud is False


def verdict_counts(person: PersonMemory, at_us: int) -> tuple[int, int]:
    """Return how many verdicts of fraud and of none stood at a moment; an alert's last one counts."""
    last = {known.alert: known.fraud for known in person.verdicts if known.at_us < at_us}
    said = list(last.values())
    return person.frauds_before + said.count(True), person.benign_before + said.count(False)
