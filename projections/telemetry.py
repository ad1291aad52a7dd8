"""Telemetry: the signals of one person or one site, and how an answer about them stays right.

An answer is good until its subject has a newer signal. The position of the newest one is the mark
of the answer: the same mark, the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from projections.signals import SignalRow

SUMMARY_SIGNALS_MAX = 5_000  # counted for a summary, the newest ones


class SignalKind(StrEnum):
    """What a signal tells of, as it is handed in."""

    ATTENDANCE = "attendance"
    LOCATION = "location"
    CHECKPOINT_SCAN = "checkpoint_scan"
    PHONE_ACTIVITY = "phone_activity"
    TASK_COMPLETION = "task_completion"
    DEVICE_STATUS = "device_status"
    PANIC = "panic"


class TelemetrySubject(StrEnum):
    """Whose signals they are."""

    PERSON = "person"
    SITE = "site"


class Mark(msgspec.Struct, frozen=True):
    """How a subject stands."""

    known: bool  # it is in the directory
    site_id: str | None  # of the site itself, or a person's home
    newest: int  # position of the subject's newest signal; 0 without any
    position: int  # that the read model has reached


class SignalSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for at a glance; of many signals the newest are counted."""

    counts: dict[str, int]  # by kind
    last_seen_at: datetime | None  # when the newest happened
    counted_since: datetime | None  # when the oldest that was counted happened
    complete: bool  # none was left out


class TelemetryPage(msgspec.Struct, frozen=True, kw_only=True):
    """A subject's signals, newest first, and all that were asked for at a glance."""

    summary: SignalSummary
    items: list[SignalRow]
    next_cursor: str | None


class SignalsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Whose signals, of which kind and time, at which sites."""

    subject: TelemetrySubject
    subject_id: str
    kind: SignalKind | None = None
    since: datetime | None = None  # included
    until: datetime | None = None  # not included
    sites: Sequence[str] | None = None  # None: every site of the tenant


class Telemetry(Protocol):
    """What is asked of the stored signals beside their pages."""

    def mark(
        self, tenant_id: str, subject: TelemetrySubject, subject_id: str, at_least: int
    ) -> Mark:
        """Return how a subject stands, or stood a moment ago.

        The moment is not before anybody was answered who waited for a position; `at_least` is the
        position that this caller waited for, or 0.
        """
        ...

    def summary(self, tenant_id: str, asked: SignalsAsked) -> SignalSummary:
        """Return at a glance what was asked for."""
        ...


class Answers(Protocol):
    """Answers that were given a moment ago. It may forget any of them, and never fails."""

    def get(self, key: str) -> bytes | None:
        """Return the answer under a key, if it is still there."""
        ...

    def keep(self, key: str, answer: bytes, seconds: int) -> None:
        """Keep an answer for a while."""
        ...

    def close(self) -> None:
        """Let go of what holds them."""
        ...
