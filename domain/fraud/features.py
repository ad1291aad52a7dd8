"""The twelve features of an attendance, from what is known of its person, device and site.

One pure function, the same online and offline. What it is given is a set in the order of corrected
time, so that the order of arrival leaves no trace in it. Habits come from completed days only: what
happens later on the same day changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from uuid import UUID

import msgspec

from domain.fraud.facts import Features
from domain.fraud.memory import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    SECOND_US,
    Fence,
    Fix,
    Past,
    Scan,
    Use,
    Visit,
)
from domain.geometry import apart_m, distance_m, outside_m, speed_kmh

FIXES_BEFORE_US = 60 * MINUTE_US  # locations that a velocity is taken from
FIXES_AFTER_US = 10 * MINUTE_US  # locations that may show the phone elsewhere
USES_AROUND_US = 10 * MINUTE_US  # product rule "within minutes"; ten are an assumption
TRAVEL_US = DAY_US  # a velocity from one attendance to the next says nothing beyond
SHIFT_US = 16 * HOUR_US  # a longer one was not checked out of; an assumption

HABIT_SAMPLES_MIN = 10  # attendances of completed days; below, habits are not known; an assumption
HABIT_NEAREST_SHARE = 0.15  # of the samples; an assumption
TIME_OF_DAY_USUAL_MIN = 30.0  # minutes; an assumption
TIME_OF_DAY_UNUSUAL_MIN = 360.0  # minutes; an assumption
WEEKDAY_DAYS_MIN = 14  # completed days, each weekday twice; an assumption
WEEKDAY_DAYS_MAX = 28
DAY_MIN = 1440  # minutes

# Beta(1, 19), a mean of 0.05: as if 20 verdicts with one fraud had been seen; an assumption.
FRAUD_PRIOR_FRAUDS = 1
FRAUD_PRIOR_BENIGN = 19

CONSECUTIVE_MAX = 10
SPAN_US = 5 * MINUTE_US  # of the clock, for the frequency of locations
SPANS_PER_HOUR = 12
SPANS_MIN = 12  # a shorter shift tells nothing
SAME_SCAN_US = (
    10 * MINUTE_US
)  # a tag that is read again so soon is not another round; an assumption


class Walked(msgspec.Struct, frozen=True):
    """A tour that somebody scanned something of in a shift."""

    checkpoints: Sequence[str]  # that belong to it, each once
    scans: Sequence[Scan]  # of it, oldest first
    places: Mapping[str, tuple[float, float]] = {}  # where its tags hang, as far as is known


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about an attendance's person, device and site."""

    person_id: str
    fence: Fence | None = None
    fences_nearby: Mapping[str, Fence] = {}  # of other sites that the person attended just before
    earlier: Sequence[Past] = ()  # the person's, within 30 days, the last 60, oldest first
    next_at_us: int | None = None  # the person's next attendance
    fixes_before: Sequence[Fix] = ()  # the person's, in the hour before, oldest first
    fixes_after: Sequence[Fix] = ()  # the person's, in the ten minutes after, oldest first
    shift_fixes: Sequence[Fix] = ()  # the person's, within `shift_of`
    tracked: bool = False  # whether the person's phone told where it is before the shift
    walked: Sequence[Walked] = ()  # the person's, within `shift_of`
    uses: Sequence[Use] = ()  # other persons' on the same personal device, within ten minutes
    holder: str | None = None  # who carries the device, where it is a personal one
    frauds: int = 0  # verdicts of fraud on the person that stood when the attendance happened
    benign: int = 0  # and of none


class Travel(msgspec.Struct, frozen=True):
    """The fastest travel that an attendance demands."""

    kmh: float
    distance_m: float  # accuracies subtracted
    time_s: float
    attendance: UUID | None  # the one before, where it is from that; else from where the phone was


