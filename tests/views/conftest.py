"""Fixtures of the read models: a database whose followers the test itself drives."""

from __future__ import annotations

import pytest

from adapters.postgres.database import Database
from adapters.postgres.views import PostgresViews


@pytest.fixture
def views(store: Database) -> PostgresViews:
    """The read models of this worker's database."""
    return PostgresViews(store)
