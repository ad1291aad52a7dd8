"""The tables of the read models are what the rows say, and live is what a rebuild would give."""

from __future__ import annotations

from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.followers.projecting import ProjectionHandler
from adapters.followers.reading import Lease
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from adapters.postgres.rows import RowTable, columns_of, sql_type
from application.ports import Append, Cause, Expect
from domain.catalogue import AnyRecorded
from projections import PROJECTIONS
from projections.kernel import Projection
from tests.conftest import Database as Migrated
from tests.projections.rows import rows_of
from tests.tenant_stories import stories

CAUSE = Cause("user:test")
COLUMNS = (
    "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
    " WHERE table_schema = 'views' AND table_name = %s ORDER BY ordinal_position"
)
DATA_TYPES = {
    "timestamptz": "timestamp with time zone",
    "text": "text",
    "bigint": "bigint",
    "double precision": "double precision",
    "boolean": "boolean",
    "jsonb": "jsonb",
}


def may_be_none(hint: Any) -> bool:
    return get_origin(hint) in {Union, UnionType} and type(None) in get_args(hint)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
def test_a_row_fits_its_table(database: Migrated, projection: Projection[Any]) -> None:
    """Names, order, types and which may be empty: what the migration says and what the row says."""
    with psycopg.connect(database.owner_url) as connection:
        found = connection.execute(COLUMNS, [projection.table]).fetchall()
    hints = get_type_hints(projection.row)
    wanted = [
        (column.name, DATA_TYPES[column.sql], may_be_none(hints[column.name]))
        for column in columns_of(projection.row)
    ]
    assert found[:2] == [("tenant_id", "text", False), ("generation", "integer", False)]
    assert found[2:] == wanted
    assert {projection.key, projection.newest_first} <= set(hints)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
def test_a_row_is_told_from_the_others_by_tenant_generation_and_key(
    database: Migrated, projection: Projection[Any]
) -> None:
    query = (
        "SELECT array_agg(a.attname::text ORDER BY k.place) FROM pg_constraint c"
        " CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k (number, place)"
        " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number"
        " WHERE c.contype = 'p' AND c.conrelid = %s::regclass"
    )
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute(query, [f"views.{projection.table}"]).fetchone()
    assert row == (["tenant_id", "generation", projection.key],)


def test_a_hint_that_is_no_scalar_is_kept_as_json() -> None:
    assert [sql_type(hint) for hint in (list[str], dict[str, int], str | None, bool)] == [
        "jsonb",
        "jsonb",
        "text",
        "boolean",
    ]


def tell(log: PostgresLog, facts: list[AnyRecorded]) -> list[AnyRecorded]:
    """Record a story in a tenant of its own and return it as it was recorded."""
    tenant = f"t-{uuid4().hex[:12]}"
    log.open_tenant(tenant)
    for fact in facts:
        log.append(tenant, Append.of(fact.stream_id, Expect.ANY, [fact.event], CAUSE))
    return log.read(tenant, 0, 1_000)


def follow(
    store: Database, handler: ProjectionHandler[Any], tenant: str, facts: list[AnyRecorded]
) -> None:
    """Hand facts to a projection as the runtime does, one batch in one transaction."""
    lease = Lease(tenant, 0, b"", 0, len(facts), 0)
    wanted = [fact for fact in facts if isinstance(fact.event, handler.projection.facts)]
    with store.unit_of_work(tenant) as connection:
        handler.handle(connection, lease, wanted)


def stored(
    store: Database, projection: Projection[Any], tenant: str, generation: int
) -> dict[str, Any]:
    """Return every row of a tenant."""
    table = RowTable(projection)
    query = f"SELECT {table.names} FROM views.{projection.table} WHERE tenant_id = %s AND generation = %s"
    with store.unit_of_work(tenant) as connection:
        rows = connection.execute(query.encode(), [tenant, generation], binary=True).fetchall()
    found = [table.row(values) for values in rows]
    return {str(getattr(row, projection.key)): row for row in found}


@settings(max_examples=15, deadline=None)
@given(story=stories(), batch_facts_max=st.integers(1, 12))
def test_live_is_rebuilt_is_folded(
    store: Database, log: PostgresLog, story: list[AnyRecorded], batch_facts_max: int
) -> None:
    facts = tell(log, story)
    if not facts:
        return
    tenant = facts[0].tenant_id
    for projection in PROJECTIONS:
        live = ProjectionHandler(projection)
        for first in range(0, len(facts), batch_facts_max):
            follow(store, live, tenant, facts[first : first + batch_facts_max])
        follow(store, ProjectionHandler(projection, generation=2), tenant, facts)
        folded = rows_of(projection, facts)
        assert stored(store, projection, tenant, 1) == folded
        assert stored(store, projection, tenant, 2) == folded


def test_nothing_to_save_is_nothing_saved(store: Database, tenant: str) -> None:
    with store.unit_of_work(tenant) as connection:
        RowTable(PROJECTIONS[0]).save(connection, tenant, 1, [])
    assert stored(store, PROJECTIONS[0], tenant, 1) == {}