def features(visit: Visit, known: Known) -> Features:
    """Return the twelve features. What is not known is None; nothing is made up."""
    travels = [
        travel
        for travel in (travel_from_attendance(visit, known), travel_by_phone(visit, known))
        if travel
    ]
    return Features(
        biometric_quality_score=visit.biometric_quality,
        gps_accuracy=visit.accuracy_m,
        geofence_distance_meters=geofence_distance_m(visit, known.fence),
        time_of_day_anomaly_score=time_of_day_anomaly(visit, known.earlier),
        day_of_week_pattern_score=day_of_week_anomaly(visit, known.earlier),
        velocity_kmh=round(max(travel.kmh for travel in travels), 2) if travels else None,
        historical_fraud_rate=fraud_rate(known.frauds, known.benign),
        consecutive_violations=violations_in_a_row(known.earlier),
        tour_completion_rate=tour_completion(known.walked),
        phone_signal_strength=None if visit.signal_dbm is None else float(visit.signal_dbm),
        battery_level=None if visit.battery_percent is None else float(visit.battery_percent),
        location_update_frequency=location_frequency(visit, known),
    )


def geofence_distance_m(visit: Visit, fence: Fence | None) -> float | None:
    if fence is None:
        return None
    centre_m = distance_m(visit.latitude, visit.longitude, fence.latitude, fence.longitude)
    return round(outside_m(centre_m, fence.radius_m, visit.accuracy_m), 1)


def travel_from_attendance(visit: Visit, known: Known) -> Travel | None:
    """Return the travel from the attendance before, where it is known well enough."""
    before = known.earlier[-1] if known.earlier else None
    if not isinstance(before, Visit) or visit.at_us - before.at_us > TRAVEL_US:
        return None
    fix = Fix(before.at_us, before.latitude, before.longitude, before.accuracy_m)
    return _travel(visit, fix, before.signal)


def travel_by_phone(visit: Visit, known: Known) -> Travel | None:
    """Return the fastest travel from a location of the hour before."""
    travels = (_travel(visit, fix) for fix in known.fixes_before)
    return max(travels, key=lambda travel: travel.kmh, default=None)


def away_m(visit: Visit, fix: Fix) -> float:
    """Return how far a location surely is from where an attendance claims to be."""
    between_m = distance_m(fix.latitude, fix.longitude, visit.latitude, visit.longitude)
    return apart_m(between_m, fix.accuracy_m, visit.accuracy_m)


def _travel(visit: Visit, fix: Fix, attendance: UUID | None = None) -> Travel:
    distance = away_m(visit, fix)
    time_s = abs(visit.at_us - fix.at_us) / SECOND_US
    return Travel(speed_kmh(distance, time_s), distance, time_s, attendance)


def time_of_day_anomaly(visit: Visit, earlier: Sequence[Past]) -> float | None:
    """Return 0 where the person often comes (or goes) at this time of day, up to 1 where never.

    The distance on the clock to the k-th nearest of the person's own times is the measure of an
    outlier (Ramaswamy, Rastogi & Shim 2000, "Efficient algorithms for mining outliers from large
    data sets", SIGMOD); unlike a circular mean it knows a guard with day and night shifts.
    """
    day, minute = visit.local_day, visit.local_minute
    if day is None or minute is None:
        return None
    gaps = []
    for past in earlier:
        if (
            past.checks_in is visit.checks_in
            and past.local_day is not None
            and past.local_minute is not None
            and past.local_day < day
        ):
            gap = abs(past.local_minute - minute)
            gaps.append(min(gap, DAY_MIN - gap))
    if len(gaps) < HABIT_SAMPLES_MIN:
        return None
    gaps.sort()
    nearest = gaps[ceil(len(gaps) * HABIT_NEAREST_SHARE) - 1]
    unusual = (nearest - TIME_OF_DAY_USUAL_MIN) / (TIME_OF_DAY_UNUSUAL_MIN - TIME_OF_DAY_USUAL_MIN)
    return round(min(1.0, max(0.0, unusual)), 3)


