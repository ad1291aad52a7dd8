"""Jobs: long work that a fact asks for and a fact answers. A job itself never holds truth.

This is the one table of all jobs. To add one:

1. State its facts: a request and its answers, one of which says that it failed and why. All stand
   in one stream, `<name>-<uuid>`, whose decider asks once and answers once.
2. Write its `Job` here, behind the facts it is about, and add it to `JOBS`. Dispatching, sending,
   counting attempts, giving up and the list of jobs read this table; nothing else is to be done.
3. Write its use case, a callable `(tenant_id, job_id, position) -> None` that reads the request,
   does the work on what stands in the log up to `position`, and answers through the decider. It may
   run twice, also at the same moment: whoever answers second changes nothing. What it raises is
   tried again until the attempts are used up. Add it to `interfaces.wiring.use_cases` by name.
4. If it is to be asked for by the clock, add a row to `application.schedule.SCHEDULE`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, assert_never
from uuid import UUID

import msgspec

from domain.anomaly.facts import TuningCompleted, TuningFailed, TuningRequested
from domain.catalogue import AnyRecorded
from domain.finding.audit import AUDIT, FailAudit
from domain.finding.facts import AuditCompleted, AuditFailed, AuditRequested
from domain.kernel import Command, Decider, Event
from domain.operations import (
    VERIFICATION,
    FailVerification,
    VerificationFailed,
    VerificationPassed,
    VerificationRequested,
)
from domain.tuning.story import TUNING, FailTuning

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S


class JobState(StrEnum):
    """What has become of a job."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


class Answer(msgspec.Struct, frozen=True):
    """What an answer comes to, for people."""

    state: JobState
    outcome: str


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of job: its facts, what it may cost, and what is answered when it cannot be done."""

    name: str  # of its streams, its queue and in every door: never rename
    requested: type[Event]
    answers: tuple[type[Event], ...]
    decider: Decider[Any, Any, Any]  # of its streams
    tell: Callable[[Any], Answer]  # of an answer
    give_up: Callable[[UUID, str], Command]  # the wish that states a failure and its reason
    time_limit_s: int
    attempts_max: int = 5

    @property
    def facts(self) -> tuple[type[Event], ...]:
        """Return every fact that is told of it."""
        return (self.requested, *self.answers)

    def stream(self, job_id: UUID) -> str:
        """Return the stream of one job of this kind."""
        return f"{self.name}-{job_id}"

    def id_of(self, fact: AnyRecorded) -> UUID:
        """Return which job a fact of this kind is about."""
        return UUID(fact.stream_id.removeprefix(f"{self.name}-"))


def tell_verification(event: VerificationPassed | VerificationFailed) -> Answer:
    """Say what a check of the chain came to."""
    match event:
        case VerificationPassed(up_to=up_to, hash=hash_):
            return Answer(JobState.DONE, f"{up_to} facts are whole; the last hash is {hash_[:16]}…")
        case VerificationFailed(at_position=None, reason=reason):
            return Answer(JobState.FAILED, reason)
        case VerificationFailed(at_position=position, reason=reason):
            return Answer(JobState.FAILED, f"at position {position}: {reason}")
        case _:
            assert_never(event)


def tell_tuning(event: TuningCompleted | TuningFailed) -> Answer:
    """Say what a tuning came to."""
    match event:
        case TuningCompleted(changed=changed, unchanged=unchanged):
            named = f": {', '.join(changed)}" if changed else ""
            return Answer(
                JobState.DONE, f"{len(changed)} thresholds moved, {len(unchanged)} stay{named}"
            )
        case TuningFailed(reason=reason):
            return Answer(JobState.FAILED, reason)
        case _:
            assert_never(event)


def tell_audit(event: AuditCompleted | AuditFailed) -> Answer:
    """Say what an audit came to."""
    match event:
        case AuditCompleted() as done:
            return Answer(
                JobState.DONE,
                f"{done.windows} windows at {done.sites} sites: {done.raised} findings raised,"
                f" {done.revised} revised, {done.withdrawn} withdrawn",
            )
        case AuditFailed(reason=reason):
            return Answer(JobState.FAILED, reason)
        case _:
            assert_never(event)


VERIFICATION_JOB = Job(
    name="verification",
    requested=VerificationRequested,
    answers=(VerificationPassed, VerificationFailed),
    decider=VERIFICATION,
    tell=tell_verification,
    give_up=lambda _, reason: FailVerification(reason=reason),
    time_limit_s=6 * HOUR_S,
)
TUNING_JOB = Job(
    name="tuning",
    requested=TuningRequested,
    answers=(TuningCompleted, TuningFailed),
    decider=TUNING,
    tell=tell_tuning,
    give_up=lambda tuning_id, reason: FailTuning(tuning_id=tuning_id, reason=reason),
    time_limit_s=30 * MINUTE_S,
)
AUDIT_JOB = Job(
    name="audit",
    requested=AuditRequested,
    answers=(AuditCompleted, AuditFailed),
    decider=AUDIT,
    tell=tell_audit,
    give_up=lambda _, reason: FailAudit(reason=reason),
    time_limit_s=10 * MINUTE_S,
)

JOBS: tuple[Job, ...] = (VERIFICATION_JOB, TUNING_JOB, AUDIT_JOB)
JOB_OF_FACT = {fact: job for job in JOBS for fact in job.facts}
