"""Habits: signals as a guard usually sends them, an hour that lies far out, and a walk."""

from __future__ import annotations

from domain.signals import SignalEvent
from tests.application.watching.post import at, location, scan


def usual(
    person: str = "G-1", *, days: range = range(5), accuracy_m: float = 10.0
) -> list[SignalEvent]:
    """Return eight hours a day with three locations each."""
    return [
        location(at(day, hour, minute), person, accuracy_m=accuracy_m + minute / 20 - 1)
        for day in days
        for hour in range(8, 16)
        for minute in (0, 20, 40)
    ]


def hour_of(
    accuracy_m: float, *, day: int = 5, hour: int = 10, fixes: int = 3
) -> list[SignalEvent]:
    return [location(at(day, hour, 3 * n), accuracy_m=accuracy_m) for n in range(fixes)]


def walk(day: int, hour: int, minutes: float, *, checkpoints: int = 3) -> list[SignalEvent]:
    return [scan(at(day, hour, 5 + minutes * n), n) for n in range(checkpoints)]
