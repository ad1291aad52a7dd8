"""Fixtures of the follower tests. Followers look at every tenant, so each test has its own database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from adapters.followers import runtime
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from tests.conftest import Database as Migrated


@pytest.fixture
def database(new_database: Callable[[], Migrated]) -> Migrated:
    """A database of the test's own."""
    return new_database()


@pytest.fixture
def store(database: Migrated) -> Iterator[Database]:
    """The application's connections to the database."""
    opened = Database(database.app_url)
    yield opened
    opened.close()


@pytest.fixture
def log(store: Database) -> Iterator[PostgresLog]:
    """The logs in the database."""
    opened = PostgresLog(store)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def quick_and_quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Do not wait for what is retried anyway, and do not print the failures that are meant."""
    monkeypatch.setattr(runtime, "RETRY_FIRST_S", 0.001)
    with capture_logs():
        yield
