"""Tour completion: what was scanned on a shift, as the scores of both its ends say it."""

from __future__ import annotations

from datetime import timedelta

from domain.fraud.memory import (
    TrackMemory,
    micros,
)
from domain.signals import Direction
from tests.domain.fraud.field import (
    NIGHT,
    TAGS,
    Field,
    after,
    at,
    attendance,
    scan,
    then,
    uuid_of,
)

BEGUN, DONE = attendance(at(0)), attendance(at(240), direction=Direction.CHECK_OUT)


def completion(field: Field) -> list[float | None]:
    """Return the tour completion of both ends of the shift, as their standing scores say it."""
    standing = field.standing()
    return [standing[uuid_of(end)].features.tour_completion_rate for end in (BEGUN, DONE)]


def test_what_was_scanned_of_a_tour_is_known_when_the_shift_is_over() -> None:
    field = after(scan(at(-30), "C-3"), BEGUN, scan(at(60), "C-1"), scan(at(65), "C-2"))
    assert field.standing()[uuid_of(BEGUN)].features.tour_completion_rate is None
    then(field, DONE)
    assert completion(field) == [0.6667, 0.6667]


def test_a_scan_that_comes_late_is_a_new_score_and_a_second_delivery_is_none() -> None:
    field = after(BEGUN, scan(at(60), "C-1"), scan(at(65), "C-2"), DONE)
    late = scan(at(70), "C-3")
    scores = then(field, late)
    assert [score.because for score in scores] == [[uuid_of(late)]] * 2
    assert completion(field) == [1.0, 1.0]
    assert then(field, late) == []


def test_a_scan_beyond_the_horizon_judges_nothing() -> None:
    field = after(BEGUN, scan(at(60), "C-1"), DONE)
    field.signals([scan(at(70), "C-2")], NIGHT + timedelta(days=8))
    assert field.follow() == []


def test_a_tour_is_as_it_was_when_the_shift_began() -> None:
    field = Field()
    field.define(*TAGS, "C-4", valid_from=at(1_440))
    field.define("C-1", valid_from=at(2_880))
    field.signals([BEGUN, *(scan(at(60 + n), tag) for n, tag in enumerate(TAGS)), DONE])
    field.follow()
    assert completion(field) == [1.0, 1.0]


def test_a_tour_that_nobody_defined_tells_nothing() -> None:
    field = after(BEGUN, scan(at(60), "C-1", tour="T-9"), DONE)
    assert completion(field) == [None, None]


def test_of_more_scans_than_anybody_makes_the_earliest_of_the_hour_are_kept() -> None:
    field = Field()
    field.signals(scan(at(120) + timedelta(seconds=n), "C-1") for n in reversed(range(1, 300)))
    field.follow()
    (key,) = (key for key in field.kept if key.startswith("track/"))
    kept = field.memory(key, TrackMemory).scans
    assert [each.at_us for each in kept] == [
        micros(at(120) + timedelta(seconds=n)) for n in range(1, 257)
    ]
    assert then(field, scan(at(120) + timedelta(seconds=299), "C-1")) == []


def test_the_same_facts_read_again_define_no_tour_twice() -> None:
    field = after(BEGUN)
    before = dict(field.kept)
    field.take(field.log)
    assert field.kept == before
