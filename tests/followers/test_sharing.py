"""Sharing: followers of one process get from what others have read the very facts of the log."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.followers.reading import Lease
from adapters.followers.runtime import Loop
from adapters.followers.sharing import SharedFacts
from adapters.followers.turn import NOTHING, Handled
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Connection, Database
from domain.catalogue import AnyRecorded
from tests.conftest import Database as Migrated
from tests.followers.workshop import fill, forge

WANTED = frozenset({"location.recorded"})


class Reader:
    """Keeps the facts that it is given."""

    behind: str | None = None

    def __init__(self, name: str, types: frozenset[str] = WANTED) -> None:
        self.name = name
        self.types: frozenset[str] | None = types
        self.read: list[AnyRecorded] = []

    def handle(self, connection: Connection, lease: Lease, batch: Sequence[AnyRecorded]) -> Handled:
        assert lease.tenant_id
        assert not connection.closed
        self.read += batch
        return NOTHING


def loop_of(store: Database, reader: Reader, shared: SharedFacts, batch_events_max: int) -> Loop:
    return Loop(
        store.url,
        reader,
        grown=lambda *_: None,
        batch_events_max=batch_events_max,
        shared=shared,
    )


def test_followers_that_share_read_what_stands_in_the_log(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    """One goes ahead, one comes behind in other steps, one lags behind what is held."""
    log.open_tenant(tenant)
    shared = SharedFacts(events_max=60)
    first, second, lagging = Reader("first"), Reader("second"), Reader("lagging")
    for events in (30, 50, 70):
        fill(log, tenant, events)
        loop_of(store, first, shared, 40).catch_up()
        loop_of(store, second, shared, 7).catch_up()
    loop_of(store, lagging, shared, 40).catch_up()
    truth = log.read(tenant, 0, 1_000)
    wanted = [fact for fact in truth if fact.stream_id == "filling"]
    assert len(wanted) == 150
    assert first.read == second.read == lagging.read == wanted
    shares = {id(fact) for fact in first.read} & {id(fact) for fact in second.read}
    assert shares, "Some of them were decoded once."


def test_what_nobody_wants_is_passed_over(store: Database, log: PostgresLog, tenant: str) -> None:
    """The checkpoint moves, the follower is not bothered, and the chain is proved as ever."""
    log.open_tenant(tenant)
    fill(log, tenant, 25)
    elsewhere = Reader("elsewhere", frozenset({"ticket.opened"}))
    loop_of(store, elsewhere, SharedFacts(), 10).catch_up()
    rows = store.fetch(
        tenant,
        "SELECT c.position = h.position AND c.hash = h.hash FROM log.checkpoints c"
        " JOIN log.heads h USING (tenant_id)"
        " WHERE c.follower = %(follower)s AND c.tenant_id = %(tenant)s",
        {"follower": "elsewhere", "tenant": tenant},
    )
    assert rows == [(True,)]
    assert elsewhere.read == []


def test_a_fork_is_found_by_who_wants_nothing_of_it(
    store: Database, log: PostgresLog, tenant: str, database: Migrated
) -> None:
    log.open_tenant(tenant)
    fill(log, tenant, 5)
    shared = SharedFacts()
    elsewhere, here = Reader("elsewhere", frozenset({"ticket.opened"})), Reader("here")
    for reader in (elsewhere, here):
        loop_of(store, reader, shared, 10).catch_up()
    forge(
        database.owner_url,
        "UPDATE log.events SET hash = sha256(hash) WHERE tenant_id = %s AND position = 5",
        [tenant],
    )
    fill(log, tenant, 5)
    for reader in (elsewhere, here):
        loop_of(store, reader, shared, 10).catch_up()
    rows = store.fetch(
        tenant,
        "SELECT follower, position, stopped FROM log.checkpoints"
        " WHERE follower = ANY (%(names)s) AND tenant_id = %(tenant)s ORDER BY follower",
        {"names": ["elsewhere", "here"], "tenant": tenant},
    )
    assert rows == [("elsewhere", 5, "forked"), ("here", 5, "forked")]


def test_what_was_held_of_another_log_is_not_given_out(
    store: Database, log: PostgresLog, tenant: str, database: Migrated
) -> None:
    """A reader that is new, and so suspects nothing, reads the log as it is now."""
    log.open_tenant(tenant)
    fill(log, tenant, 5)
    shared = SharedFacts()
    loop_of(store, Reader("before"), shared, 10).catch_up()
    forge(
        database.owner_url,
        "UPDATE log.events SET actor = 'system:forger', hash = sha256(hash)"
        " WHERE tenant_id = %s AND position >= 4",
        [tenant],
    )
    late = Reader("late")
    loop_of(store, late, shared, 10).catch_up()
    assert [fact.actor for fact in late.read][-1] == "system:forger"
    fill(log, tenant, 3)
    later = Reader("later")
    loop_of(store, later, shared, 3).catch_up()
    assert later.read == list(log.read(tenant, 0, 100))
