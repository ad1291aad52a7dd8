"""Late news: what comes after an attendance was scored, and whether it is judged anew."""

from __future__ import annotations

from datetime import timedelta

from domain.fraud.facts import FraudScored
from domain.fraud.types import FraudType
from domain.signals import Direction
from tests.domain.fraud.field import (
    Field,
    after,
    at,
    attendance,
    location,
    then,
    uuid_of,
)

PLAIN_LOG = Field().log


def test_one_phone_for_two_guards_judges_both() -> None:
    first, second = attendance(at(0), device="D-9"), attendance(at(3), "G-2", device="D-9")
    field = after(first)
    scores = then(field, second)
    assert {score.person_id: score.contradictions for score in scores} == {
        "G-1": ["device_shared"],
        "G-2": ["device_shared"],
    }
    assert {score.person_id: score.witnesses for score in scores} == {
        "G-1": [uuid_of(second)],
        "G-2": [uuid_of(first)],
    }
    assert all(score.probability >= 0.90 for score in scores)
    anew = next(score for score in scores if score.person_id == "G-1")
    assert anew.because == [uuid_of(second)]
    assert anew.supersedes == next(
        fact.position for fact in field.log if isinstance(fact.event, FraudScored)
    )


def test_a_location_that_comes_late_brings_a_new_score() -> None:
    field = after(attendance(at(0)))
    far = location(at(-2), north_m=30_000)
    (score,) = then(field, far)
    assert score.contradictions == ["impossible_travel"]
    assert score.because == [uuid_of(far)]


def test_a_location_that_changes_nothing_brings_no_score() -> None:
    field = after(location(at(-20)), attendance(at(0)))
    assert then(field, location(at(-15)), location(at(2)), location(at(4)), location(at(30))) == []


def test_an_earlier_location_of_the_same_minute_takes_the_place_of_one_in_the_window() -> None:
    far = location(at(-60) + timedelta(seconds=20), north_m=300_000)
    checked_in = attendance(at(0) + timedelta(seconds=10))
    field = after(far, checked_in)
    before_the_window = location(at(-60) + timedelta(seconds=5))
    scores = then(field, before_the_window)
    assert [score.probability < 0.2 for score in scores] == [True]


def test_a_phone_that_is_elsewhere_before_and_after_is_seen_when_it_tells() -> None:
    field = after(location(at(-8), north_m=3_000), attendance(at(0)))
    (score,) = then(field, location(at(4), north_m=3_000))
    assert score.fraud_type is FraudType.GPS_SPOOFING
    assert score.probability >= 0.80
    (again,) = then(field, location(at(1)))
    assert again.probability < 0.2


def test_a_check_in_is_judged_anew_when_the_check_out_shows_a_shift_without_locations() -> None:
    field = after(location(at(-30)), attendance(at(0)))
    leaves = attendance(at(480), direction=Direction.CHECK_OUT)
    check_in, check_out = sorted(then(field, leaves), key=lambda score: score.occurred_at)
    assert check_in.features.location_update_frequency == 0
    assert check_in.because == [uuid_of(leaves)]
    assert check_in.fraud_type is FraudType.GHOST_SHIFT
    assert check_out.features.location_update_frequency == 0
    found = then(field, *[location(at(minutes)) for minutes in range(5, 480, 5)])
    assert [score.probability < 0.2 for score in found] == [True, True]


def test_a_phone_that_first_told_its_place_before_the_shift_makes_its_silence_count() -> None:
    leaves = attendance(at(480), direction=Direction.CHECK_OUT)
    field = after(attendance(at(0)), location(at(240)), leaves)
    assert all(
        score.features.location_update_frequency is None for score in field.standing().values()
    )
    scores = then(field, location(at(-300)))
    assert [score.features.location_update_frequency for score in scores] == [0.12, 0.12]


def test_a_late_attendance_judges_the_later_ones_anew() -> None:
    field = after(attendance(at(60), site="S-02"))
    scores = then(field, attendance(at(55)))
    assert [(score.site_id, score.contradictions) for score in scores] == [
        ("S-01", []),
        ("S-02", ["two_places_at_once", "impossible_travel"]),
    ]


def test_a_violation_that_comes_late_is_counted_by_the_attendances_after() -> None:
    days = [attendance(at(0, day=day)) for day in range(3)]
    field = after(*days)
    scores = then(field, location(at(-2, day=1), north_m=30_000))
    assert [score.features.consecutive_violations for score in scores] == [0, 1]


def test_the_score_of_an_attendance_waits_for_the_position_of_the_one_before() -> None:
    field = Field()
    field.signals([attendance(at(0)), location(at(-2), north_m=30_000)])
    scores = field.follow([3, 1, 1])
    assert [score.supersedes for score in scores] == [None, len(PLAIN_LOG) + 3]
    assert scores[1].because == [uuid_of(location(at(-2), north_m=30_000))]
