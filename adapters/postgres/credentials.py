"""Credentials: hashes of secrets in a table beside the log, since a log is for ever."""

from __future__ import annotations

from adapters.postgres.database import Database


class PostgresCredentials:
    """The port `Credentials` on the table access.credentials."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hash_of(self, tenant_id: str, subject: str) -> str | None:
        rows = self._database.fetch(
            tenant_id,
            "SELECT hash FROM access.credentials"
            " WHERE tenant_id = %(tenant)s AND subject = %(subject)s",
            {"tenant": tenant_id, "subject": subject},
        )
        return str(rows[0][0]) if rows else None

    def keep(self, tenant_id: str, subject: str, hash_: str) -> None:
        with self._database.unit_of_work(tenant_id) as connection:
            connection.execute(
                "INSERT INTO access.credentials (tenant_id, subject, hash) VALUES (%s, %s, %s)"
                " ON CONFLICT (tenant_id, subject)"
                " DO UPDATE SET hash = excluded.hash, changed_at = clock_timestamp()",
                [tenant_id, subject, hash_],
            )

    def forget(self, tenant_id: str, subject: str) -> None:
        with self._database.unit_of_work(tenant_id) as connection:
            connection.execute(
                "DELETE FROM access.credentials WHERE tenant_id = %s AND subject = %s",
                [tenant_id, subject],
            )
