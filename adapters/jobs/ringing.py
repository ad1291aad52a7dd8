"""Ringing: what is due in the book of timers rings, again and again until it says when next.

Level-triggered: a moment that passed while nothing ran is due as long as it is in the book. Every
worker process rings; a row that one has taken is nobody else's until its lease ends.
"""

from __future__ import annotations

import threading
from datetime import datetime
from uuid import UUID

import msgspec
import psycopg
import structlog

from adapters.postgres.database import Database
from application.ports import LogUnavailable
from application.timers import Bell

LEASE_S = 300.0  # longer than any ring takes, a mail server that hangs included
LOOK_EVERY_S = 0.5
RINGS_MAX = 50  # taken at a time

TAKE = "SELECT * FROM jobs.take_timers(%s, make_interval(secs => %s), %s)"
DROP = (
    "DELETE FROM jobs.timers WHERE tenant_id = %s AND kind = %s AND subject = %s AND position = %s"
)
WIND = (
    "UPDATE jobs.timers SET due_at = %s"
    " WHERE tenant_id = %s AND kind = %s AND subject = %s AND position = %s"
)

_journal = structlog.get_logger(__name__)


class DueTimer(msgspec.Struct, frozen=True):
    """A row of the book whose moment has come."""

    tenant_id: str
    subject: UUID
    position: int
    rings: int  # with this one


class Ringer:
    """A thread that rings one kind of timer."""

    def __init__(
        self, database: Database, kind: str, bell: Bell, *, lease_s: float = LEASE_S
    ) -> None:
        self._database = database
        self._kind = kind
        self._bell = bell
        self._lease_s = lease_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"ringer-{kind}", daemon=True)

    def start(self) -> None:
        """Begin to ring."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the ring under way."""
        self._stop.set()
        self._thread.join()

    def is_running(self) -> bool:
        """Tell whether it rings; it stops by itself only by a bug, which the journal names."""
        return self._thread.is_alive()

    def ring_due(self) -> int:
        """Ring what is due and return how much that was.

        Raises:
            psycopg.OperationalError, LogUnavailable: the database did not answer; what did not
                ring is due again when its lease ends.
        """
        with self._database.connection() as connection:
            rows = connection.execute(TAKE, [self._kind, self._lease_s, RINGS_MAX]).fetchall()
        for due in (DueTimer(*row) for row in rows):
            if self._stop.is_set():
                break  # the others are due again when their lease ends
            self._settle(due, self._bell(due.tenant_id, due.subject, due.rings))
        return len(rows)

    def _settle(self, due: DueTimer, again_at: datetime | None) -> None:
        """Say when it rings next; a timer that was wound anew meanwhile is left alone."""
        key = [due.tenant_id, self._kind, due.subject, due.position]
        with self._database.unit_of_work(due.tenant_id) as connection:
            if again_at is None:
                connection.execute(DROP, key)
            else:
                connection.execute(WIND, [again_at, *key])

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self.ring_due() == RINGS_MAX:
                    continue
            except (psycopg.OperationalError, LogUnavailable) as error:
                _journal.warning("timers_wait", kind=self._kind, error=str(error))
            self._stop.wait(LOOK_EVERY_S)
