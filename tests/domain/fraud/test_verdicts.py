"""What verdicts teach about fraud: for whom they count, how often, and until they are taken back."""

from __future__ import annotations

from typing import Any

import pytest

from domain.alert.facts import AlertKind, AlertReopened, AlertResolved, Verdict
from domain.fraud.memory import VERDICTS_MAX, PersonMemory
from domain.signals import Direction
from tests.domain.fraud.field import Field, at, attendance, location, then


def judged(verdict: Verdict, **about: Any) -> AlertResolved:
    about = {"person_id": "G-1", "site_id": "S-01"} | about
    return AlertResolved(dedup_key="k", reason=verdict, evidence=(), **about)


def test_verdicts_count_for_attendances_that_happen_after_them() -> None:
    field = Field()
    field.signals([attendance(at(0))])
    for number, verdict in enumerate(Verdict):
        resolved = AlertResolved(
            dedup_key=f"k-{number}", reason=verdict, person_id="G-1", site_id="S-01", evidence=()
        )
        field.record(f"alert-{number}", resolved, at(10))
    before, later = then(field, attendance(at(600), direction=Direction.CHECK_OUT))
    rates = {score.occurred_at: score.features.historical_fraud_rate for score in (before, later)}
    assert rates == {at(0): None, at(600): pytest.approx(2 / 24, abs=1e-4)}


def test_the_last_verdict_on_an_alert_counts() -> None:
    field = Field()
    for verdict in (Verdict.CONFIRMED_FRAUD, Verdict.UNDETERMINED):
        resolved = AlertResolved(
            dedup_key="k", reason=verdict, person_id="G-1", site_id="S-01", evidence=()
        )
        field.record("alert-1", resolved, at(-10))
    (score,) = then(field, attendance(at(0)))
    assert score.features.historical_fraud_rate is None
    kept = dict(field.kept)
    assert field.take(field.log) == []
    assert field.kept == kept


def reopened(verdict: Verdict | None = None, **about: Any) -> AlertReopened:
    about = {"person_id": "G-1"} | about
    return AlertReopened(dedup_key="k", reason="Too early", verdict=verdict, **about)


def test_a_verdict_that_is_taken_back_counts_no_more() -> None:
    field = Field()
    for number, verdict in enumerate([Verdict.CONFIRMED_FRAUD, Verdict.BENIGN_EXPECTED]):
        field.record(f"alert-{number}", judged(verdict), at(-20))
    field.record("alert-0", reopened(Verdict.CONFIRMED_FRAUD), at(-10))
    before, later = then(field, attendance(at(-15)), attendance(at(0)))
    assert before.features.historical_fraud_rate == pytest.approx(2 / 22, abs=1e-4)
    assert later.features.historical_fraud_rate == pytest.approx(1 / 21, abs=1e-4)
    kept = dict(field.kept)
    assert field.take(field.log) == []
    assert field.kept == kept


@pytest.mark.parametrize(
    ("verdict", "taken_back"), [(Verdict.CONFIRMED_FRAUD, 1), (None, 0), (Verdict.DUPLICATE, 0)]
)
def test_a_verdict_that_is_only_counted_can_be_taken_back(
    verdict: Verdict | None, taken_back: int
) -> None:
    field = Field()
    for number in range(VERDICTS_MAX + 1):
        field.record(f"alert-{number}", judged(Verdict.CONFIRMED_FRAUD), at(-600))
    field.record("alert-0", reopened(verdict), at(-500))
    (score,) = then(field, attendance(at(0)))
    frauds = VERDICTS_MAX + 1 - taken_back
    assert score.features.historical_fraud_rate == pytest.approx(
        (frauds + 1) / (frauds + 20), abs=1e-4
    )
    kept = dict(field.kept)
    field.take(field.log)
    assert field.kept == kept


@pytest.mark.parametrize("kind", [AlertKind.ANOMALY, AlertKind.PANIC, AlertKind.TAMPER])
def test_verdicts_on_other_alerts_say_nothing_about_fraud(kind: AlertKind) -> None:
    field = Field()
    field.record("alert-1", judged(Verdict.CONFIRMED_FRAUD, kind=kind), at(-20))
    field.record("alert-1", reopened(Verdict.CONFIRMED_FRAUD, kind=kind), at(-10))
    field.record("alert-2", judged(Verdict.CONFIRMED_FRAUD, person_id=None), at(-20))
    (score,) = then(field, attendance(at(0)))
    assert score.features.historical_fraud_rate is None


def test_a_change_that_is_undone_while_it_waits_is_no_score() -> None:
    field = Field()
    field.signals([location(at(-8), north_m=3_000), attendance(at(0))])
    field.signals([location(at(4), north_m=3_000), location(at(1))])
    (score,) = field.follow([3 + 2, 1, 1])
    assert score.probability < 0.2


def test_old_verdicts_are_only_counted() -> None:
    field = Field()
    resolved = AlertResolved(
        dedup_key="k", reason=Verdict.CONFIRMED_FRAUD, person_id="G-1", site_id="S-01", evidence=()
    )
    for number in [0, 0, *range(1, VERDICTS_MAX + 1)]:  # the first alert was resolved twice
        field.record(f"alert-{number}", resolved, at(-600))
    (score,) = then(field, attendance(at(0)))
    frauds = VERDICTS_MAX + 1
    assert score.features.historical_fraud_rate == pytest.approx(
        (frauds + 1) / (frauds + 20), abs=1e-4
    )
    assert len(field.memory("person/G-1", PersonMemory).verdicts) == VERDICTS_MAX
