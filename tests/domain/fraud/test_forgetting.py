"""Forgetting: what a person told on the way is let go when nothing can be judged by it any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from unittest.mock import patch

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.fraud import shelf
from domain.fraud.memory import (
    DAY_US,
    HORIZON_US,
    TRACKS_KEPT_US,
    PersonMemory,
    micros,
    track_keys_of,
)
from domain.fraud.remembering import add_track_day, forget_old_tracks
from domain.signals import Direction, SignalEvent
from tests.domain.fraud.field import MONDAY, Field, attendance, location, scan

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PERSONS = ("G-1", "G-2")


def tracks(field: Field, person: str = "G-1") -> set[str]:
    """Return the keys of the tracks that are kept of a person."""
    return {key for key in field.kept if key.startswith(f"track/{person}/")}


def days_of(field: Field, person: str = "G-1") -> list[int]:
    return field.memory(f"person/{person}", PersonMemory).track_days


def a_shift(moment: datetime, person: str = "G-1") -> list[SignalEvent]:
    """Return a shift of eight hours with a location every two hours."""
    told = [location(moment + hours * 2 * HOUR, person) for hours in range(5)]
    out = attendance(moment + 8 * HOUR, person, direction=Direction.CHECK_OUT)
    return [attendance(moment, person), *told, out]


def test_tracks_of_months_are_those_of_the_last_days() -> None:
    field = Field()
    for day in range(60):
        moment = MONDAY + day * DAY
        field.signals(a_shift(moment), moment + 8 * HOUR)
        field.follow()
    kept_days = (
        TRACKS_KEPT_US + 3 * DAY_US
    ) // DAY_US  # the days around the attendances that are kept
    assert len(days_of(field)) <= kept_days
    assert tracks(field) <= {key for day in days_of(field) for key in track_keys_of("G-1", day)}
    assert days_of(field)[-1] == micros(MONDAY) // DAY_US + 59


def test_the_days_around_an_attendance_that_is_kept_are_kept_with_it() -> None:
    """Whoever comes back after months ends the shift that began then, which is judged anew."""
    field = Field()
    field.signals([location(MONDAY - HOUR), attendance(MONDAY), location(MONDAY + HOUR)], MONDAY)
    for day in range(1, 40):
        moment = MONDAY + day * DAY
        field.signals([location(moment)], moment)
        field.follow()
    first = micros(MONDAY) // DAY_US
    kept = days_of(field)
    assert kept[:2] == [first, first + 1]
    assert kept[2] >= first + 39 - TRACKS_KEPT_US // DAY_US - 1
    back = MONDAY + 40 * DAY
    field.signals([attendance(back), location(back + HOUR)], back)
    field.follow()
    assert first not in days_of(field), "The old attendance is a habit now, and needs no track."


def test_who_tells_nothing_keeps_what_was_told_until_something_comes() -> None:
    field = Field()
    field.signals([location(MONDAY)], MONDAY)
    field.follow()
    later = MONDAY + 100 * DAY
    field.signals([location(later, "G-2")], later)
    field.follow()
    assert len(tracks(field)) == 1
    field.signals([location(later)], later)
    field.follow()
    assert tracks(field) == {*track_keys_of("G-1", micros(later) // DAY_US)} & field.kept.keys()


def test_weeks_in_one_batch_leave_the_tracks_of_the_last_days() -> None:
    live, at_once = Field(), Field()
    for day in range(30):
        moment = MONDAY + day * DAY
        for field in (live, at_once):
            field.signals(a_shift(moment), moment + 8 * HOUR)
        live.follow()
    at_once.follow()
    assert days_of(live) == days_of(at_once)
    assert tracks(live) == tracks(at_once)


def test_a_habit_fades_also_when_no_attendance_becomes_one() -> None:
    """However batches are cut: the one of the first day is past its time when the last one comes."""
    live = Field()
    for day in (0, 11, 36, 41):
        moment = MONDAY + day * DAY
        live.signals([attendance(moment)], moment)
        live.follow()
    assert [habit.at_us for habit in live.memory("person/G-1", PersonMemory).habits] == [
        micros(MONDAY + 11 * DAY)
    ]
    assert live.replayed() == live.kept


def test_a_day_that_was_told_of_is_noted_once_and_in_order() -> None:
    person = PersonMemory()
    noted = [add_track_day(person, day * DAY_US + 5) for day in (3, 3, 1, 2, 1, 3)]
    assert noted == [True, False, True, True, False, False]
    assert person.track_days == [1, 2, 3]
    assert forget_old_tracks(person, 3 * DAY_US + TRACKS_KEPT_US) == [1, 2]
    assert person.track_days == [3]
    assert forget_old_tracks(PersonMemory(), 10 * DAY_US) == []
    assert TRACKS_KEPT_US > HORIZON_US


@contextmanager
def never_forgetting() -> Iterator[None]:
    with patch.object(shelf, "forget_old_tracks", lambda _person, _heard_us: []):
        yield


def story(draw: Random) -> Iterator[tuple[list[SignalEvent], datetime]]:
    """Yield weeks of two guards, some of them absent, with signals up to a horizon late."""
    waiting: list[tuple[datetime, SignalEvent]] = []
    for day in range(45):
        now = MONDAY + day * DAY
        for person in PERSONS:
            if draw.random() < 0.35:
                continue
            start = now + draw.choice([0, 3, 9]) * HOUR
            signals = a_shift(start, person)
            if draw.random() < 0.3:
                signals.append(location(start + 5 * MINUTE, person, north_m=20_000.0))
            if draw.random() < 0.3:
                signals.append(scan(start + HOUR, "C-1", person, north_m=0.0))
            if draw.random() < 0.3:
                del signals[-2:]  # it was not checked out of
            for signal in signals:
                late = draw.choice([0, 0, 0, 1, 3, 6, 7, 8]) * DAY
                waiting.append((signal.occurred_at + late, signal))
        due = sorted((each for each in waiting if each[0] < now + DAY), key=lambda each: each[0])
        waiting = [each for each in waiting if each[0] >= now + DAY]
        for recorded_at, signal in due:
            yield [signal], recorded_at


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_nothing_is_judged_otherwise_for_what_is_forgotten(seed: int) -> None:
    """The same scores in the same order as with all tracks. A replay makes the same memories, and
    whatever batches there were, the same tracks are kept."""
    draw = Random(seed)
    forgetful, mindful, at_once = Field(), Field(), Field()
    for signals, recorded_at in story(Random(seed)):
        for field in (forgetful, mindful, at_once):
            field.signals(signals, recorded_at)
        if draw.random() < 0.2:
            told = forgetful.follow()
            with never_forgetting():
                assert mindful.follow() == told
    told = forgetful.follow()
    with never_forgetting():
        assert mindful.follow() == told
    assert len(tracks(forgetful)) < len(tracks(mindful))
    assert forgetful.replayed([draw.randint(1, 60) for _ in range(40)]) == forgetful.kept
    at_once.follow()
    assert of_tracks(at_once.kept) == of_tracks(forgetful.kept)


def of_tracks(kept: dict[str, bytes]) -> dict[str, object]:
    """Return the tracks that are kept, and the days of each person's."""
    return {
        key: msgspec.json.decode(value, type=PersonMemory).track_days
        if key.startswith("person/")
        else value
        for key, value in kept.items()
        if key.startswith(("track/", "person/"))
    }
