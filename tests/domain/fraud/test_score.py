"""The rule score: what is plain scores low, each tactic high, and every feature one way only."""

from __future__ import annotations

from math import log
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.fraud.contradictions import HARD, Contradiction, ContradictionCode
from domain.fraud.facts import Features
from domain.fraud.score import PARAMETERS, RULES, Rules, score
from domain.fraud.types import FraudType

PLAIN = Features(
    biometric_quality_score=0.9,
    gps_accuracy=25.0,
    geofence_distance_meters=0.0,
    velocity_kmh=30.0,
    phone_signal_strength=-80.0,
    battery_level=60.0,
)
RANGES = {
    "biometric_quality_score": (0, 1),
    "gps_accuracy": (0, 5_000),
    "geofence_distance_meters": (0, 50_000),
    "time_of_day_anomaly_score": (0, 1),
    "day_of_week_pattern_score": (0, 1),
    "velocity_kmh": (0, 1_000),
    "historical_fraud_rate": (0, 1),
    "consecutive_violations": (0, 10),
    "tour_completion_rate": (0, 1),
    "phone_signal_strength": (-140, 0),
    "battery_level": (0, 100),
    "location_update_frequency": (0, 12),
}
# A low value of these is the unusual one.
FALLING = {
    "biometric_quality_score",
    "tour_completion_rate",
    "phone_signal_strength",
    "battery_level",
    "location_update_frequency",
}

some_features = st.builds(
    Features, **{name: st.none() | st.floats(low, high) for name, (low, high) in RANGES.items()}
)
some_contradictions = st.lists(
    st.sampled_from(ContradictionCode).map(lambda code: Contradiction(code, "So it is.")),
    unique_by=lambda contradiction: contradiction.code,
)


def says(code: ContradictionCode) -> Contradiction:
    return Contradiction(code, "So it is.")


def test_a_plain_attendance_scores_low() -> None:
    judgement = score(PLAIN, [])
    assert judgement.probability < 0.05
    assert judgement.reasons == []
    assert judgement.fraud_type is FraudType.UNUSUAL_ATTENDANCE


def test_all_of_the_past_together_stays_below_high_risk() -> None:
    past = replace(PLAIN, historical_fraud_rate=1.0, consecutive_violations=10.0)
    assert score(past, []).probability < 0.5


@pytest.mark.parametrize("quality", [0.0, 0.1, 0.2])
def test_a_strange_face_on_another_guards_device_is_buddy_punching(quality: float) -> None:
    features = replace(PLAIN, biometric_quality_score=quality)
    judgement = score(features, [says(ContradictionCode.DEVICE_OF_ANOTHER)])
    assert judgement.probability >= 0.80
    assert judgement.fraud_type is FraudType.BUDDY_PUNCHING
    shared = score(features, [says(ContradictionCode.DEVICE_SHARED)])
    assert shared.fraud_type is FraudType.BUDDY_PUNCHING


def test_a_strange_face_alone_is_high_risk_and_no_alert() -> None:
    assert 0.5 <= score(replace(PLAIN, biometric_quality_score=0.0), []).probability < 0.8


@pytest.mark.parametrize("distance_m", [200, 412, 60_000])
def test_hundreds_of_metres_outside_the_geofence_is_spoofing(distance_m: float) -> None:
    features = replace(PLAIN, geofence_distance_meters=distance_m, gps_accuracy=8.0)
    judgement = score(features, [], 100)
    assert judgement.probability >= 0.80
    assert judgement.fraud_type is FraudType.GPS_SPOOFING
    assert judgement.reasons[0].text == (
        f"The attendance was {distance_m} m outside the geofence of 100 m; accuracy 8 m."
    )


def test_a_phone_elsewhere_is_spoofing() -> None:
    judgement = score(PLAIN, [says(ContradictionCode.PHONE_ELSEWHERE)])
    assert judgement.probability >= 0.80
    assert judgement.fraud_type is FraudType.GPS_SPOOFING


