"""Migrations: applied once, whole or not, never with another content, never by an older release."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import TupleRow

from adapters.postgres import migrating
from adapters.postgres.migrating import (
    DatabaseIsNewer,
    Migration,
    MigrationChanged,
    available,
    migrate,
    unapplied,
)
from tests.conftest import Addresses
from tests.conftest import Database as Migrated

Connection = psycopg.Connection[TupleRow]


@pytest.fixture
def mine(new_database: Callable[[], Migrated]) -> Iterator[tuple[str, Connection]]:
    """A migrated database of the test's own: its owner's URL and a connection."""
    url = new_database().owner_url
    with psycopg.connect(url, autocommit=True) as connection:
        yield url, connection


@pytest.fixture
def empty(addresses: Addresses) -> Iterator[str]:
    """The owner's URL of a database in which nothing is."""
    name = f"e_{uuid4().hex[:12]}"
    with psycopg.connect(
        addresses.superuser_url.replace("DATABASE", "postgres"), autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield addresses.superuser_url.replace("DATABASE", name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_migrating_twice_changes_nothing(mine: tuple[str, Connection]) -> None:
    url, connection = mine
    book = "SELECT * FROM public.vedette_migrations ORDER BY name"
    before = connection.execute(book).fetchall()
    assert [name for name, *_ in before] == [migration.name for migration in available()]
    assert migrate(url) == []
    assert connection.execute(book).fetchall() == before
    assert unapplied(connection) == []


def test_two_migrators_at_once_apply_each_file_once(empty: str) -> None:
    with ThreadPoolExecutor(3) as migrators:
        applied = list(migrators.map(migrate, [empty] * 3))
    names = [migration.name for migration in available()]
    assert sorted(applied, key=len) == [[], [], names]


def test_an_applied_file_that_was_edited_is_refused(mine: tuple[str, Connection]) -> None:
    url, connection = mine
    connection.execute(
        "UPDATE public.vedette_migrations SET checksum = 'x' WHERE name LIKE '0001%'"
    )
    with pytest.raises(MigrationChanged, match=r"0001_log\.sql"):
        migrate(url)
    assert "0001_log.sql" in unapplied(connection)[0]


def test_a_database_of_a_newer_release_is_refused(mine: tuple[str, Connection]) -> None:
    url, connection = mine
    connection.execute(
        "INSERT INTO public.vedette_migrations (name, checksum) VALUES ('9999_later.sql', 'x')"
    )
    with pytest.raises(DatabaseIsNewer, match=r"9999_later\.sql"):
        migrate(url)
    assert "9999_later.sql" in unapplied(connection)[0]


def test_a_file_that_fails_leaves_nothing_behind(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = Migration("0001_good.sql", "CREATE TABLE public.good (x int)")
    bad = Migration("0002_bad.sql", "CREATE TABLE public.half (x int); SELECT 1 / 0")
    monkeypatch.setattr(migrating, "available", lambda: [good, bad])
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty)
    with psycopg.connect(empty) as connection:
        row = connection.execute(
            "SELECT to_regclass('public.good')::text, to_regclass('public.half')::text,"
            " (SELECT string_agg(name, ',') FROM public.vedette_migrations)"
        ).fetchone()
    assert row == ("good", None, "0001_good.sql")


def test_each_file_begins_with_a_reason_and_says_how_to_undo_it() -> None:
    for migration in available():
        comment = migration.text.split("\n\n")[:8]
        assert migration.text.startswith("-- "), migration.name
        assert "Undo" in "\n".join(comment), migration.name
    assert [migration.name[:4] for migration in available()] == [
        f"{number:04}" for number in range(1, len(available()) + 1)
    ]
