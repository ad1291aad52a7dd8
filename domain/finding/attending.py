"""Attending: was somebody there when a shift began? No-show and uncovered shift."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from domain.directory.shift import ShiftRole
from domain.finding.duties import CHECK_IN_GRACE, EARLY, ShiftDuty
from domain.finding.facts import Expected, FindingType
from domain.finding.seen import (
    Judgement,
    Seen,
    check_ins,
    clock,
    is_present,
    minutes,
    presences,
)
from domain.severity import Severity
from domain.signals import AttendanceRecorded


def judge_shift(duty: ShiftDuty, signals: Sequence[Seen]) -> list[Judgement]:
    """Return whether the planned person did not show up, and whether the site had nobody."""
    no_show = judge_no_show(duty, signals)
    if duty.person_id is not None and no_show is None:
        return []
    found = [] if no_show is None else [no_show]
    if duty.role is ShiftRole.GUARD:
        found += judge_uncovered(duty, signals)
    return found


def judge_no_show(duty: ShiftDuty, signals: Sequence[Seen]) -> Judgement | None:
    """A planned person is to check in within 15 minutes of the shift's start."""
    if duty.person_id is None:
        return None
    deadline = duty.starts_at + CHECK_IN_GRACE
    since = duty.starts_at - EARLY
    came = [
        each
        for each in check_ins(signals, duty.site_id, duty.person_id)
        if duty.goes_on or each.at >= since
    ]
    if came and came[0].at < deadline:
        return None
    expected = (Expected(f"{duty.person_id} checks in at {duty.site_id}", deadline),)
    start = clock(duty.starts_at.astimezone(UTC))
    if came:
        late = minutes(came[0].at - duty.starts_at)
        return Judgement(
            type=FindingType.NO_SHOW,
            severity=Severity.MEDIUM,
            title=f"{duty.person_id} came late for the shift of {start} at {duty.site_id}",
            expected=expected,
            received=came[:1],
            explanation=f"The check-in came {late} min after the shift's start.",
        )
    return Judgement(
        type=FindingType.NO_SHOW,
        severity=Severity.HIGH,
        title=f"{duty.person_id} did not show up for the shift of {start} at {duty.site_id}",
        expected=expected,
        explanation=f"No check-in at {duty.site_id} for this shift.",
    )


def judge_uncovered(duty: ShiftDuty, signals: Sequence[Seen]) -> list[Judgement]:
    """Somebody is to be at the site when nobody is planned, or the planned person is not there."""
    deadline = duty.starts_at + CHECK_IN_GRACE
    others = sorted(
        {
            each.event.person_id
            for each in signals
            if isinstance(each.event, AttendanceRecorded) and each.event.person_id != duty.person_id
        }
    )
    there = [
        person
        for person in others
        if is_present(presences(signals, duty.site_id, person), deadline)
    ]
    start = clock(duty.starts_at.astimezone(UTC))
    expected = (Expected(f"A guard is at {duty.site_id}", deadline),)
    if there:
        if duty.person_id is not None:
            return []
        return [
            Judgement(
                type=FindingType.UNCOVERED_SHIFT,
                severity=Severity.MEDIUM,
                title=f"Nobody is planned for the shift of {start} at {duty.site_id}",
                expected=expected,
                received=check_ins(signals, duty.site_id, there[0])[-1:],
                explanation=f"{there[0]} is on site without a plan.",
            )
        ]
    came = [
        each
        for person in (*others, *([] if duty.person_id is None else [duty.person_id]))
        for each in check_ins(signals, duty.site_id, person)
        if each.at >= deadline
    ]
    first = min(came, key=lambda each: (each.at, str(each.signal)), default=None)
    why = "Nobody is planned" if duty.person_id is None else f"{duty.person_id} did not come"
    if first is None:
        return [
            Judgement(
                type=FindingType.UNCOVERED_SHIFT,
                severity=Severity.CRITICAL,
                title=f"Nobody is at {duty.site_id} for the shift of {start}",
                expected=expected,
                explanation=f"{why}, and nobody else is on site.",
            )
        ]
    late = minutes(first.at - duty.starts_at)
    return [
        Judgement(
            type=FindingType.UNCOVERED_SHIFT,
            severity=Severity.HIGH,
            title=f"Nobody was at {duty.site_id} when the shift of {start} began",
            expected=expected,
            received=[first],
            explanation=f"{why} in time; the first check-in came after {late} min.",
        )
    ]
