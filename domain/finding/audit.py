"""Audit: somebody, or the schedule, asks for duty to be looked at, and one worker answers."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec

from domain.finding.facts import (
    AuditCompleted,
    AuditEvent,
    AuditFailed,
    AuditKind,
    AuditRequested,
    Number,
    Position,
)
from domain.kernel import Command, Decider, Identifier, Instant, ShortText, Unknown

#: What an audit looks at: duties that are to be judged from a moment so long before it on.
REACH = {
    AuditKind.HEARTBEAT: timedelta(minutes=15),  # three heartbeats: two may be missed
    AuditKind.COMPREHENSIVE: timedelta(days=1),
}


class RequestAudit(Command, frozen=True):
    """Ask for duty to be looked at as of an instant."""

    audit_id: UUID
    kind: AuditKind
    as_of: Instant
    site_id: Identifier | None = None  # None: every site


class CompleteAudit(Command, frozen=True):
    """State that an audit looked at everything it was asked to."""

    judged_up_to: Position
    sites: Number
    windows: Number
    raised: Number
    revised: Number
    withdrawn: Number


class FailAudit(Command, frozen=True):
    """State that an audit could not be done."""

    reason: ShortText


AuditCommand: TypeAlias = RequestAudit | CompleteAudit | FailAudit


class AuditUnknown(Unknown):
    """Nobody asked for this audit."""

    code = "audit.unknown"


class Audit(msgspec.Struct, frozen=True):
    """What the next decision needs to know."""

    requested: AuditRequested | None = None
    is_answered: bool = False


def decide(audit: Audit, command: AuditCommand) -> list[AuditEvent]:
    """Ask once and answer once; a second answer, as a job that ran twice has it, changes nothing.

    Raises:
        AuditUnknown: an answer to what nobody asked.
    """
    if isinstance(command, RequestAudit):
        if audit.requested is not None:
            return []
        return [
            AuditRequested(
                audit_id=command.audit_id,
                kind=command.kind,
                as_of=command.as_of,
                site_id=command.site_id,
            )
        ]
    if audit.requested is None:
        raise AuditUnknown("There is no such audit.")
    if audit.is_answered:
        return []
    match command:
        case CompleteAudit():
            counts = msgspec.structs.asdict(command)
            return [AuditCompleted(audit_id=audit.requested.audit_id, **counts)]
        case FailAudit(reason=reason):
            return [AuditFailed(audit_id=audit.requested.audit_id, reason=reason)]
        case _:
            assert_never(command)


def evolve(audit: Audit, event: AuditEvent) -> Audit:
    """Fold one fact into the state."""
    match event:
        case AuditRequested():
            return Audit(requested=event)
        case AuditCompleted() | AuditFailed():
            return msgspec.structs.replace(audit, is_answered=True)
        case _:
            assert_never(event)


AUDIT = Decider(initial=Audit(), decide=decide, evolve=evolve)
