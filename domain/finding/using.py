"""Using: is a guard's phone used as this guard uses it, or has nobody touched it for an hour?

Low phone activity is a sign that a guard sleeps or is gone. A fixed number an hour says it of every
guard who uses the phone little, and at night; so a guard is measured by the own pace on this duty,
and whoever scans a checkpoint or does a task meanwhile is awake. A quiet time need not fit into an
hour of the duty: it counts in the hour in which it has lasted for an hour, and in each full hour on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from domain.finding.duties import HOUR, HourDuty
from domain.finding.facts import Expected, FindingType
from domain.finding.seen import Judgement, Presence, Seen, clock, is_present
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


class Report(msgspec.Struct, frozen=True):
    """How often a phone was used in the interval that a signal tells of."""

    seen: Seen
    uses: int
    since: datetime

    @property
    def at(self) -> datetime:
        return self.seen.at


class Quiet(msgspec.Struct):
    """A time in which a phone was hardly used and its guard did nothing else."""

    since: datetime
    until: datetime
    reports: list[Report]

    def wanting(self, pace: float, until: datetime) -> float:
        """Return how many uses the reports up to a moment should have told of."""
        covered, end = timedelta(0), self.since
        for each in self.reports:
            covered += max(timedelta(0), min(each.at, until) - max(each.since, end))
            end = max(end, each.at)
        return pace * (covered / HOUR)

    def is_long(self, pace: float, until: datetime) -> bool:
        """Return whether it says something, as far as it had lasted at a moment."""
        lasted = min(self.until, until) - self.since
        return lasted >= QUIET_MIN and self.wanting(pace, until) >= USES_WANTING_MIN


def judge_phone(
    duty: HourDuty, signals: Sequence[Seen], present: Sequence[Presence]
) -> Judgement | None:
    """A phone is to be used at about the guard's own pace; one that reports its use does so on."""
    here = [each for each in signals if is_present(present, each.at)]
    reports = [report for each in here if (report := report_of(each)) is not None]
    deeds = [each.at for each in here if isinstance(each.event, DEEDS)]
    deeds += [each.until for each in present if each.until is not None]
    if not reports:
        return None
    pace = own_pace(reports)
    if reports[-1].at < duty.starts_at:
        if any(duty.starts_at <= at for at in deeds):
            return None
        return found(duty, [], reports[-1], pace, "The phone reported its use before, not then.")
    for quiet in quiet_times(reports, deeds, pace, duty.until):
        if quiet.until <= duty.starts_at or not quiet.is_long(pace, duty.until):
            continue
        told_before = quiet.is_long(pace, duty.starts_at)
        if told_before and quiet.until - max(quiet.since, duty.starts_at) < QUIET_MIN:
            continue
        uses = sum(each.uses for each in quiet.reports)
        usual = quiet.wanting(pace, duty.until)
        explanation = (
            f"{uses} interactions in {len(quiet.reports)} reports"
            f" since {clock(quiet.since.astimezone(UTC))}; about {usual:.0f} would be usual."
        )
        return found(duty, quiet.reports, quiet.reports[-1], pace, explanation)
    return None


def found(
    duty: HourDuty, reports: Sequence[Report], last: Report, pace: float, explanation: str
) -> Judgement:
    """Return that a phone was hardly used."""
    start = clock(duty.starts_at.astimezone(UTC))
    return Judgement(
        type=FindingType.LOW_PHONE_ACTIVITY,
        severity=Severity.MEDIUM,
        title=f"{duty.person_id} hardly used the phone from {start} for an hour",
        expected=(Expected(f"About {pace:.0f} interactions an hour", duty.until),),
        received=[each.seen for each in reports],
        explanation=explanation,
        device_id=last.seen.event.device_id,
    )


def report_of(seen: Seen) -> Report | None:
    """Return what a signal tells of a phone's use, if it does."""
    event = seen.event
    if not isinstance(event, PhoneActivityRecorded):
        return None
    return Report(seen, event.interactions, seen.at - timedelta(seconds=event.interval_s))


def own_pace(reports: Sequence[Report]) -> float:
    """Return the interactions an hour of a guard who uses the phone at all.

    Reports without any use are left out: a guard who sleeps for hours would make sleeping usual.
    """
    used = [each for each in reports if each.uses]
    if not used:
        return USUAL_PACE
    return sum(each.uses for each in used) / (
        sum((each.at - each.since for each in used), timedelta(0)) / HOUR
    )


def quiet_times(
    reports: Sequence[Report], deeds: Sequence[datetime], pace: float, until: datetime
) -> Iterator[Quiet]:
    """Yield the times between uses and deeds of which quiet reports tell, oldest first.

    The last one goes on until nothing is known any more: `until`.
    """
    marks = sorted(
        [*((each.since, each.at, each) for each in reports), *((at, at, None) for at in deeds)],
        key=lambda mark: mark[1],
    )
    awake_at: datetime | None = None
    quiet: Quiet | None = None
    for since, at, report in marks:
        if report is not None and report.uses <= pace * ((at - since) / HOUR) * QUIET_SHARE:
            if quiet is None:
                quiet = Quiet(since if awake_at is None else max(since, awake_at), until, [])
            quiet.reports.append(report)
            continue
        if quiet is not None:
            quiet.until = max(quiet.since, since)
            yield quiet
        awake_at, quiet = at, None
    if quiet is not None:
        yield quiet
