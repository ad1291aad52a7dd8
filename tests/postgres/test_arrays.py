"""Arrays as parameters arrive as they were sent, whatever stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.postgres.arrays import Array
from adapters.postgres.database import Connection, connect
from tests.conftest import Database


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with connect(database.app_url) as opened:
        yield opened


@pytest.mark.parametrize(
    ("sql_type", "values"),
    [
        ("text", ["plain", "", "a 'quote', a {brace} and a \\", "Zürich", None, "NULL"]),
        ("bytea", [b"", b"\x00\xff", None]),
        ("bigint", [0, -1, 2**62, None]),
        ("double precision", [0.1, -1e300, None]),
        ("boolean", [True, False, None]),
        ("timestamptz", [datetime(1999, 12, 31, 23, 59, 59, 999999, UTC), None]),
        ("text", []),
    ],
)
def test_an_array_arrives_as_it_was_sent(
    connection: Connection, sql_type: str, values: list[Any]
) -> None:
    query = f"SELECT u.value FROM unnest(%s::{sql_type}[]) AS u (value)"
    found = connection.execute(query.encode(), [Array(sql_type, values)]).fetchall()
    assert [value for (value,) in found] == values


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        Array("timestamptz", [datetime(2026, 11, 22)])  # noqa: DTZ001  that is the point
