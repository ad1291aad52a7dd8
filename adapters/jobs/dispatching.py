"""Whenever a verification is requested, dispatch a job; when it is answered, forget it.

The follower only keeps the book of open jobs, in the transaction of its checkpoint. Messages are
sent from the book by `sending`, so a Redis that is away holds no follower up.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from adapters.followers.runtime import NOTHING, Lease
from adapters.postgres.database import Connection
from domain.catalogue import AnyRecorded, tag_of
from domain.operations import (
    VERIFICATION_STREAM,
    VerificationFailed,
    VerificationPassed,
    VerificationRequested,
)

NAME = "dispatch-job-whenever-verification-requested"  # keys its place in the log: never rename
VERIFY_CHAIN = "verify_chain"  # the actor's name, in the messages and in the book

OPEN = (
    "INSERT INTO jobs.open (tenant_id, job, job_id, position) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (tenant_id, job, job_id) DO NOTHING"
)
CLOSE = "DELETE FROM jobs.open WHERE tenant_id = %s AND job = %s AND job_id = %s"


class Dispatcher:
    """The follower that keeps the book of open jobs."""

    name = NAME
    behind = None
    types: frozenset[str] | None = frozenset(
        tag_of(fact) for fact in (VerificationRequested, VerificationPassed, VerificationFailed)
    )

    def handle(
        self, connection: Connection, lease: Lease, batch: Sequence[AnyRecorded]
    ) -> frozenset[str]:
        for fact in batch:
            job = [lease.tenant_id, VERIFY_CHAIN, UUID(fact.stream_id[len(VERIFICATION_STREAM) :])]
            if isinstance(fact.event, VerificationRequested):
                connection.execute(OPEN, [*job, fact.position])
            else:
                connection.execute(CLOSE, job)
        return NOTHING
