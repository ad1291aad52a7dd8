"""Attempts at jobs, as workers have counted them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from adapters.postgres.database import Database
from application.jobs import JobAttempt

READ = (
    "SELECT job_id, attempt, started_at, ended_at, error FROM jobs.attempts"
    " WHERE tenant_id = %(tenant)s AND job_id = ANY (%(jobs)s) ORDER BY job_id, attempt"
)


class PostgresAttempts:
    """Reads the attempts that `adapters.jobs.attempting` counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_jobs(self, tenant_id: str, job_ids: Sequence[UUID]) -> dict[UUID, list[JobAttempt]]:
        rows = self._database.fetch(tenant_id, READ, {"tenant": tenant_id, "jobs": list(job_ids)})
        found: dict[UUID, list[JobAttempt]] = {}
        for job_id, attempt, started_at, ended_at, error in rows:
            found.setdefault(job_id, []).append(
                JobAttempt(attempt=attempt, started_at=started_at, ended_at=ended_at, error=error)
            )
        return found
