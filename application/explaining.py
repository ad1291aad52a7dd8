"""Explaining: why something stands, back to the raw signals, and what it led to.

It follows what the facts themselves say: the cause in their envelope, and the signals, alerts,
findings and others that they name. Nothing is judged again, so the numbers are those that decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, Protocol
from uuid import UUID

import msgspec

from application.references import Relation, references, words
from domain.alert import alert_stream
from domain.anomaly.facts import anomaly_stream
from domain.catalogue import AnyRecorded, tag_of
from domain.finding.facts import finding_stream
from domain.fraud.facts import score_stream
from domain.incident.facts import incident_stream
from domain.kernel import Unknown
from domain.muting.facts import ledger_stream
from domain.signals import signal_stream
from domain.ticket import ticket_stream

FACTS_MAX = 500  # in one direction of an explanation
STREAMS_AT_ONCE_MAX = 200


class Kind(StrEnum):
    """What can be explained."""

    TICKET = "ticket"
    ALERT = "alert"
    INCIDENT = "incident"
    FINDING = "finding"
    ANOMALY = "anomaly"
    SCORE = "score"  # by the id of its attendance
    SIGNAL = "signal"


STREAMS = {
    Kind.TICKET: ticket_stream,
    Kind.ALERT: alert_stream,
    Kind.INCIDENT: incident_stream,
    Kind.FINDING: finding_stream,
    Kind.ANOMALY: anomaly_stream,
    Kind.SCORE: score_stream,
    Kind.SIGNAL: signal_stream,
}


class Tie(msgspec.Struct, frozen=True):
    """A fact and another one that it names or that brought it about."""

    position: int
    to: int  # position
    relation: Relation


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of an explanation, in words and with all its numbers."""

    position: int
    type: str
    stream_id: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    caused_by: int | None
    words: str
    site_id: str | None
    data: dict[str, Any]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why something stands and what it led to. Facts are in the order of the log."""

    kind: Kind
    id: UUID
    story: list[Told]  # its own facts
    because: list[Told]  # what they go back to
    led_to: list[Told]
    ties: list[Tie]
    complete: bool  # False: there is more than FACTS_MAX in one direction


class Chronicle(Protocol):
    """The log, read along its causes."""

    def at(self, tenant_id: str, positions: Sequence[int]) -> list[AnyRecorded]:
        """Return the facts at these positions, in order."""
        ...

    def of_streams(self, tenant_id: str, stream_ids: Sequence[str]) -> list[AnyRecorded]:
        """Return the facts of these streams, each stream's in order."""
        ...

    def caused_by(self, tenant_id: str, positions: Sequence[int], limit: int) -> list[AnyRecorded]:
        """Return up to `limit` facts that were stated because of these, in order."""
        ...


class NothingToExplain(Unknown):
    """There is no such thing in this tenant."""

    code = "explanation.unknown"


def explain(chronicle: Chronicle, tenant_id: str, kind: Kind, id_: UUID) -> Explanation:
    """Explain one thing.

    Raises:
        NothingToExplain: nobody heard of it.
    """
    story = chronicle.of_streams(tenant_id, [STREAMS[kind](id_)])
    if not story:
        raise NothingToExplain(f"There is no {kind} {id_}.")
    muted = chronicle.of_streams(tenant_id, [ledger_stream(id_)])
    back = Backward(chronicle, tenant_id, [*story, *muted])
    back.run()
    onward = Onward(chronicle, tenant_id, story)
    onward.run()
    own = {fact.position for fact in story}
    known = back.found | onward.found
    ties = sorted(
        {tie for tie in (*back.ties, *onward.ties) if tie.to in known and tie.position in known},
        key=lambda tie: (tie.position, tie.to, tie.relation),
    )
    later = {fact.position for fact in muted} | onward.found.keys() - own
    return Explanation(
        kind=kind,
        id=id_,
        story=told(back.found[position] for position in own),
        because=told(fact for position, fact in back.found.items() if position not in own | later),
        led_to=told(known[position] for position in later),
        ties=ties,
        complete=back.complete and onward.complete,
    )


