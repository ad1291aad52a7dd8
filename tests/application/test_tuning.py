"""How a tuning is done: all families at once or none, on the verdicts that stood when it was asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import uuid4

import pytest

from application.handling import handle
from application.ports import Append, Appended, Cause, StreamMoved
from application.tuning import GivenVerdict, TuneThresholds, request_tuning
from domain.alert.facts import Verdict
from domain.anomaly.facts import (
    Metric,
    ThresholdEvent,
    ThresholdExpired,
    ThresholdReason,
    ThresholdTuned,
    TuningCompleted,
    Unchanged,
    threshold_stream,
)
from domain.jobs import TUNING_JOB
from domain.tuning.threshold import THRESHOLD, PinThreshold, RevertThreshold
from tests.memory_log import MemoryLog

TENANT = "t-tuning"
PERSON = Cause("user:scientist")
FAMILY = Metric.GEOFENCE_DISTANCE
STREAM = threshold_stream(FAMILY)
FALSE, TRUE = Verdict.FALSE_POSITIVE_LOGIC, Verdict.CONFIRMED_NEGLIGENCE
REVERT = RevertThreshold(family=FAMILY, reason="A new guard gave the verdicts.")


class KnownVerdicts:
    """Verdicts that a test gives."""

    def __init__(self) -> None:
        self.given: list[GivenVerdict] = []

    def give(self, verdict: Verdict, times: int, at: datetime, family: Metric = FAMILY) -> None:
        self.given += [GivenVerdict(family, verdict, at)] * times

    def standing(
        self, tenant_id: str, since: datetime, until: datetime, up_to: int
    ) -> list[GivenVerdict]:
        assert (tenant_id, up_to > 0) == (TENANT, True)
        return [each for each in self.given if since <= each.given_at < until]


class Laboratory:
    """A log, verdicts, and tunings by the week."""

    def __init__(self, log: MemoryLog | None = None) -> None:
        self.log = log or MemoryLog()
        self.log.open_tenant(TENANT)
        self.verdicts = KnownVerdicts()
        self.tune_thresholds = TuneThresholds(self.log, self.verdicts)

    def tune(self, until: datetime) -> TuningCompleted:
        tuning_id, position = request_tuning(self.log, TENANT, PERSON, until=until)
        self.tune_thresholds(TENANT, tuning_id, position)
        answer = self.log.read_stream(TENANT, TUNING_JOB.stream(tuning_id))[1]
        assert (answer.actor, answer.caused_by) == ("system:tuner", position)
        return cast(TuningCompleted, answer.event)

    def threshold(self) -> list[ThresholdEvent]:
        return [cast(ThresholdEvent, f.event) for f in self.log.read_stream(TENANT, STREAM)]

    def wish(self, command: PinThreshold | RevertThreshold) -> None:
        handle(self.log, TENANT, THRESHOLD, STREAM, command, PERSON)


NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def why(answer: TuningCompleted, family: Metric = FAMILY) -> str:
    return next(each.why for each in answer.unchanged if each.family is family)


def test_false_verdicts_raise_their_family_and_every_other_one_stays() -> None:
    lab = Laboratory()
    lab.verdicts.give(FALSE, 10, NOW - DAY)
    lab.verdicts.give(TRUE, 10, NOW - 2 * DAY)
    lab.verdicts.give(Verdict.DEVICE_FAULT, 7, NOW - DAY)
    lab.verdicts.give(FALSE, 50, NOW - 31 * DAY)  # too long ago
    lab.verdicts.give(FALSE, 5, NOW - DAY, Metric.GPS_ACCURACY)
    answer = lab.tune(NOW)
    assert answer.changed == (FAMILY,)
    assert [each.family for each in answer.unchanged] == [m for m in Metric if m is not FAMILY]
    assert why(answer, Metric.GPS_ACCURACY) == "5 verdicts are fewer than 20."
    assert lab.threshold() == [
        ThresholdTuned(
            family=FAMILY,
            threshold=4.0,
            previous=3.0,
            reason=ThresholdReason.FALSE_POSITIVES,
            verdicts=20,
            false_positives=10,
            left_out=7,
            rate=0.5,
            since=NOW - 30 * DAY,
            until=NOW,
            expires_at=NOW + 30 * DAY,
            tuning_id=answer.tuning_id,
        )
    ]


def test_a_raised_threshold_that_nothing_confirms_ends() -> None:
    lab = Laboratory()
    lab.verdicts.give(FALSE, 20, NOW - DAY)
    lab.tune(NOW)
    for week in (1, 2, 3, 4):
        lab.verdicts.given.clear()
        assert why(lab.tune(NOW + week * 7 * DAY)) == "0 verdicts are fewer than 20."
    assert lab.tune(NOW + 35 * DAY).changed == (FAMILY,)
    assert lab.threshold()[1:] == [ThresholdExpired(family=FAMILY)]


def test_what_a_person_took_back_is_not_put_in_force_by_the_same_verdicts() -> None:
    lab = Laboratory()
    lab.verdicts.give(FALSE, 20, NOW - DAY)
    lab.tune(NOW)
    lab.wish(REVERT)
    assert why(lab.tune(NOW + DAY)) == "0 verdicts are fewer than 20."
    lab.verdicts.give(FALSE, 20, NOW + 2 * DAY)
    answer = lab.tune(NOW + 3 * DAY)
    assert answer.changed == (FAMILY,)
    latest = lab.threshold()[-1]
    assert isinstance(latest, ThresholdTuned)
    assert latest.verdicts == 20
    assert latest.since > NOW


def test_a_tuning_that_runs_twice_or_was_never_asked_for_states_nothing() -> None:
    lab = Laboratory()
    lab.verdicts.give(FALSE, 20, NOW - DAY)
    answer = lab.tune(NOW)
    head = lab.log.head(TENANT).position
    lab.tune_thresholds(TENANT, answer.tuning_id, 1)
    lab.tune_thresholds(TENANT, uuid4(), 1)
    assert lab.log.head(TENANT).position == head


class RacedLog(MemoryLog):
    """A log in which a person pins the threshold just before a tuning's append, some times."""

    races = 0

    def append(self, tenant_id: str, append: Append) -> Appended:
        if self.races and len(append.slices) == 2:
            self.races -= 1
            pin = PinThreshold(family=FAMILY, threshold=5.0 + self.races, reason="Works.")
            handle(self, TENANT, THRESHOLD, STREAM, pin, PERSON)
        return super().append(tenant_id, append)


def test_a_pin_at_the_same_moment_wins_and_nothing_stands_by_half() -> None:
    log = RacedLog()
    lab = Laboratory(log)
    lab.verdicts.give(FALSE, 20, NOW - DAY)
    log.races = 1
    answer = lab.tune(NOW)
    assert answer.changed == ()
    assert answer.unchanged[list(Metric).index(FAMILY)] == Unchanged(
        FAMILY, "A person pinned it at 5."
    )


class RestlessLog(MemoryLog):
    """A log in which somebody else is always faster."""

    def append(self, tenant_id: str, append: Append) -> Appended:
        if len(append.slices) == 2:
            raise StreamMoved(append.slices[0].stream_id, 1)
        return super().append(tenant_id, append)


def test_a_tuning_that_is_never_first_is_tried_again_later() -> None:
    lab = Laboratory(RestlessLog())
    lab.verdicts.give(FALSE, 20, NOW - DAY)
    tuning_id, position = request_tuning(lab.log, TENANT, PERSON, until=NOW)
    with pytest.raises(StreamMoved):
        lab.tune_thresholds(TENANT, tuning_id, position)
    assert len(lab.log.read_stream(TENANT, TUNING_JOB.stream(tuning_id))) == 1
