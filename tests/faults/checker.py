"""The checker: proves from the log itself that nothing acknowledged was lost or happened twice."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec
import psycopg

from adapters.followers.projecting import fold
from adapters.postgres.rows import RowTable
from domain.catalogue import AnyRecorded
from domain.signals import AttendanceRecorded, LocationRecorded
from domain.ticket import TicketOpened
from interfaces.wiring import Vedette
from projections import PROJECTIONS
from tests.faults.driver import Ledger

CAUGHT_UP_S = 60.0
DEDUP_WINDOW = timedelta(hours=24)


def wait_until_caught_up(owner_url: str, tenant_id: str) -> None:
    """Wait until every follower stands at the head of the tenant's log."""
    deadline = time.monotonic() + CAUGHT_UP_S
    with psycopg.connect(owner_url, autocommit=True) as connection:
        while True:
            rows: list[Any] = connection.execute(
                "SELECT follower, position, head, stopped, error FROM log.followers()"
                " WHERE tenant_id = %s",
                [tenant_id],
            ).fetchall()
            assert not [row for row in rows if row[3] is not None], rows
            if rows and all(row[1] == row[2] for row in rows):
                return
            assert time.monotonic() < deadline, f"Followers are behind: {rows}"
            time.sleep(0.05)


def whole_log(vedette: Vedette, tenant_id: str) -> list[AnyRecorded]:
    """Return every fact of a tenant, and prove on the way that positions have no gap."""
    facts: list[AnyRecorded] = []
    while page := vedette.log.read(tenant_id, len(facts), 5_000):
        assert [fact.position for fact in page] == list(
            range(len(facts) + 1, len(facts) + len(page) + 1)
        )
        facts += page
    return facts


def check(vedette: Vedette, tenant_id: str, ledger: Ledger) -> list[AnyRecorded]:
    """Prove that the log holds what was acknowledged, once, and that boards equal a rebuild."""
    facts = whole_log(vedette, tenant_id)
    assert not ledger.contradictions
    recorded = Counter(
        fact.event.signal_id
        for fact in facts
        if isinstance(fact.event, AttendanceRecorded | LocationRecorded)
    )
    assert [signal for signal, times in recorded.items() if times > 1] == []
    assert sorted(set(ledger.acknowledged) - set(recorded)) == []
    by_position = {fact.position: fact.event for fact in facts}
    for signal_id, position in ledger.acknowledged.items():
        event = by_position[position]
        assert isinstance(event, AttendanceRecorded | LocationRecorded)
        assert event.signal_id == signal_id
    check_streams(facts)
    check_tickets(facts)
    check_boards(vedette, tenant_id, facts)
    return facts


def check_streams(facts: list[AnyRecorded]) -> None:
    """Prove that versions of each stream have no hole, and that no event id stands twice."""
    versions: Counter[str] = Counter()
    for fact in facts:
        versions[fact.stream_id] += 1
        assert fact.version == versions[fact.stream_id], fact
    identities = Counter(fact.event_id for fact in facts)
    assert [identity for identity, times in identities.items() if times > 1] == []


def check_tickets(facts: list[AnyRecorded]) -> None:
    """Prove that nobody got two tickets about the same person and fraud type within a day."""
    opened: dict[str, AnyRecorded] = {}
    for fact in facts:
        if isinstance(fact.event, TicketOpened) and fact.event.dedup_key is not None:
            earlier = opened.setdefault(fact.event.dedup_key, fact)
            assert earlier is fact or fact.recorded_at - earlier.recorded_at > DEDUP_WINDOW, fact


def check_boards(vedette: Vedette, tenant_id: str, facts: list[AnyRecorded]) -> None:
    """Prove that every live row is the row that a fold of the whole log gives."""
    for projection in PROJECTIONS:
        touched = [(key, fact) for fact in facts if (key := projection.key_of(fact))]
        expected = fold(projection, {}, touched)
        table: RowTable[msgspec.Struct] = RowTable(projection)
        with vedette.database.unit_of_work(tenant_id) as connection:
            live = table.load(connection, tenant_id, 1, list(expected))
            row = connection.execute(
                f"SELECT count(*) FROM views.{projection.table}"
                " WHERE tenant_id = %s AND generation = 1",
                [tenant_id],
            ).fetchone()
        assert row == (len(expected),), projection.name
        assert live == expected, projection.name
