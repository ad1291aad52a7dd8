"""The table of jobs: what each of them is, says, and answers when it cannot be done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from domain.anomaly.facts import Metric, TuningCompleted, TuningFailed, Unchanged, tuning_stream
from domain.catalogue import tag_of
from domain.finding.facts import AuditCompleted, AuditFailed, audit_stream
from domain.jobs import (
    AUDIT_JOB,
    JOBS,
    TUNING_JOB,
    VERIFICATION_JOB,
    Answer,
    Job,
    JobState,
)
from domain.kernel import Event, shortened
from domain.operations import VerificationFailed, VerificationPassed, verification_stream

IDENTITY = UUID(int=5)


def test_a_job_lives_in_the_streams_of_its_facts() -> None:
    assert VERIFICATION_JOB.stream(IDENTITY) == verification_stream(IDENTITY)
    assert TUNING_JOB.stream(IDENTITY) == tuning_stream(IDENTITY)
    assert AUDIT_JOB.stream(IDENTITY) == audit_stream(IDENTITY)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_its_facts_are_told_of_it_alone(job: Job) -> None:
    assert all(tag_of(fact).startswith(f"{job.name}.") for fact in job.facts)
    assert sum(not set(job.facts).isdisjoint(other.facts) for other in JOBS) == 1


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_giving_up_is_a_wish_that_its_decider_answers_with_a_failure(job: Job) -> None:
    state: Any = job.decider.initial
    with pytest.raises(Exception, match="There is no such"):
        job.decider.decide(state, job.give_up(IDENTITY, "Given up."))


@pytest.mark.parametrize(
    ("job", "event", "answer"),
    [
        (
            VERIFICATION_JOB,
            VerificationPassed(up_to=9, hash="ab" * 32, events=9),
            Answer(JobState.DONE, "9 facts are whole; the last hash is abababababababab…"),
        ),
        (
            VERIFICATION_JOB,
            VerificationFailed(at_position=3, reason="Other bytes."),
            Answer(JobState.FAILED, "at position 3: Other bytes."),
        ),
        (
            VERIFICATION_JOB,
            VerificationFailed(reason="Given up."),
            Answer(JobState.FAILED, "Given up."),
        ),
        (
            TUNING_JOB,
            TuningCompleted(
                tuning_id=IDENTITY,
                changed=(Metric.GPS_ACCURACY,),
                unchanged=(Unchanged(Metric.SITE_SIGNALS, "Too few."),),
            ),
            Answer(JobState.DONE, "1 thresholds moved, 1 stay: gps_accuracy"),
        ),
        (
            TUNING_JOB,
            TuningCompleted(tuning_id=IDENTITY, changed=(), unchanged=()),
            Answer(JobState.DONE, "0 thresholds moved, 0 stay"),
        ),
        (
            TUNING_JOB,
            TuningFailed(tuning_id=IDENTITY, reason="Given up."),
            Answer(JobState.FAILED, "Given up."),
        ),
        (
            AUDIT_JOB,
            AuditCompleted(
                audit_id=IDENTITY,
                judged_up_to=9,
                sites=2,
                windows=5,
                raised=3,
                revised=1,
                withdrawn=0,
            ),
            Answer(
                JobState.DONE,
                "5 windows at 2 sites: 3 findings raised, 1 revised, 0 withdrawn",
            ),
        ),
        (
            AUDIT_JOB,
            AuditFailed(audit_id=IDENTITY, reason="Given up."),
            Answer(JobState.FAILED, "Given up."),
        ),
    ],
)
def test_an_answer_is_told_in_a_sentence(job: Job, event: Event, answer: Answer) -> None:
    assert job.tell(event) == answer


def test_a_reason_becomes_one_line_that_a_fact_can_hold() -> None:
    assert shortened("one\n\ttwo \x00three") == "one two three"
    assert shortened("x" * 200) == "x" * 200
    assert shortened("x" * 300) == "x" * 199 + "…"