def test_a_shift_without_a_location_looks_like_a_ghost() -> None:
    judgement = score(replace(PLAIN, location_update_frequency=0.0), [])
    assert 0.5 <= judgement.probability < 0.8
    assert judgement.fraud_type is FraudType.GHOST_SHIFT


@pytest.mark.parametrize(
    ("code", "fraud_type"),
    [
        (ContradictionCode.TWO_PLACES_AT_ONCE, FraudType.TWO_PLACES_AT_ONCE),
        (ContradictionCode.DEVICE_SHARED, FraudType.DEVICE_SHARING),
        (ContradictionCode.IMPOSSIBLE_TRAVEL, FraudType.IMPOSSIBLE_TRAVEL),
        (ContradictionCode.TAGS_IN_ONE_PLACE, FraudType.TAGS_IN_ONE_PLACE),
    ],
)
def test_a_hard_contradiction_alone_is_enough(
    code: ContradictionCode, fraud_type: FraudType
) -> None:
    assert code in HARD
    judgement = score(Features(), [says(code)])
    assert judgement.probability >= 0.90
    assert judgement.fraud_type is fraud_type
    assert [reason.code for reason in judgement.reasons] == [code.value]


@given(some_features, some_contradictions, st.sampled_from(sorted(RANGES)), st.data())
def test_every_feature_moves_the_score_one_way_only(
    features: Features, contradictions: list[Contradiction], name: str, data: st.DataObject
) -> None:
    low, high = sorted(data.draw(st.tuples(*[st.floats(*RANGES[name])] * 2)))
    if name in FALLING:
        low, high = high, low
    usual = score(replace(features, **{name: low}), contradictions).probability
    unusual = score(replace(features, **{name: high}), contradictions).probability
    assert usual <= unusual


@given(some_features, some_contradictions, st.sampled_from(sorted(RANGES)))
def test_a_missing_feature_never_raises_a_score(
    features: Features, contradictions: list[Contradiction], name: str
) -> None:
    without = replace(features, **{name: None})
    assert score(without, contradictions).probability <= score(features, contradictions).probability


@given(some_features, some_contradictions)
def test_the_reasons_add_up_to_the_score(
    features: Features, contradictions: list[Contradiction]
) -> None:
    judgement = score(features, contradictions)
    contributions = [reason.contribution for reason in judgement.reasons]
    assert contributions == sorted(contributions, reverse=True)
    assert min(contributions, default=0) >= 0
    assert all(reason.text for reason in judgement.reasons)
    probability = judgement.probability
    assume(probability < 0.999)  # Beyond, six digits do not tell the log-odds.
    assert log(probability / (1 - probability)) == pytest.approx(
        PARAMETERS.base + sum(contributions), abs=0.01
    )


@given(some_features, some_contradictions, st.sampled_from(ContradictionCode))
def test_a_contradiction_never_lowers_a_score(
    features: Features, contradictions: list[Contradiction], code: ContradictionCode
) -> None:
    assume(code not in {contradiction.code for contradiction in contradictions})
    more = [*contradictions, says(code)]
    assert score(features, contradictions).probability <= score(features, more).probability


def test_the_digest_tells_the_parameters_apart() -> None:
    assert RULES.digest == Rules(PARAMETERS).digest
    assert len(RULES.digest) == 64
    assert Rules(replace(PARAMETERS, base=-3.4)).digest != RULES.digest


def test_the_parameters_are_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "fraud-score.md").read_text(encoding="utf-8")
    assert f"log-odds = {PARAMETERS.base:g} +" in page
    for slope in PARAMETERS.slopes:
        figures = f"{slope.nothing_at:g} | {slope.everything_at:g} | {slope.weight:g}"
        assert f"| `{slope.feature}` | {figures} |" in page
    for code in ContradictionCode:
        effect = "hard" if code in HARD else f"adds {PARAMETERS.soft[code]:.1f}"
        assert any(line.startswith(f"| `{code}`") and effect in line for line in page.splitlines())
