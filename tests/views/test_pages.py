"""Pages: nothing lost and nothing doubled while rows are added, and bad cursors refused."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.postgres import views as views_module
from adapters.postgres.database import Database
from adapters.postgres.rows import RowTable
from adapters.postgres.views import Cursor, PostgresViews
from projections.directory import DEVICES, PERSONS, SITES, PersonRow
from projections.fraud_scores import FRAUD_SCORES
from projections.kernel import Projection
from projections.ticket_board import TICKET_BOARD, TicketRow
from projections.views import PAGE_ROWS_MAX, MalformedCursor, ReadModelBehind, Wanted
from tests.memory_desk import MemoryLog
from tests.projections.rows import OPENED, rows_of
from tests.projections.test_published import SCORED

BEGAN_AT = datetime(2026, 11, 22, 8, 0, 0, 1, tzinfo=UTC)


def tickets(number: int, at: int = 0, **changes: Any) -> list[TicketRow]:
    """Return tickets that were opened in one moment, so that only their ids tell them apart."""
    log = MemoryLog()
    log.state("ticket-1", OPENED)
    (row,) = rows_of(TICKET_BOARD, log.facts).values()
    opened_at = BEGAN_AT + timedelta(microseconds=at)
    return [
        msgspec.structs.replace(row, ticket_id=uuid4(), opened_at=opened_at, **changes)
        for _ in range(number)
    ]


def keep(store: Database, projection: Projection[Any], tenant: str, rows: list[Any]) -> None:
    with store.unit_of_work(tenant) as connection:
        RowTable(projection).save(connection, tenant, 1, rows)


def walk(views: PostgresViews, tenant: str, wanted: Wanted) -> list[TicketRow]:
    """Return all rows, page by page."""
    rows: list[TicketRow] = []
    while True:
        page = views.page(TICKET_BOARD, tenant, wanted)
        rows += page.rows
        if page.next_cursor is None:
            return rows
        assert len(page.rows) == wanted.limit
        wanted = msgspec.structs.replace(wanted, cursor=page.next_cursor)


def ids(rows: list[TicketRow]) -> list[UUID]:
    return [row.ticket_id for row in rows]


@settings(max_examples=30, deadline=None)
@given(
    moments=st.lists(st.integers(0, 3), max_size=12),
    limit=st.integers(1, 13),
)
def test_a_walk_meets_every_row_once_newest_first(
    store: Database, moments: list[int], limit: int
) -> None:
    tenant = f"t-{uuid4().hex[:12]}"
    rows = [row for moment in moments for row in tickets(1, moment)]
    keep(store, TICKET_BOARD, tenant, rows)
    walked = walk(PostgresViews(store), tenant, Wanted(limit=limit))
    in_order = sorted(rows, key=lambda row: (row.opened_at, str(row.ticket_id)), reverse=True)
    assert walked == in_order


def test_rows_that_are_added_during_a_walk_change_nothing_behind_it(
    views: PostgresViews, store: Database, tenant: str
) -> None:
    known = [row for moment in range(10) for row in tickets(3, moment)]
    keep(store, TICKET_BOARD, tenant, known)
    wanted = Wanted(limit=4)
    walked: list[TicketRow] = []
    for moment in range(10, 20):
        page = views.page(TICKET_BOARD, tenant, wanted)
        walked += page.rows
        if page.next_cursor is None:
            break
        wanted = msgspec.structs.replace(wanted, cursor=page.next_cursor)
        keep(store, TICKET_BOARD, tenant, tickets(3, moment))
    assert len(walked) == len(known)
    assert set(ids(walked)) == set(ids(known))


def test_a_page_is_never_larger_than_it_may_be_nor_empty(
    views: PostgresViews, store: Database, tenant: str
) -> None:
    keep(store, TICKET_BOARD, tenant, tickets(PAGE_ROWS_MAX + 1))
    assert len(views.page(TICKET_BOARD, tenant, Wanted(limit=10_000)).rows) == PAGE_ROWS_MAX
    assert len(views.page(TICKET_BOARD, tenant, Wanted(limit=0)).rows) == 1


def test_filters_sites_and_lower_bounds_choose(
    views: PostgresViews, store: Database, tenant: str
) -> None:
    (one,) = tickets(1, 1, site_id="S-1", assignee="eve")
    (two,) = tickets(1, 2, site_id="S-2", assignee="eve")
    (none,) = tickets(1, 3, site_id=None)
    keep(store, TICKET_BOARD, tenant, [one, two, none])

    def chosen(**wanted: Any) -> list[TicketRow]:
        return views.page(TICKET_BOARD, tenant, Wanted(**wanted)).rows

    assert chosen() == [none, two, one]
    assert chosen(equal={"assignee": "eve"}) == [two, one]
    assert chosen(equal={"assignee": "eve", "site_id": "S-1"}) == [one]
    assert chosen(equal={"assignee": "e'; DROP TABLE views.ticket_board; --"}) == []
    # PostgreSQL's text has no such character, so nothing is equal to it.
    assert chosen(equal={"assignee": "eve\x00"}) == []
    assert chosen(sites=["S-1", "S-9"]) == [one]
    assert chosen(sites=[]) == []
    assert chosen(sites=["S-1"], equal={"site_id": "S-2"}) == []
    log = MemoryLog()
    for number, probability in enumerate((0.49, 0.5, 0.9), 1):
        score = msgspec.structs.replace(
            SCORED, attendance=UUID(int=number), probability=probability
        )
        log.state(f"score-{number}", score)
    keep(store, FRAUD_SCORES, tenant, list(rows_of(FRAUD_SCORES, log.facts).values()))
    page = views.page(FRAUD_SCORES, tenant, Wanted(at_least={"probability": 0.5}))
    assert [row.probability for row in page.rows] == [0.9, 0.5]


def test_what_has_no_time_is_listed_by_its_name(
    views: PostgresViews, store: Database, tenant: str
) -> None:
    rows = [PersonRow(person_id=f"G-{n}", name="Ada", position=n) for n in range(5)]
    keep(store, PERSONS, tenant, rows)
    first = views.page(PERSONS, tenant, Wanted(limit=3))
    second = views.page(PERSONS, tenant, Wanted(limit=3, cursor=first.next_cursor))
    assert [row.person_id for row in first.rows + second.rows] == [
        "G-4",
        "G-3",
        "G-2",
        "G-1",
        "G-0",
    ]
    assert second.next_cursor is None


def cursor(*fields: object) -> str:
    return msgspec.json.encode(fields).hex()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "zz",
        "ab",
        "5b5d",
        "é",
        cursor("2026-11-22T08:00:00+00:00"),
        cursor("2026-11-22T08:00:00+00:00", 7),
        cursor("yesterday", "x"),
        cursor("2026-11-22T08:00:00", "x"),
        cursor("2026-11-22", "x"),
        cursor("", "x"),
        cursor("2026-11-22T08:00:00+00:00", "x\x00"),
    ],
)
def test_a_cursor_that_was_not_handed_out_is_refused(
    views: PostgresViews, tenant: str, text: str
) -> None:
    with pytest.raises(MalformedCursor):
        views.page(TICKET_BOARD, tenant, Wanted(cursor=text))


@pytest.mark.parametrize("projection", [SITES, DEVICES])
def test_a_cursor_of_names_is_refused_where_postgres_could_not_hold_it(
    views: PostgresViews, tenant: str, projection: Projection[Any]
) -> None:
    with pytest.raises(MalformedCursor):
        views.page(projection, tenant, Wanted(cursor=cursor("S\x00", "S")))
    assert views.page(projection, tenant, Wanted(cursor=cursor("S", "S"))).rows == []


def test_one_row_is_read_by_its_key_in_its_tenant_alone(
    views: PostgresViews, store: Database, tenant: str
) -> None:
    (row,) = tickets(1)
    keep(store, TICKET_BOARD, tenant, [row])
    key = str(row.ticket_id)
    assert views.one(TICKET_BOARD, tenant, key).row == row
    assert views.one(TICKET_BOARD, f"{tenant}-b", key).row is None
    assert views.one(TICKET_BOARD, tenant, str(uuid4())).row is None
    assert views.one(TICKET_BOARD, tenant, "no\x00id").row is None
    assert views.page(TICKET_BOARD, f"{tenant}-b", Wanted()).rows == []


def test_an_answer_says_on_which_position_it_stands_and_can_be_waited_for(
    views: PostgresViews, store: Database, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert views.page(TICKET_BOARD, tenant, Wanted()).position == 0
    views.wait(TICKET_BOARD.name, tenant, 0)

    def move() -> None:
        with store.unit_of_work(tenant) as connection:
            connection.execute(
                "INSERT INTO log.checkpoints (follower, tenant_id, position, hash)"
                " VALUES (%s, %s, 7, %s)",
                [TICKET_BOARD.name, tenant, bytes(32)],
            )

    later = threading.Timer(0.1, move)
    later.start()
    views.wait(TICKET_BOARD.name, tenant, 7)
    later.join()
    assert views.page(TICKET_BOARD, tenant, Wanted()).position == 7
    assert views.one(TICKET_BOARD, tenant, "x").position == 7
    monkeypatch.setattr(views_module, "WAIT_FOR_S_MAX", 0.05)
    with pytest.raises(ReadModelBehind):
        views.wait(TICKET_BOARD.name, tenant, 8)


def test_a_cursor_is_short_and_says_where_its_page_ended(
    views: PostgresViews, store: Database, tenant: str
) -> None:
    rows = tickets(2)
    keep(store, TICKET_BOARD, tenant, rows)
    page = views.page(TICKET_BOARD, tenant, Wanted(limit=1))
    assert page.next_cursor is not None
    ended = msgspec.json.decode(bytes.fromhex(page.next_cursor), type=Cursor)
    assert ended == Cursor(BEGAN_AT.isoformat(), str(max(str(row.ticket_id) for row in rows)))
