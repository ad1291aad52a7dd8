"""The fixture `live_server`, loaded by every test run; what it needs is imported on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.live import LiveServer


@pytest.fixture(scope="session")
def live_processes(
    new_database: Callable[[], Database],
    redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LiveServer]:
    """One web and one follower process of this pytest worker, on a database of their own."""
    from tests.live import LiveServer

    server = LiveServer(new_database(), tmp_path_factory.mktemp("live"), redis_url)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


@pytest.fixture
def live_server(live_processes: LiveServer) -> LiveServer:
    """The live Vedette of this worker, in a tenant that nobody else has."""
    live_processes.seed()
    return live_processes
