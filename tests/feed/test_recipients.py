"""Recipients: what is recorded of each frame, whoever came when, and what a failure costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.postgres import recipients as keeping
from adapters.postgres.database import Database
from adapters.postgres.recipients import PostgresRecipients
from application.ports import LogUnavailable
from application.recipients import KEPT_DAYS, FrameRecipients, Handed, recipients_of
from interfaces.feed import listeners, recipients
from interfaces.feed.hub import Hub
from interfaces.feed.listeners import Filter
from interfaces.feed.recipients import Recorder, Tally
from tests.conftest import Database as Migrated
from tests.feed.stage import EVERYTHING, Stage, all_after, eventually, taken


@pytest.fixture
def book(store: Database) -> PostgresRecipients:
    return PostgresRecipients(store)


class AwayBook:
    """The real book, on a database that can be away; what it was told then may have arrived."""

    def __init__(self, book: PostgresRecipients) -> None:
        self.book = book
        self.away = False
        self.arrives = False

    def keep(self, tenant_id: str, batch: UUID, handed: Sequence[Handed]) -> None:
        if not self.away or self.arrives:
            self.book.keep(tenant_id, batch, handed)
        if self.away:
            raise LogUnavailable("away")

    def forget(self, tenant_id: str) -> None:
        if self.away:
            raise LogUnavailable("away")
        self.book.forget(tenant_id)

    def behind(self, tenant_id: str, after: int, limit: int) -> list[FrameRecipients]:
        return self.book.behind(tenant_id, after, limit)


def counts(book: PostgresRecipients, tenant: str) -> dict[int, tuple[int, int]]:
    """Return what is recorded of each frame: to how many it was handed, for how many left out."""
    kept = book.behind(tenant, 0, 200)
    return {frame.position: (frame.recipients, frame.left_out) for frame in kept}


async def test_each_frame_says_how_many_were_handed_it(
    hub: Hub, stage: Stage, book: PostgresRecipients
) -> None:
    recorder = Recorder(hub.tallies, book)
    everybody = [await hub.subscribe(stage.tenant, EVERYTHING, None) for _ in range(2)]
    there = await hub.subscribe(stage.tenant, Filter(sites=frozenset({"S-2"})), None)
    stage.secret()
    first, second = stage.ticket("S-1"), stage.ticket("S-2")
    for subscription in (*everybody, there):
        assert subscription is not None
        await taken(subscription, second)
    await recorder.record()
    assert counts(book, stage.tenant) == {first: (2, 0), second: (3, 0)}
    # Who comes late reads the past, and is counted as well.
    await all_after(hub, stage.tenant, first)
    await recorder.record()
    assert counts(book, stage.tenant) == {first: (2, 0), second: (4, 0)}
    frame = recipients_of(book, stage.tenant, position=second, after=0, limit=1)[0]
    assert frame.first_at < frame.last_at


async def test_a_frame_that_nobody_wants_is_recorded_with_nobody(
    hub: Hub, stage: Stage, book: PostgresRecipients
) -> None:
    subscription = await hub.subscribe(stage.tenant, Filter(types=frozenset({"score"})), None)
    assert subscription is not None
    head = stage.ticket()
    await eventually(lambda: hub.tallies[stage.tenant].frames == 1)
    await Recorder(hub.tallies, book).record()
    assert counts(book, stage.tenant) == {head: (0, 0)}
    assert recipients_of(book, stage.tenant, position=head + 1, after=0, limit=9) == []


async def test_for_whom_a_frame_is_left_out_is_recorded(
    hub: Hub, stage: Stage, book: PostgresRecipients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "QUEUE_FRAMES_MAX", 3)
    slow = await hub.subscribe(stage.tenant, EVERYTHING, None)
    quick = await hub.subscribe(stage.tenant, EVERYTHING, None)
    assert slow is not None
    assert quick is not None
    for _ in range(4):
        await taken(quick, stage.ticket())
    await taken(slow, 4)
    await Recorder(hub.tallies, book).record()
    left_out = dict.fromkeys((1, 2, 3), (1, 1))
    assert counts(book, stage.tenant) == {**left_out, 4: (2, 0)}
    tally = hub.tallies[stage.tenant]
    assert (tally.frames, tally.recipients, tally.left_out, tally.gaps) == (4, 5, 3, 1)


@pytest.mark.parametrize("arrives", [False, True])
async def test_a_database_that_is_away_costs_no_count_and_doubles_none(
    tenant: str, book: PostgresRecipients, arrives: bool
) -> None:
    away = AwayBook(book)
    away.away, away.arrives = True, arrives
    tally = Tally()
    recorder = Recorder({tenant: tally}, away)
    for position in (1, 2):
        tally.told(position)
        tally.handed[position] += position
        await recorder.record()
    away.away = False
    await recorder.record()
    await recorder.record()
    assert counts(book, tenant) == {1: (1, 0), 2: (2, 0)}
    assert tally.unrecorded == 0


async def test_of_what_waits_too_long_for_a_database_the_oldest_is_given_up(
    tenant: str, book: PostgresRecipients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "UNRECORDED_POSITIONS_MAX", 3)
    away = AwayBook(book)
    away.away = True
    tally = Tally()
    recorder = Recorder({tenant: tally}, away)
    for first in (1, 3, 5):
        tally.told(first)
        tally.told(first + 1)
        await recorder.record()
    away.away = False
    await recorder.record()
    assert counts(book, tenant).keys() == {5, 6}
    assert tally.unrecorded == 4


def test_pages_go_on_over_any_number_of_positions(tenant: str, book: PostgresRecipients) -> None:
    far = 7 * keeping.BLOCK_POSITIONS
    positions = [1, 999, 1_000, 1_001, far - 1, far, far + 1, 10 * far]
    for batch in (positions[::2], positions[1::2], positions[:3]):
        book.keep(tenant, uuid4(), [Handed(position, 1, 2) for position in reversed(batch)])
    read: list[FrameRecipients] = []
    while page := book.behind(tenant, read[-1].position if read else 0, 3):
        assert len(page) <= 3
        read += page
    assert [frame.position for frame in read] == positions
    assert [frame.recipients for frame in read] == [2, 2, 2, 1, 1, 1, 1, 1]
    assert [frame.left_out for frame in read] == [4, 4, 4, 2, 2, 2, 2, 2]


def test_no_tenant_sees_what_was_recorded_of_another(
    tenant: str, book: PostgresRecipients, store: Database
) -> None:
    book.keep(tenant, uuid4(), [Handed(1, 1, 0)])
    assert book.behind(f"{tenant}-b", 0, 10) == []
    with store.unit_of_work(f"{tenant}-b") as connection:
        assert connection.execute("SELECT * FROM feed.recipients").fetchall() == []


@pytest.fixture
def owner(database: Migrated) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        yield connection


async def test_only_what_is_old_is_forgotten(
    tenant: str, book: PostgresRecipients, owner: psycopg.Connection
) -> None:
    for position in (1, 2_000):
        book.keep(tenant, uuid4(), [Handed(position, 1, 0)])
    (recorded,) = owner.execute("SELECT clock_timestamp()").fetchone() or (None,)
    assert isinstance(recorded, datetime)
    owner.execute(
        "UPDATE feed.recipients SET recorded_at = %s WHERE tenant_id = %s AND block = 0",
        [recorded - timedelta(days=KEPT_DAYS, seconds=1), tenant],
    )
    away = AwayBook(book)
    away.away = True
    recorder = Recorder({tenant: Tally()}, away)
    await recorder.record()
    assert counts(book, tenant).keys() == {1, 2_000}
    away.away = False
    await recorder.record()
    assert counts(book, tenant).keys() == {2_000}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE feed.recipients SET recipients = '{9}' WHERE tenant_id = %(tenant)s",
        "DELETE FROM feed.recipients WHERE tenant_id = %(tenant)s",
        "TRUNCATE feed.recipients",
    ],
)
def test_nobody_writes_over_what_was_recorded(
    tenant: str, book: PostgresRecipients, store: Database, statement: str
) -> None:
    book.keep(tenant, uuid4(), [Handed(1, 1, 0)])
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        store.unit_of_work(tenant) as connection,
    ):
        connection.execute(statement.encode(), {"tenant": tenant})
    assert counts(book, tenant) == {1: (1, 0)}


def test_a_closed_database_is_one_that_does_not_answer(database: Migrated, tenant: str) -> None:
    store = Database(database.app_url, connections_max=1)
    store.close()
    with pytest.raises(LogUnavailable):
        PostgresRecipients(store).keep(tenant, uuid4(), [Handed(1, 1, 0)])
