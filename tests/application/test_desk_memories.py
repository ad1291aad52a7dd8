"""The contract of the desk: what is remembered, and which signals are known at it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from application.following import Window
from domain.anomaly.facts import SubjectKind
from domain.catalogue import AnyRecorded
from domain.directory.person import PERSON, EnrolPerson, PersonEnrolled
from domain.kernel import Event
from domain.signals import LocationRecorded
from tests.application.offices import Apple, Office

STREAM = "person-G-1"


class Pear(msgspec.Struct, frozen=True):
    """A memory of another kind."""

    colour: str


def test_what_was_remembered_is_there_at_once_and_at_the_next_desk(office: Office) -> None:
    with office.desk() as desk:
        assert desk.memories(["a", "b"], Apple) == {}
        desk.remember("a", Apple(80))
        assert desk.memories(["a", "b"], Apple) == {"a": Apple(80)}
    with office.desk() as desk:
        assert desk.memories(["b", "a", "a"], Apple) == {"a": Apple(80)}
        desk.remember("a", Apple(90))
    with office.desk() as desk:
        assert desk.memories(["a"], Apple) == {"a": Apple(90)}


def test_a_policy_remembers_several_kinds_under_keys_of_their_own(office: Office) -> None:
    with office.desk() as desk:
        desk.remember("apple", Apple(80))
        desk.remember("pear", Pear("green"))
    with office.desk() as desk:
        assert desk.memories(["apple"], Apple) == {"apple": Apple(80)}
        assert desk.memories(["pear"], Pear) == {"pear": Pear("green")}
        with pytest.raises(AssertionError, match="another kind"):
            desk.memories(["apple"], Pear)


def test_what_is_forgotten_is_gone_at_once_and_at_the_next_desk(office: Office) -> None:
    for policy in ("p", "other"):
        with office.desk(policy) as desk:
            for key in ("a", "b", "c"):
                desk.remember(key, Apple(150))
    with office.desk() as desk:
        desk.memories(["a"], Apple)
        desk.remember("b", Apple(160))
        desk.forget(["a", "b", "c", "never there"])
        desk.remember("c", Apple(170))
        assert desk.memories(["a", "b", "c"], Apple) == {"c": Apple(170)}
    with office.desk() as desk:
        assert desk.memories(["a", "b", "c", "never there"], Apple) == {"c": Apple(170)}
        desk.remember("a", Apple(180))
    with office.desk() as desk:
        assert desk.memories(["a"], Apple) == {"a": Apple(180)}
    with office.desk("other") as desk:
        assert desk.memories(["a", "b", "c"], Apple).keys() == {"a", "b", "c"}


def test_policies_do_not_share_memories(office: Office) -> None:
    with office.desk("p") as desk:
        desk.remember("a", Apple(80))
    with office.desk("q") as desk:
        assert desk.memories(["a"], Apple) == {}


def scan(number: int, person: str, site: str, at: datetime, skew_ms: int = 0) -> Event:
    return LocationRecorded(
        signal_id=f"l-{number}",
        source="s",
        person_id=person,
        site_id=site,
        device_id="D-1",
        latitude=51.5,
        longitude=-0.1,
        gps_accuracy_m=5.0,
        occurred_at=at,
        clock_skew_ms=skew_ms,
    )


def test_signals_of_windows_come_in_the_order_in_which_they_happened(office: Office) -> None:
    eight = datetime(2026, 11, 22, 8, tzinfo=UTC)
    minute = timedelta(minutes=1)
    told = [
        scan(1, "G-1", "S-1", eight + 9 * minute),
        scan(2, "G-1", "S-2", eight),
        scan(3, "G-2", "S-1", eight + 5 * minute),
        # Its clock was two minutes ahead, so it happened just before the window.
        scan(4, "G-1", "S-1", eight + minute, skew_ms=120_000),
        scan(5, "G-1", "S-1", eight + 10 * minute),
    ]
    for number, event in enumerate(told):
        office.signal(UUID(int=number + 1), event)
    hour = (eight, eight + 10 * minute)
    windows = [
        Window(SubjectKind.PERSON, "G-1", *hour),
        Window(SubjectKind.SITE, "S-1", *hour),
        Window(SubjectKind.DEVICE, "D-1", *hour),
        Window(SubjectKind.DEVICE, "D-2", *hour),
    ]
    with office.desk() as desk:
        found = desk.signals(windows)
        assert desk.signals([]) == []
    assert [[each.signal.int for each in signals] for signals in found] == [
        [2, 1],
        [3, 1],
        [2, 3, 1],
        [],
    ]
    assert found[0][1].event == told[0]
    assert (found[0][1].at, found[0][1].position) == (eight + 9 * minute, 1)
    # What came after the batch is not known at it.
    with office.desk(until=2) as desk:
        (known,) = desk.signals(windows[:1])
    assert [each.signal.int for each in known] == [2, 1]
    assert office.signals(windows[:1], 1) == [[found[0][1]]]


def test_a_desk_that_replays_states_nothing_and_remembers(
    office: Office, cause: AnyRecorded
) -> None:
    with office.desk(replaying=True) as desk:
        assert desk.do(PERSON, STREAM, EnrolPerson(person_id="G-1", name="Ada"), cause) == []
        desk.record("person-G-2", 0, [PersonEnrolled(person_id="G-2", name="Bob")], cause)
        desk.remember("a", Apple(80))
    assert office.stream(STREAM) == office.stream("person-G-2") == []
    with office.desk() as desk:
        assert desk.memories(["a"], Apple) == {"a": Apple(80)}
