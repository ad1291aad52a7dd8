"""Whenever something is due at a moment, keep a timer for it; whenever it is not any more, drop it.

The follower only keeps the book of timers, in the transaction of its checkpoint. Who rings is
`ringing`, in worker processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from adapters.followers.reading import Lease
from adapters.followers.turn import NOTHING, Handled
from adapters.postgres.database import Connection
from application.mailing import MAIL_TIMER
from application.muting import MAINTENANCE_TIMER, SILENCE_TIMER
from application.timers import CLOCK_TIMER, HOLD_TIMER
from domain.catalogue import AnyRecorded, tag_of
from domain.mail import MAIL_STREAM, MailFailed, MailRequested, MailSent
from domain.muting.facts import (
    MaintenanceCancelled,
    MaintenancePlanned,
    SilenceEnded,
    SilenceLapsed,
    SilenceStarted,
)
from domain.service_level.clock import next_moment
from domain.service_level.facts import TicketTimed
from domain.ticket import TicketCancelled, TicketHeld, TicketMerged, TicketResumed

NAME = "keep-timer-whenever-due"  # keys its place in the log: never rename

WIND = (
    "INSERT INTO jobs.timers (tenant_id, kind, subject, position, due_at)"
    " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (tenant_id, kind, subject) DO UPDATE"
    " SET position = excluded.position, due_at = excluded.due_at, rings = 0"
    " WHERE jobs.timers.position < excluded.position"
)
DROP = "DELETE FROM jobs.timers WHERE tenant_id = %s AND kind = %s AND subject = %s"


class TimerKeeper:
    """The follower that keeps the book of timers."""

    name = NAME
    behind = None
    types: frozenset[str] | None = frozenset(
        tag_of(fact)
        for fact in (
            TicketTimed,
            TicketHeld,
            TicketResumed,
            TicketCancelled,
            TicketMerged,
            SilenceStarted,
            SilenceEnded,
            SilenceLapsed,
            MaintenancePlanned,
            MaintenanceCancelled,
            MailRequested,
            MailSent,
            MailFailed,
        )
    )

    def handle(self, connection: Connection, lease: Lease, batch: Sequence[AnyRecorded]) -> Handled:
        for fact in batch:
            kind, subject, due_at = wanted(fact)
            key = [lease.tenant_id, kind, subject]
            if due_at is None:
                connection.execute(DROP, key)
            else:
                connection.execute(WIND, [*key, fact.position, due_at])
        return NOTHING


def wanted(fact: AnyRecorded) -> tuple[str, UUID, datetime | None]:
    """Return which timer a fact is about, and when it shall ring, or None for never."""
    match fact.event:
        case TicketTimed() as timed:
            return CLOCK_TIMER, timed.ticket_id, next_moment(timed)
        case TicketHeld(waiting_until=until):
            return HOLD_TIMER, UUID(fact.stream_id.removeprefix("ticket-")), until
        case TicketResumed() | TicketCancelled() | TicketMerged():
            return HOLD_TIMER, UUID(fact.stream_id.removeprefix("ticket-")), None
        case SilenceStarted(silence_id=silence_id, ends_at=ends_at):
            return SILENCE_TIMER, silence_id, ends_at
        case SilenceEnded() | SilenceLapsed():
            return SILENCE_TIMER, UUID(fact.stream_id.removeprefix("silence-")), None
        case MaintenancePlanned(window_id=window_id):
            # When its next window ends, the site's time zone says: the first ring looks it up.
            return MAINTENANCE_TIMER, window_id, fact.recorded_at
        case MaintenanceCancelled():
            return MAINTENANCE_TIMER, UUID(fact.stream_id.removeprefix("maintenance-")), None
        case MailRequested(mail_id=mail_id):
            return MAIL_TIMER, mail_id, fact.recorded_at
        case _:
            return MAIL_TIMER, UUID(fact.stream_id.removeprefix(MAIL_STREAM)), None
