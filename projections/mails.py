"""Mails: one row per mail that was asked for, to whom, and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.catalogue import AnyRecorded
from domain.mail import MAIL_STREAM, MailFailed, MailKind, MailRequested, MailSent
from projections.kernel import Projection, key_behind


class MailState(StrEnum):
    """What became of a mail."""

    REQUESTED = "requested"
    SENT = "sent"
    FAILED = "failed"


class MailRow(msgspec.Struct, frozen=True, kw_only=True):
    """One mail as it stands."""

    mail_id: UUID
    kind: MailKind
    state: MailState
    recipients: list[str]
    subject: str
    ticket_id: UUID
    attempts: int | None = None  # known once it is answered
    reason: str | None = None  # why it was given up
    requested_at: datetime
    answered_at: datetime | None = None
    position: int


def project(row: MailRow | None, fact: AnyRecorded) -> MailRow | None:
    """Fold one fact into its mail's row."""
    match fact.event, row:
        case MailRequested() as asked, None:
            return MailRow(
                mail_id=asked.mail_id,
                kind=asked.kind,
                state=MailState.REQUESTED,
                recipients=list(asked.to),
                subject=asked.subject,
                ticket_id=asked.ticket_id,
                requested_at=fact.recorded_at,
                position=fact.position,
            )
        case MailSent(attempts=attempts), MailRow():
            return answered(row, fact, MailState.SENT, attempts, None)
        case MailFailed(attempts=attempts, reason=reason), MailRow():
            return answered(row, fact, MailState.FAILED, attempts, reason)
        case _:
            return row


def answered(
    row: MailRow, fact: AnyRecorded, state: MailState, attempts: int, reason: str | None
) -> MailRow:
    """Return the row of a mail that was sent or given up."""
    return replace(
        row,
        state=state,
        attempts=attempts,
        reason=reason,
        answered_at=fact.recorded_at,
        position=fact.position,
    )


MAILS = Projection(
    name="mails",
    table="mails",
    row=MailRow,
    key="mail_id",
    newest_first="requested_at",
    facts=(MailRequested, MailSent, MailFailed),
    key_of=key_behind(MAIL_STREAM),
    project=project,
)
