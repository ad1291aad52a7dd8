"""A policy as a follower: the desk where it works, in the transaction of its checkpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from typing import Any, NamedTuple, TypeVar

import msgspec

from adapters.followers.keeping import Keeping, Kept, State
from adapters.followers.reading import Lease
from adapters.followers.turn import Handled
from adapters.log.postgres_log import read_newer
from adapters.log.wire import BINARY, Statement
from adapters.postgres.arrays import Array
from adapters.postgres.database import Connection
from adapters.postgres.pipeline import Call
from adapters.postgres.signals import signals_on
from application.following import KnownSignal, Policy, Window, because_of, derived_id
from application.ports import APPEND_EVENTS_MAX, Append, NewFact, Slice
from domain.catalogue import AnyRecorded, tag_of
from domain.kernel import Decider, Event

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E", bound=Event)
M = TypeVar("M", bound=msgspec.Struct)

encode = msgspec.json.Encoder().encode

LOAD = "SELECT key, value FROM policy.memories WHERE tenant_id = %s AND policy = %s AND key = ANY (%s::text[])"
SAVE = Statement(
    b"vedette_save",
    b"INSERT INTO policy.memories (tenant_id, policy, key, value)"
    b" SELECT $1, $2, u.key, u.value FROM unnest($3::text[], $4::bytea[]) AS u (key, value)"
    b" ON CONFLICT (tenant_id, policy, key) DO UPDATE SET value = excluded.value",
    [BINARY] * 4,
)
FORGET = Statement(
    b"vedette_forget",
    b"DELETE FROM policy.memories WHERE tenant_id = $1 AND policy = $2 AND key = ANY ($3::text[])",
    [BINARY] * 3,
)


@lru_cache(maxsize=256)
def decoder_of(type_: type[M]) -> msgspec.json.Decoder[M]:
    """Return what reads memories of a type; making it costs more than reading a small one."""
    return msgspec.json.Decoder(type_)


class Story(NamedTuple):
    """A stream as it stands in the log: what was known of it, and what was told since."""

    known: State | None
    newer: list[Event]


class PolicyHandler:
    """Runs one policy; what it records is appended once, at the end of the batch.

    Replaying, it makes the policy's memories anew beside those in use, and states nothing.
    """

    def __init__(self, policy: Policy, *, replaying: bool = False) -> None:
        self.policy = policy
        self.replaying = replaying
        self.name = f"{policy.name}@replay" if replaying else policy.name
        self.types = frozenset(tag_of(fact) for fact in policy.facts)
        self.behind = policy.behind
        self._keeping = Keeping()

    def handle(self, connection: Connection, lease: Lease, batch: Sequence[AnyRecorded]) -> Handled:
        kept = self._keeping.take(lease)
        desk = PostgresDesk(
            connection, lease.tenant_id, self.name, lease.head, kept, replaying=self.replaying
        )
        self.policy.handle(desk, batch)
        handled = desk.finish()
        self._keeping.give_back(lease, kept)
        return handled


class PostgresDesk:
    """The port `Desk` on the follower's own connection."""

    def __init__(
        self,
        connection: Connection,
        tenant_id: str,
        policy: str,
        position: int,
        kept: Kept | None = None,
        *,
        replaying: bool = False,
    ) -> None:
        self.tenant_id = tenant_id
        self.position = position
        self.replaying = replaying
        self._connection = connection
        self._policy = policy
        self._kept = Kept() if kept is None else kept
        self._memories: dict[str, msgspec.Struct | None] = {}
        self._remembered: set[str] = set()
        self._forgotten: set[str] = set()
        self._streams: dict[str, Story] = {}  # as read from the log
        self._stated: dict[str, list[Event]] = {}  # here, to stand behind what was read
        # What was replayed goes on from where it is: a long story is not read again for each fact.
        self._states: dict[str, tuple[Decider[Any, Any, Any], Any]] = {}
        self._slices: list[Slice] = []
        self._done: Counter[int] = Counter()  # facts stated so far because of a position

    def signals(self, windows: Sequence[Window]) -> list[list[KnownSignal]]:
        return signals_on(self._connection, self.tenant_id, windows, self.position)

    def memories(self, keys: Sequence[str], type_: type[M]) -> dict[str, M]:
        missing = [key for key in dict.fromkeys(keys) if key not in self._memories]
        if missing:
            self._load([key for key in missing if key not in self._kept.values])
            decode = decoder_of(type_).decode
            values, in_hand = self._kept.values, self._kept.in_hand
            for key in missing:
                value = values[key]
                known = in_hand.get(key)
                if known is None and value is not None:
                    known = decode(value)
                self._memories[key] = known
        found: dict[str, M] = {}
        for key in keys:
            memory = self._memories[key]
            if memory is not None:
                assert isinstance(memory, type_), f"{key} holds another kind of memory."
                found[key] = memory
        return found

    def _load(self, keys: Sequence[str]) -> None:
        """Have what stands in the database under these keys."""
        if not keys:
            return
        rows = self._connection.execute(
            LOAD, [self.tenant_id, self._policy, Array("text", keys)], binary=True
        ).fetchall()
        found: dict[str, bytes] = dict(rows)
        for key in keys:
            self._kept.put(key, found.get(key))

    def remember(self, key: str, memory: msgspec.Struct) -> None:
        self._memories[key] = memory
        self._remembered.add(key)
        self._forgotten.discard(key)

    def forget(self, keys: Sequence[str]) -> None:
        self._memories.update(dict.fromkeys(keys))
        self._remembered.difference_update(keys)
        self._forgotten.update(keys)

    def fetch_streams(self, stream_ids: Sequence[str]) -> None:
        missing = [each for each in dict.fromkeys(stream_ids) if each not in self._streams]
        if missing:
            self._read({each: self._kept.states.get(each) for each in missing})

    def _read(self, known: Mapping[str, State | None]) -> None:
        """Read what streams tell behind what is known of them."""
        self._streams.update({stream_id: Story(state, []) for stream_id, state in known.items()})
        versions = {
            stream_id: 0 if state is None else state.version for stream_id, state in known.items()
        }
        for fact in read_newer(self._connection, self.tenant_id, versions):
            self._streams[fact.stream_id].newer.append(fact.event)

    def state(self, decider: Decider[Any, S, Any], stream_id: str) -> S:
        held = self._states.get(stream_id)
        if held is None or held[0] is not decider:
            held = (decider, self._replayed(decider, stream_id))
            self._states[stream_id] = held
        state: S = held[1]
        return state

    def do(
        self, decider: Decider[C, S, E], stream_id: str, command: C, because: AnyRecorded
    ) -> list[E]:
        if self.replaying:
            return []
        events = decider.decide(self.state(decider, stream_id), command)
        version = self._version(stream_id)
        self.record(stream_id, version, events, because)
        return events

    def record(
        self, stream_id: str, version: int, events: Sequence[Event], because: AnyRecorded
    ) -> None:
        if not events or self.replaying:
            return
        facts = []
        for event in events:
            number = self._done[because.position]
            self._done[because.position] += 1
            facts.append(NewFact(event, derived_id(self._policy, because, number)))
        self._slices.append(Slice(stream_id, version, facts, because_of(self._policy, because)))
        self._stated.setdefault(stream_id, []).extend(events)
        if stream_id in self._states:
            decider, state = self._states[stream_id]
            self._states[stream_id] = (decider, reduce(decider.evolve, events, state))

    def finish(self) -> Handled:
        """Answer with the memories that are to be written and the facts to be recorded."""
        writes = [*self._saves(), *self._forgets()]
        self._kept.hold(self._memories)
        for stream_id, (decider, state) in self._states.items():
            self._kept.put_state(stream_id, State(decider, state, self._version(stream_id)))
        return Handled(writes, list(appends(self._slices)) if self._slices else ())

    def _saves(self) -> Sequence[Call]:
        """Return what writes all that is remembered and differs from what stands."""
        values = self._kept.values
        changed: list[tuple[str, bytes]] = []
        for key in sorted(self._remembered):
            value = encode(self._memories[key])
            if values.get(key) != value:
                changed.append((key, value))
                self._kept.put(key, value)
        if not changed:
            return ()
        keys, written = zip(*changed, strict=True)
        arrays = [Array("text", keys).data, Array("bytea", written).data]
        return [Call(SAVE, [self.tenant_id.encode(), self._policy.encode(), *arrays])]

    def _forgets(self) -> Sequence[Call]:
        """Return what deletes all that is forgotten."""
        if not self._forgotten:
            return ()
        for key in self._forgotten:
            self._kept.drop(key)
        keys = Array("text", sorted(self._forgotten)).data
        return [Call(FORGET, [self.tenant_id.encode(), self._policy.encode(), keys])]

    def _replayed(self, decider: Decider[Any, S, Any], stream_id: str) -> S:
        """Return an aggregate as it stands in the log, with what was stated here behind it."""
        self.fetch_streams([stream_id])
        known = self._streams[stream_id].known
        if known is not None and known.decider is not decider:
            self._read({stream_id: None})
            known = None
        newer = [*self._streams[stream_id].newer, *self._stated.get(stream_id, ())]
        return reduce(decider.evolve, newer, decider.initial if known is None else known.state)

    def _version(self, stream_id: str) -> int:
        """Return where a stream stands that was fetched, with what was stated here."""
        story = self._streams[stream_id]
        told = 0 if story.known is None else story.known.version
        return told + len(story.newer) + len(self._stated.get(stream_id, ()))


def appends(slices: Sequence[Slice]) -> Iterator[Append]:
    """Cut slices into appends, in order, none larger than the log takes. One transaction holds them."""
    taken: list[Slice] = []
    events = 0
    for slice_ in slices:
        events += len(slice_.facts)
        if taken and events > APPEND_EVENTS_MAX:
            yield Append(taken)
            taken, events = [], len(slice_.facts)
        taken.append(slice_)
    yield Append(taken)
