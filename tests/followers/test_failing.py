"""Failures: what a fact that cannot be digested, a fork, a lost race and a cut connection come to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from adapters.followers import runtime
from adapters.followers.operations import PostgresOperations
from adapters.followers.reading import Lease
from adapters.followers.runtime import Loop
from adapters.followers.turn import Handled
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Connection, Database
from application.operations import (
    FollowerState,
    ForkCannotBeSkipped,
    NothingParked,
    UnknownFollower,
)
from application.ports import Append, Cause, StreamMoved
from domain.catalogue import AnyRecorded
from domain.directory.person import PersonEnrolled
from tests.conftest import Database as Migrated
from tests.followers.workshop import (
    NoteTaker,
    fill,
    follow_until,
    forge,
    is_in,
    loop_of,
    noted,
    standing,
)

OPERATOR = Cause("user:operator")


def test_a_poison_fact_stops_its_tenant_alone_and_the_good_ones_before_it_stand(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    other = f"{tenant}-other"
    for each in (tenant, other):
        log.open_tenant(each)
        fill(log, each, 40)
    handler = NoteTaker(f"notes-{tenant}")
    handler.poison = {(tenant, 17)}
    follow_until(
        loop_of(store, handler, batch_events_max=10),
        lambda: (
            is_in(store, tenant, handler, FollowerState.PARKED)
            and len(noted(store, other, handler.name)) == 40
        ),
    )
    # All that came before the poison stands, and the other tenant has everything.
    assert noted(store, tenant, handler.name) == list(range(1, 17))
    assert noted(store, other, handler.name) == list(range(1, 41))
    (parked,) = PostgresOperations(store).parked(tenant)
    assert (parked.position, parked.type, parked.stream_id) == (17, "location.recorded", "filling")
    assert parked.attempts == runtime.ATTEMPTS_MAX
    assert parked.error == "ValueError: position 17 is poison"

    # Cured and retried, it goes on.
    handler.poison = set()
    position = PostgresOperations(store).retry(tenant, handler.name, OPERATOR)
    loop_of(store, handler).catch_up()
    assert noted(store, tenant, handler.name) == list(range(1, 42))
    fact = log.read_stream(tenant, f"follower-{handler.name}")[0]
    assert (fact.position, fact.actor) == (position, "user:operator")
    assert PostgresOperations(store).parked(tenant) == []


def test_a_skipped_fact_is_passed_over_and_the_log_says_who_and_why(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    fill(log, tenant, 20)
    handler = NoteTaker(f"notes-{tenant}")
    handler.poison = {(tenant, 7)}
    follow_until(
        loop_of(store, handler),
        lambda: is_in(store, tenant, handler, FollowerState.PARKED),
    )
    operations = PostgresOperations(store)
    operations.skip(tenant, handler.name, "A test device sent it.", OPERATOR)
    loop_of(store, handler).catch_up()
    assert noted(store, tenant, handler.name) == [*range(1, 7), *range(8, 22)]
    (fact,) = log.read_stream(tenant, f"follower-{handler.name}")
    assert fact.event.__struct_config__.tag == "follower.event_skipped"
    with pytest.raises(NothingParked):
        operations.skip(tenant, handler.name, "again", OPERATOR)
    with pytest.raises(UnknownFollower):
        operations.retry(tenant, "nobody", OPERATOR)


def test_a_fact_that_cannot_be_read_can_be_skipped(
    store: Database, log: PostgresLog, database: Migrated, tenant: str
) -> None:
    log.open_tenant(tenant)
    fill(log, tenant, 5)
    forge(
        database.owner_url,
        "UPDATE log.events SET data = 'nonsense' WHERE tenant_id = %s AND position = 3",
        [tenant],
    )
    handler = NoteTaker(f"notes-{tenant}")
    follow_until(
        loop_of(store, handler),
        lambda: is_in(store, tenant, handler, FollowerState.PARKED),
    )
    PostgresOperations(store).skip(tenant, handler.name, "Unreadable.", OPERATOR)
    loop_of(store, handler).catch_up()
    assert noted(store, tenant, handler.name) == [1, 2, 4, 5, 6]


def test_a_failure_that_passes_is_forgotten(store: Database, log: PostgresLog, tenant: str) -> None:
    log.open_tenant(tenant)
    fill(log, tenant, 5)
    handler = NoteTaker(f"notes-{tenant}")
    handler.poison = {(tenant, 2)}
    loop = loop_of(store, handler)
    follow_until(loop, lambda: is_in(store, tenant, handler, FollowerState.RETRYING))
    handler.poison = set()
    follow_until(
        loop_of(store, handler), lambda: standing(store, tenant, handler.name).lag_events == 0
    )
    reached = standing(store, tenant, handler.name)
    assert (reached.state, reached.attempts, reached.error) == (FollowerState.FOLLOWING, 0, None)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            "UPDATE log.events SET hash = sha256('x') WHERE tenant_id = %s AND position = 10",
            id="another event where the checkpoint stands",
        ),
        pytest.param(
            "DELETE FROM log.events WHERE tenant_id = %s AND position = 12",
            id="a hole behind the checkpoint",
        ),
        pytest.param(
            "UPDATE log.heads SET position = 4 WHERE tenant_id = %s",
            id="a log that ends before the checkpoint",
        ),
        pytest.param(
            "DELETE FROM log.events WHERE tenant_id = %s AND position > 10",
            id="nothing behind the checkpoint",
        ),
    ],
)
def test_another_log_than_the_one_read_before_stops_the_follower(
    store: Database, log: PostgresLog, database: Migrated, tenant: str, statement: str
) -> None:
    log.open_tenant(tenant)
    fill(log, tenant, 10)
    handler = NoteTaker(f"notes-{tenant}")
    loop_of(store, handler).catch_up()
    fill(log, tenant, 5)
    forge(database.owner_url, statement, [tenant])
    loop_of(store, handler).catch_up()
    reached = standing(store, tenant, handler.name)
    assert (reached.state, reached.position) == (FollowerState.FORKED, 10)
    assert noted(store, tenant, handler.name) == list(range(1, 11))
    with pytest.raises(ForkCannotBeSkipped):
        PostgresOperations(store).skip(tenant, handler.name, "no", OPERATOR)


class Late(NoteTaker):
    """Records one fact to a stream, to which somebody else writes while it makes up its mind."""

    def __init__(self, name: str, log: PostgresLog, interruptions: int) -> None:
        super().__init__(name)
        self.types = frozenset({"location.recorded"})
        self.log = log
        self.interruptions = interruptions

    def handle(self, connection: Connection, lease: Lease, batch: Sequence[AnyRecorded]) -> Handled:
        super().handle(connection, lease, batch)
        stands = len(self.log.read_stream(lease.tenant_id, "person-late"))
        if self.interruptions:
            self.interruptions -= 1
            self.log.append(lease.tenant_id, enrolling(stands, 2))
        return Handled(appends=[enrolling(stands, 1), enrolling(stands + 1, 2)])


def enrolling(stands: int, facts: int) -> Append:
    """Return an append of one stream that stands at a version."""
    enrolled = PersonEnrolled(person_id="G-9", name="Nine")
    return Append.of("person-late", stands, [enrolled] * facts, Cause("policy:late"))


def test_what_a_lost_race_would_have_recorded_does_not_stand_and_is_decided_anew(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    fill(log, tenant, 2)
    handler = Late(f"late-{tenant}", log, interruptions=3)
    grown: list[frozenset[str]] = []
    Loop(store.url, handler, grown=lambda _, types: grown.append(types)).catch_up()
    assert len(log.read_stream(tenant, "person-late")) == 3 * 2 + 3
    assert noted(store, tenant, handler.name) == [1, 2]
    assert grown == [frozenset({"person.enrolled"})]
    assert standing(store, tenant, handler.name).position == log.head(tenant).position


class Racer(NoteTaker):
    """Loses every race."""

    lost = 0

    def handle(self, connection: Connection, lease: Lease, batch: Sequence[AnyRecorded]) -> Handled:
        del connection, lease, batch
        self.lost += 1
        raise StreamMoved("a-stream", 2)


def test_a_race_that_is_lost_for_ever_is_a_failure(
    store: Database, log: PostgresLog, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "RACES_MAX", 3)
    log.open_tenant(tenant)
    fill(log, tenant, 2)
    handler = Racer(f"racer-{tenant}")
    follow_until(
        loop_of(store, handler),
        lambda: is_in(store, tenant, handler, FollowerState.PARKED),
    )
    assert handler.lost <= 3 * (runtime.ATTEMPTS_MAX + 1)


def test_a_follower_survives_a_connection_that_is_cut(
    store: Database, log: PostgresLog, database: Migrated, tenant: str
) -> None:
    log.open_tenant(tenant)
    handler = NoteTaker(f"notes-{tenant}", pause_s=0.05)
    loop = loop_of(store, handler, 5)

    def done() -> bool:
        forge(
            database.owner_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = %s AND random() < 0.2",
            [f"vedette-{handler.name}"[:60]],
        )
        return len(noted(store, tenant, handler.name)) == 60

    fill(log, tenant, 60)
    follow_until(loop, done)
    assert noted(store, tenant, handler.name) == list(range(1, 61))
