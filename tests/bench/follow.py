"""Follow: facts a second from the log into the ticket board's rows, against the stock runner.

The same facts and the same fold on the same server: tickets that are opened, assigned, started,
repeated and resolved, many at a time. Each round of ours fills a generation of its own from the
first fact; each round of the reference a fresh table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median
from uuid import UUID, uuid5

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.projection import ProjectionRunner

from adapters.followers.projecting import ProjectionHandler
from adapters.followers.runtime import Loop
from adapters.log.codec import encode
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database as Connections
from application.ports import Append, Appended, Cause, Expect, NewFact, Slice
from domain.catalogue import tag_of
from domain.severity import Severity
from domain.ticket import (
    Priority,
    TicketAssigned,
    TicketCategory,
    TicketEvent,
    TicketOpened,
    TicketRepeated,
    TicketResolved,
    TicketStarted,
)
from projections.ticket_board import TICKET_BOARD
from tests.bench import million, stock
from tests.bench.kit import Database, Measure, Servers, by_turns, compared, rounded

TICKETS = 4_000  # five facts each
TICKETS_OF_REFERENCE = 300  # of the same, since it takes a commit a fact
OPEN_AT_ONCE = 200  # tickets whose facts are mixed in the log
TENANT = "bench"
SPACE = UUID("6f0e4f0e-0000-4000-8000-000000000001")
NUMBERS = count(2)  # of generations; the live one is 1

Told = tuple[UUID, int, TicketEvent]  # ticket, version, fact


def story(number: int) -> list[Told]:
    """Return the facts of one ticket."""
    ticket_id = uuid5(SPACE, str(number))
    facts: list[TicketEvent] = [
        TicketOpened(
            ticket_id=ticket_id,
            category=TicketCategory.SECURITY_FRAUD,
            title=f"Buddy punching by G-{number % 400:03d} at S-{number % 20:02d}",
            severity=Severity.HIGH,
            priority=Priority.HIGH,
            site_id=f"S-{number % 20:02d}",
            person_id=f"G-{number % 400:03d}",
            dedup_key=f"fraud:buddy_punching:G-{number % 400:03d}",
            alert_id=uuid5(SPACE, f"alert {number}"),
        ),
        TicketAssigned(assignee=f"manager-{number % 20}"),
        TicketStarted(),
        TicketRepeated(
            severity=Severity.CRITICAL,
            count=1,
            alert_id=uuid5(SPACE, f"alert {number}"),
            score=0.93,
        ),
        TicketResolved(resolution="Looked at the camera: it was somebody else."),
    ]
    return [(ticket_id, version, fact) for version, fact in enumerate(facts, 1)]


def stories(tickets: int) -> Iterator[Told]:
    """Yield the facts of many tickets as they would stand in a log: mixed, each ticket's in order."""
    for first in range(0, tickets, OPEN_AT_ONCE):
        open_ = [story(number) for number in range(first, min(first + OPEN_AT_ONCE, tickets))]
        for step in range(len(open_[0])):
            for facts in open_:
                yield facts[step]


def fill(url: str) -> int:
    """Append the facts of all tickets to the log; return the position before them."""
    connections = Connections(url)
    log = PostgresLog(connections)
    try:
        log.open_tenant(TENANT)
        before = log.head(TENANT).position
        told = list(stories(TICKETS))
        for first in range(0, len(told), OPEN_AT_ONCE):
            appends = [
                Append([Slice(f"ticket-{id_}", Expect.ANY, [NewFact(fact)], Cause("user:bench"))])
                for id_, _, fact in told[first : first + OPEN_AT_ONCE]
            ]
            assert all(isinstance(each, Appended) for each in log.append_each(TENANT, appends))
        return before
    finally:
        log.close()
        connections.close()


def ours(database: Database, behind: int) -> Callable[[], float]:
    """Return the measure of our follower, from its checkpoint behind this position to the head."""

    def measure() -> float:
        generation = next(NUMBERS)
        handler = ProjectionHandler(TICKET_BOARD, generation)
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute(
                "INSERT INTO log.checkpoints (follower, tenant_id, position, hash)"
                " SELECT %s, tenant_id, position, hash FROM log.events"
                " WHERE tenant_id = %s AND position = %s"
                " UNION ALL SELECT %s, %s, 0, decode(repeat('00', 32), 'hex') WHERE %s = 0",
                [handler.name, TENANT, behind, handler.name, TENANT, behind],
            )
            began = time.perf_counter()
            Loop(database.app_url, handler, grown=lambda *_: None, enrols=False).catch_up()
            took_s = time.perf_counter() - began
            row = owner.execute(
                "SELECT count(*), min(version), max(status) FROM views.ticket_board"
                " WHERE generation = %s",
                [generation],
            ).fetchone()
        assert row == (TICKETS, 5, "RESOLVED"), row
        return TICKETS * 5 / took_s

    return measure


def reference(database: Database) -> Callable[[], float]:
    """Return the measure of the stock runner."""
    environment = stock.environment(database.owner_url)
    store = stock.datastore(database.owner_url, connections=1)
    recorder = stock.recorder(store)
    told = list(stories(TICKETS_OF_REFERENCE))
    recorder.insert_events(
        [StoredEvent(id_, version, tag_of(fact), encode(fact)) for id_, version, fact in told]
    )
    store.close()

    def measure() -> float:
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute(b"DROP TABLE IF EXISTS views.ticket_board_stock, tickets_tracking")
            owner.execute(stock.MAKE.encode())
        began = time.perf_counter()
        with ProjectionRunner(
            application_class=stock.Field,
            projection_class=stock.Tickets,
            view_class=stock.TicketView,
            env=environment,
        ) as runner:
            runner.wait(len(told), timeout=60)
            took_s = time.perf_counter() - began
        return len(told) / took_s

    return measure


def follow(servers: Servers) -> Measure:
    """Measure on an empty log, and on one that has a million facts before."""
    database = servers.database()
    behind = fill(database.app_url)
    rounds = by_turns(ours(database, behind), reference(database))
    grown = servers.shared("million", million.fill)
    grown_behind = fill(grown.app_url)
    assert grown_behind > 0, "The tenant has its share of the million."
    measure = ours(grown, grown_behind)
    on_million = [measure() for _ in range(5)]
    return compared(rounds, "events/s", on_a_million_facts=rounded(median(on_million)))


BENCHES = {"follow": follow}
