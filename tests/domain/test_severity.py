"""Severity: what is worse than what."""

from __future__ import annotations

from domain.severity import Severity, rank, worst


def test_severities_rank_from_info_to_critical() -> None:
    assert [rank(severity) for severity in Severity] == [4, 3, 2, 1, 0]


def test_the_worst_wins_in_any_order() -> None:
    assert worst(Severity.LOW) is Severity.LOW
    assert worst(Severity.LOW, Severity.CRITICAL, Severity.HIGH) is Severity.CRITICAL
    assert worst(Severity.CRITICAL, Severity.LOW) is Severity.CRITICAL
