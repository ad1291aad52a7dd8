"""Standing by: was a guard awake, reachable and at the site in an hour of a shift?

Only a guard who was there for most of the hour is judged: who did not come is a no-show, and one
story is told once. Low phone activity, geofence breach, silent device and GPS off.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from domain.finding.duties import BREACH_LOOK_BACK, HOUR, HourDuty
from domain.finding.facts import Expected, FindingType
from domain.finding.seen import (
    Judgement,
    Presence,
    Seen,
    clock,
    is_from_phone,
    is_present,
    is_sign_of_life,
    minutes,
    moment,
    presences,
    time_present,
    while_present,
)
from domain.finding.using import judge_phone
from domain.geometry import distance_m, outside_m
from domain.severity import Severity
from domain.signals import DeviceStatusRecorded, SignalEvent

PRESENT_MIN = timedelta(minutes=45)  # of an hour; less is the rest of a shift, not an hour on duty
BREACH_MIN = timedelta(minutes=5)  # product rule
FIX_WANTED = HOUR
FIX_GAP_MAX = timedelta(minutes=15)  # fixes further apart say nothing of the time between them


def judge_hour(duty: HourDuty, signals: Sequence[Seen]) -> list[Judgement]:
    """Return what is wanting in one hour of one guard."""
    present = presences(signals, duty.site_id, duty.person_id)
    if time_present(present, duty.starts_at, duty.until) < PRESENT_MIN:
        return []
    here = while_present(signals, present)
    first = bisect_left(signals, duty.starts_at, key=moment)
    before, inside = signals[:first], signals[first:]
    found = [
        judge_phone(duty, here, present),
        judge_fence(duty, signals, present),
        judge_silence(duty, before, inside),
        judge_gps(duty, here, present),
    ]
    return [each for each in found if each is not None]


def judge_silence(
    duty: HourDuty, before: Sequence[Seen], inside: Sequence[Seen]
) -> Judgement | None:
    """A phone that was heard of on this duty is to be heard of again within the hour."""
    if any(is_sign_of_life(each) for each in inside):
        return None
    heard = [each for each in before if is_sign_of_life(each) and is_from_phone(each.event)]
    if not heard:
        return None
    said_by_others = f", but {len(inside)} times that it is offline" if inside else ""
    return Judgement(
        type=FindingType.SILENT_DEVICE,
        severity=Severity.MEDIUM,
        title=f"The device of {duty.person_id} was silent from {hour(duty)}",
        expected=(Expected("A signal of any kind", duty.until),),
        received=[*heard[-1:], *inside],
        explanation=f"Nothing since {clock(heard[-1].at.astimezone(UTC))}{said_by_others}.",
        device_id=heard[-1].event.device_id,
    )


def judge_gps(
    duty: HourDuty, here: Sequence[Seen], present: Sequence[Presence]
) -> Judgement | None:
    """A device that talks is to say at least once in FIX_WANTED where it is.

    A time without a position need not fit into an hour of the duty: it counts in the hour in which
    it has lasted so long, and in each full hour on. So only the one around the hour's beginning may.
    """
    start = duty.starts_at
    turns = [at for each in present for at in (each.since, each.until) if at is not None]
    latest = (each.at for each in reversed(here) if each.at <= start and fix_of(each.event))
    since = max((*(at for at in turns if at <= start), next(latest, turns[0])))
    first = (each.at for each in here if each.at > start and fix_of(each.event))
    until = min((*(at for at in turns if at > start), next(first, duty.until)))
    told_before = start - since >= FIX_WANTED
    if until - (start if told_before else since) < FIX_WANTED:
        return None
    told = [each for each in here if since < each.at < until and talks(each)]
    if not told or told[-1].at < start:
        return None
    return Judgement(
        type=FindingType.GPS_OFF,
        severity=Severity.MEDIUM,
        title=f"{duty.person_id} sent no position from {hour(duty)}",
        expected=(Expected("A position", duty.until),),
        received=told,
        explanation=f"{len(told)} signals and no position"
        f" for {minutes(until - since)} min since {clock(since.astimezone(UTC))}.",
        device_id=told[-1].event.device_id,
    )


def talks(seen: Seen) -> bool:
    """Return whether a signal came from a guard's own device: a status is told by who watches it."""
    return not isinstance(seen.event, DeviceStatusRecorded)


class Fix(msgspec.Struct, frozen=True):
    """Where a device said that it is; degrees and metres."""

    latitude: float
    longitude: float
    accuracy_m: float


def fix_of(event: SignalEvent) -> Fix | None:
    """Return the position that a signal tells, if it tells one."""
    latitude = getattr(event, "latitude", None)
    longitude = getattr(event, "longitude", None)
    if latitude is None or longitude is None:
        return None
    return Fix(latitude, longitude, getattr(event, "gps_accuracy_m", None) or 0.0)


def judge_fence(
    duty: HourDuty, signals: Sequence[Seen], present: Sequence[Presence]
) -> Judgement | None:
    """A guard on shift is not to be surely outside the fence for BREACH_MIN."""
    fence = duty.fence
    if fence is None:
        return None
    worst: list[Seen] = []
    stretch: list[Seen] = []
    furthest_m = 0.0
    for each in signals[bisect_left(signals, duty.starts_at - BREACH_LOOK_BACK, key=moment) :]:
        fix = fix_of(each.event)
        if fix is None or not is_present(present, each.at):
            continue
        away_m = distance_m(fence.latitude, fence.longitude, fix.latitude, fix.longitude)
        out_m = outside_m(away_m, fence.radius_m, fix.accuracy_m)
        if out_m == 0.0:
            stretch = []
            continue
        if stretch and each.at - stretch[-1].at > FIX_GAP_MAX:
            stretch = []
        stretch.append(each)
        furthest_m = max(furthest_m, out_m)
        if is_breach(duty.starts_at, stretch) and len(stretch) > len(worst):
            worst = list(stretch)
    if not worst:
        return None
    long = minutes(worst[-1].at - worst[0].at)
    return Judgement(
        type=FindingType.GEOFENCE_BREACH,
        severity=Severity.HIGH,
        title=f"{duty.person_id} was outside {duty.site_id} from {hour(duty)}",
        expected=(Expected(f"Within {fence.radius_m:.0f} m of {duty.site_id}", duty.until),),
        received=worst,
        explanation=f"Up to {furthest_m:.0f} m outside the fence for {long} min,"
        f" in {len(worst)} positions in a row.",
        device_id=worst[-1].event.device_id,
    )


def is_breach(start: datetime, stretch: Sequence[Seen]) -> bool:
    """Return whether positions in a row are a breach of this hour, not only of the one before."""
    first, last = stretch[0].at, stretch[-1].at
    if last - first < BREACH_MIN:
        return False
    told_before = any(each.at < start and each.at - first >= BREACH_MIN for each in stretch)
    return last - start >= BREACH_MIN if told_before else last >= start


def hour(duty: HourDuty) -> str:
    start = duty.starts_at.astimezone(UTC)
    return f"{clock(start)} for an hour"
