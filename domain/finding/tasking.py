"""Tasking: was a task done in time? Task overdue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from domain.finding.duties import TaskDuty
from domain.finding.facts import Expected, FindingType
from domain.finding.seen import Judgement, Seen, clock, minutes
from domain.severity import Severity
from domain.signals import TaskCompletionRecorded


def judge_task(duty: TaskDuty, signals: Sequence[Seen]) -> list[Judgement]:
    """Return whether nobody said in time that a task is done."""
    done = [
        each
        for each in signals
        if isinstance(each.event, TaskCompletionRecorded) and each.event.task_id == duty.task_id
    ]
    if done and done[0].at < duty.until:
        return []
    due = clock(duty.starts_at.astimezone(UTC))
    if done:
        late = minutes(done[0].at - duty.starts_at)
        severity, explanation = Severity.LOW, f"Done {late} min after it was due."
    else:
        severity, explanation = Severity.MEDIUM, "Nobody said that it is done."
    return [
        Judgement(
            type=FindingType.TASK_OVERDUE,
            severity=severity,
            title=f"Task {duty.task_id} was not done by {due} at {duty.site_id}",
            expected=(Expected(f"Task {duty.task_id} is done", duty.starts_at),),
            received=done[:1],
            explanation=explanation,
        )
    ]
