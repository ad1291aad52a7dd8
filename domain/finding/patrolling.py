"""Patrolling: was a tour walked? Missed and late checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, timedelta

from domain.finding.duties import WalkDuty
from domain.finding.facts import Expected, FindingType
from domain.finding.seen import Judgement, Seen, clock, minutes
from domain.severity import Severity
from domain.signals import CheckpointScanRecorded

MISSED_HIGH_SHARE = 0.5  # of a walk's checkpoints; assumption: then the tour was not walked


def judge_walk(duty: WalkDuty, signals: Sequence[Seen]) -> list[Judgement]:
    """Return the checkpoints that nobody scanned by the walk's end, and those scanned too late."""
    scans: dict[str, Seen] = {}
    for each in signals:
        if isinstance(each.event, CheckpointScanRecorded) and each.event.tour_id == duty.tour_id:
            scans.setdefault(each.event.checkpoint_id, each)
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
        found.append(
            Judgement(
                type=FindingType.MISSED_CHECKPOINT,
                severity=Severity.HIGH if much else Severity.MEDIUM,
                title=f"{len(missed)} of {len(points)} checkpoints of {duty.tour_id} missed,"
                f" walk of {start}",
                expected=tuple(missed),
                received=received,
                explanation=f"{done}.",
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
