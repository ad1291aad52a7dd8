"""Fixtures of the log's tests: the real log on the real database, one tenant a test."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import TupleRow

from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from tests.conftest import Database as Migrated


@pytest.fixture
def log(store: Database) -> Iterator[PostgresLog]:
    """The logs in the database."""
    opened = PostgresLog(store)
    yield opened
    opened.close()


@pytest.fixture
def opened(log: PostgresLog, tenant: str) -> str:
    """A tenant with an empty log."""
    log.open_tenant(tenant)
    return tenant


@pytest.fixture
def owner(database: Migrated) -> Iterator[psycopg.Connection[TupleRow]]:
    """The database's superuser, whom no policy and no right holds back, in autocommit."""
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def app(database: Migrated) -> Iterator[psycopg.Connection[TupleRow]]:
    """The application's role, in autocommit, bound to no tenant."""
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        yield connection
