"""Standing by: was a guard awake, reachable and at the site in an hour of a shift?

Only a guard who was there for most of the hour is judged: who did not come is a no-show, and one
story is told once. Low phone activity, geofence breach, silent device and GPS off.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from domain.finding.duties import BREACH_LOOK_BACK, HourDuty
from domain.finding.facts import Expected, FindingType
from domain.finding.seen import (
    Judgement,
    Presence,
    Seen,
    clock,
    is_present,
    is_sign_of_life,
    minutes,
    presences,
    time_present,
)
from domain.geometry import distance_m, outside_m
from domain.severity import Severity
from domain.signals import AttendanceRecorded, PhoneActivityRecorded, SignalEvent

PRESENT_MIN = timedelta(minutes=45)  # of an hour; less is the rest of a shift, not an hour on duty
# Assumption: a guard who writes a round in the log book uses the phone more often than that.
INTERACTIONS_PER_HOUR_MIN = 5
BREACH_MIN = timedelta(minutes=5)  # product rule
FIX_GAP_MAX = timedelta(minutes=15)  # fixes further apart say nothing of the time between them


def judge_hour(duty: HourDuty, signals: Sequence[Seen]) -> list[Judgement]:
    """Return what is wanting in one hour of one guard."""
    present = presences(signals, duty.site_id, duty.person_id)
    if time_present(present, duty.starts_at, duty.until) < PRESENT_MIN:
        return []
    before = [each for each in signals if each.at < duty.starts_at]
    inside = [each for each in signals if duty.starts_at <= each.at < duty.until]
    found = [
        judge_phone(duty, before, inside),
        judge_fence(duty, signals, present),
        judge_silence(duty, before, inside),
        judge_gps(duty, inside),
    ]
    return [each for each in found if each is not None]


def judge_phone(duty: HourDuty, before: Sequence[Seen], inside: Sequence[Seen]) -> Judgement | None:
    """A phone is to be used at least INTERACTIONS_PER_HOUR_MIN times; one that reports does so on."""
    reports = activity(inside)
    earlier = activity(before)
    if not reports and not earlier:
        return None
    total = sum(interactions(each) for each in reports)
    if reports and total >= INTERACTIONS_PER_HOUR_MIN:
        return None
    last = (reports or earlier)[-1]
    explanation = (
        f"{total} interactions in {len(reports)} reports of the hour."
        if reports
        else "The phone reported its use before, and not in this hour."
    )
    return Judgement(
        type=FindingType.LOW_PHONE_ACTIVITY,
        severity=Severity.MEDIUM,
        title=f"{duty.person_id} hardly used the phone from {hour(duty)}",
        expected=(Expected(f"At least {INTERACTIONS_PER_HOUR_MIN} interactions", duty.until),),
        received=reports,
        explanation=explanation,
        device_id=last.event.device_id,
    )


def activity(signals: Sequence[Seen]) -> list[Seen]:
    return [each for each in signals if isinstance(each.event, PhoneActivityRecorded)]


def interactions(seen: Seen) -> int:
    return seen.event.interactions if isinstance(seen.event, PhoneActivityRecorded) else 0


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


def is_from_phone(event: SignalEvent) -> bool:
    """Return whether a signal shows that a guard carries a device that talks by itself.

    An attendance may come from a reader on the wall, unless it tells of a phone's radio or battery.
    """
    if isinstance(event, AttendanceRecorded):
        return event.phone_signal_dbm is not None or event.battery_percent is not None
    return event.device_id is not None


def judge_gps(duty: HourDuty, inside: Sequence[Seen]) -> Judgement | None:
    """A device that talks is to say at least once an hour where it is."""
    alive = [each for each in inside if is_sign_of_life(each)]
    if not alive or any(fix_of(each.event) for each in alive):
        return None
    return Judgement(
        type=FindingType.GPS_OFF,
        severity=Severity.MEDIUM,
        title=f"{duty.person_id} sent no position from {hour(duty)}",
        expected=(Expected("A position", duty.until),),
        received=alive,
        explanation=f"{len(alive)} signals and no position in the hour.",
        device_id=alive[-1].event.device_id,
    )


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
    for each in signals:
        fix = fix_of(each.event)
        if (
            fix is None
            or each.at < duty.starts_at - BREACH_LOOK_BACK
            or not is_present(present, each.at)
        ):
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
