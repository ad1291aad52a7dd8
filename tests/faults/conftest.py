"""Fixtures of the fault tests: processes that nobody else uses, since they will be killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.embedded.valkey import EmbeddedValkey
from tests.conftest import Database
from tests.live import LiveServer, end


@pytest.fixture
def own_server(
    new_database: Callable[[], Database], redis_url: str, tmp_path: Path
) -> Iterator[LiveServer]:
    """A web and a follower process on a database of their own."""
    server = LiveServer(new_database(), tmp_path, redis_url)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A Redis that keeps nothing when it is stopped."""
    server = EmbeddedValkey.start(tmp_path / "valkey", durable=False)
    yield server
    server.stop()


@pytest.fixture
def whole_server(
    new_database: Callable[[], Database], own_valkey: EmbeddedValkey, tmp_path: Path
) -> Iterator[LiveServer]:
    """A web, a follower and a worker process, on a database and a Redis of their own."""
    server = LiveServer(new_database(), tmp_path / "live", own_valkey.url)
    worker = server.start_worker()
    try:
        server.wait_until_ready()
        yield server
    finally:
        end(worker)
        server.stop()
