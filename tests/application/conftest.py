"""Fixtures of the tests that need the real log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from tests.conftest import Database as Migrated


@pytest.fixture(scope="session")
def store(database: Migrated) -> Iterator[Database]:
    """The application's connections to this worker's database."""
    opened = Database(database.app_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def log(store: Database) -> Iterator[PostgresLog]:
    """The logs in this worker's database."""
    opened = PostgresLog(store)
    yield opened
    opened.close()
