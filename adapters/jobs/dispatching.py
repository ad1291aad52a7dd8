"""Whenever a job is requested, dispatch it; when it is answered, forget it.

The follower only keeps the book of open jobs, in the transaction of its checkpoint. Messages are
sent from the book by `sending`, so a Redis that is away holds no follower up.
"""

from __future__ import annotations

from collections.abc import Sequence

from adapters.followers.reading import Lease
from adapters.followers.turn import NOTHING, Handled
from adapters.postgres.database import Connection
from domain.catalogue import AnyRecorded, tag_of
from domain.jobs import JOB_OF_FACT

NAME = "dispatch-job-whenever-requested"  # keys its place in the log: never rename

OPEN = (
    "INSERT INTO jobs.open (tenant_id, job, job_id, position) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (tenant_id, job, job_id) DO NOTHING"
)
CLOSE = "DELETE FROM jobs.open WHERE tenant_id = %s AND job = %s AND job_id = %s"


class Dispatcher:
    """The follower that keeps the book of open jobs."""

    name = NAME
    behind = None
    types: frozenset[str] | None = frozenset(tag_of(fact) for fact in JOB_OF_FACT)

    def handle(self, connection: Connection, lease: Lease, batch: Sequence[AnyRecorded]) -> Handled:
        for fact in batch:
            job = JOB_OF_FACT[type(fact.event)]
            key = [lease.tenant_id, job.name, job.id_of(fact)]
            if isinstance(fact.event, job.requested):
                connection.execute(OPEN, [*key, fact.position])
            else:
                connection.execute(CLOSE, key)
        return NOTHING