class Backward:
    """Goes from facts to what they name and to what brought them about, until nothing is left."""

    def __init__(self, chronicle: Chronicle, tenant_id: str, facts: Iterable[AnyRecorded]) -> None:
        self.found = {fact.position: fact for fact in facts}
        self.ties: set[Tie] = set()
        self.complete = True
        self._chronicle = chronicle
        self._tenant_id = tenant_id
        self._streams: dict[str, list[AnyRecorded]] = {}

    def run(self) -> None:
        """Find everything, a step of all open ends at a time."""
        open_ends = list(self.found.values())
        while open_ends and self.complete:
            new = [*self._causes(open_ends), *self._named(open_ends)]
            open_ends = []
            for fact in sorted(new, key=lambda each: each.position, reverse=True):
                if fact.position in self.found:
                    continue
                if len(self.found) >= FACTS_MAX:
                    self.complete = False
                    return
                self.found[fact.position] = fact
                open_ends.append(fact)

    def _causes(self, facts: Sequence[AnyRecorded]) -> list[AnyRecorded]:
        wanted = []
        for fact in facts:
            if fact.caused_by is not None:
                self.ties.add(Tie(fact.position, fact.caused_by, Relation.CAUSE))
                if fact.caused_by not in self.found:
                    wanted.append(fact.caused_by)
        return self._chronicle.at(self._tenant_id, sorted(set(wanted))) if wanted else []

    def _named(self, facts: Sequence[AnyRecorded]) -> list[AnyRecorded]:
        names = [(fact, list(references(fact.event))) for fact in facts]
        self._fetch(stream for _, named in names for _, stream in named)
        found: list[AnyRecorded] = []
        for fact, named in names:
            for relation, stream in named:
                # As it stood when this was stated; what was told of it later comes another way.
                before = [
                    other for other in self._streams[stream] if other.position < fact.position
                ]
                if before:
                    self.ties.add(Tie(fact.position, before[-1].position, relation))
                    for earlier, later in pairwise(before):
                        self.ties.add(Tie(later.position, earlier.position, Relation.STORY))
                    found += before
        return found

    def _fetch(self, streams: Iterable[str]) -> None:
        missing = [each for each in dict.fromkeys(streams) if each not in self._streams]
        for start in range(0, len(missing), STREAMS_AT_ONCE_MAX):
            some = missing[start : start + STREAMS_AT_ONCE_MAX]
            self._streams.update({each: [] for each in some})
            for fact in self._chronicle.of_streams(self._tenant_id, some):
                self._streams[fact.stream_id].append(fact)


class Onward:
    """Goes from facts to what was stated because of them, until nothing is left."""

    def __init__(self, chronicle: Chronicle, tenant_id: str, facts: Iterable[AnyRecorded]) -> None:
        self.found = {fact.position: fact for fact in facts}
        self.ties: set[Tie] = set()
        self.complete = True
        self._chronicle = chronicle
        self._tenant_id = tenant_id

    def run(self) -> None:
        """Find everything, a step of all open ends at a time."""
        open_ends = sorted(self.found)
        while open_ends:
            room = FACTS_MAX - len(self.found)
            led_to = self._chronicle.caused_by(self._tenant_id, open_ends, max(room, 0) + 1)
            open_ends = []
            for fact in led_to:
                if fact.position not in self.found and len(self.found) >= FACTS_MAX:
                    self.complete = False
                    return
                assert fact.caused_by is not None, "It was found by its cause."
                self.ties.add(Tie(fact.position, fact.caused_by, Relation.CAUSE))
                if fact.position not in self.found:
                    self.found[fact.position] = fact
                    open_ends.append(fact.position)


def told(facts: Iterable[AnyRecorded]) -> list[Told]:
    """Return facts as an explanation shows them, in the order of the log."""
    return [
        Told(
            position=fact.position,
            type=tag_of(fact.event),
            stream_id=fact.stream_id,
            occurred_at=fact.occurred_at,
            recorded_at=fact.recorded_at,
            actor=fact.actor,
            caused_by=fact.caused_by,
            words=words(fact.event),
            site_id=getattr(fact.event, "site_id", None),
            data={
                name: value
                for name, value in msgspec.to_builtins(fact.event).items()
                if name != "type"
            },
        )
        for fact in sorted(facts, key=lambda each: each.position)
    ]
