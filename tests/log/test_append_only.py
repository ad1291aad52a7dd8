"""What the application's role may not do to what is recorded, whatever statement it finds."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.rows import TupleRow

from adapters.log.postgres_log import PostgresLog
from tests.log.facts import adding

Connection = psycopg.Connection[TupleRow]

VALUES = """
    VALUES (%(tenant)s, 2, 'a', 2, 'x', gen_random_uuid(), now(), now(), 'me', NULL,
            gen_random_uuid(), '', '')
"""
STATEMENTS = {
    "update": "UPDATE log.events SET actor = 'nobody' WHERE tenant_id = %(tenant)s",
    "update of nothing": "UPDATE log.events SET actor = 'nobody' WHERE false",
    "delete": "DELETE FROM log.events WHERE tenant_id = %(tenant)s",
    "truncate": "TRUNCATE log.events",
    "truncate cascade": "TRUNCATE log.heads, log.events CASCADE",
    "insert": f"INSERT INTO log.events {VALUES}",
    "upsert": f"INSERT INTO log.events {VALUES} ON CONFLICT (tenant_id, position)"
    " DO UPDATE SET actor = 'nobody'",
    "merge": "MERGE INTO log.events USING (SELECT 1) AS s ON tenant_id = %(tenant)s"
    " WHEN MATCHED THEN DELETE",
    "copy": "COPY log.events FROM PROGRAM 'true'",
    "update through the view": "UPDATE log.readable_events SET actor = 'nobody'",
    "head": "UPDATE log.heads SET position = 0 WHERE tenant_id = %(tenant)s",
    "new head": "INSERT INTO log.heads (tenant_id) VALUES ('another')",
    "drop": "DROP TABLE log.events",
    "trigger": "ALTER TABLE log.events DISABLE TRIGGER ALL",
    "replica": "SET session_replication_role = replica",
    "policy": "ALTER TABLE log.events NO FORCE ROW LEVEL SECURITY",
    "owner": "SET ROLE vedette_owner",
    "function": "CREATE OR REPLACE FUNCTION log.tenant() RETURNS text LANGUAGE sql RETURN 'x'",
    "new function": "CREATE FUNCTION log.mine() RETURNS int LANGUAGE sql RETURN 1",
    "operator": "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql RETURN 1",
}


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_the_application_cannot_change_the_past(
    app: Connection, log: PostgresLog, opened: str, statement: str
) -> None:
    log.append(opened, adding("a", 0))
    before = log.head(opened), log.read(opened, 0, 10)
    app.execute("SELECT set_config('vedette.tenant', %s, false)", [opened])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement.encode(), {"tenant": opened})
    assert (log.head(opened), log.read(opened, 0, 10)) == before


@pytest.mark.parametrize("name", ["update", "delete", "truncate", "upsert"])
def test_even_the_owner_is_refused_by_the_trigger(
    owner: Connection, log: PostgresLog, opened: str, name: str
) -> None:
    """The superuser can take the trigger away, and `vedette log verify` would find the change."""
    log.append(opened, adding("a", 0))
    for replication_role in ("origin", "replica"):
        owner.execute(f"SET session_replication_role = {replication_role}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            owner.execute(STATEMENTS[name].encode(), {"tenant": opened})
    assert len(log.read(opened, 0, 10)) == 1


def test_the_owner_of_the_log_cannot_log_in(owner: Connection) -> None:
    row = owner.execute(
        "SELECT rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'vedette_owner'"
    ).fetchone()
    assert row == (False, False, False)
