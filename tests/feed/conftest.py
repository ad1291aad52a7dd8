"""Fixtures of the feed: the real log, a hub on it, and a listener whose socket is in the test's hand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from adapters.log.postgres_log import PostgresLog
from interfaces.feed.hub import Hub
from tests.feed.stage import FaultyLog, Stage


@pytest.fixture
def tail(log: PostgresLog) -> FaultyLog:
    """The log, as the hub sees it; it can be told to fail."""
    return FaultyLog(log)


@pytest.fixture
async def hub(tail: FaultyLog) -> AsyncIterator[Hub]:
    """A hub on the real log. Nobody wakes it, so it polls."""
    with capture_logs():
        opened = Hub(tail, tail.position)
        yield opened
        await opened.close()


@pytest.fixture
def stage(log: PostgresLog, tenant: str) -> Stage:
    """A tenant to whom public things happen."""
    return Stage(log, tenant)
