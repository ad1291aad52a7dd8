"""The twelve features, each from what is known, and None where it is not."""

from __future__ import annotations

from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.fraud.facts import Features
from domain.fraud.features import Known, Walked, features
from domain.fraud.memory import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    SECOND_US,
    Fence,
    Fix,
    Habit,
    Past,
    Scan,
    Standing,
    Visit,
)

FENCE = Fence(0, 51.5, -0.12, 100.0, "Europe/London")
DEGREE_M = 111_195.0
TODAY = 60  # a day, counted from anywhere
NOW_US = TODAY * DAY_US + 8 * HOUR_US
VISIT = Visit(NOW_US, UUID(int=1), "S-01", "D-1", True, 51.5, -0.12, 8.0, 0.93, -71, 83, TODAY, 480)
UNTOUCHED = Features(
    biometric_quality_score=0.93,
    gps_accuracy=8.0,
    phone_signal_strength=-71.0,
    battery_level=83.0,
)


def of(visit: Visit = VISIT, **known: object) -> Features:
    return features(visit, Known(person_id="G-1", **known))  # type: ignore[arg-type]  # any field of Known


def habit(days_ago: int, minute: int = 480, *, checks_in: bool = True) -> Habit:
    at_us = NOW_US - days_ago * DAY_US + (minute - 480) * MINUTE_US
    return Habit(at_us, checks_in, TODAY - days_ago, minute, False)


def fix(minutes: float, north_m: float = 0.0, accuracy_m: float = 10.0) -> Fix:
    return Fix(NOW_US + int(minutes * 60 * SECOND_US), 51.5 + north_m / DEGREE_M, -0.12, accuracy_m)


def north(metres: float) -> Visit:
    return replace(VISIT, latitude=51.5 + metres / DEGREE_M)


def test_an_attendance_of_which_nothing_is_known_has_its_own_figures_only() -> None:
    assert of() == UNTOUCHED
    bare = replace(VISIT, signal_dbm=None, battery_percent=None, local_day=None, local_minute=None)
    habits = [habit(days) for days in range(20, 0, -1)]
    assert of(bare, earlier=habits) == Features(
        biometric_quality_score=0.93, gps_accuracy=8.0, consecutive_violations=0.0
    )


def test_the_geofence_is_measured_from_its_edge_with_accuracy_subtracted() -> None:
    assert of(fence=FENCE).geofence_distance_meters == 0
    assert of(north(105), fence=FENCE).geofence_distance_meters == 0
    assert of(north(520), fence=FENCE).geofence_distance_meters == pytest.approx(412, abs=0.2)


def test_velocity_is_the_fastest_travel_from_a_location_or_the_attendance_before() -> None:
    assert of(fixes_before=[fix(-30, 10_018), fix(-1)]).velocity_kmh == pytest.approx(20, abs=0.1)
    before = replace(VISIT, at_us=NOW_US - HOUR_US, latitude=51.5 + 50_016 / DEGREE_M)
    assert of(earlier=[before]).velocity_kmh == pytest.approx(50, abs=0.1)
    both = of(earlier=[before], fixes_before=[fix(-1, 2_018)])
    assert both.velocity_kmh == pytest.approx(120, abs=0.1)


def test_velocity_is_not_known_from_an_attendance_of_another_day() -> None:
    assert of(earlier=[replace(VISIT, at_us=NOW_US - DAY_US - 1)]).velocity_kmh is None
    assert of(earlier=[habit(1)]).velocity_kmh is None


@pytest.mark.parametrize(
    ("minute", "score"), [(480, 0.0), (510, 0.0), (675, 0.5), (1_200, 1.0), (1_439, 1.0)]
)
def test_the_time_of_day_is_compared_with_the_nearest_of_the_persons_own(
    minute: int, score: float
) -> None:
    habits = [habit(days) for days in range(15, 0, -1)]
    assert (
        of(replace(VISIT, local_minute=minute), earlier=habits).time_of_day_anomaly_score == score
    )


def test_a_guard_with_day_and_night_shifts_is_at_home_in_both() -> None:
    habits = [habit(days, 480 if days % 2 else 1_430) for days in range(20, 0, -1)]
    for minute in (480, 1_430, 10):
        visit = replace(VISIT, local_minute=minute)
        assert of(visit, earlier=habits).time_of_day_anomaly_score == 0


def test_today_and_the_other_direction_are_no_habit() -> None:
    others = [habit(0, 400), habit(1, 480, checks_in=False), Habit(1, True, None, None, False)]
    nine = [habit(days) for days in range(10, 1, -1)]
    assert of(earlier=[*others, *nine]).time_of_day_anomaly_score is None
    assert of(earlier=[habit(11), *nine, *others]).time_of_day_anomaly_score == 0


