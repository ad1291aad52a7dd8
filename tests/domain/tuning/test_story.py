"""A tuning is asked for once and answered once."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from domain.anomaly.facts import (
    Metric,
    TuningCompleted,
    TuningFailed,
    TuningRequested,
    Unchanged,
)
from domain.tuning.story import (
    TUNING,
    CompleteTuning,
    FailTuning,
    NoSuchTuning,
    RequestTuning,
)
from tests.given import given

IDENTITY = UUID(int=7)
SUNDAY = datetime(2026, 11, 22, 3, tzinfo=UTC)
requested = TuningRequested(tuning_id=IDENTITY, until=SUNDAY, days=30)
stays = (Unchanged(Metric.SITE_SIGNALS, "3 verdicts are fewer than 20."),)
completed = TuningCompleted(tuning_id=IDENTITY, changed=(Metric.GPS_ACCURACY,), unchanged=stays)
failed = TuningFailed(tuning_id=IDENTITY, reason="The worker was killed.")
request = RequestTuning(tuning_id=IDENTITY, until=SUNDAY)
complete = CompleteTuning(tuning_id=IDENTITY, changed=(Metric.GPS_ACCURACY,), unchanged=stays)
fail = FailTuning(tuning_id=IDENTITY, reason="The worker was killed.")


def test_a_tuning_is_asked_for_once() -> None:
    given(TUNING).when(request).then(requested)
    given(TUNING, requested).when(request).then()
    given(TUNING, requested, completed).when(request).then()


def test_a_tuning_is_answered_once() -> None:
    given(TUNING, requested).when(complete).then(completed)
    given(TUNING, requested).when(fail).then(failed)
    given(TUNING, requested, completed).when(fail).then()
    given(TUNING, requested, failed).when(complete).then()


def test_what_nobody_asked_is_not_answered() -> None:
    given(TUNING).when(complete).refused(NoSuchTuning)
