"""Fixtures of the journeys: a worker process that does what was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.embedded.valkey import EmbeddedValkey
from tests.live import LiveServer, end


@pytest.fixture
def worker(live_server: LiveServer, tmp_path: Path) -> Iterator[None]:
    """A worker process, with a Redis for its messages."""
    valkey = EmbeddedValkey.start(tmp_path / "valkey", durable=False)
    process = live_server.start_worker(VEDETTE_REDIS_URL=valkey.url)
    yield
    end(process)
    valkey.stop()