def day_of_week_anomaly(visit: Visit, earlier: Sequence[Past]) -> float | None:
    """Return how unlikely the person is to come on this weekday, 0 to 1.

    One minus Laplace's rule of succession, (weeks with the weekday + 1) / (weeks seen + 2), over
    up to four weeks of completed days.
    """
    today = visit.local_day
    if today is None:
        return None
    days = {
        past.local_day
        for past in earlier
        if past.local_day is not None and today - WEEKDAY_DAYS_MAX <= past.local_day < today
    }
    if len(days) < HABIT_SAMPLES_MIN or today - min(days) < WEEKDAY_DAYS_MIN:
        return None
    weeks = (today - min(days)) // 7
    seen = sum(1 for week in range(1, weeks + 1) if today - 7 * week in days)
    return round(1 - (seen + 1) / (weeks + 2), 3)


def fraud_rate(frauds: int, benign: int) -> float | None:
    """Return the mean of the Beta posterior of fraud among verdicts; None without any."""
    if frauds + benign == 0:
        return None
    prior = FRAUD_PRIOR_FRAUDS + FRAUD_PRIOR_BENIGN
    return round((frauds + FRAUD_PRIOR_FRAUDS) / (frauds + benign + prior), 4)


def violations_in_a_row(earlier: Sequence[Past]) -> float | None:
    if not earlier:
        return None
    count = 0
    for past in reversed(earlier[-CONSECUTIVE_MAX:]):
        if not past.violation:
            break
        count += 1
    return float(count)


def shift_of(visit: Visit, before: Past | None, next_at_us: int | None) -> tuple[int, int] | None:
    """Return the shift that an attendance begins or ends, once both ends are known.

    A check-in's shift ends with the next attendance, whatever that is; a check-out's begins with
    the check-in just before.
    """
    if visit.checks_in:
        return (
            None if next_at_us is None else (visit.at_us, min(next_at_us, visit.at_us + SHIFT_US))
        )
    if before is None or not before.checks_in or visit.at_us - before.at_us > SHIFT_US:
        return None
    return before.at_us, visit.at_us


def location_frequency(visit: Visit, known: Known) -> float | None:
    """Return in how many five-minute spans of the clock, per hour of the shift, a location came.

    Spans instead of fixes: a phone that tells its place every second is no more present than one
    that does so every minute. None for a phone that never told its place before the shift.
    """
    shift = shift_of(visit, known.earlier[-1] if known.earlier else None, known.next_at_us)
    if shift is None or not known.tracked:
        return None
    first, end = -(-shift[0] // SPAN_US), shift[1] // SPAN_US  # whole spans only
    if end - first < SPANS_MIN:
        return None
    spans = {fix.at_us // SPAN_US for fix in known.shift_fixes}
    covered = sum(1 for span in spans if first <= span < end)
    return round(covered * SPANS_PER_HOUR / (end - first), 2)


def tour_completion(walked: Sequence[Walked]) -> float | None:
    """Return which share of the checkpoints was scanned in the rounds that were walked.

    A tour was walked as often as that checkpoint of it was scanned which was scanned most often.
    None where nothing was scanned: whether somebody else walked is not known here, and a walk that
    nobody walked is a finding.
    """
    scanned = due = 0
    for tour in walked:
        times = [
            rounds(scan.at_us for scan in tour.scans if scan.checkpoint_id == checkpoint)
            for checkpoint in tour.checkpoints
        ]
        scanned += sum(times)
        due += max(times, default=0) * len(times)
    return round(scanned / due, 4) if due else None


def rounds(moments_us: Iterable[int]) -> int:
    """Return in how many rounds a tag was read, at these moments in their order."""
    count, last_us = 0, None
    for at_us in moments_us:
        if last_us is None or at_us - last_us >= SAME_SCAN_US:
            count, last_us = count + 1, at_us
    return count
