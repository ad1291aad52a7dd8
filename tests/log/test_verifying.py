"""Verification: whatever is changed behind the log's back is found, at the right position.

The tampering is done by a superuser with the triggers switched off, which no door of ours can do.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import TupleRow

from adapters.log.postgres_log import PostgresLog
from adapters.log.verifying import CHUNK_EVENTS, Verifier
from application.ports import GENESIS_HASH, Append, Expect, Head, NoSuchTenant
from application.verification import Fault, FaultKind
from tests.conftest import Database as Migrated
from tests.log import reference
from tests.log.facts import adding, part

Connection = psycopg.Connection[TupleRow]

EVENTS = 12
BAD = 7  # where the tampering happens
# A tampered value for each column that the hash covers, and for the hash itself.
COLUMNS = {
    "tenant_id": "tenant_id || '-x'",
    "stream_id": "stream_id || 'x'",
    "version": "version + 100",
    "type": "upper(type)",
    "event_id": "gen_random_uuid()",
    "occurred_at": "occurred_at + interval '1 microsecond'",
    "recorded_at": "recorded_at - interval '1 microsecond'",
    "actor": "'user:nobody'",
    "caused_by": "2",
    "correlation_id": "gen_random_uuid()",
    "data": "set_byte(data, 9, get_byte(data, 9) # 1)",
    "hash": "set_byte(hash, 31, get_byte(hash, 31) # 1)",
}


@pytest.fixture
def verifier(database: Migrated) -> Verifier:
    return Verifier(database.app_url)


@pytest.fixture
def written(log: PostgresLog, opened: str) -> str:
    """A tenant with some events, alone and in sets, in three streams."""
    for number in range(0, EVENTS, 3):
        log.append(opened, adding("a", Expect.ANY))
        log.append(opened, Append([part("b", Expect.ANY), part(f"c-{number}", 0)]))
    return opened


@pytest.fixture
def tampering(owner: Connection) -> Iterator[Connection]:
    """A superuser whom nothing holds back."""
    owner.execute("ALTER TABLE log.events DISABLE TRIGGER append_only")
    yield owner
    owner.execute("ALTER TABLE log.events ENABLE ALWAYS TRIGGER append_only")


def stored(owner: Connection, tenant: str) -> list[reference.Event]:
    rows = owner.execute(
        f"{reference.SELECT} WHERE tenant_id = %s ORDER BY position", [tenant]
    ).fetchall()
    return [reference.Event(*row) for row in rows]


def test_what_the_log_wrote_is_right(
    verifier: Verifier, log: PostgresLog, written: str, owner: Connection
) -> None:
    verdict = verifier.verify(written)
    assert verdict.fault is None
    assert verdict.events == EVENTS
    assert verdict.head == log.head(written)
    assert reference.first_bad_position(stored(owner, written)) is None


def test_an_empty_log_is_right(verifier: Verifier, opened: str) -> None:
    verdict = verifier.verify(opened, Head(0, GENESIS_HASH, None))
    assert (verdict.fault, verdict.events) == (None, 0)


def test_a_log_of_many_chunks_is_right(verifier: Verifier, log: PostgresLog, opened: str) -> None:
    log.append(opened, adding("a", 0, CHUNK_EVENTS))
    log.append(opened, adding("a", CHUNK_EVENTS, CHUNK_EVENTS + 1))
    assert verifier.verify(opened).events == 2 * CHUNK_EVENTS + 1
    assert verifier.verify(opened).fault is None


def test_a_tenant_without_a_log_is_named(verifier: Verifier, tenant: str) -> None:
    with pytest.raises(NoSuchTenant):
        verifier.verify(tenant)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_column_is_found(
    verifier: Verifier, written: str, tampering: Connection, column: str
) -> None:
    before = verifier.verify(written)
    tampering.execute(
        f"UPDATE log.events SET {column} = {COLUMNS[column]} WHERE tenant_id = %s"
        " AND position = %s".encode(),
        [written, BAD],
    )
    verdict = verifier.verify(written)
    assert verdict.fault is not None
    assert verdict.fault.position == BAD
    # An event that went to another tenant is missing here.
    assert verdict.fault.kind is (FaultKind.GAP if column == "tenant_id" else FaultKind.HASH)
    assert verdict.events == BAD - 1
    assert before.fault is None
    assert reference.first_bad_position(stored(tampering, written)) == BAD


@pytest.mark.parametrize("position", [1, BAD])
def test_a_deleted_event_is_found(
    verifier: Verifier, written: str, tampering: Connection, position: int
) -> None:
    tampering.execute(
        "DELETE FROM log.events WHERE tenant_id = %s AND position = %s", [written, position]
    )
    assert verifier.verify(written).fault == Fault(
        position, FaultKind.GAP, f"Position {position} is missing; {position + 1} follows."
    )


def test_a_swapped_pair_is_found(verifier: Verifier, written: str, tampering: Connection) -> None:
    for source, target in ((BAD, -1), (BAD + 1, BAD), (-1, BAD + 1)):
        tampering.execute(
            "UPDATE log.events SET position = %s WHERE tenant_id = %s AND position = %s",
            [target, written, source],
        )
    verdict = verifier.verify(written)
    assert verdict.fault is not None
    assert (verdict.fault.position, verdict.fault.kind) == (BAD, FaultKind.HASH)


def test_a_pair_swapped_with_its_hashes_is_found(
    verifier: Verifier, written: str, tampering: Connection
) -> None:
    """Each row keeps its place and its hash; what happened is exchanged."""
    first, second = (stored(tampering, written)[n - 1] for n in (BAD, BAD + 1))
    for position, other in ((BAD, second), (BAD + 1, first)):
        tampering.execute(
            "UPDATE log.events SET data = %s, event_id = %s WHERE tenant_id = %s AND position = %s",
            [other.data, other.event_id, written, position],
        )
    verdict = verifier.verify(written)
    assert verdict.fault is not None
    assert (verdict.fault.position, verdict.fault.kind) == (BAD, FaultKind.HASH)


def test_an_inserted_event_is_found(
    verifier: Verifier, written: str, tampering: Connection
) -> None:
    tampering.execute(
        "UPDATE log.events SET position = -position WHERE tenant_id = %s AND position >= %s",
        [written, BAD],
    )
    tampering.execute(
        "UPDATE log.events SET position = 1 - position WHERE tenant_id = %s AND position < 0",
        [written],
    )
    tampering.execute(
        "INSERT INTO log.events SELECT tenant_id, %s, 'z', 1, type, gen_random_uuid(),"
        " occurred_at, recorded_at, actor, caused_by, correlation_id, data, hash"
        " FROM log.events WHERE tenant_id = %s AND position = 1",
        [BAD, written],
    )
    verdict = verifier.verify(written)
    assert verdict.fault is not None
    assert (verdict.fault.position, verdict.fault.kind) == (BAD, FaultKind.HASH)


def test_a_cut_tail_is_found_by_the_head_row(
    verifier: Verifier, written: str, tampering: Connection
) -> None:
    tampering.execute(
        "DELETE FROM log.events WHERE tenant_id = %s AND position > %s", [written, BAD]
    )
    assert verifier.verify(written).fault == Fault(
        BAD + 1, FaultKind.HEAD, f"The last event is at {BAD}, and the head row says {EVENTS}."
    )


def test_a_cut_tail_with_a_head_set_back_is_found_by_a_remembered_head(
    verifier: Verifier, written: str, tampering: Connection
) -> None:
    remembered = verifier.verify(written).head
    cut(tampering, written, BAD)
    assert verifier.verify(written).fault is None  # nothing that is stored tells of it
    assert verifier.verify(written, remembered).fault == Fault(
        BAD + 1,
        FaultKind.CUT,
        f"The log ends at {BAD}, and the remembered head is at {EVENTS}.",
    )


def test_a_tail_that_was_written_anew_is_found_by_a_remembered_head(
    verifier: Verifier, log: PostgresLog, written: str, tampering: Connection
) -> None:
    remembered = verifier.verify(written).head
    cut(tampering, written, BAD)
    log.append(written, adding("d", 0, EVENTS))
    assert verifier.verify(written).fault is None
    fault = verifier.verify(written, remembered).fault
    assert fault is not None
    assert (fault.position, fault.kind) == (EVENTS, FaultKind.FORK)


def test_a_remembered_head_inside_the_log_is_met_on_the_way(
    verifier: Verifier, log: PostgresLog, written: str
) -> None:
    remembered = verifier.verify(written).head
    log.append(written, adding("d", 0, 5))
    verdict = verifier.verify(written, remembered)
    assert (verdict.fault, verdict.events) == (None, EVENTS + 5)


def test_a_head_row_with_another_hash_is_found(
    verifier: Verifier, written: str, owner: Connection
) -> None:
    owner.execute("UPDATE log.heads SET hash = sha256(hash) WHERE tenant_id = %s", [written])
    fault = verifier.verify(written).fault
    assert fault is not None
    assert (fault.position, fault.kind) == (EVENTS, FaultKind.HEAD)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("version = version + 100", FaultKind.VERSION),
        ("recorded_at = recorded_at - interval '1 day'", FaultKind.TIME),
    ],
)
def test_a_forger_who_chains_anew_still_has_to_keep_the_rules(
    verifier: Verifier, written: str, tampering: Connection, change: str, kind: FaultKind
) -> None:
    tampering.execute(
        f"UPDATE log.events SET {change} WHERE tenant_id = %s AND position = %s"
        " AND stream_id = 'a'".encode(),
        [written, BAD],
    )
    rechain(tampering, written)
    fault = verifier.verify(written).fault
    assert fault is not None
    assert (fault.position, fault.kind) == (BAD, kind)


def test_forged_functions_deceive_nobody(
    verifier: Verifier, written: str, tampering: Connection
) -> None:
    """A log.leaf that answers what was there before is not asked."""
    tampering.execute(
        "CREATE FUNCTION public.int8send(integer) RETURNS bytea LANGUAGE sql RETURN '\\x00'::bytea"
    )
    try:
        tampering.execute(
            "UPDATE log.events SET actor = 'user:eve' WHERE tenant_id = %s AND position = %s",
            [written, BAD],
        )
        fault = verifier.verify(written).fault
        assert fault is not None
        assert fault.position == BAD
    finally:
        tampering.execute("DROP FUNCTION public.int8send(integer)")


def cut(tampering: Connection, tenant: str, position: int) -> None:
    """Cut the tail off behind a position, and set the head row back as a careful forger would."""
    tampering.execute(
        "DELETE FROM log.events WHERE tenant_id = %s AND position > %s", [tenant, position]
    )
    tampering.execute(
        "UPDATE log.heads h SET position = e.position, hash = e.hash, recorded_at = e.recorded_at"
        " FROM log.events e WHERE h.tenant_id = %s AND e.tenant_id = h.tenant_id"
        " AND e.position = %s",
        [tenant, position],
    )


def rechain(tampering: Connection, tenant: str) -> None:
    """Make every hash right again, as somebody could who has the database to himself."""
    hash_ = reference.GENESIS
    for event in stored(tampering, tenant):
        hash_ = reference.link(hash_, event)
        tampering.execute(
            "UPDATE log.events SET hash = %s WHERE tenant_id = %s AND position = %s",
            [hash_, tenant, event.position],
        )
    tampering.execute("UPDATE log.heads SET hash = %s WHERE tenant_id = %s", [hash_, tenant])
