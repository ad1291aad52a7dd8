"""Migrations: numbered SQL files, applied once each, in order, under one lock.

A page of code instead of a framework: the files are the truth, a checksum keeps history honest,
and an advisory lock (released by the server when the connection dies) makes a second migrator wait.
"""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import Any

import msgspec
import psycopg

# Any constant will do, as long as every release uses the same one.
LOCK_KEY = 0x7ED577E
LOCK_WAIT_MS = 60_000
OWNER_ROLE = "vedette_owner"
APP_ROLE = "vedette_app"

# Roles belong to the whole server, so several databases may race to make them.
ROLES = f"""
DO $$ BEGIN
    CREATE ROLE {OWNER_ROLE} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN
    CREATE ROLE {APP_ROLE} LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
"""

BOOK = """
CREATE TABLE IF NOT EXISTS public.vedette_migrations (
    name       text        PRIMARY KEY,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON public.vedette_migrations TO vedette_app
"""


class MigrationChanged(Exception):
    """A migration that was applied has other content now; a stored past must not be edited."""


class DatabaseIsNewer(Exception):
    """The database knows a migration that this release does not: an older release must not run."""


class Migration(msgspec.Struct, frozen=True):
    """One file: its name and its text."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def available() -> list[Migration]:
    """Return the migrations of this release, in the order in which they apply."""
    files = (f for f in resources.files("migrations").iterdir() if f.name.endswith(".sql"))
    return [Migration(f.name, f.read_text("utf-8")) for f in sorted(files, key=lambda f: f.name)]


def migrate(owner_url: str) -> list[str]:
    """Bring the database up to this release and return the names of what was applied.

    Each file is one transaction together with its entry in the book: it is applied whole or not.

    Raises:
        MigrationChanged: an applied file was edited since.
        DatabaseIsNewer: a newer release has been here.
        psycopg.OperationalError: the database cannot be reached or another migrator holds the lock.
    """
    applied: list[str] = []
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(f"SET lock_timeout = {LOCK_WAIT_MS}")
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        connection.execute(ROLES)
        connection.execute(BOOK)
        for migration in pending(connection):
            with connection.transaction():
                connection.execute(migration.text.encode())
                connection.execute("RESET ROLE")
                connection.execute(
                    "INSERT INTO public.vedette_migrations (name, checksum) VALUES (%s, %s)",
                    [migration.name, migration.checksum],
                )
            applied.append(migration.name)
    return applied


def pending(connection: psycopg.Connection[Any]) -> list[Migration]:
    """Return what is not applied yet, after proving that what is applied is what we ship."""
    rows = connection.execute("SELECT name, checksum FROM public.vedette_migrations").fetchall()
    book: dict[str, str] = dict(rows)
    ours = available()
    for migration in ours:
        if book.pop(migration.name, migration.checksum) != migration.checksum:
            raise MigrationChanged(f"{migration.name} was applied with other content.")
    if book:
        raise DatabaseIsNewer(f"The database has {', '.join(sorted(book))}, which is not ours.")
    names = {name for (name, _) in rows}
    return [migration for migration in ours if migration.name not in names]


def unapplied(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the migrations that keep this release from running on the database.

    The application's role may ask; it cannot migrate.
    """
    try:
        return [migration.name for migration in pending(connection)]
    except psycopg.errors.UndefinedTable:
        return [migration.name for migration in available()]
    except (MigrationChanged, DatabaseIsNewer) as error:
        return [str(error)]
