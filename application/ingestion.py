"""Ingestion: signals in, facts out, one result an item, and good items of a bad batch are kept.

No rule is decided here beyond what a signal must be to be one; whatever it means is judged by the
followers. A signal is a stream of one fact, so a second delivery is answered with the first one's
position, for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from application.accepting import REFERENCES_OF, SignalRefused, accepted
from application.ports import (
    Append,
    Appended,
    Cause,
    EventLog,
    Expect,
    NewFact,
    Outcome,
    Slice,
    StreamMoved,
)
from application.signals import Signal
from domain.kernel import Refused
from domain.signals import HORIZON, SignalEvent, signal_stream, signal_uuid

BATCH_SIGNALS_MAX = 1_000
KNOWN_CACHE_MAX = 200_000  # directory entries of a tenant that a process remembers to exist

Clock: TypeAlias = Callable[[], datetime]


class SignalFact(NamedTuple):
    """A signal that is taken, if it was not taken before."""

    identity: UUID
    event: SignalEvent
    happened_at: datetime  # by our clock


class TakenAs(StrEnum):
    """What became of one signal."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class Taken(msgspec.Struct, frozen=True):
    """The result of one signal: the position of its fact, or why it was refused."""

    status: TakenAs
    position: int | None = None
    refusal: Refused | None = None
    late: bool = False  # accepted, but so long after it happened that it judges nothing


class Giver(msgspec.Struct, frozen=True):
    """Who hands signals in, and for which sites they may."""

    tenant_id: str
    actor: str
    sites: frozenset[str] | None = None  # None: every site of the tenant


class SignalIntake:
    """Takes batches of signals into the log of their giver's tenant."""

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._known: dict[str, set[str]] = {}  # tenant -> directory streams that exist

    def take(self, giver: Giver, signals: Sequence[Signal]) -> list[Taken]:
        """Record what is acceptable and answer one result a signal, in the same order.

        All accepted signals of the call are recorded in one go. Taken twice, a signal is answered
        as a duplicate with the position of the first.

        Raises:
            LogUnavailable: nothing is known about any item; sending all again is safe.
        """
        received_at = self._clock()
        unknown = self._unknown(giver.tenant_id, signals)
        results: list[Taken | None] = [None] * len(signals)
        facts: list[SignalFact] = []
        places: dict[int, int] = {}  # of the facts, by identity; a number is hashed much sooner
        asked: list[tuple[int, int]] = []  # index of the signal, place of its fact
        for index, signal in enumerate(signals):
            try:
                event, happened_at = accepted(signal, received_at, unknown, giver.sites)
            except SignalRefused as refusal:
                results[index] = Taken(TakenAs.REFUSED, refusal=refusal)
                continue
            identity = signal_uuid(signal.source, signal.signal_id)
            place = places.setdefault(identity.int, len(facts))
            if place == len(facts):
                facts.append(SignalFact(identity, event, happened_at))
            # A second delivery inside the batch waits for the outcome of the first.
            asked.append((index, place))
        taken = self._record(giver, facts, received_at)
        answered = bytearray(len(facts))
        for index, place in asked:
            first = taken[place]
            results[index] = Taken(TakenAs.DUPLICATE, first.position) if answered[place] else first
            answered[place] = True
        return [result for result in results if result is not None]

    def _record(
        self, giver: Giver, facts: Sequence[SignalFact], received_at: datetime
    ) -> list[Taken]:
        """Record the facts and return what became of each, in the same order."""
        appends = [signal_append(giver.actor, fact.identity, fact.event) for fact in facts]
        outcomes = self._outcomes(giver.tenant_id, appends)
        met = [
            append.slices[0].stream_id
            for append, outcome in zip(appends, outcomes, strict=True)
            if not isinstance(outcome, Appended)
        ]
        known = self._log.first_positions(giver.tenant_id, met) if met else {}
        late_before = received_at - HORIZON
        return [
            Taken(TakenAs.ACCEPTED, outcome.first, late=fact.happened_at < late_before)
            if isinstance(outcome, Appended)
            else Taken(TakenAs.DUPLICATE, known[append.slices[0].stream_id])
            for fact, append, outcome in zip(facts, appends, outcomes, strict=True)
        ]

    def _outcomes(self, tenant_id: str, appends: list[Append]) -> list[Outcome]:
        """Record the appends; one alone rides in the same commit as its neighbours from other calls."""
        if len(appends) != 1:
            return self._log.append_each(tenant_id, appends)
        try:
            return [self._log.append(tenant_id, appends[0])]
        except StreamMoved as moved:
            return [moved]

    def _unknown(self, tenant_id: str, signals: Sequence[Signal]) -> set[str]:
        """Return the directory streams that these signals name and that do not exist."""
        known = self._known.setdefault(tenant_id, set())
        missing: set[str] = set()
        for signal in signals:
            for reference in REFERENCES_OF[type(signal)]:
                named = getattr(signal, reference.field)
                if named is not None and (stream := reference.prefix + named) not in known:
                    missing.add(stream)
        if missing:
            if len(known) > KNOWN_CACHE_MAX:
                known.clear()
            # What exists in an append-only log exists for ever; what is missing is asked again.
            found = set(self._log.first_positions(tenant_id, sorted(missing)))
            known |= found
            missing -= found
        return missing


def signal_append(actor: str, identity: UUID, fact: SignalEvent) -> Append:
    """Return the append of a signal's one fact; the story it begins bears its id."""
    cause = Cause(actor=actor, correlation_id=identity)
    new = NewFact(fact, event_id=identity, occurred_at=fact.occurred_at)
    return Append([Slice(signal_stream(identity), Expect.NO_STREAM, [new], cause)])
