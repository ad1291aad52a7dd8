"""Contradictions, each with its plain words and with what comes near it and is none."""

from __future__ import annotations

from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.fraud.contradictions import contradictions, in_words
from domain.fraud.features import Known
from domain.fraud.memory import MINUTE_US, Fence, Use, Visit
from tests.domain.fraud.test_features import DEGREE_M, FENCE, NOW_US, VISIT, fix, habit


def said(visit: Visit = VISIT, **known: object) -> list[tuple[str, str]]:
    found = contradictions(visit, Known(person_id="G-1", **known))  # type: ignore[arg-type]  # any field of Known
    return [(contradiction.code.value, contradiction.text) for contradiction in found]


def witnesses(**known: object) -> list[tuple[UUID, ...]]:
    found = contradictions(VISIT, Known(person_id="G-1", **known))  # type: ignore[arg-type]  # any field of Known
    return [contradiction.witnesses for contradiction in found]


def attended(minutes_before: float, site: str = "S-02", north_m: float = 0.0) -> Visit:
    return replace(
        VISIT,
        at_us=NOW_US - int(minutes_before * MINUTE_US),
        site_id=site,
        latitude=51.5 + north_m / DEGREE_M,
    )


THERE = Fence(0, 51.5 + 8_200 / DEGREE_M, -0.12, 100.0, "Europe/London")  # 8 km between the edges
NEAR = Fence(0, 51.5 + 1_200 / DEGREE_M, -0.12, 100.0, "Europe/London")


def test_nothing_known_contradicts_nothing() -> None:
    assert said() == []
    assert said(fence=FENCE, earlier=[habit(1)]) == []


def test_two_sites_too_far_apart_for_the_time_between() -> None:
    two = said(fence=FENCE, earlier=[attended(2)], fences_nearby={"S-02": THERE})
    assert two == [
        (
            "two_places_at_once",
            "The same person attended S-02 2 min before, 8.0 km away.",
        )
    ]


def test_a_guard_who_drives_to_the_next_site_is_at_one_place_at_a_time() -> None:
    assert said(fence=FENCE, earlier=[attended(8)], fences_nearby={"S-02": NEAR}) == []
    assert said(fence=FENCE, earlier=[attended(2, "S-01")], fences_nearby={"S-01": FENCE}) == []
    assert said(fence=FENCE, earlier=[attended(2)]) == []
    assert said(fence=FENCE, earlier=[attended(11)], fences_nearby={"S-02": THERE}) == []
    assert said(earlier=[attended(2)], fences_nearby={"S-02": THERE}) == []


@pytest.mark.parametrize(("minutes", "when"), [(-3, "3 min before"), (1, "60 s after")])
def test_one_device_for_two_guards_within_minutes(minutes: int, when: str) -> None:
    use = Use(NOW_US + minutes * MINUTE_US, UUID(int=9), "G-2")
    far = Use(NOW_US + 9 * MINUTE_US, UUID(int=8), "G-3")
    assert said(uses=[far, use]) == [
        ("device_shared", f"G-2 attended on the same device D-1 {when}.")
    ]


def test_a_travel_faster_than_any_guard() -> None:
    assert said(earlier=[attended(60, "S-01", 300_000)]) == [
        (
            "impossible_travel",
            "The person's attendance before was 300.0 km away 60 min before: 300 km/h.",
        )
    ]
    assert said(fixes_before=[fix(-2, 10_000)], earlier=[attended(60, "S-01")]) == [
        ("impossible_travel", "The phone was 10.0 km away 2 min before: 299 km/h.")
    ]
    assert said(fixes_before=[fix(-2, 6_000)]) == []


def test_the_phone_was_elsewhere_before_and_after() -> None:
    assert said(fixes_before=[fix(-5, 2_018)], fixes_after=[fix(3, 2_018)]) == [
        ("phone_elsewhere", "The phone was 2000 m away 5 min before and 2000 m away 3 min after.")
    ]


def test_a_guard_who_comes_or_goes_has_the_phone_along() -> None:
    assert said(fixes_before=[fix(-5, 2_000)], fixes_after=[fix(3)]) == []
    assert said(fixes_before=[fix(-5)], fixes_after=[fix(3, 2_000)]) == []
    assert said(fixes_before=[fix(-30, 2_000)], fixes_after=[fix(3, 2_000)]) == []
    assert said(fixes_after=[fix(3, 2_000)]) == []


def test_the_device_that_another_person_carries() -> None:
    assert said(holder="G-2") == [("device_of_another", "The device D-1 is carried by G-2.")]
    assert said(holder="G-1") == []


def test_what_contradicts_an_attendance_is_named_where_it_is_known_by_its_id() -> None:
    before = replace(attended(2), signal=UUID(int=7))
    nearby = {"S-02": THERE}
    assert witnesses(fence=FENCE, earlier=[before], fences_nearby=nearby) == [(before.signal,)]
    use = Use(NOW_US, UUID(int=9), "G-2")
    assert witnesses(uses=[use]) == [(use.signal,)]
    far = replace(attended(60, "S-01", 300_000), signal=UUID(int=8))
    assert witnesses(earlier=[far]) == [(far.signal,)]
    assert witnesses(fixes_before=[fix(-2, 10_000)]) == [()]
    assert witnesses(holder="G-2") == [()]


def test_times_are_told_as_people_say_them() -> None:
    assert [in_words(time_s) for time_s in (0, 60, 600, 9_000)] == [
        "0 s",
        "60 s",
        "10 min",
        "2.5 h",
    ]
