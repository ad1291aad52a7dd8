"""The story of one tuning: asked for once, and answered once."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec

from domain.anomaly.facts import (
    Days,
    Metric,
    TuningCompleted,
    TuningEvent,
    TuningFailed,
    TuningRequested,
    Unchanged,
)
from domain.kernel import Command, Decider, Instant, Refused, ShortText

DAYS_DEFAULT = 30  # of verdicts that count, rolling


class RequestTuning(Command, frozen=True):
    """Ask for the thresholds to be tuned from the verdicts of the days before an instant."""

    tuning_id: UUID
    until: Instant
    days: Days = DAYS_DEFAULT


class CompleteTuning(Command, frozen=True):
    """State that every family was looked at."""

    tuning_id: UUID
    changed: tuple[Metric, ...]
    unchanged: tuple[Unchanged, ...]


class FailTuning(Command, frozen=True):
    """State that the tuning could not be done."""

    tuning_id: UUID
    reason: ShortText


TuningCommand: TypeAlias = RequestTuning | CompleteTuning | FailTuning


class NoSuchTuning(Refused):
    """Nobody asked for this tuning."""

    code = "tuning.unknown"


class Tuning(msgspec.Struct, frozen=True):
    """What the next decision needs to know."""

    until: datetime | None = None  # None: nobody asked
    is_answered: bool = False


def decide(tuning: Tuning, command: TuningCommand) -> list[TuningEvent]:
    """Ask once and answer once; a second answer, as a job that ran twice has it, changes nothing.

    Raises:
        NoSuchTuning: an answer to what nobody asked.
    """
    if isinstance(command, RequestTuning):
        if tuning.until is not None:
            return []
        return [
            TuningRequested(tuning_id=command.tuning_id, until=command.until, days=command.days)
        ]
    if tuning.until is None:
        raise NoSuchTuning("There is no such tuning.")
    if tuning.is_answered:
        return []
    match command:
        case CompleteTuning(tuning_id=tuning_id, changed=changed, unchanged=unchanged):
            return [TuningCompleted(tuning_id=tuning_id, changed=changed, unchanged=unchanged)]
        case FailTuning(tuning_id=tuning_id, reason=reason):
            return [TuningFailed(tuning_id=tuning_id, reason=reason)]
        case _:
            assert_never(command)


def evolve(tuning: Tuning, event: TuningEvent) -> Tuning:
    """Fold one fact into the state."""
    match event:
        case TuningRequested(until=until):
            return Tuning(until=until)
        case TuningCompleted() | TuningFailed():
            return Tuning(until=tuning.until, is_answered=True)
        case _:
            assert_never(event)


TUNING = Decider(initial=Tuning(), decide=decide, evolve=evolve)
