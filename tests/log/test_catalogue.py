"""What must be so of every table with a tenant, also of those that later migrations bring."""

from __future__ import annotations

import psycopg
from psycopg.rows import TupleRow

Connection = psycopg.Connection[TupleRow]

TENANT_TABLES = """
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""
# Keys that begin with something else by design: a follower claims over all tenants at once.
# The tenant is part of them, which is what distribution by tenant needs.
TENANT_SECOND = {("log.checkpoints", "follower, tenant_id"), ("log.parked", "follower, tenant_id")}


def test_every_table_with_a_tenant_is_closed_to_other_tenants(owner: Connection) -> None:
    open_tables = owner.execute(
        f"SELECT c.oid::regclass::text FROM pg_class c WHERE c.oid IN ({TENANT_TABLES})"
        " AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy p"
        " WHERE p.polrelid = c.oid AND pg_get_expr(p.polqual, c.oid) LIKE '%tenant()%'))"
    ).fetchall()
    assert open_tables == []


def test_every_key_of_a_table_with_a_tenant_begins_with_it(owner: Connection) -> None:
    keys = owner.execute(
        "SELECT i.indrelid::regclass::text, (SELECT string_agg(a.attname, ', ' ORDER BY k.n)"
        " FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum)"
        f" FROM pg_index i WHERE i.indisunique AND i.indrelid IN ({TENANT_TABLES})"
    ).fetchall()
    assert {table for table, _ in keys} >= {"log.heads", "log.events", "log.checkpoints"}
    others = [
        (table, columns)
        for table, columns in keys
        if columns.split(", ")[0] != "tenant_id"
        and not any(table == known and columns.startswith(start) for known, start in TENANT_SECOND)
    ]
    assert others == []


def test_the_application_may_create_nothing_where_functions_are_looked_up(
    owner: Connection,
) -> None:
    """`log.append_one` sets no search path of its own; see there."""
    schemas = owner.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%%'"
        " AND has_schema_privilege('vedette_app', oid, 'CREATE')"
    ).fetchall()
    assert schemas == []


def test_functions_that_run_as_the_owner_are_not_everybodys(owner: Connection) -> None:
    open_functions = owner.execute(
        "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.prosecdef"
        " AND p.pronamespace NOT IN ('pg_catalog'::regnamespace)"
        " AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) AS a"
        " WHERE a.grantee = 0))"
    ).fetchall()
    assert open_functions == []
