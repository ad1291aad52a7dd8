"""Judging: a pure function from a duty and the signals that are known for it to what is wanting.

The signals come ordered by corrected time and id; that they came late, twice or shuffled is not
seen here. Each family of findings has a module of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.finding.attending import judge_shift
from domain.finding.duties import (
    Ask,
    Duty,
    HourDuty,
    ShiftDuty,
    SiteHalfHourDuty,
    TaskDuty,
    WalkDuty,
    finding_id,
)
from domain.finding.facts import Evidence, FindingRaised, FindingType
from domain.finding.patrolling import is_scan_of, judge_walk, tells_of
from domain.finding.seen import RECEIVED_MAX, Judgement, Seen
from domain.finding.sounding import judge_site_half_hour
from domain.finding.standing_by import judge_hour
from domain.finding.tasking import judge_task
from domain.kernel import shortened
from domain.signals import (
    HORIZON,
    AttendanceRecorded,
    CheckpointScanRecorded,
    SignalEvent,
    TaskCompletionRecorded,
)

JUDGES: Mapping[type[Duty], Callable[[Any, list[Seen]], list[Judgement]]] = {
    ShiftDuty: judge_shift,
    HourDuty: judge_hour,
    WalkDuty: judge_walk,
    SiteHalfHourDuty: judge_site_half_hour,
    TaskDuty: judge_task,
}


def judge(duty: Duty, signals: Sequence[Seen]) -> list[Judgement]:
    """Return what is wanting in a duty, given the signals of all that it asks for.

    They are ordered by (at, signal), each once. What came later than HORIZON is not looked at.
    """
    return JUDGES[type(duty)](duty, [each for each in signals if is_in_time(each)])


def judged_findings(
    duty: Duty, signals: Sequence[Seen], judged_up_to: int, audit_id: UUID | None = None
) -> list[FindingRaised]:
    """Return the findings that a duty leads to, on the signals that stand up to a position."""
    return [raised(duty, each, judged_up_to, audit_id) for each in judge(duty, signals)]


def explaining_first(duty: Duty) -> bool:
    """Return what sorts the duties of one judging, in the order in which they are to be told of.

    A site that was silent explains what its phones failed to say, and is told before that: then
    whoever calls people knows it, in whatever order the duties were found (ADR 0025).
    """
    return FindingType.SILENT_SITE not in duty.types


def is_in_time(seen: Seen) -> bool:
    """Return whether a signal came early enough to be judged on."""
    return seen.recorded_at - seen.at <= HORIZON


def concerns(duty: Duty, at: datetime, event: SignalEvent) -> bool:
    """Return whether a signal could change the judgement of a duty."""
    match duty:
        case ShiftDuty() if not isinstance(event, AttendanceRecorded):
            return False
        case WalkDuty():
            if isinstance(event, CheckpointScanRecorded) and is_scan_of(duty, at, event):
                return True
            return any(tells_of(duty, each, at, event) for each in duty.walkers)
        case TaskDuty(task_id=task_id) if not (
            isinstance(event, TaskCompletionRecorded) and event.task_id == task_id
        ):
            return False
        case _:
            return any(answers(ask, at, event) for ask in duty.asks)


def answers(ask: Ask, at: datetime, event: SignalEvent) -> bool:
    """Return whether a signal is one that was asked for."""
    subject = getattr(event, f"{ask.kind.value}_id")
    return subject == ask.subject_id and ask.since <= at < ask.until


def raised(
    duty: Duty, judgement: Judgement, judged_up_to: int, audit_id: UUID | None = None
) -> FindingRaised:
    """Return the finding that a judgement comes to."""
    return FindingRaised(
        finding_id=finding_id(judgement.type, duty),
        finding_type=judgement.type,
        severity=judgement.severity,
        site_id=duty.site_id,
        person_id=duty.person_id,
        device_id=judgement.device_id,
        subject_id=duty.subject_id,
        title=shortened(judgement.title),
        window_start=duty.starts_at,
        window_end=duty.until,
        evidence=Evidence(
            expected=judgement.expected,
            received=tuple(each.signal for each in judgement.received[:RECEIVED_MAX]),
            explanation=shortened(judgement.explanation),
            judged_up_to=judged_up_to,
        ),
        audit_id=audit_id,
    )
