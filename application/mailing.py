"""Mailing: a mail that was asked for is handed to a mail server, and the log is told.

SMTP knows no transaction with us: who is killed between the server's "taken over" and our record
sends the mail again. It bears the same Message-ID then, made from its cause, so that servers and
readers that look at it show one. That is as far as SMTP allows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from application.handling import handle
from application.ports import Cause, EventLog, StreamMoved
from application.timers import Now
from domain.mail import (
    MAIL,
    MailCommand,
    MailRequested,
    RecordFailed,
    RecordSent,
    mail_stream,
)

MAILER = "system:mailer"
MAIL_TIMER = "mail"  # what its rows in the book of timers are called: never rename
ATTEMPTS_MAX = 8
RETRY_FIRST = timedelta(seconds=30)  # doubles with each attempt
RETRY_LONGEST = timedelta(hours=1)


class MailRefused(Exception):
    """The mail server will never take this mail; its message is for the record, without addresses."""


class MailServerAway(Exception):
    """The mail server did not take the mail this time; its message is for the record."""


class Postman(Protocol):
    """Who hands mail to a mail server."""

    def deliver(self, mail: MailRequested) -> None:
        """Hand a mail over; it returns when the server has taken it over.

        Raises:
            MailRefused: it never will.
            MailServerAway: it did not answer, or asks to be tried later.
        """
        ...


class DeliverMail:
    """Hands a mail over because a fact asked for it, and answers in the log."""

    def __init__(
        self,
        log: EventLog,
        postman: Postman | None,
        now: Now,
        *,
        attempts_max: int = ATTEMPTS_MAX,
        retry_first: timedelta = RETRY_FIRST,
    ) -> None:
        self._log = log
        self._postman = postman
        self._now = now
        self._attempts_max = attempts_max
        self._retry_first = retry_first

    def __call__(self, tenant_id: str, mail_id: UUID, attempt: int) -> datetime | None:
        """Try to hand the mail over, for the n-th time; answer when to try again, if ever."""
        story = self._log.read_stream(tenant_id, mail_stream(mail_id))
        if len(story) != 1:
            return None  # nobody asked, or it was answered
        (asked,) = story
        assert isinstance(asked.event, MailRequested), "A mail begins with its request."
        answer: MailCommand
        if self._postman is None:
            answer = RecordFailed(attempts=0, reason="No mail server is configured.")
        elif attempt > self._attempts_max:
            # Whoever tried for the last time was killed before he could say what came of it.
            answer = RecordFailed(attempts=self._attempts_max, reason="It was tried too often.")
        else:
            try:
                self._postman.deliver(asked.event)
                answer = RecordSent(attempts=attempt)
            except MailRefused as refusal:
                answer = RecordFailed(attempts=attempt, reason=str(refusal))
            except MailServerAway as away:
                if attempt < self._attempts_max:
                    return self._now() + pause(attempt, self._retry_first)
                answer = RecordFailed(attempts=attempt, reason=str(away))
        cause = Cause(MAILER, correlation_id=asked.correlation_id, caused_by=asked.position)
        try:
            handle(self._log, tenant_id, MAIL, mail_stream(mail_id), answer, cause)
        except StreamMoved:
            return None  # another process had the same mail, and was faster to say so
        return None


def pause(attempt: int, first: timedelta) -> timedelta:
    """Return how long to wait after the n-th attempt."""
    factor: int = 2 ** min(attempt - 1, 20)
    return min(first * factor, RETRY_LONGEST)
