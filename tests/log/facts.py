"""Facts for the log's tests: what they say does not matter there, only that they are told apart."""

from __future__ import annotations

from datetime import UTC, datetime

from application.ports import Append, Cause, NewFact, Slice
from domain.signals import LocationRecorded

CAUSE = Cause("system:test")
OCCURRED_AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def fact(number: int = 0) -> LocationRecorded:
    """Return a fact that bears a number."""
    return LocationRecorded(
        signal_id=f"n{number}",
        source="test",
        person_id="G-1",
        device_id="D-1",
        latitude=48.1,
        longitude=11.5,
        gps_accuracy_m=8.0,
        occurred_at=OCCURRED_AT,
    )


def part(stream_id: str, expected: int, count: int = 1, cause: Cause = CAUSE) -> Slice:
    """Return a slice of so many facts."""
    return Slice(stream_id, expected, [NewFact(fact(n)) for n in range(count)], cause)


def adding(stream_id: str, expected: int, count: int = 1) -> Append:
    """Return an append of so many facts to one stream."""
    return Append([part(stream_id, expected, count)])
