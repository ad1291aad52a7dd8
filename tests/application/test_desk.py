"""The contract of the desk, met by the one that followers work at and by the one of the tests: what is wished and stated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from adapters.log.appending import append_each
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from application.following import derived_id
from application.ports import (
    APPEND_EVENTS_MAX,
    Append,
    Appended,
    Cause,
    StreamMoved,
)
from domain.catalogue import AnyRecorded
from domain.directory.person import PERSON, EnrolPerson, PersonEnrolled, PersonRenamed
from domain.directory.site import SITE, RegisterSite
from domain.directory.time_zone import TimeZoneUnknown
from domain.kernel import Decider, Event
from domain.signals import LocationRecorded
from tests.application.offices import Apple, Office
from tests.conftest import Database as Migrated

ENROLLED = PersonEnrolled(person_id="G-1", name="Ada")
STREAM = "person-G-1"


def events(facts: Sequence[AnyRecorded]) -> list[Event]:
    return [fact.event for fact in facts]


def test_a_wish_is_granted_on_the_aggregate_as_it_stands(
    office: Office, cause: AnyRecorded
) -> None:
    office.state(STREAM, ENROLLED)
    renaming = EnrolPerson(person_id="G-1", name="Grace")
    with office.desk() as desk:
        assert desk.do(PERSON, STREAM, renaming, cause) == [PersonRenamed(name="Grace")]
        assert desk.do(PERSON, STREAM, renaming, cause) == []
        content = desk.state(PERSON, STREAM).content
        assert content is not None
        assert content.name == "Grace"
    assert events(office.stream(STREAM)) == [ENROLLED, PersonRenamed(name="Grace")]


def test_what_was_recorded_counts_for_later_wishes_on_its_stream(
    office: Office, cause: AnyRecorded
) -> None:
    with office.desk() as desk:
        desk.record(STREAM, 0, [ENROLLED], cause)
        content = desk.state(PERSON, STREAM).content
        assert content == ENROLLED
        desk.do(PERSON, STREAM, EnrolPerson(person_id="G-1", name="Grace"), cause)
        desk.record(STREAM, 2, [PersonRenamed(name="Joan")], cause)
        desk.do(PERSON, STREAM, EnrolPerson(person_id="G-1", name="Mary"), cause)
    assert events(office.stream(STREAM)) == [
        ENROLLED,
        PersonRenamed(name="Grace"),
        PersonRenamed(name="Joan"),
        PersonRenamed(name="Mary"),
    ]


def test_a_wish_at_a_later_desk_is_granted_on_what_others_said_since(
    office: Office, cause: AnyRecorded
) -> None:
    def enrol(name: str) -> None:
        with office.desk() as desk:
            desk.do(PERSON, STREAM, EnrolPerson(person_id="G-1", name=name), cause)

    enrol("Ada")
    enrol("Grace")
    for name in ("Joan", "Mary"):
        office.state(STREAM, PersonRenamed(name=name))
    enrol("Mary")
    enrol("Ada")
    with office.desk() as desk:
        content = desk.state(PERSON, STREAM).content
        assert content is not None
        assert content.name == "Ada"
    names = [event.name for event in events(office.stream(STREAM)) if hasattr(event, "name")]
    assert names == ["Ada", "Grace", "Joan", "Mary", "Ada"]


def test_a_stream_may_be_looked_at_in_two_ways(office: Office, cause: AnyRecorded) -> None:
    counting = Decider[object, int, Event](0, lambda *_: [], lambda told, _: told + 1)
    office.state(STREAM, ENROLLED)
    for number in (2, 3):
        with office.desk() as desk:
            name = f"Ada {number}"
            desk.do(PERSON, STREAM, EnrolPerson(person_id="G-1", name=name), cause)
            assert desk.state(counting, STREAM) == number
            assert desk.state(PERSON, STREAM).content == PersonEnrolled(person_id="G-1", name=name)
    assert len(office.stream(STREAM)) == 3


def test_recording_nothing_changes_nothing(office: Office, cause: AnyRecorded) -> None:
    with office.desk() as desk:
        desk.record(STREAM, 0, [], cause)
    assert office.stream(STREAM) == []


def test_each_fact_names_the_policy_its_cause_and_an_id_derived_from_both(
    office: Office, cause: AnyRecorded
) -> None:
    other = office.state("person-other", PersonEnrolled(person_id="other", name="Else"))
    with office.desk() as desk:
        desk.record(STREAM, 0, [ENROLLED], cause)
        desk.record(STREAM, 1, [PersonRenamed(name="Grace")], other)
        desk.record(STREAM, 2, [PersonRenamed(name="Joan")], cause)
    stated = office.stream(STREAM)
    assert [fact.event_id for fact in stated] == [
        derived_id("p", cause, 0),
        derived_id("p", other, 0),
        derived_id("p", cause, 1),
    ]
    assert {fact.actor for fact in stated} == {"policy:p"}
    assert [fact.caused_by for fact in stated] == [cause.position, other.position, cause.position]
    assert stated[1].correlation_id == other.correlation_id


def test_a_refused_wish_records_nothing(office: Office, cause: AnyRecorded) -> None:
    nowhere = RegisterSite(
        site_id="S", name="S", latitude=0, longitude=0, geofence_radius_m=50, time_zone="Mars/One"
    )
    with office.desk() as desk, pytest.raises(TimeZoneUnknown):
        desk.do(SITE, "site-S", nowhere, cause)
    assert office.stream("site-S") == []


def test_after_a_lost_race_nothing_stands(office: Office, cause: AnyRecorded) -> None:
    renaming = EnrolPerson(person_id="G-1", name="Grace")

    def work(between: Callable[[], object]) -> None:
        with office.desk() as desk:
            desk.remember("a", Apple(80))
            desk.record("person-G-2", 0, [PersonEnrolled(person_id="G-2", name="Two")], cause)
            desk.do(PERSON, STREAM, renaming, cause)
            between()

    office.state(STREAM, ENROLLED)
    with pytest.raises(StreamMoved):
        work(lambda: office.state(STREAM, PersonRenamed(name="Joan")))
    assert office.stream("person-G-2") == []
    with office.desk() as desk:
        assert desk.memories(["a"], Apple) == {}
    work(lambda: None)
    assert events(office.stream(STREAM))[-1] == PersonRenamed(name="Grace")


def test_a_batch_may_state_more_facts_than_one_append_holds(
    office: Office, cause: AnyRecorded
) -> None:
    fact = LocationRecorded(
        signal_id="s",
        source="test",
        person_id="G-1",
        device_id="D-1",
        latitude=0.0,
        longitude=0.0,
        gps_accuracy_m=5.0,
        occurred_at=datetime(2026, 11, 22, tzinfo=UTC),
    )
    streams = [f"signal-{uuid4()}" for _ in range(3)]
    with office.desk() as desk:
        for stream in streams:
            desk.record(stream, 0, [fact] * (APPEND_EVENTS_MAX // 2), cause)
        desk.record(streams[0], APPEND_EVENTS_MAX // 2, [fact], cause)
    assert len(office.stream(streams[2])) == APPEND_EVENTS_MAX // 2
    assert len(office.stream(streams[0])) == APPEND_EVENTS_MAX // 2 + 1


def test_a_connection_whose_transaction_was_rolled_back_still_appends(
    database: Migrated, log: PostgresLog, tenant: str
) -> None:
    """psycopg throws away what is prepared on a connection after a rollback; the log must not mind."""
    log.open_tenant(tenant)
    store = Database(database.app_url, connections_max=1)

    def append(number: int) -> None:
        names = (f"person-{number}", f"person-{number}b")
        each = [Append.of(name, 0, [ENROLLED], Cause("user:test")) for name in names]
        with store.unit_of_work(tenant) as connection:
            append_each(connection, tenant, each)

    def fail() -> None:
        with store.unit_of_work(tenant) as connection:
            connection.execute("SELECT 1 / 0")

    try:
        for number in range(5):
            append(number)
        with pytest.raises(psycopg.errors.DivisionByZero):
            fail()
        append(5)
        with pytest.raises(psycopg.errors.DivisionByZero):
            fail()
        one = Append.of("person-6", 0, [ENROLLED], Cause("user:test"))
        with store.connection() as connection:
            assert append_each(connection, tenant, [one]) == [Appended(13, 13)]
    finally:
        store.close()
