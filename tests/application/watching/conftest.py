"""The post that knows what is usual."""

from __future__ import annotations

import pytest

from tests.application.watching.habits import usual
from tests.application.watching.post import Post


@pytest.fixture
def post() -> Post:
    """A post that knows what is usual for one guard."""
    built = Post()
    built.record(*usual())
    built.settle()
    assert built.standing() == {}
    return built
