"""Job board: one row per job: what was asked, by whom, and what the answer was."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.catalogue import AnyRecorded
from domain.jobs import JOB_OF_FACT, JobState
from domain.kernel import Event
from projections.kernel import Projection


class JobRow(msgspec.Struct, frozen=True, kw_only=True):
    """One job, as the log tells it."""

    job_id: UUID
    job: str  # verification, tuning or audit
    state: JobState
    asked: dict[str, Any]  # the fields of the request
    requested_by: str
    requested_at: datetime
    answer: dict[str, Any] | None = None  # the fields of the answer
    answered_at: datetime | None = None
    outcome: str | None = None  # the answer in a sentence
    position: int  # of the last fact folded into the row


def said(event: Event) -> dict[str, Any]:
    """Return a fact's fields without its tag, as JSON has them, since the table gives that back."""
    fields: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(event))
    del fields["type"]
    return fields


def key_of(fact: AnyRecorded) -> str | None:
    """Return the id of the job that a fact is about."""
    job = JOB_OF_FACT.get(type(fact.event))
    return None if job is None else str(job.id_of(fact))


def project(row: JobRow | None, fact: AnyRecorded) -> JobRow | None:
    """Fold one fact into its job's row."""
    job = JOB_OF_FACT.get(type(fact.event))
    if job is None:
        return row
    if isinstance(fact.event, job.requested):
        return JobRow(
            job_id=job.id_of(fact),
            job=job.name,
            state=JobState.OPEN,
            asked=said(fact.event),
            requested_by=fact.actor,
            requested_at=fact.recorded_at,
            position=fact.position,
        )
    if row is None:
        return None
    told = job.tell(fact.event)
    return replace(
        row,
        state=told.state,
        answer=said(fact.event),
        answered_at=fact.recorded_at,
        outcome=told.outcome,
        position=fact.position,
    )


JOB_BOARD = Projection(
    name="job-board",
    table="jobs",
    row=JobRow,
    key="job_id",
    newest_first="requested_at",
    facts=tuple(JOB_OF_FACT),
    key_of=key_of,
    project=project,
)
