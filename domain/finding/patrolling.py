"""Patrolling: was a tour walked? Missed and late checkpoints.

Scans of a phone without a connection come late. As long as somebody on shift has fallen silent, a
walk may have been done that nobody knows of: it is missed as far as is known, and calls nobody. So
is a walk that the roster leaves to nobody: who would be called was asked for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from domain.finding.duties import WALK_LATE, WalkDuty, Walker
from domain.finding.facts import Expected, FindingType
from domain.finding.seen import Judgement, Seen, clock, is_from_phone, is_sign_of_life, minutes
from domain.severity import Severity
from domain.signals import AttendanceRecorded, CheckpointScanRecorded, SignalEvent

MISSED_HIGH_SHARE = 0.5  # of a walk's checkpoints; assumption: then the tour was not walked


def judge_walk(duty: WalkDuty, signals: Sequence[Seen]) -> list[Judgement]:
    """Return the checkpoints that nobody scanned by the walk's end, and those scanned too late."""
    scans: dict[str, Seen] = {}
    for each in signals:
        event = each.event
        if isinstance(event, CheckpointScanRecorded) and is_scan_of(duty, each.at, event):
            scans.setdefault(event.checkpoint_id, each)
    missed = []
    late = []
    latest = timedelta(0)
    for point in duty.checkpoints:
        by = duty.starts_at + timedelta(minutes=point.due_minutes) + duty.grace
        expected = Expected(f"Checkpoint {point.checkpoint_id}", by)
        scan = scans.get(point.checkpoint_id)
        if scan is None:
            missed.append(expected)
        elif scan.at > by:
            late.append(expected)
            latest = max(latest, scan.at - by + duty.grace)
    points = {point.checkpoint_id for point in duty.checkpoints}
    received = [each for point, each in scans.items() if point in points]
    start = clock(duty.starts_at.astimezone(UTC))
    done = f"{len(received)} of {len(points)} checkpoints were scanned"
    found = []
    if missed:
        much = len(missed) >= MISSED_HIGH_SHARE * len(points)
        silent = [each.person_id for each in duty.walkers if fell_silent(duty, each, signals)]
        but = ""
        if silent:
            but = f" Nothing is heard of {', '.join(silent)}; scans may come yet."
        elif not duty.manned:
            but = " No shift covers it from its start to its last checkpoint."
        found.append(
            Judgement(
                type=FindingType.MISSED_CHECKPOINT,
                severity=Severity.HIGH if much and not but else Severity.MEDIUM,
                title=f"{len(missed)} of {len(points)} checkpoints of {duty.tour_id} missed,"
                f" walk of {start}",
                expected=tuple(missed),
                received=received,
                explanation=f"{done}.{but}",
            )
        )
    if late:
        found.append(
            Judgement(
                type=FindingType.LATE_CHECKPOINT,
                severity=Severity.LOW,
                title=f"{len(late)} of {len(points)} checkpoints of {duty.tour_id} late,"
                f" walk of {start}",
                expected=tuple(late),
                received=received,
                explanation=f"{done}, {len(late)} of them late by up to {minutes(latest)} min.",
            )
        )
    return found


def is_scan_of(duty: WalkDuty, at: datetime, scan: CheckpointScanRecorded) -> bool:
    """Return whether a scan counts for a walk."""
    return (
        scan.tour_id == duty.tour_id
        and scan.site_id == duty.site_id
        and duty.since <= at < duty.until
    )


def tells_of(duty: WalkDuty, walker: Walker, at: datetime, event: SignalEvent) -> bool:
    """Return whether a signal says if a walker was heard of.

    Behind the walk only attendances do: each position behind it would ask to judge it again.
    """
    until = walker.until if isinstance(event, AttendanceRecorded) else duty.until
    return event.person_id == walker.person_id and walker.since <= at < until


def fell_silent(duty: WalkDuty, walker: Walker, signals: Sequence[Seen]) -> bool:
    """Return whether somebody has not been heard of since a walk was to be over, on a device that
    talks by itself, or at all."""
    over = duty.starts_at + timedelta(minutes=max(each.due_minutes for each in duty.checkpoints))
    since = min(over, duty.until - WALK_LATE)
    heard = [
        each
        for each in signals
        if tells_of(duty, walker, each.at, each.event) and is_sign_of_life(each)
    ]
    if heard and heard[-1].at >= since:
        return False
    return not heard or any(is_from_phone(each.event) for each in heard)
