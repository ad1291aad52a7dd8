"""Severity: how bad it is, apart from how likely (a score) and from what comes first (a priority)."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """The impact of what happened, the worst first."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    INFO = "INFO"


_RANKS = {severity: rank for rank, severity in enumerate(reversed(Severity))}


def rank(severity: Severity) -> int:
    """Return 0 for INFO up to 4 for CRITICAL."""
    return _RANKS[severity]


def worst(first: Severity, *others: Severity) -> Severity:
    """Return the severity of the highest rank."""
    return max((first, *others), key=rank)
