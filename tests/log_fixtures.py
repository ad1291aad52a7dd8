"""The fixtures `store` and `log`: the log of this worker's database, as the application has it.

Tests whose followers look at every tenant have a database of their own, and a log on that.
What they need is imported on first use, for the sake of the tests that need no database.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from adapters.log.postgres_log import PostgresLog
    from adapters.postgres.database import Database
    from tests.conftest import Database as Migrated


@pytest.fixture(scope="session")
def store(database: Migrated) -> Iterator[Database]:
    """The application's connections to this worker's database."""
    from adapters.postgres.database import Database

    opened = Database(database.app_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def log(store: Database) -> Iterator[PostgresLog]:
    """The logs in this worker's database."""
    from adapters.log.postgres_log import PostgresLog

    opened = PostgresLog(store)
    yield opened
    opened.close()
