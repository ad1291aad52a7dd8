"""The checker: proves from the log itself that nothing acknowledged was lost or happened twice.

Nothing twice means: each signal once, one open alert and one open ticket about the same trouble of
a day, one standing finding and anomaly of a window, and no thing in two incidents.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any, get_args

import msgspec
import psycopg

from adapters.postgres.rows import RowTable
from domain.alert import AlertRaised, AlertStatus
from domain.catalogue import AnyRecorded
from domain.incident.state import IncidentStatus
from domain.signals import SignalEvent
from domain.ticket import OPEN_STATUSES, TicketOpened
from interfaces.wiring import Vedette
from projections import PROJECTIONS
from projections.alert_board import ALERT_BOARD
from projections.anomalies import ANOMALIES
from projections.findings import FINDINGS
from projections.incidents import INCIDENTS
from projections.kernel import Projection, fold
from projections.ticket_board import TICKET_BOARD
from tests.faults.driver import Ledger

CAUGHT_UP_S = 120.0  # on a busy machine
DEDUP_WINDOW = timedelta(hours=24)
OPEN_ALERTS = frozenset({AlertStatus.OPEN, AlertStatus.ACKNOWLEDGED})
OPEN_INCIDENTS = frozenset({IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED})

Folded = Mapping[str, Mapping[str, Any]]  # projection -> key -> row


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
    signals = get_args(SignalEvent)
    recorded = Counter(fact.event.signal_id for fact in facts if isinstance(fact.event, signals))
    assert [signal for signal, times in recorded.items() if times > 1] == []
    assert sorted(set(ledger.acknowledged) - set(recorded)) == []
    by_position = {fact.position: fact.event for fact in facts}
    for signal_id, position in ledger.acknowledged.items():
        event = by_position[position]
        assert isinstance(event, signals)
        assert event.signal_id == signal_id
    check_streams(facts)
    check_duplicates(facts, check_boards(vedette, tenant_id, facts))
    return facts


def check_streams(facts: list[AnyRecorded]) -> None:
    """Prove that versions of each stream have no hole, and that no event id stands twice."""
    versions: Counter[str] = Counter()
    for fact in facts:
        versions[fact.stream_id] += 1
        assert fact.version == versions[fact.stream_id], fact
    identities = Counter(fact.event_id for fact in facts)
    assert [identity for identity, times in identities.items() if times > 1] == []


def check_boards(vedette: Vedette, tenant_id: str, facts: list[AnyRecorded]) -> Folded:
    """Prove that every live row is the row that a fold of the whole log gives; return those."""
    folded: dict[str, Mapping[str, Any]] = {}
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
        folded[projection.name] = expected
    return folded


def check_duplicates(facts: list[AnyRecorded], folded: Folded) -> None:
    """Prove that no two things that stand are about the same."""

    def standing(projection: Projection[Any], states: Iterable[Any]) -> list[Any]:
        rows = folded[projection.name].values()
        return [row for row in rows if row.status in states]

    seen_at: dict[object, datetime] = {}  # of the trouble that an alert or a ticket began with
    for fact in facts:
        match fact.event:
            case AlertRaised(alert_id=id_, seen_at=at):
                seen_at[id_] = at
            case TicketOpened(ticket_id=id_, seen_at=at):
                seen_at[id_] = at or fact.recorded_at
            case _:
                pass
    began: defaultdict[str, list[datetime]] = defaultdict(list)
    for row in standing(ALERT_BOARD, OPEN_ALERTS):
        began[f"alert about {row.dedup_key}"].append(seen_at[row.alert_id])
    for row in standing(TICKET_BOARD, OPEN_STATUSES):
        assert row.dedup_key is not None, "Nobody but policies opened tickets here."
        began[f"ticket about {row.dedup_key}"].append(seen_at[row.ticket_id])
    for what, moments in began.items():
        for one, other in combinations(moments, 2):
            assert abs(one - other) > DEDUP_WINDOW, f"Two of: {what}"
    assert_once(
        (row.finding_type, row.subject_id, row.window_start)
        for row in standing(FINDINGS, ("OPEN", "ACKNOWLEDGED"))
    )
    assert_once(
        (row.metric, row.subject_kind, row.subject_id, row.window_start)
        for row in standing(ANOMALIES, ("STANDING",))
    )
    assert_once(each.item.id for row in standing(INCIDENTS, OPEN_INCIDENTS) for each in row.items)


def assert_once(things: Iterable[Hashable]) -> None:
    """Prove that nothing is there twice."""
    assert [thing for thing, times in Counter(things).items() if times > 1] == []
