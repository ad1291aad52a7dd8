"""Troubles: what really went wrong, from the simulator's mishaps and frauds.

The detectors never read it. How grave a kind is, is rated here by what a control room would want to
be called for; it is an assumption.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from domain.severity import Severity
from interfaces.simulator import Mishap, Truth
from interfaces.simulator import parameters as kinds

SEVERITY = {
    kinds.PANIC: Severity.CRITICAL,
    **dict.fromkeys(kinds.ALL_TACTICS, Severity.HIGH),
    kinds.TAMPER: Severity.HIGH,
    kinds.NO_SHOW: Severity.HIGH,
    kinds.ASLEEP: Severity.HIGH,
    kinds.LEFT_POST: Severity.HIGH,
    kinds.STORM: Severity.MEDIUM,
    kinds.PHONE_DEAD: Severity.MEDIUM,
    kinds.GPS_OFF: Severity.MEDIUM,
    kinds.SKIPPED_TOUR: Severity.MEDIUM,
    kinds.FORGOTTEN_TASK: Severity.MEDIUM,
    kinds.LATE_TOUR: Severity.LOW,
}


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Something that really went wrong, and when it was under way."""

    kind: str
    severity: Severity
    site_id: str
    persons: frozenset[str] = frozenset()  # empty: the whole site
    since: datetime
    until: datetime


def of_mishap(told: Mishap) -> Trouble:
    return Trouble(
        kind=told.mishap,
        severity=SEVERITY[told.mishap],
        site_id=told.site_id,
        persons=frozenset() if told.person_id is None else frozenset({told.person_id}),
        since=datetime.fromisoformat(told.since),
        until=datetime.fromisoformat(told.until),
    )


def of_frauds(told: Iterable[Truth]) -> list[Trouble]:
    """One trouble for each fraudulent shift, however many signals were part of it."""
    shifts: dict[str, list[Truth]] = {}
    for truth in told:
        shifts.setdefault(truth.shift_id, []).append(truth)
    found = []
    for truths in shifts.values():
        first = truths[0]
        moments = [datetime.fromisoformat(truth.occurred_at) for truth in truths]
        persons = {first.person_id, first.accomplice_id} - {None}
        found.append(
            Trouble(
                kind=first.tactic,
                severity=SEVERITY[first.tactic],
                site_id=first.site_id,
                persons=frozenset(person for person in persons if person is not None),
                since=min(moments),
                until=max(moments),
            )
        )
    return found
