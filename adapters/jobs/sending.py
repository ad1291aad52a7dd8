"""Sending: messages for what is open and due, again and again until it is answered.

Every worker process sends; the rows of the book are locked while their messages are on the way,
so each is sent by one of them. A message holds ids and a position, nothing else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import redis
import structlog
from dramatiq import Actor
from dramatiq.errors import BrokerError

from adapters.postgres.database import Database

LEASE_S = 60.0  # in which a job is answered, before it is sent again; doubles with each sending
LEASE_LONGEST_S = 3_600.0
LOOK_EVERY_S = 0.5
MESSAGES_MAX = 100  # in one transaction
ATTEMPTS_KEPT_DAYS = 90  # of answered jobs; the answers themselves are facts
FORGET_EVERY_S = 3_600.0

TAKE = (
    "SELECT tenant_id, job, job_id, position, sent"
    " FROM jobs.take(make_interval(secs => %s), make_interval(secs => %s), %s, %s)"
)
FORGET = "SELECT jobs.forget(make_interval(days => %s))"

_journal = structlog.get_logger(__name__)


class DueJob(msgspec.Struct, frozen=True):
    """A row of the book whose message is due."""

    tenant_id: str
    job: str
    job_id: UUID
    position: int
    sent: int  # how often, with this time


class Sender:
    """A thread that sends what is due."""

    def __init__(
        self, database: Database, actors: Mapping[str, Actor[..., Any]], *, lease_s: float = LEASE_S
    ) -> None:
        self._database = database
        self._actors = actors
        self._lease_s = lease_s
        self._forget_at = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the messages under way."""
        self._stop.set()
        self._thread.join()

    def send_due(self) -> int:
        """Send what is due and return how many messages that were.

        Raises:
            redis.RedisError, BrokerError: Redis does not take them; they stay due.
        """
        with self._database.connection() as connection, connection.transaction():
            known = list(self._actors)
            rows = connection.execute(TAKE, [self._lease_s, LEASE_LONGEST_S, MESSAGES_MAX, known])
            due = [DueJob(*row) for row in rows.fetchall()]
            for job in due:
                if job.sent > 1:
                    _journal.warning(
                        "job_sent_again", job=job.job, id=str(job.job_id), sent=job.sent
                    )
                self._actors[job.job].send(job.tenant_id, str(job.job_id), job.position)
        return len(due)

    def forget_old(self) -> None:
        """Let the attempts of jobs that were answered long ago go."""
        if time.monotonic() < self._forget_at:
            return
        with self._database.connection() as connection:
            connection.execute(FORGET, [ATTEMPTS_KEPT_DAYS])
        self._forget_at = time.monotonic() + FORGET_EVERY_S

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.forget_old()
                if self.send_due() == MESSAGES_MAX:
                    continue
            except (redis.RedisError, BrokerError, psycopg.OperationalError) as error:
                _journal.warning("jobs_wait", error=str(error))
            self._stop.wait(LOOK_EVERY_S)
