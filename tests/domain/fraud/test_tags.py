"""Tags scanned in one place: what contradicts a shift, what comes near it, and that order does not count."""

from __future__ import annotations

from itertools import permutations

import msgspec
import pytest

from domain.fraud.contradictions import tags_in_one_place
from domain.fraud.features import Known, Walked
from domain.fraud.memory import SECOND_US, Round, Scan, TourMemory, TrackMemory
from domain.fraud.types import FraudType
from domain.signals import CheckpointScanRecorded, Direction, SignalEvent
from tests.domain.fraud.field import (
    TAGS,
    Field,
    after,
    at,
    attendance,
    judged,
    scan,
    then,
    uuid_of,
)

DEGREE_M = 111_195.0
IN, OUT = attendance(at(0)), attendance(at(240), direction=Direction.CHECK_OUT)


def tour(*norths_m: float) -> dict[str, tuple[float, float]]:
    """Return tags A, B, C … that hang so many metres north of a corner."""
    return {
        tag: (51.5 + north_m / DEGREE_M, -0.12)
        for tag, north_m in zip("ABCDEFGH", norths_m, strict=False)
    }


def read(seconds: float, tag: str, north_m: float | None = None, accuracy_m: float = 10.0) -> Scan:
    place = () if north_m is None else (51.5 + north_m / DEGREE_M, -0.12, accuracy_m)
    return Scan(int(seconds * SECOND_US), "T", tag, place)


def said(places: dict[str, tuple[float, float]], *scans: Scan) -> str | None:
    known = Known(person_id="G-1", walked=[Walked(sorted(places), scans, places)])
    found = tags_in_one_place(known)
    return None if found is None else found.text


WALL = tour(0, 80, 160)


def test_three_tags_that_hang_apart_and_are_read_at_one_desk() -> None:
    assert said(WALL, read(0, "A", 5), read(600, "B", 3), read(1_200, "C", 0)) == (
        "The tags A, B, C hang 80 m from each other at least"
        " and were scanned in one place within 20 min."
    )


def test_photographs_of_tags_are_read_at_home() -> None:
    assert said(WALL, read(0, "A", 9_000), read(60, "B", 9_010), read(120, "C", 9_000))


def test_one_tag_that_is_read_where_it_hangs_excuses_no_others() -> None:
    places = tour(0, 80, 160, 240, 320)
    desk = [read(0, "A", 0), read(60, "B", 80), read(120, "C", 0), read(180, "D", 0)]
    assert said(places, *desk, read(240, "E", 0)) == (
        "The tags A, C, D hang 80 m from each other at least"
        " and were scanned in one place within 3 min."
    )


@pytest.mark.parametrize(
    "scans",
    [
        # The round as it is meant, and so inaccurately that the places may be one.
        [read(0, "A", 0), read(60, "B", 80), read(120, "C", 160)],
        [read(0, "A", 30, 40), read(60, "B", 60, 40), read(120, "C", 90, 40)],
        [read(0, "A", 5), read(60, "B", 3)],  # two tags: one may be wrong in the directory
        [read(0, "A", 5), read(60, "B", 3), read(120, "A", 5), read(180, "B", 5)],
        [read(0, "A"), read(60, "B"), read(120, "C")],  # nobody knows where
        [read(0, "A", 5), read(60, "B", 3), read(120, "C")],
        [read(0, "A", 5), read(60, "B", 3), read(120, "X", 0)],  # a tag that hangs nowhere
        # The directory draws another scale, and the guard walks.
        [read(0, "A", 0), read(60, "B", 25), read(120, "C", 50)],
        # 80 m less 35 m, both accuracies of 10 m and 25 m are no surety.
        [read(0, "A", 0), read(60, "B", 18), read(120, "C", 36)],
    ],
)
def test_a_round_that_may_have_been_walked_contradicts_nothing(scans: list[Scan]) -> None:
    assert said(WALL, *scans) is None


def test_tags_that_hang_close_together_are_read_in_one_place() -> None:
    assert said(tour(0, 20, 40), read(0, "A", 0), read(9, "B", 0), read(18, "C", 0)) is None


