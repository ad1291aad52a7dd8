"""Whenever an attendance is recorded, score it; whenever a late signal changes that, score it again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from application.policies import POLICIES
from application.policies.score_fraud_whenever_attendance_recorded import (
    NAME,
    ScoreFraudWheneverAttendanceRecorded,
)
from domain.directory.person import PersonEnrolled
from domain.fraud.facts import FraudScored
from domain.signals import SignalEvent, signal_stream
from tests.domain.fraud.field import attendance, uuid_of
from tests.memory_desk import BEGAN_AT, Following, MemoryLog, settle

HERE = attendance(BEGAN_AT)
ELSEWHERE = attendance(BEGAN_AT - timedelta(minutes=2), site="S-02")


def record(log: MemoryLog, *signals: SignalEvent) -> None:
    for signal in signals:
        log.state(signal_stream(uuid_of(signal)), signal)


@pytest.mark.parametrize("batch_facts_max", [1, 1_000])
def test_an_attendance_is_scored_and_a_late_one_supersedes_the_score(batch_facts_max: int) -> None:
    log = MemoryLog()
    scoring = Following(ScoreFraudWheneverAttendanceRecorded(), log)
    log.state("person-G-1", PersonEnrolled(person_id="G-1", name="Ada"))
    record(log, HERE)
    settle(scoring, batch_facts_max=batch_facts_max)
    (first,) = (fact for fact in log.facts if isinstance(fact.event, FraudScored))
    assert (first.actor, first.caused_by) == (f"policy:{NAME}", 2)
    record(log, ELSEWHERE)
    settle(scoring, batch_facts_max=batch_facts_max)
    by_signal = [score for score in log.events(FraudScored) if score.attendance == uuid_of(HERE)]
    assert [score.supersedes for score in by_signal] == [None, first.position]
    assert by_signal[1].probability > by_signal[0].probability
    assert by_signal[1].because == [uuid_of(ELSEWHERE)]


def test_signals_that_were_taken_in_are_not_scored_again() -> None:
    log = MemoryLog()
    scoring = Following(ScoreFraudWheneverAttendanceRecorded(), log)
    record(log, HERE, ELSEWHERE)
    settle(scoring)
    facts = list(log.facts)
    scoring.take(facts)
    assert log.facts == facts


def test_every_policy_keys_a_place_of_its_own_in_the_log() -> None:
    names = [policy().name for policy in POLICIES]
    assert names == sorted(set(names), key=names.index)
    assert NAME in names
