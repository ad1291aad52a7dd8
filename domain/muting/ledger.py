"""Ledger: what called nobody although it would have. One stream for each trouble, in order."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from domain.kernel import Command, Decider
from domain.muting.facts import Action, ActionMuted, MutedBy
from domain.severity import Severity


class MuteAction(Command, frozen=True):
    """Write down that a person was not called, and why."""

    action: Action
    subject: str
    subject_id: UUID
    muted_by: MutedBy
    muter_id: UUID | None
    severity: Severity
    title: str
    site_id: str | None
    person_id: str | None
    assignee: str | None
    seen_at: datetime
    until: datetime | None


def decide(_: int, command: MuteAction) -> list[ActionMuted]:
    """Write it down; whether it is worth a line, the policy that was about to act knows."""
    return [
        ActionMuted(
            action=command.action,
            subject=command.subject,
            subject_id=command.subject_id,
            muted_by=command.muted_by,
            muter_id=command.muter_id,
            severity=command.severity,
            title=command.title,
            site_id=command.site_id,
            person_id=command.person_id,
            assignee=command.assignee,
            seen_at=command.seen_at,
            until=command.until,
        )
    ]


def evolve(lines: int, _: ActionMuted) -> int:
    """Count the lines."""
    return lines + 1


LEDGER = Decider(initial=0, decide=decide, evolve=evolve)
