"""A desk without a database, and a log in a list, for the tests of policies and projections.

Contract tests (`tests/application/test_desk.py`, `test_desk_memories.py`) hold the desk equal to the
one that followers work at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID, uuid5

import msgspec

from application.following import (
    Desk,
    KnownSignal,
    Policy,
    Window,
    because_of,
    derived_id,
)
from application.ports import Cause, StreamMoved
from domain.catalogue import AnyEvent, AnyRecorded, Recorded
from domain.kernel import Decider, Event
from domain.signals import SignalEvent, corrected_at

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E", bound=Event)
M = TypeVar("M", bound=msgspec.Struct)

NAMESPACE = UUID("00000000-0000-0000-0000-000000001091")
BEGAN_AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class MemoryLog:
    """One tenant's log, with positions, versions and causes as the real one gives them."""

    def __init__(self, tenant_id: str = "t") -> None:
        self.tenant_id = tenant_id
        self.facts: list[AnyRecorded] = []
        self.versions: Counter[str] = Counter()

    def state(
        self,
        stream_id: str,
        event: Event,
        cause: Cause | None = None,
        event_id: UUID | None = None,
    ) -> AnyRecorded:
        """Record one fact; a second goes by between two of them."""
        position = len(self.facts) + 1
        self.versions[stream_id] += 1
        recorded_at = BEGAN_AT + timedelta(seconds=position)
        cause = cause or Cause("user:test", correlation_id=uuid5(NAMESPACE, f"story/{position}"))
        fact: AnyRecorded = Recorded(
            tenant_id=self.tenant_id,
            position=position,
            stream_id=stream_id,
            version=self.versions[stream_id],
            event_id=event_id or uuid5(NAMESPACE, f"{position}"),
            occurred_at=recorded_at,
            recorded_at=recorded_at,
            actor=cause.actor,
            caused_by=cause.caused_by,
            correlation_id=cause.correlation_id,
            event=cast(AnyEvent, event),
        )
        self.facts.append(fact)
        return fact

    def stream(self, stream_id: str) -> list[AnyRecorded]:
        return [fact for fact in self.facts if fact.stream_id == stream_id]

    def wish(self, decider: Decider[C, S, E], stream_id: str, command: C) -> list[AnyRecorded]:
        """Grant a person's wish, or let the refusal rise."""
        story = cast("list[E]", [fact.event for fact in self.stream(stream_id)])
        return [
            self.state(stream_id, event) for event in decider.decide(decider.replay(story), command)
        ]

    def events(self, *types: type[E]) -> list[E]:
        """Return the facts of these types, in order."""
        return [fact.event for fact in self.facts if isinstance(fact.event, types)]


def falls_into(signal: KnownSignal, window: Window) -> bool:
    """Return whether a signal is one of a window's."""
    subject = getattr(signal.event, f"{window.kind.value}_id")
    return subject == window.subject_id and window.since <= signal.at < window.until


