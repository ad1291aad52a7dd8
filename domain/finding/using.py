"""Using: is a guard's phone used as this guard uses it, or has nobody touched it for an hour?

Low phone activity is a sign that a guard sleeps or is gone. A fixed number an hour says it of every
guard who uses the phone little, and at night; so a guard is measured by the own pace on this duty,
and whoever scans a checkpoint or does a task meanwhile is awake. A quiet time need not fit into an
hour of the duty: it counts in the hour in which it has lasted for an hour, and in each full hour on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import msgspec

from domain.finding.duties import HOUR, HourDuty
from domain.finding.facts import Expected, FindingType
from domain.finding.seen import Judgement, Presence, Seen, clock
from domain.severity import Severity
from domain.signals import (
    AttendanceRecorded,
    CheckpointScanRecorded,
    PanicRecorded,
    PhoneActivityRecorded,
    TaskCompletionRecorded,
)

QUIET_MIN = HOUR
# A report of less than this share of the own pace is one of a phone that lies there. Assumption.
QUIET_SHARE = 0.125
# So many uses must be wanting, or a quiet time may be chance: by night a guard may use the phone
# half as often as in the evening, and still none in such a time is one in several hundred.
USES_WANTING_MIN = 12.0
USUAL_PACE = 24.0  # interactions an hour of a guard of whom no use is known yet; assumption
#: What a guard does with own hands; positions and reports a phone sends by itself.
DEEDS = (AttendanceRecorded, CheckpointScanRecorded, TaskCompletionRecorded, PanicRecorded)


class Quiet(msgspec.Struct, frozen=True):
    """A time in which a phone was hardly used and its guard did nothing else."""

    since: datetime
    until: datetime
    reports: list[Seen]

    def wanting(self, pace: float, until: datetime) -> float:
        """Return how many uses the reports up to a moment should have told of."""
        covered, end = timedelta(0), self.since
        for each in self.reports:
            covered += max(timedelta(0), min(each.at, until) - max(begin_of(each), end))
            end = max(end, each.at)
        return pace * (covered / HOUR)

    def is_long(self, pace: float, until: datetime) -> bool:
        """Return whether it says something, as far as it had lasted at a moment."""
        lasted = min(self.until, until) - self.since
        return lasted >= QUIET_MIN and self.wanting(pace, until) >= USES_WANTING_MIN


def judge_phone(
    duty: HourDuty, here: Sequence[Seen], present: Sequence[Presence]
) -> Judgement | None:
    """A phone is to be used at about the guard's own pace; one that reports its use does so on.

    `here` are the signals of the time in which the guard was present.
    """
    reports = [each for each in here if isinstance(each.event, PhoneActivityRecorded)]
    if not reports:
        return None
    deeds = [each.at for each in here if isinstance(each.event, DEEDS)]
    deeds += [each.until for each in present if each.until is not None]
    pace = own_pace(reports)
    if reports[-1].at < duty.starts_at:
        if any(duty.starts_at <= at for at in deeds):
            return None
        return found(duty, [], reports[-1], pace, "The phone reported its use before, not then.")
    quiet = quiet_time(duty, reports, deeds, pace)
    if quiet is None or not quiet.is_long(pace, duty.until):
        return None
    if quiet.is_long(pace, duty.starts_at) and quiet.until - duty.starts_at < QUIET_MIN:
        return None  # it was told in the hour before
    total = sum(uses(each) for each in quiet.reports)
    usual = quiet.wanting(pace, duty.until)
    explanation = (
        f"{total} interactions in {len(quiet.reports)} reports"
        f" since {clock(quiet.since.astimezone(UTC))}; about {usual:.0f} would be usual."
    )
    return found(duty, quiet.reports, quiet.reports[-1], pace, explanation)


def found(
    duty: HourDuty, reports: Sequence[Seen], last: Seen, pace: float, explanation: str
) -> Judgement:
    """Return that a phone was hardly used."""
    start = clock(duty.starts_at.astimezone(UTC))
    return Judgement(
        type=FindingType.LOW_PHONE_ACTIVITY,
        severity=Severity.MEDIUM,
        title=f"{duty.person_id} hardly used the phone from {start} for an hour",
        expected=(Expected(f"About {pace:.0f} interactions an hour", duty.until),),
        received=reports,
        explanation=explanation,
        device_id=last.event.device_id,
    )


def uses(report: Seen) -> int:
    return cast("PhoneActivityRecorded", report.event).interactions


def seconds(report: Seen) -> int:
    return cast("PhoneActivityRecorded", report.event).interval_s


def begin_of(report: Seen) -> datetime:
    """Return when the interval began that a report tells of."""
    return report.at - timedelta(seconds=seconds(report))


def own_pace(reports: Sequence[Seen]) -> float:
    """Return the interactions an hour of a guard who uses the phone at all.

    Reports without any use are left out: a guard who sleeps for hours would make sleeping usual.
    """
    used = [each for each in reports if uses(each)]
    if not used:
        return USUAL_PACE
    return sum(map(uses, used)) / sum(map(seconds, used)) * HOUR.total_seconds()


def quiet_time(
    duty: HourDuty, reports: Sequence[Seen], deeds: Sequence[datetime], pace: float
) -> Quiet | None:
    """Return the time between uses and deeds around the beginning of an hour, if reports tell of one.

    No other one lasts for an hour and ends in this one. It goes on until nothing is known any more.
    """
    start = duty.starts_at
    least = pace / HOUR.total_seconds() * QUIET_SHARE
    quiet: list[Seen] = []
    active: list[Seen] = []
    for each in reports:
        (quiet if uses(each) <= seconds(each) * least else active).append(each)
    awake = [at for at in (*(each.at for each in active), *deeds) if at <= start]
    ends = [(at, at) for at in deeds if at > start]
    ends += [(each.at, begin_of(each)) for each in active if each.at > start]
    told, until = min(ends, default=(duty.until, duty.until))
    since = max(awake, default=None)
    between = [each for each in quiet if (since is None or each.at > since) and each.at <= told]
    if not between:
        return None
    begins = begin_of(between[0]) if since is None else max(since, begin_of(between[0]))
    return Quiet(begins, max(begins, until), between)
