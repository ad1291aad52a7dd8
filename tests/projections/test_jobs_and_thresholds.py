"""The boards of jobs and of thresholds: facts in, row out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.anomaly.facts import (
    Metric,
    ThresholdReason,
    TuningCompleted,
    TuningFailed,
    TuningRequested,
    threshold_stream,
    tuning_stream,
)
from domain.catalogue import AnyRecorded, Recorded
from domain.jobs import JobState
from domain.kernel import Event
from domain.operations import FollowerEventRetried
from domain.tuning.threshold import FamilyThreshold, Tuned
from projections.job_board import JOB_BOARD, JobRow
from projections.kernel import Projection
from projections.threshold_board import THRESHOLD_BOARD, ThresholdRow
from tests.domain.tuning.families import (
    FAMILY,
    MONTH,
    SUNDAY,
    expired,
    pinned,
    raised,
    released,
    reverted,
)

IDENTITY = UUID(int=7)
START = datetime(2026, 11, 22, 3, tzinfo=UTC)
requested = TuningRequested(tuning_id=IDENTITY, until=SUNDAY, days=30)
completed = TuningCompleted(tuning_id=IDENTITY, changed=(Metric.GPS_ACCURACY,), unchanged=())


def told(stream: str, *events: Event) -> list[AnyRecorded]:
    return [
        Recorded(
            tenant_id="t",
            position=10 + number,
            stream_id=stream,
            version=number,
            event_id=UUID(int=number),
            occurred_at=START,
            recorded_at=START + timedelta(minutes=number),
            actor=f"user:{number}",
            caused_by=None,
            correlation_id=UUID(int=0),
            event=event,  # type: ignore[arg-type]  # any of the catalogue's
        )
        for number, event in enumerate(events, 1)
    ]


def row_of(projection: Projection[Any], stream: str, *events: Event) -> Any:
    row = None
    for fact in told(stream, *events):
        assert projection.key_of(fact) is not None
        row = projection.project(row, fact)
    return row


def test_a_job_is_open_until_it_is_answered() -> None:
    stream = tuning_stream(IDENTITY)
    asked = {"tuning_id": str(IDENTITY), "until": "2026-11-22T03:00:00Z", "days": 30}
    is_open = JobRow(
        job_id=IDENTITY,
        job="tuning",
        state=JobState.OPEN,
        asked=asked,
        requested_by="user:1",
        requested_at=START + timedelta(minutes=1),
        position=11,
    )
    assert row_of(JOB_BOARD, stream, requested) == is_open
    done = row_of(JOB_BOARD, stream, requested, completed)
    assert (done.state, done.asked, done.position) == (JobState.DONE, asked, 12)
    assert done.answered_at == START + timedelta(minutes=2)
    assert done.outcome == "1 thresholds moved, 0 stay: gps_accuracy"
    assert done.answer["changed"] == ["gps_accuracy"]
    failed = TuningFailed(tuning_id=IDENTITY, reason="Given up.")
    assert row_of(JOB_BOARD, stream, requested, failed).state is JobState.FAILED


def test_an_answer_without_its_request_and_facts_of_others_show_nothing() -> None:
    assert row_of(JOB_BOARD, tuning_stream(IDENTITY), completed) is None
    (other,) = told("follower-x", FollowerEventRetried(follower="x", at_position=1))
    assert JOB_BOARD.key_of(other) is None
    assert JOB_BOARD.project(None, other) is None
    assert THRESHOLD_BOARD.key_of(other) is None
    assert THRESHOLD_BOARD.project(None, other) is None


def threshold(*events: Event) -> ThresholdRow:
    row = row_of(THRESHOLD_BOARD, threshold_stream(FAMILY), *events)
    assert isinstance(row, ThresholdRow)
    return row


def test_what_a_tuning_moved_is_in_force_with_its_inputs() -> None:
    row = threshold(raised)
    assert row == ThresholdRow(
        family=FAMILY,
        threshold=4.0,
        reason=ThresholdReason.FALSE_POSITIVES,
        expires_at=SUNDAY + MONTH,
        because="40% of 25 verdicts are false positives",
        verdicts=25,
        false_positives=10,
        left_out=2,
        rate=0.4,
        state=FamilyThreshold(
            tuned=Tuned(4.0, ThresholdReason.FALSE_POSITIVES, SUNDAY + MONTH), is_moved=True
        ),
        changed_at=START + timedelta(minutes=1),
        changed_by="user:1",
        position=11,
        version=1,
    )


def test_a_pin_lies_above_what_was_tuned_until_it_is_released() -> None:
    row = threshold(raised, pinned)
    assert (row.threshold, row.reason, row.pinned_by) == (5.0, ThresholdReason.PINNED, "user:2")
    row = threshold(raised, pinned, released)
    assert (row.threshold, row.pinned_by) == (4.0, None)
    assert row.because == "The works are over."
    assert threshold(pinned).verdicts is None


def test_without_anything_tuned_or_pinned_the_default_rule_holds() -> None:
    for last in (expired, reverted):
        row = threshold(raised, last)
        assert (row.threshold, row.reason) == (None, ThresholdReason.DEFAULT)
    assert threshold(raised, expired).because == "It came to its end without being confirmed"
    assert row_of(THRESHOLD_BOARD, threshold_stream(FAMILY), expired) is None
