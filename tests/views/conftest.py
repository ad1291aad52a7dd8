"""Fixtures of the read models: a database whose followers the test itself drives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from adapters.postgres.views import PostgresViews
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


@pytest.fixture
def views(store: Database) -> PostgresViews:
    """The read models of this worker's database."""
    return PostgresViews(store)
