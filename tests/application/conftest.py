"""Fixtures of the tests that need the real log."""

from __future__ import annotations

import pytest

from adapters.log.postgres_log import PostgresLog
from application.ingestion import Giver, SignalIntake
from tests.application.door import NOW, open_directory


@pytest.fixture
def intake(log: PostgresLog) -> SignalIntake:
    """What takes signals in, on the real log."""
    return SignalIntake(log, lambda: NOW)


@pytest.fixture
def giver(log: PostgresLog, tenant: str) -> Giver:
    """Who hands signals in, for a tenant whose directory knows what they name."""
    open_directory(log, tenant)
    return Giver(tenant, "key:test")