def test_a_weekday_on_which_the_person_never_comes_is_unusual() -> None:
    never = [habit(days) for days in range(28, 0, -1) if days % 7 != 0]
    always = [habit(days) for days in range(28, 0, -1)]
    assert of(earlier=never).day_of_week_pattern_score == pytest.approx(1 - 1 / 5)
    assert of(earlier=always).day_of_week_pattern_score == pytest.approx(1 - 5 / 6, abs=1e-3)


def test_a_weekday_is_not_judged_on_few_days() -> None:
    assert of(earlier=[habit(days) for days in range(13, 0, -1)]).day_of_week_pattern_score is None
    assert of(earlier=[habit(28), habit(1)]).day_of_week_pattern_score is None


def test_the_fraud_rate_is_smoothed_and_not_known_without_a_verdict() -> None:
    assert of().historical_fraud_rate is None
    assert of(frauds=1).historical_fraud_rate == pytest.approx(2 / 21, abs=1e-4)
    assert of(benign=20).historical_fraud_rate == pytest.approx(1 / 40)


def test_violations_are_counted_back_to_the_last_clean_attendance() -> None:
    def scored(probability: float) -> Visit:
        return replace(VISIT, at_us=1, standing=Standing(1, 1, probability, ""))

    past: list[Past] = [scored(0.9), scored(0.1), scored(0.5), scored(0.7)]
    assert of(earlier=past).consecutive_violations == 2
    assert of(earlier=past[:2]).consecutive_violations == 0
    assert of(earlier=[scored(0.9)] * 30).consecutive_violations == 10
    assert of().consecutive_violations is None


def test_the_locations_of_a_closed_shift_are_counted_in_five_minute_spans() -> None:
    every_ten = [fix(minutes) for minutes in range(0, 480, 10)]
    end_us = NOW_US + 8 * HOUR_US
    assert of(shift_fixes=every_ten, next_at_us=end_us, tracked=True).location_update_frequency == 6
    assert (
        of(shift_fixes=every_ten * 2, next_at_us=end_us, tracked=True).location_update_frequency
        == 6
    )
    assert of(next_at_us=end_us, tracked=True).location_update_frequency == 0
    out = replace(VISIT, checks_in=False, at_us=end_us)
    seen = of(out, earlier=[VISIT], shift_fixes=every_ten[:24], tracked=True)
    assert seen.location_update_frequency == 3


def test_a_shift_that_nobody_checked_out_of_is_sixteen_hours_long() -> None:
    first_hour = [fix(minutes) for minutes in range(0, 60, 5)]
    late = of(shift_fixes=first_hour, next_at_us=NOW_US + 30 * HOUR_US, tracked=True)
    assert late.location_update_frequency == pytest.approx(12 / 16)


def test_the_frequency_of_locations_is_not_known() -> None:
    out = replace(VISIT, checks_in=False)
    for unknown in (
        of(tracked=True),  # The shift is under way.
        of(next_at_us=NOW_US + 8 * HOUR_US),  # The phone never tells where it is.
        of(next_at_us=NOW_US + HOUR_US // 2, tracked=True),  # The shift was too short.
        of(out, tracked=True),
        of(out, earlier=[replace(VISIT, at_us=NOW_US - 17 * HOUR_US)], tracked=True),
        of(out, earlier=[replace(VISIT, checks_in=False)], tracked=True),
    ):
        assert unknown.location_update_frequency is None


def walked(*scans: tuple[float, str]) -> list[Walked]:
    return [Walked("ABCD", [Scan(int(minute * MINUTE_US), "T", tag) for minute, tag in scans])]


@pytest.mark.parametrize(
    ("tours", "rate"),
    [
        ([], None),
        (walked((0, "A"), (3, "B"), (6, "C"), (9, "D")), 1.0),
        (walked((0, "A"), (3, "B"), (6, "C")), 0.75),
        (walked((0, "A"), (3, "B"), (9, "A"), (20, "A"), (23, "C")), 0.5),  # A in two rounds
        (walked((0, "A"), (3, "X")), 0.25),  # a tag that does not belong to the tour
        (walked((3, "X")), None),
        (walked((0, "A"), (60, "A"), (120, "A")), 0.25),
        ([*walked((0, "A"), (3, "B")), Walked("E", [Scan(0, "U", "E")])], 0.6),
    ],
)
def test_tour_completion_is_the_share_of_tags_in_the_rounds_that_were_walked(
    tours: list[Walked], rate: float | None
) -> None:
    assert of(walked=tours).tour_completion_rate == rate
