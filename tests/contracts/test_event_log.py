"""The contract of the event log, held by the one in memory and the one on PostgreSQL alike."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from application.ports import (
    GENESIS_HASH,
    Append,
    Appended,
    Cause,
    EventLog,
    Expect,
    NewFact,
    NoSuchTenant,
    Slice,
    StreamMoved,
)
from domain.directory.site import SiteRenamed
from domain.kernel import Event
from domain.ticket import TicketCommented, TicketStarted
from tests.conftest import Database as Addresses
from tests.memory_log import MemoryLog

CAUSE = Cause(actor="user:dora")
WRITERS = 8
APPENDS_EACH = 25


@pytest.fixture(params=["memory", "postgres"])
def log(request: pytest.FixtureRequest) -> Iterator[EventLog]:
    """Each log in turn; the PostgreSQL is started for the second one only."""
    if request.param == "memory":
        yield MemoryLog()
        return
    addresses: Addresses = request.getfixturevalue("database")
    with (
        closing(Database(addresses.app_url)) as database,
        closing(PostgresLog(database)) as postgres_log,
    ):
        yield postgres_log


@pytest.fixture
def opened(log: EventLog, tenant: str) -> str:
    """A tenant with an empty log."""
    log.open_tenant(tenant)
    return tenant


def note(text: str) -> TicketCommented:
    return TicketCommented(text=text)


def append(stream_id: str, expected: int, *events: Event) -> Append:
    return Append.of(stream_id, expected, events, CAUSE)


def texts(log: EventLog, tenant: str, stream_id: str) -> list[str]:
    events = [fact.event for fact in log.read_stream(tenant, stream_id)]
    return [event.text for event in events if isinstance(event, TicketCommented)]


def test_an_empty_log_stands_at_zero(log: EventLog, opened: str) -> None:
    head = log.head(opened)
    assert (head.position, head.hash, head.recorded_at) == (0, GENESIS_HASH, None)
    assert log.read(opened, 0, 10) == []
    assert opened in log.tenants()


def test_a_tenant_that_nobody_opened_has_no_log(log: EventLog, tenant: str) -> None:
    with pytest.raises(NoSuchTenant):
        log.head(tenant)
    with pytest.raises(NoSuchTenant):
        log.append(tenant, append("ticket-1", 0, note("a")))
    with pytest.raises(NoSuchTenant):
        log.submit(tenant, append("ticket-1", 0, note("a"))).result()
    assert log.read(tenant, 0, 10) == []
    assert log.read_stream(tenant, "ticket-1") == []
    assert tenant not in log.tenants()


def test_opening_an_open_log_changes_nothing(log: EventLog, opened: str) -> None:
    log.append(opened, append("ticket-1", 0, note("a")))
    log.open_tenant(opened)
    assert log.head(opened).position == 1


def test_facts_come_back_as_they_were_told(log: EventLog, opened: str) -> None:
    occurred_at = datetime(2026, 11, 22, 8, tzinfo=UTC)
    event_id = uuid4()
    cause = Cause(actor="policy:x", correlation_id=uuid4(), caused_by=1)
    log.append(opened, append("site-S-01", 0, SiteRenamed(name="North Gate")))
    fact = NewFact(note("späte Nachricht"), event_id, occurred_at)
    log.append(opened, Append([Slice("ticket-1", 0, [fact], cause)]))

    first, second = log.read(opened, 0, 10)
    assert (first.position, first.stream_id, first.version) == (1, "site-S-01", 1)
    assert first.event == SiteRenamed(name="North Gate")
    assert (first.actor, first.caused_by) == ("user:dora", None)
    assert second.tenant_id == opened
    assert (second.position, second.stream_id, second.version) == (2, "ticket-1", 1)
    assert second.event == note("späte Nachricht")
    assert (second.event_id, second.occurred_at) == (event_id, occurred_at)
    assert (second.actor, second.caused_by) == ("policy:x", 1)
    assert second.correlation_id == cause.correlation_id
    assert second.recorded_at >= first.recorded_at
    assert log.read_stream(opened, "ticket-1") == [second]


def test_positions_and_versions_have_no_gap(log: EventLog, opened: str) -> None:
    assert log.append(opened, append("ticket-1", 0, note("a"), note("b"))) == Appended(1, 2)
    assert log.append(opened, append("ticket-2", 0, note("c"))) == Appended(3, 3)
    assert log.append(opened, append("ticket-1", 2, note("d"))) == Appended(4, 4)
    facts = log.read(opened, 0, 10)
    assert [fact.position for fact in facts] == [1, 2, 3, 4]
    assert [fact.version for fact in facts] == [1, 2, 1, 3]
    assert texts(log, opened, "ticket-1") == ["a", "b", "d"]


def test_reading_begins_behind_a_position_and_ends_at_a_limit(log: EventLog, opened: str) -> None:
    log.append(opened, append("ticket-1", 0, *[note(str(number)) for number in range(5)]))
    assert [fact.position for fact in log.read(opened, 1, 2)] == [2, 3]
    assert [fact.position for fact in log.read(opened, 3, 100)] == [4, 5]
    assert log.read(opened, 5, 100) == []


def test_the_head_moves_with_each_append(log: EventLog, opened: str) -> None:
    log.append(opened, append("ticket-1", 0, note("a")))
    before = log.head(opened)
    log.append(opened, append("ticket-1", 1, note("a")))
    after = log.head(opened)
    assert (before.position, after.position) == (1, 2)
    assert len(after.hash) == 32
    assert len({GENESIS_HASH, before.hash, after.hash}) == 3
    assert after.recorded_at == log.read(opened, 1, 1)[0].recorded_at


@pytest.mark.parametrize("expected", [Expect.NO_STREAM, 2, 7])
def test_a_stream_that_stands_elsewhere_refuses(log: EventLog, opened: str, expected: int) -> None:
    log.append(opened, append("ticket-1", 0, note("a")))
    with pytest.raises(StreamMoved) as moved:
        log.append(opened, append("ticket-1", expected, note("b")))
    assert (moved.value.stream_id, moved.value.version) == ("ticket-1", 1)
    assert log.head(opened).position == 1


def test_whoever_expects_nothing_is_never_refused(log: EventLog, opened: str) -> None:
    log.append(opened, append("ticket-1", Expect.ANY, note("a")))
    log.append(opened, append("ticket-1", Expect.ANY, note("b"), note("c")))
    assert texts(log, opened, "ticket-1") == ["a", "b", "c"]


def test_several_streams_stand_together_or_not_at_all(log: EventLog, opened: str) -> None:
    log.append(opened, append("ticket-1", 0, note("a")))
    both = [
        Slice("ticket-2", 0, [NewFact(note("b"))], CAUSE),
        Slice("ticket-1", 0, [NewFact(note("c"))], CAUSE),
    ]
    with pytest.raises(StreamMoved) as moved:
        log.append(opened, Append(both))
    assert moved.value.stream_id == "ticket-1"
    assert log.read_stream(opened, "ticket-2") == []
    both[1] = Slice("ticket-1", 1, [NewFact(note("c"))], CAUSE)
    assert log.append(opened, Append(both)) == Appended(2, 3)


def test_independent_appends_have_their_own_outcomes(log: EventLog, opened: str) -> None:
    log.append(opened, append("ticket-1", 0, note("a")))
    first, second, third = log.append_each(
        opened,
        [
            append("ticket-2", 0, note("b"), note("c")),
            append("ticket-1", 0, note("d")),
            append("ticket-3", 0, note("e")),
        ],
    )
    assert first == Appended(2, 3)
    assert isinstance(second, StreamMoved)
    assert (second.stream_id, second.version) == ("ticket-1", 1)
    assert third == Appended(4, 4)
    assert log.append_each(opened, []) == []


def test_a_submitted_append_answers_later(log: EventLog, opened: str) -> None:
    assert log.submit(opened, append("ticket-1", 0, note("a"))).result(10) == Appended(1, 1)
    with pytest.raises(StreamMoved):
        log.submit(opened, append("ticket-1", 0, note("b"))).result(10)


def test_the_first_position_of_each_stream_is_known(log: EventLog, opened: str) -> None:
    log.append(opened, append("ticket-1", 0, note("a")))
    log.append(opened, append("ticket-2", 0, note("b")))
    log.append(opened, append("ticket-1", 1, note("c")))
    known = log.first_positions(opened, ["ticket-2", "ticket-1", "ticket-9"])
    assert known == {"ticket-1": 1, "ticket-2": 2}
    assert log.first_positions(opened, []) == {}


def test_tenants_do_not_see_each_other(log: EventLog, opened: str) -> None:
    other = f"{opened}-other"
    log.open_tenant(other)
    log.append(opened, append("ticket-1", 0, note("a")))
    assert log.append(other, append("ticket-1", 0, note("b"))) == Appended(1, 1)
    assert texts(log, opened, "ticket-1") == ["a"]
    assert texts(log, other, "ticket-1") == ["b"]
    assert log.first_positions(other, ["ticket-1"]) == {"ticket-1": 1}


def test_of_two_writers_of_a_version_one_wins(log: EventLog, opened: str) -> None:
    """Many threads race for every version of one stream; each version is somebody's, once."""
    won: list[Appended] = []
    gate = threading.Barrier(WRITERS)

    def write() -> None:
        gate.wait()
        for version in range(APPENDS_EACH):
            try:
                won.append(log.append(opened, append("ticket-1", version, TicketStarted())))
            except StreamMoved:
                continue

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(appended.first for appended in won) == list(range(1, APPENDS_EACH + 1))
    facts = log.read_stream(opened, "ticket-1")
    assert [fact.version for fact in facts] == list(range(1, APPENDS_EACH + 1))
