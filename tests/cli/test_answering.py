"""Answering: how values read in a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from interfaces.cli.answering import cell

EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("moment", "read"),
    [
        (datetime(2026, 11, 22, 8, tzinfo=UTC), "2026-11-22 08:00:00Z"),
        (datetime(2026, 11, 22, 8, tzinfo=EAST), "2026-11-22 06:00:00Z"),
        (datetime(1, 1, 1, tzinfo=EAST), "0001-01-01 00:00:00+02:00"),
    ],
)
def test_a_moment_reads_in_utc_wherever_it_was_stated(moment: datetime, read: str) -> None:
    assert cell(moment) == read
