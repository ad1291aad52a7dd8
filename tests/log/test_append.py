"""What `log.append` and `log.append_one` promise, beyond the contract that every log keeps."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import IsolationLevel
from psycopg.rows import TupleRow

from adapters.log.appending import TooManyFacts, append_each
from adapters.log.codec import FactTooLarge
from adapters.log.postgres_log import PostgresLog, read_head
from adapters.postgres.database import Database, bind
from application.ports import (
    APPEND_EVENTS_MAX,
    EVENT_BYTES_MAX,
    Append,
    Appended,
    Cause,
    Expect,
    LogUnavailable,
    NewFact,
    NoSuchTenant,
    Slice,
    StreamMoved,
)
from domain.signals import LocationRecorded, signal_stream, signal_uuid
from tests.log import reference
from tests.log.facts import CAUSE, adding, fact, part

Owner = psycopg.Connection[TupleRow]


def events(owner: Owner, tenant: str) -> list[reference.Event]:
    rows = owner.execute(
        f"{reference.SELECT} WHERE tenant_id = %s ORDER BY position", [tenant]
    ).fetchall()
    return [reference.Event(*row) for row in rows]


def versions(owner: Owner, tenant: str) -> list[tuple[str, int]]:
    return [(event.stream_id, event.version) for event in events(owner, tenant)]


def test_a_lone_event_and_a_set_of_events_are_chained_alike(
    log: PostgresLog, opened: str, owner: Owner
) -> None:
    log.append(opened, adding("a", 0))
    log.append(opened, Append([part("a", 1, 3), part("b", 0, 2)]))
    log.append(opened, Append([part("c", 0, cause=Cause("user:ann", uuid4(), 4))]))
    stored = events(owner, opened)
    assert [event.position for event in stored] == [1, 2, 3, 4, 5, 6, 7]
    assert [event.caused_by for event in stored] == [None] * 6 + [4]
    assert reference.first_bad_position(stored) is None
    assert log.head(opened).hash == stored[-1].hash
    assert log.head(opened).recorded_at == stored[-1].recorded_at


@pytest.mark.parametrize("others", [0, 1])  # rides alone, or with another append
def test_versions_never_have_a_hole(
    log: PostgresLog, opened: str, owner: Owner, others: int
) -> None:
    log.append(opened, adding("a", 0))
    hole = Append([part("a", 1), part("a", 3)])
    ride = [hole, *(adding(f"other-{n}", 0) for n in range(others))]
    outcomes = log.append_each(opened, ride)
    assert isinstance(outcomes[0], StreamMoved)
    assert (outcomes[0].stream_id, outcomes[0].version) == ("a", 1)
    assert all(isinstance(outcome, Appended) for outcome in outcomes[1:])
    with pytest.raises(StreamMoved):
        log.append(opened, adding("a", 2))
    assert [v for s, v in versions(owner, opened) if s == "a"] == [1]


def test_a_stream_may_stand_in_two_slices_of_one_append(
    log: PostgresLog, opened: str, owner: Owner
) -> None:
    log.append(opened, Append([part("a", 0, 2), part("b", 0), part("a", 2), part("a", Expect.ANY)]))
    assert versions(owner, opened) == [("a", 1), ("a", 2), ("b", 1), ("a", 3), ("a", 4)]


@pytest.mark.parametrize("stands", [0, 2])
def test_slices_that_contradict_each_other_are_the_loss_of_their_append_alone(
    log: PostgresLog, opened: str, owner: Owner, stands: int
) -> None:
    log.append(opened, adding("b", 0))
    if stands:
        log.append(opened, adding("a", 0, stands))
    before = versions(owner, opened)
    twice = Append([part("a", stands), part("c", 0), part("a", stands)])
    lost, recorded = log.append_each(opened, [twice, adding("b", 1)])
    assert isinstance(lost, StreamMoved)
    assert (lost.stream_id, lost.version) == ("a", stands)
    assert recorded == Appended(len(before) + 1, len(before) + 1)
    assert versions(owner, opened) == [*before, ("b", 2)]
    with pytest.raises(StreamMoved):
        log.append(opened, twice)


def test_a_call_of_nothing_but_losers_leaves_the_log_as_it_was(
    log: PostgresLog, opened: str
) -> None:
    log.append(opened, adding("a", 0))
    before = log.head(opened)
    outcomes = log.append_each(opened, [adding("a", 0), adding("b", 1)])
    assert [(o.stream_id, o.version) for o in outcomes if isinstance(o, StreamMoved)] == [
        ("a", 1),
        ("b", 0),
    ]
    assert log.head(opened) == before


def test_a_stream_in_two_appends_of_a_call_takes_its_turn(
    log: PostgresLog, opened: str, owner: Owner
) -> None:
    outcomes = log.append_each(
        opened, [adding("a", 0), adding("b", 0), adding("a", 0), adding("a", 1), adding("a", -1)]
    )
    moved = outcomes.pop(2)
    assert isinstance(moved, StreamMoved)
    assert (moved.stream_id, moved.version) == ("a", 1)
    assert outcomes == [Appended(1, 1), Appended(2, 2), Appended(3, 3), Appended(4, 4)]
    assert versions(owner, opened) == [("a", 1), ("b", 1), ("a", 2), ("a", 3)]


def test_an_append_that_lost_leaves_no_gap(log: PostgresLog, opened: str, owner: Owner) -> None:
    log.append(opened, adding("a", 0))
    outcomes = log.append_each(
        opened,
        [
            Append([part("b", 0, 2), part("a", 0)]),  # loses with its second stream
            adding("c", 0),
            adding("a", 7),
            adding("d", 0, 2),
        ],
    )
    assert [outcome for outcome in outcomes if isinstance(outcome, Appended)] == [
        Appended(2, 2),
        Appended(3, 4),
    ]
    assert versions(owner, opened) == [("a", 1), ("c", 1), ("d", 1), ("d", 2)]
    assert reference.first_bad_position(events(owner, opened)) is None


def test_a_signal_delivered_twice_is_recorded_once(log: PostgresLog, opened: str) -> None:
    stream_id = signal_stream(signal_uuid("gate-7", "0001"))
    assert log.append(opened, adding(stream_id, Expect.NO_STREAM)) == Appended(1, 1)
    with pytest.raises(StreamMoved) as refused:
        log.append(opened, adding(stream_id, Expect.NO_STREAM))
    assert refused.value.version == 1
    outcomes = log.append_each(opened, [adding(stream_id, 0), adding("new", 0)])
    assert isinstance(outcomes[0], StreamMoved)
    assert outcomes[1] == Appended(2, 2)
    assert log.first_positions(opened, [stream_id]) == {stream_id: 1}


def test_recorded_time_never_runs_backwards(log: PostgresLog, opened: str, owner: Owner) -> None:
    owner.execute(
        "UPDATE log.heads SET recorded_at = clock_timestamp() + interval '1 hour'"
        " WHERE tenant_id = %s",
        [opened],
    )
    ahead = log.head(opened).recorded_at
    log.append(opened, adding("a", 0))
    log.append(opened, adding("a", 1, 2))
    assert {event.recorded_at for event in events(owner, opened)} == {ahead}


@pytest.mark.parametrize("level", list(IsolationLevel)[1:])
@pytest.mark.parametrize(("expected", "count"), [(1, 1), (1, 3), (Expect.ANY, 1), (Expect.ANY, 3)])
def test_a_transaction_whose_log_moved_on_sees_it_or_is_told(  # noqa: PLR0917  fixtures
    store: Database,
    log: PostgresLog,
    opened: str,
    owner: Owner,
    level: IsolationLevel,
    expected: int,
    count: int,
) -> None:
    """The snapshot is taken, somebody else appends, then the transaction appends."""
    log.append(opened, adding("a", 0))
    with psycopg.connect(store.url) as connection:
        connection.isolation_level = level
        bind(connection, opened)
        assert read_head(connection, opened).position == 1
        log.append(opened, adding("a", 1))
        if level is IsolationLevel.READ_COMMITTED:
            (outcome,) = append_each(connection, opened, [adding("a", expected, count)])
            assert isinstance(outcome, Appended) == (expected == Expect.ANY)
            connection.commit()
        else:
            with pytest.raises(LogUnavailable):
                append_each(connection, opened, [adding("a", expected, count)])
            connection.rollback()
    stored = versions(owner, opened)
    assert stored == [("a", n + 1) for n in range(len(stored))]
    assert reference.first_bad_position(events(owner, opened)) is None


@pytest.mark.parametrize("expected", [1, Expect.ANY])
def test_of_two_transactions_that_race_the_second_looks_after_the_first(
    store: Database, log: PostgresLog, opened: str, owner: Owner, expected: int
) -> None:
    """The second waits for the head row, so its look at the stream must come after the wait."""
    log.append(opened, adding("a", 0))
    outcomes: list[Appended | StreamMoved] = []
    with psycopg.connect(store.url) as first, psycopg.connect(store.url) as second:
        bind(first, opened)
        append_each(first, opened, [adding("a", 1)])

        def race() -> None:
            bind(second, opened)
            outcomes.extend(append_each(second, opened, [adding("a", expected)]))
            second.commit()

        racing = threading.Thread(target=race)
        racing.start()
        waits = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
        while owner.execute(waits, [second.info.backend_pid]).fetchone() is None:
            pass
        first.commit()
        racing.join()
    (outcome,) = outcomes
    if expected == Expect.ANY:
        assert outcome == Appended(3, 3)
    else:
        assert isinstance(outcome, StreamMoved)
        assert outcome.version == 2
    assert reference.first_bad_position(events(owner, opened)) is None


def test_what_is_appended_in_a_transaction_that_fails_was_never_there(
    store: Database, log: PostgresLog, opened: str
) -> None:
    def append_and_fail() -> None:
        with store.unit_of_work(opened) as connection:
            append_each(connection, opened, [adding("a", 0, 2)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        append_and_fail()
    assert log.head(opened).position == 0
    assert log.append(opened, adding("a", 0)) == Appended(1, 1)


def test_a_unit_of_work_appends_to_its_own_tenant_only(
    store: Database, log: PostgresLog, opened: str
) -> None:
    other = f"{opened}-other"
    log.open_tenant(other)
    for count in (1, 2):
        with (
            pytest.raises(psycopg.DatabaseError, match="another tenant"),
            store.unit_of_work(opened) as connection,
        ):
            append_each(connection, other, [adding("a", 0, count)])
    assert log.head(other).position == 0


def test_a_tenant_without_a_log_is_named(log: PostgresLog, tenant: str) -> None:
    for count in (1, 2):
        with pytest.raises(NoSuchTenant, match=tenant):
            log.append(tenant, adding("a", 0, count))


def test_what_is_too_large_is_refused_before_it_travels(log: PostgresLog, opened: str) -> None:
    with pytest.raises(TooManyFacts):
        log.append(opened, adding("a", 0, APPEND_EVENTS_MAX + 1))
    large = LocationRecorded(
        signal_id="x" * EVENT_BYTES_MAX,
        source="test",
        person_id="G-1",
        device_id="D-1",
        latitude=0,
        longitude=0,
        gps_accuracy_m=1,
        occurred_at=fact().occurred_at,
    )
    with pytest.raises(FactTooLarge):
        log.append(opened, Append([Slice("a", 0, [NewFact(large)], CAUSE)]))
    assert log.head(opened).position == 0


def test_the_largest_append_is_taken(log: PostgresLog, opened: str) -> None:
    whole = log.append(opened, adding("a", 0, APPEND_EVENTS_MAX))
    assert whole == Appended(1, APPEND_EVENTS_MAX)


def test_more_independent_appends_than_one_call_takes_go_in_several(
    log: PostgresLog, opened: str
) -> None:
    outcomes = log.append_each(opened, [adding(f"s-{n}", 0) for n in range(APPEND_EVENTS_MAX + 10)])
    assert outcomes == [Appended(n, n) for n in range(1, APPEND_EVENTS_MAX + 11)]


def test_ids_and_times_come_back_to_the_microsecond(
    log: PostgresLog, opened: str, owner: Owner
) -> None:
    event_id = UUID(int=2**128 - 1)
    moment = fact().occurred_at.replace(year=1969, microsecond=999_999)
    log.append(opened, Append([Slice("ä/ö 漢", 0, [NewFact(fact(), event_id, moment)], CAUSE)]))
    (stored,) = events(owner, opened)
    assert (stored.stream_id, stored.event_id) == ("ä/ö 漢", event_id)
    assert stored.occurred_at == moment
    assert stored.correlation_id == CAUSE.correlation_id
    assert reference.first_bad_position([stored]) is None
    assert log.read(opened, 0, 1)[0].occurred_at == moment


def test_types_of_the_callers_own_do_not_enter_the_append(
    app: psycopg.Connection[TupleRow], log: PostgresLog, opened: str
) -> None:
    """`append_one` runs as the owner of the log, so a caller's schema must not reach into it."""
    app.execute(
        "CREATE FUNCTION pg_temp.steal(bytea) RETURNS boolean LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$"
    )
    for name in ("bytea", "text", "uuid", "timestamptz", "int8"):
        app.execute(
            f"CREATE DOMAIN pg_temp.{name} AS pg_catalog.bytea CHECK (pg_temp.steal(VALUE))"
        )
    app.execute("CREATE TABLE pg_temp.heads (x int); CREATE TABLE pg_temp.events (x int)")
    app.execute("SET search_path = pg_temp, pg_catalog")
    assert append_each(app, opened, [adding("a", 0)]) == [Appended(1, 1)]
    assert append_each(app, opened, [adding("a", 1, 2)]) == [Appended(2, 3)]