class MemoryDesk:
    """The port `Desk`; what is done at it stands after `finish`."""

    def __init__(
        self,
        log: MemoryLog,
        policy: str,
        kept: dict[str, bytes],
        position: int | None = None,
        *,
        replaying: bool = False,
    ) -> None:
        self.tenant_id = log.tenant_id
        self.position = len(log.facts) if position is None else position
        self.replaying = replaying
        self._log = log
        self._policy = policy
        self._kept = kept
        self._memories: dict[str, msgspec.Struct] = {}
        self._remembered: set[str] = set()
        self._forgotten: set[str] = set()
        self._stated: list[tuple[str, int, Event, AnyRecorded]] = []

    def signals(self, windows: Sequence[Window]) -> list[list[KnownSignal]]:
        known = [
            KnownSignal(
                corrected_at(fact.event), fact.event_id, fact.position, fact.recorded_at, fact.event
            )
            for fact in self._log.facts[: self.position]
            if isinstance(fact.event, SignalEvent)
        ]
        known.sort(key=lambda each: (each.at, str(each.signal)))
        return [[each for each in known if falls_into(each, window)] for window in windows]

    def memories(self, keys: Sequence[str], type_: type[M]) -> dict[str, M]:
        found: dict[str, M] = {}
        for key in keys:
            if key not in self._memories and key in self._kept and key not in self._forgotten:
                self._memories[key] = msgspec.json.decode(self._kept[key], type=type_)
            if key in self._memories:
                memory = self._memories[key]
                assert isinstance(memory, type_), f"{key} holds another kind of memory."
                found[key] = memory
        return found

    def remember(self, key: str, memory: msgspec.Struct) -> None:
        self._memories[key] = memory
        self._remembered.add(key)
        self._forgotten.discard(key)

    def forget(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._memories.pop(key, None)
        self._remembered.difference_update(keys)
        self._forgotten.update(keys)

    def fetch_streams(self, stream_ids: Sequence[str]) -> None:
        """Nothing is far away here."""

    def state(self, decider: Decider[Any, S, Any], stream_id: str) -> S:
        return decider.replay(self._story(stream_id))

    def do(
        self, decider: Decider[C, S, E], stream_id: str, command: C, because: AnyRecorded
    ) -> list[E]:
        if self.replaying:
            return []
        story = self._story(stream_id)
        events = decider.decide(decider.replay(cast("list[E]", story)), command)
        self.record(stream_id, len(story), events, because)
        return events

    def record(
        self, stream_id: str, version: int, events: Sequence[Event], because: AnyRecorded
    ) -> None:
        if self.replaying:
            return
        for number, event in enumerate(events, version + 1):
            self._stated.append((stream_id, number, event, because))

    def finish(self) -> bool:
        versions = Counter(self._log.versions)
        for stream_id, version, _, _ in self._stated:
            if version != versions[stream_id] + 1:
                raise StreamMoved(stream_id, versions[stream_id])
            versions[stream_id] = version
        numbers: Counter[int] = Counter()
        for stream_id, _, event, because in self._stated:
            event_id = derived_id(self._policy, because, numbers[because.position])
            numbers[because.position] += 1
            self._log.state(stream_id, event, because_of(self._policy, because), event_id)
        for key in self._remembered:
            self._kept[key] = msgspec.json.encode(self._memories[key])
        for key in self._forgotten:
            self._kept.pop(key, None)
        return bool(self._stated)

    def _story(self, stream_id: str) -> list[Event]:
        stated = [event for stream, _, event, _ in self._stated if stream == stream_id]
        return [fact.event for fact in self._log.stream(stream_id)] + stated


class Following:
    """A policy that follows a memory log in batches, with its memories as bytes between them.

    One that replays states nothing: it makes the memories from what happened.
    """

    def __init__(self, policy: Policy, log: MemoryLog, *, replaying: bool = False) -> None:
        self.policy = policy
        self.replaying = replaying
        self.log = log
        self.kept: dict[str, bytes] = {}
        self.read = 0

    def follow(self, batch_facts_max: int = 1_000) -> bool:
        """Handle one batch; answer whether there was one."""
        batch = self.log.facts[self.read : self.read + batch_facts_max]
        self.read += len(batch)
        self.take(batch, self.read)
        return bool(batch)

    def take(self, batch: Iterable[AnyRecorded], position: int | None = None) -> None:
        """Handle facts as one batch, whether they were handled before or not."""
        wanted = [fact for fact in batch if isinstance(fact.event, self.policy.facts)]
        desk = MemoryDesk(self.log, self.policy.name, self.kept, position, replaying=self.replaying)
        as_port: Desk = desk
        self.policy.handle(as_port, wanted)
        desk.finish()


def settle(*followings: Following, batch_facts_max: int = 1_000) -> None:
    """Let every policy follow until nothing is left to do."""
    busy = True
    while busy:
        handled = [following.follow(batch_facts_max) for following in followings]
        busy = any(handled)
