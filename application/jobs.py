"""Jobs: how one is asked for, and the verification of a whole chain, which is one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

import msgspec

from application.handling import handle
from application.ports import Cause, EventLog, StreamMoved
from application.verification import LogVerifier, Verdict
from domain.jobs import VERIFICATION_JOB
from domain.kernel import shortened
from domain.operations import (
    VERIFICATION,
    FailVerification,
    PassVerification,
    RequestVerification,
)

VERIFIER = "system:verifier"


class JobAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a worker tried a job."""

    attempt: int  # 1..n
    started_at: datetime
    ended_at: datetime | None  # None: under way, or the worker was killed
    error: str | None


class JobAttempts(Protocol):
    """How often and with what luck jobs were tried: what happened here, not what is true."""

    def of_jobs(self, tenant_id: str, job_ids: Sequence[UUID]) -> dict[UUID, list[JobAttempt]]:
        """Return the attempts of each job that was tried, oldest first."""
        ...


def request_verification(log: EventLog, tenant_id: str, cause: Cause) -> tuple[UUID, int]:
    """Ask for a check of a tenant's whole chain; return the job's id and the request's position."""
    verification_id = uuid4()
    stream = VERIFICATION_JOB.stream(verification_id)
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
        stream = VERIFICATION_JOB.stream(verification_id)
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
            at_position=max(verdict.fault.position, 1), reason=shortened(verdict.fault.reason)
        )
    if verdict.head.position < position:
        return FailVerification(
            at_position=verdict.head.position + 1,
            reason=f"The log ends before position {position}, where this check was asked for.",
        )
    return PassVerification(
        up_to=verdict.head.position, hash=verdict.head.hash.hex(), events=verdict.events
    )
