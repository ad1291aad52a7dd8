"""Jobs: long work that a fact asks for and a fact answers. A job itself never holds truth."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

import msgspec

from application.handling import handle
from application.ports import Cause, EventLog, StreamMoved
from application.verification import LogVerifier, Verdict
from domain.catalogue import AnyRecorded
from domain.kernel import SHORT_TEXT_CHARACTERS_MAX
from domain.operations import (
    VERIFICATION,
    VERIFICATION_STREAM,
    FailVerification,
    PassVerification,
    RequestVerification,
    VerificationFailed,
    VerificationPassed,
    VerificationRequested,
    verification_stream,
)

VERIFIER = "system:verifier"


class JobState(StrEnum):
    """What has become of a job."""

    OPEN = "open"
    PASSED = "passed"
    FAILED = "failed"


class JobStanding(msgspec.Struct, frozen=True, kw_only=True):
    """One job, as the log tells it."""

    job_id: UUID
    job: str
    state: JobState
    requested_by: str
    requested_at: datetime
    answered_at: datetime | None = None
    outcome: str | None = None


def request_verification(log: EventLog, tenant_id: str, cause: Cause) -> tuple[UUID, int]:
    """Ask for a check of a tenant's whole chain; return the job's id and the request's position."""
    verification_id = uuid4()
    stream = verification_stream(verification_id)
    position = handle(log, tenant_id, VERIFICATION, stream, RequestVerification(), cause)
    assert position is not None, "Nobody asked under a fresh id before."
    return verification_id, position


class VerifyChain:
    """Checks a chain because somebody asked, and answers in the log."""

    def __init__(self, log: EventLog, verifier: LogVerifier) -> None:
        self._log = log
        self._verifier = verifier

    def __call__(self, tenant_id: str, verification_id: UUID, position: int) -> None:
        """Answer the request at a position. What is answered already, or was never asked, stays so.

        Raises:
            LogUnavailable: the database did not answer; trying again is safe.
        """
        stream = verification_stream(verification_id)
        story = self._log.read_stream(tenant_id, stream)
        if len(story) != 1:
            return
        verdict = self._verifier.verify(tenant_id)
        cause = Cause(VERIFIER, correlation_id=story[0].correlation_id, caused_by=position)
        try:
            handle(self._log, tenant_id, VERIFICATION, stream, answer(verdict, position), cause)
        except StreamMoved:
            return  # another worker had the same message, and was faster


def answer(verdict: Verdict, position: int) -> PassVerification | FailVerification:
    """Return what a verdict says to a request that stands at a position."""
    if verdict.fault is not None:
        return FailVerification(
            at_position=max(verdict.fault.position, 1),
            reason=verdict.fault.reason[:SHORT_TEXT_CHARACTERS_MAX],
        )
    if verdict.head.position < position:
        return FailVerification(
            at_position=verdict.head.position + 1,
            reason=f"The log ends before position {position}, where this check was asked for.",
        )
    return PassVerification(
        up_to=verdict.head.position, hash=verdict.head.hash.hex(), events=verdict.events
    )


def jobs_of(facts: Iterable[AnyRecorded]) -> list[JobStanding]:
    """Fold facts, oldest first, into the jobs they tell of, newest first."""
    jobs: dict[str, JobStanding] = {}
    for fact in facts:
        stream_id, at = fact.stream_id, fact.recorded_at
        match fact.event:
            case VerificationRequested():
                jobs[stream_id] = JobStanding(
                    job_id=UUID(stream_id.removeprefix(VERIFICATION_STREAM)),
                    job="verify",
                    state=JobState.OPEN,
                    requested_by=fact.actor,
                    requested_at=at,
                )
            case VerificationPassed(up_to=up_to, hash=hash_):
                jobs[stream_id] = msgspec.structs.replace(
                    jobs[stream_id],
                    state=JobState.PASSED,
                    answered_at=at,
                    outcome=f"{up_to} facts are whole; the last hash is {hash_[:16]}…",
                )
            case VerificationFailed(at_position=position, reason=reason):
                jobs[stream_id] = msgspec.structs.replace(
                    jobs[stream_id],
                    state=JobState.FAILED,
                    answered_at=at,
                    outcome=f"at position {position}: {reason}",
                )
            case _:
                pass  # other facts tell nothing of jobs
    return list(reversed(jobs.values()))
