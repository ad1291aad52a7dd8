"""Attempting: a job is tried by one worker at a time, and not for ever.

An attempt is counted in PostgreSQL before it begins, so one that kills its worker counts as well.
The lock is a session's: it is gone with the process that held it, and a message that comes twice
while somebody works on its job is dropped. When the attempts are used up, the job is answered by
its failure, so nothing is open for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TypeAlias
from uuid import UUID

import structlog
from dramatiq.threading import Interrupt

from adapters.postgres.database import Connection, Database, connect
from application.handling import handle
from application.ports import Cause, EventLog, StreamMoved
from domain.jobs import Job
from domain.kernel import shortened

UseCase: TypeAlias = Callable[[str, UUID, int], None]  # tenant, job, position of the request

GIVER_UP = "system:worker"
ERROR_CHARACTERS_MAX = 1_000
RETRY_FIRST_S = 5.0  # after the first failed attempt; doubles with each
RETRY_LONGEST_S = 300.0

LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
# No row where the job is not in the book: it is answered, or nobody asked.
BEGIN = (
    "INSERT INTO jobs.attempts (tenant_id, job, job_id, attempt)"
    " SELECT o.tenant_id, o.job, o.job_id, 1 + coalesce((SELECT max(a.attempt) FROM jobs.attempts a"
    " WHERE a.tenant_id = o.tenant_id AND a.job_id = o.job_id), 0)"
    " FROM jobs.open o WHERE o.tenant_id = %s AND o.job = %s AND o.job_id = %s"
    " RETURNING attempt"
)
END = (
    "UPDATE jobs.attempts SET ended_at = clock_timestamp(), error = %s"
    " WHERE tenant_id = %s AND job_id = %s AND attempt = %s"
)
SOON = (
    "UPDATE jobs.open SET due_at = clock_timestamp() + make_interval(secs => %s)"
    " WHERE tenant_id = %s AND job = %s AND job_id = %s"
)
LAST_ERROR = (
    "SELECT error FROM jobs.attempts WHERE tenant_id = %s AND job_id = %s"
    " ORDER BY attempt DESC LIMIT 1 OFFSET 1"
)

_journal = structlog.get_logger(__name__)


class Attempts:
    """Runs use cases, one attempt at a time."""

    def __init__(self, database: Database, log: EventLog, use_cases: Mapping[str, UseCase]) -> None:
        self._database = database
        self._log = log
        self._use_cases = use_cases

    def attempt(self, job: Job, tenant_id: str, job_id: UUID, position: int) -> None:
        """Try a job, unless it is answered or somebody is at it.

        Raises:
            Exception, Interrupt: whatever the use case raised; it is noted, and tried again soon.
        """
        with self._alone(job, tenant_id, job_id) as is_alone:
            if not is_alone:
                return
            number = self._begin(job, tenant_id, job_id)
            if number is None:
                return
            if number > job.attempts_max:
                self._give_up(job, tenant_id, job_id, position, self._last(tenant_id, job_id))
                self._end(tenant_id, job_id, number, "given up")
                return
            try:
                self._use_cases[job.name](tenant_id, job_id, position)
            except (Exception, Interrupt) as error:
                text = f"{type(error).__name__}: {error}"
                self._end(tenant_id, job_id, number, text)
                if number == job.attempts_max:
                    self._give_up(job, tenant_id, job_id, position, text)
                else:
                    self._retry_soon(job, tenant_id, job_id, number)
                raise
            self._end(tenant_id, job_id, number, None)

    @contextmanager
    def _alone(self, job: Job, tenant_id: str, job_id: UUID) -> Iterator[bool]:
        with closing(connect(self._database.url, f"vedette-{job.name}")) as connection:
            row = connection.execute(LOCK, [f"{tenant_id}/{job.name}/{job_id}"]).fetchone()
            assert row is not None, "A function answers one row."
            yield row[0]

    def _begin(self, job: Job, tenant_id: str, job_id: UUID) -> int | None:
        with self._book(tenant_id) as book:
            row = book.execute(BEGIN, [tenant_id, job.name, job_id]).fetchone()
            return None if row is None else int(row[0])

    def _end(self, tenant_id: str, job_id: UUID, number: int, error: str | None) -> None:
        text = None if error is None else error.replace("\0", "")[:ERROR_CHARACTERS_MAX]
        with self._book(tenant_id) as book:
            book.execute(END, [text, tenant_id, job_id, number])

    def _retry_soon(self, job: Job, tenant_id: str, job_id: UUID, number: int) -> None:
        pause_s = min(RETRY_FIRST_S * 2 ** (number - 1), RETRY_LONGEST_S)
        with self._book(tenant_id) as book:
            book.execute(SOON, [pause_s, tenant_id, job.name, job_id])

    def _last(self, tenant_id: str, job_id: UUID) -> str:
        with self._book(tenant_id) as book:
            row = book.execute(LAST_ERROR, [tenant_id, job_id]).fetchone()
        return (row and row[0]) or "the worker was killed"

    def _give_up(self, job: Job, tenant_id: str, job_id: UUID, position: int, error: str) -> None:
        """Answer with the failure; an answer that came first stands."""
        _journal.error("job_given_up", job=job.name, tenant=tenant_id, id=str(job_id), error=error)
        reason = shortened(f"Given up after {job.attempts_max} attempts; the last: {error}")
        stream = job.stream(job_id)
        story = self._log.read_stream(tenant_id, stream)
        cause = Cause(GIVER_UP, correlation_id=story[0].correlation_id, caused_by=position)
        wish = job.give_up(job_id, reason)
        try:
            handle(self._log, tenant_id, job.decider, stream, wish, cause)
        except StreamMoved:
            return

    @contextmanager
    def _book(self, tenant_id: str) -> Iterator[Connection]:
        with self._database.unit_of_work(tenant_id) as connection:
            yield connection
