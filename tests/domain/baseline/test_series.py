"""Series: a stream of values, judged by the days before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from domain.anomaly.facts import ThresholdReason
from domain.baseline.judging import NoJudgement
from domain.baseline.series import Scored, SeriesScorer

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
STEPS = 288  # of five minutes in a day


def scores(values: list[float]) -> list[Scored]:
    scorer = SeriesScorer()
    return [
        scorer.score(BEGAN + timedelta(minutes=5 * step), value)
        for step, value in enumerate(values)
    ]


def test_the_first_day_has_no_history_and_teaches_the_next() -> None:
    draw = Random(5)
    values = [draw.gauss(50.0, 5.0) for _ in range(3 * STEPS)]
    values[2 * STEPS] = 150.0
    told = scores(values)
    assert {each.threshold_reason for each in told[:STEPS]} == {
        NoJudgement.NOT_ENOUGH_HISTORY.value
    }
    assert all(each.anomaly_score == 0.0 and each.z is None for each in told[:STEPS])
    assert {each.threshold_reason for each in told[STEPS:]} == {ThresholdReason.STABLE.value}
    spike = told[2 * STEPS]
    assert spike.anomalous
    assert spike.anomaly_score == max(each.anomaly_score for each in told) > 0.5
    assert sum(each.anomalous for each in told) < 0.03 * len(told)


def test_what_happens_on_a_day_changes_no_judgement_of_that_day() -> None:
    draw = Random(6)
    values = [draw.gauss(50.0, 5.0) for _ in range(3 * STEPS)]
    other = values[: 2 * STEPS] + [90.0] * 100 + values[2 * STEPS + 100 :]
    assert scores(values)[2 * STEPS + 100 :] == scores(other)[2 * STEPS + 100 :]
