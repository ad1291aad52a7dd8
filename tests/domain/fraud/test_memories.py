"""What is remembered of persons and devices: habits, limits, and what changes nothing."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from domain.directory.person import PersonEnrolled, person_stream
from domain.fraud.knowledge import FACTS
from domain.fraud.memory import (
    HISTORY_VISITS_MAX,
    USES_MAX,
    VISITS_MAX,
    DeviceMemory,
    PersonMemory,
    TrackMemory,
    micros,
    track_key,
)
from tests.domain.fraud.field import (
    MONDAY,
    NIGHT,
    Field,
    after,
    at,
    attendance,
    location,
    then,
)


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


def test_memories_survive_being_stored() -> None:
    field = after(location(at(-5)), attendance(at(0)), attendance(at(3), "G-2", device="D-G-1"))
    for key, kept in field.kept.items():
        assert msgspec.json.decode(kept), key
    assert NIGHT > MONDAY