def test_one_wrong_place_in_the_directory_accuses_nobody() -> None:
    honest = [read(0, "A", 0), read(60, "B", 0), read(120, "C", 0), read(180, "D", 0)]
    assert said(tour(0, 500, 10, 20), *honest) is None


def test_a_round_that_nobody_makes_so_fast_is_none_wherever_it_was() -> None:
    far = tour(0, 1_000, 2_000)
    assert said(far, read(0, "A"), read(5, "B"), read(9, "C")) == (
        "The tags A, B, C hang 1000 m from each other at least and were scanned within 9 s."
    )
    # 975 m in 10 s and 60 s more are 50.1 km/h, in 11 s 49.4.
    assert said(far, read(0, "A"), read(10, "B"), read(20, "C"))
    assert said(far, read(0, "A"), read(11, "B"), read(22, "C")) is None
    assert said(WALL, read(0, "A"), read(0, "B"), read(0, "C")) is None


def test_a_scan_is_compared_with_those_that_follow_it_soon() -> None:
    between = [read(n, "A", 5) for n in range(1, 22)]
    assert said(WALL, *between[:18], read(40, "B", 5), read(41, "C", 5))
    assert said(WALL, read(0, "B", 5), *between, read(41, "C", 5)) is None


def test_a_scan_tells_its_place_only_with_an_accuracy() -> None:
    whole = scan(at(60), "C-1", north_m=5)
    for partly in ({"gps_accuracy_m": None}, {"gps_accuracy_m": 0.0}, {"longitude": None}):
        told: CheckpointScanRecorded = msgspec.structs.replace(whole, **partly)
        field = after(IN, told)
        (key,) = (key for key in field.kept if key.startswith("track/"))
        assert [each.place for each in field.memory(key, TrackMemory).scans] == [()]


def desk(*minutes: float) -> list[SignalEvent]:
    return [scan(at(minute), tag, north_m=5) for minute, tag in zip(minutes, TAGS, strict=False)]


def codes(field: Field) -> list[list[str]]:
    """Return the hard contradictions of both ends of the shift, as their standing scores say them."""
    standing = field.standing()
    return [standing[uuid_of(end)].contradictions for end in (IN, OUT)]


def test_the_last_of_three_tags_that_comes_late_judges_the_shift_anew() -> None:
    *two, late = desk(60, 75, 90)
    field = after(IN, *two, OUT)
    assert codes(field) == [[], []]
    scores = then(field, late)
    assert codes(field) == [["tags_in_one_place"]] * 2
    for score in scores:
        assert score.because == [uuid_of(late)]
        assert score.fraud_type is FraudType.TAGS_IN_ONE_PLACE
        assert score.probability >= 0.90
        assert score.reasons[0].code == "tags_in_one_place"
    assert then(field, late) == []


def test_tags_that_were_read_before_the_shift_say_nothing_about_it() -> None:
    assert codes(after(*desk(-10, 75, 90), IN, OUT)) == [[], []]


def test_the_tags_hang_where_they_hung_when_the_shift_began() -> None:
    field = Field()
    field.define("C-1", "X-2", "X-3", valid_from=at(-60))
    field.signals([IN, *desk(60, 75, 90), OUT])
    field.follow()
    assert codes(field) == [[], []]


def test_every_order_of_arrival_ends_in_the_same_judgement() -> None:
    signals = [IN, *desk(60, 75, 90), OUT]
    wanted = after(*signals).standing()
    for order in permutations(signals):
        field = Field()
        field.signals(order)
        field.follow([2, 1, 1, 1, 1, 1, 1, 1])
        standing = field.standing()
        assert codes(field) == [["tags_in_one_place"]] * 2
        assert {signal: judged(score) for signal, score in standing.items()} == {
            signal: judged(score) for signal, score in wanted.items()
        }


def test_memories_that_were_kept_before_places_were_are_still_read() -> None:
    track = msgspec.json.decode(b'{"scans":[[7,"T-1","C-1"]]}', type=TrackMemory)
    assert track.scans == [Scan(7, "T-1", "C-1")]
    tour_memory = msgspec.json.decode(b'{"rounds":[[7,["C-1"]]],"position":3}', type=TourMemory)
    assert tour_memory.rounds == [Round(7, ["C-1"])]
