"""The fold over the log: first scores, scores anew, what late news does, and what is remembered."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from domain.directory.device import DeviceIssued, DeviceKind, device_stream
from domain.directory.person import PersonEnrolled, person_stream
from domain.directory.site import GeofenceResized, SiteRelocated, SiteTimeZoneCorrected, site_stream
from domain.fraud.facts import FraudScored, score_stream
from domain.fraud.knowledge import FACTS, think
from domain.fraud.memory import (
    HISTORY_VISITS_MAX,
    USES_MAX,
    VISITS_MAX,
    DeviceMemory,
    PersonMemory,
    SiteMemory,
    TrackMemory,
    micros,
    track_key,
)
from domain.fraud.remembering import holder_at
from domain.fraud.score import RULES
from domain.fraud.types import FraudType
from domain.signals import Direction
from tests.domain.fraud.field import (
    MONDAY,
    NIGHT,
    TAGS,
    Field,
    after,
    at,
    attendance,
    judge,
    location,
    scan,
    then,
    uuid_of,
)


def test_a_plain_attendance_gets_one_low_score() -> None:
    checked_in = attendance(at(0))
    (score,) = then(Field(), location(at(-10)), checked_in)
    assert score.attendance == uuid_of(checked_in)
    assert (score.person_id, score.site_id, score.device_id) == ("G-1", "S-01", "D-G-1")
    assert score.occurred_at == MONDAY
    assert score.probability < 0.2
    assert (score.model, score.model_version, score.model_digest) == ("rules", "1", RULES.digest)
    assert (score.supersedes, score.because, score.contradictions) == (None, [], [])


def test_the_stream_of_a_score_is_named_after_the_attendance() -> None:
    field = after(attendance(at(0)))
    assert field.log[-1].stream_id == score_stream(uuid_of(attendance(at(0))))


def test_a_strange_face_on_another_guards_phone_alerts() -> None:
    field = Field()
    field.register("D-9", person="G-9")
    (score,) = then(field, attendance(at(0), device="D-9", matched=False))
    assert score.probability >= 0.80
    assert score.fraud_type is FraudType.BUDDY_PUNCHING


def test_a_phone_that_was_handed_over_is_its_new_holders() -> None:
    field = Field()
    field.register("D-9", person="G-9")
    field.record(device_stream("D-9"), DeviceIssued(person_id="G-1"), at(-60))
    (score,) = then(field, attendance(at(0), device="D-9"))
    assert score.reasons == []
    before, _ = then(field, attendance(at(-120), "G-1", device="D-9"))
    assert [reason.code for reason in before.reasons] == ["device_of_another"]


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


@pytest.mark.parametrize("kind", [DeviceKind.READER, DeviceKind.PANEL])
def test_a_reader_is_there_for_everybody(kind: DeviceKind) -> None:
    field = Field()
    field.register("R-1", kind, person="G-9")
    signals = [attendance(at(n), f"G-{n}", device="R-1") for n in range(1, 5)]
    assert all(score.reasons == [] for score in then(field, *signals))


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


PLAIN_LOG = Field().log


def test_signals_of_one_batch_are_one_score() -> None:
    field = Field()
    field.signals([attendance(at(0)), location(at(-2), north_m=30_000)])
    (score,) = field.follow()
    assert score.supersedes is None


def test_a_site_is_measured_as_it_was_when_the_attendance_happened() -> None:
    field = Field()
    stream = site_stream("S-01")
    field.record(stream, GeofenceResized(geofence_radius_m=300.0), at(60))
    field.record(stream, SiteRelocated(latitude=52.5, longitude=-0.12), at(120))
    field.record(stream, SiteTimeZoneCorrected(time_zone="Asia/Tokyo"), at(120))
    moments = [at(0), at(90), at(600), MONDAY - timedelta(hours=20)]
    field.signals([attendance(moment, north_m=300) for moment in moments])
    scores = {score.occurred_at: score.features for score in field.follow()}
    distances = [scores[moment].geofence_distance_meters for moment in moments]
    assert distances == [
        pytest.approx(192, abs=1),
        0,
        pytest.approx(110_600, rel=0.01),
        distances[0],
    ]
    visits = field.memory("person/G-1", PersonMemory).visits
    assert [visit.local_minute for visit in visits] == [720, 480, 570, 180]
    assert len(field.memory("site/S-01", SiteMemory).fences) == 4


def test_an_attendance_at_a_site_that_nobody_told_of_is_judged_on_what_is_known() -> None:
    field = Field()
    thoughts = think([field.record("signal-x", attendance(at(0)))], lambda _keys, _type: {})
    (rescore,) = thoughts.rescores
    assert rescore.fact.features.geofence_distance_meters is None
    near = [attendance(at(0)), attendance(at(5), site="S-02")]
    facts = [field.record(f"signal-{n}", signal) for n, signal in enumerate(near)]
    both = think(facts, lambda _keys, _type: {}).rescores
    assert all("two_places_at_once" not in one.fact.contradictions for one in both)


def test_other_facts_change_nothing() -> None:
    field = Field()
    field.follow()
    field.record(person_stream("G-1"), PersonEnrolled(person_id="G-1", name="Ada"))
    kept = dict(field.kept)
    assert field.follow() == []
    assert field.kept == kept
    assert PersonEnrolled not in FACTS


def test_a_score_of_an_attendance_that_is_forgotten_places_nothing() -> None:
    field = after(attendance(at(0)))
    scored = field.log[-1]
    field.kept.clear()
    assert field.take([scored]) == []


def test_old_attendances_become_habits_and_habits_fade() -> None:
    field = Field()
    for day in range(90):
        for hour in (0, 8):
            moment = MONDAY + timedelta(days=day, hours=hour)
            field.signals([attendance(moment)], moment)
            field.follow()
    memory = field.memory("person/G-1", PersonMemory)
    assert len(memory.visits) == 21
    assert len(memory.habits) == HISTORY_VISITS_MAX
    assert len(field.kept["person/G-1"]) < 8_000  # bytes
    late = MONDAY + timedelta(days=200)
    field.signals([attendance(late)], late)
    field.follow()
    memory = field.memory("person/G-1", PersonMemory)
    assert (len(memory.visits), memory.habits) == (1, [])


def test_memories_stay_within_their_limits() -> None:
    field = Field()
    field.signals(attendance(at(n), device="D-1") for n in range(300))
    field.follow([100, 100])
    person = field.memory("person/G-1", PersonMemory)
    assert (len(person.visits), len(person.habits)) == (VISITS_MAX, HISTORY_VISITS_MAX)
    assert len(field.memory("device/D-1", DeviceMemory).uses) == USES_MAX
    assert len(field.kept["person/G-1"]) < 40_000  # bytes, at the very most
    field.signals(location(at(30) + timedelta(seconds=n)) for n in range(600))
    field.follow()
    track = field.memory(track_key("G-1", micros(at(30))), TrackMemory)
    assert len(track.fixes) == 10


def test_an_attendance_beyond_the_limits_is_scored_once_and_never_again() -> None:
    field = Field()
    field.signals(attendance(at(n), device="D-9") for n in range(VISITS_MAX + 20))
    field.follow()
    (score,) = then(field, attendance(at(0) - timedelta(minutes=5), device="D-9"))
    assert score.occurred_at == at(0) - timedelta(minutes=5)
    (score,) = then(field, attendance(at(-6), "G-2", device="D-9"))
    assert score.contradictions == ["device_shared"]


def test_weeks_of_a_log_in_one_batch_give_every_attendance_its_score() -> None:
    field = Field()
    moments = [MONDAY + timedelta(days=day) for day in range(40)]
    for moment in moments:
        field.signals([attendance(moment)], moment)
    assert [score.occurred_at for score in field.follow()] == moments


def test_a_device_that_nobody_told_of_is_nobodys() -> None:
    assert holder_at(DeviceMemory(), 0) is None
    assert judge([attendance(at(0), device="D-new")]).reasons == []


def test_memories_survive_being_stored() -> None:
    field = after(location(at(-5)), attendance(at(0)), attendance(at(3), "G-2", device="D-G-1"))
    for key, kept in field.kept.items():
        assert msgspec.json.decode(kept), key
    assert NIGHT > MONDAY


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
