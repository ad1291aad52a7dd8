"""Keeping: what a policy wrote with its last batch, so that the next one need not read it again.

A process may use what it kept only if nobody else wrote in between. Each batch that is handled
leaves a token of its own in the checkpoint, in the same transaction as the memories. So if the
checkpoint that is leased holds the token of the batch that left these memories here, they are what
stands in the database; with any other token (another process was at work, the transaction was
rolled back, memories were rebuilt, the database was restored) they are thrown away.

Bytes are kept, not what they mean: a policy that changed what it was given and did not keep it
meets it again as it stands in the database. Only what cannot be changed is kept as it was in hand,
and only from one batch to the next: in a storm each batch is about the same things.

The aggregates that a policy decided on are kept with the version of their streams. Others write to
a stream, too, but only behind what is there; so what is newer is read, and not a long story again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from adapters.followers.reading import Lease
from domain.kernel import Decider

KEPT_BYTES_MAX = 32 * 1024 * 1024  # of one policy, all tenants together
ENTRY_BYTES = 250  # of a key, beside its characters and its value
IN_HAND_BYTES_MAX = 4 * 1024 * 1024  # as they are stored; in hand they take some 6 times that
STATES_BYTES_MAX = 8 * 1024 * 1024  # of one tenant
FACT_BYTES = 500  # of an aggregate, for each fact that was told of it; assumption


class State(NamedTuple):
    """An aggregate as it stands at a version of its stream."""

    decider: Decider[Any, Any, Any]
    state: Any
    version: int

    @property
    def bytes_held(self) -> int:
        return ENTRY_BYTES + FACT_BYTES * self.version


class Kept:
    """Memories of one tenant as they stand in the database; None: there is none under this key."""

    def __init__(self) -> None:
        self.values: dict[str, bytes | None] = {}
        self.in_hand: dict[str, msgspec.Struct] = {}  # what some of the values mean
        self.states: dict[str, State] = {}  # by stream; the one that was used last stands last
        self.bytes_held = 0
        self._states_bytes = 0

    def drop(self, key: str) -> None:
        """Keep nothing of a key, not even that nothing stands under it."""
        if key in self.values:
            self.bytes_held -= len(key) + ENTRY_BYTES + len(self.values.pop(key) or b"")

    def put(self, key: str, value: bytes | None) -> None:
        """Keep what stands under a key."""
        before = self.values.get(key)
        if key not in self.values:
            self.bytes_held += len(key) + ENTRY_BYTES
        self.values[key] = value
        self.bytes_held += len(value or b"") - len(before or b"")

    def hold(self, memories: Mapping[str, msgspec.Struct | None]) -> None:
        """Keep what a batch had in hand, of all that is kept under the same keys, for the next."""
        held = {
            key: memory
            for key, memory in memories.items()
            if memory is not None and memory.__struct_config__.frozen
        }
        stored = sum(len(self.values.get(key) or b"") for key in held)
        self.in_hand = held if stored <= IN_HAND_BYTES_MAX else {}

    def put_state(self, stream_id: str, state: State) -> None:
        """Keep an aggregate; those that were not used for longest are forgotten."""
        self._count_state(self.states.pop(stream_id, None), -1)
        self.states[stream_id] = state
        self._count_state(state, 1)
        while self._states_bytes > STATES_BYTES_MAX:
            self._count_state(self.states.pop(next(iter(self.states))), -1)

    def _count_state(self, state: State | None, times: int) -> None:
        if state is not None:
            self._states_bytes += times * state.bytes_held
            self.bytes_held += times * state.bytes_held


class Keeping:
    """What one policy of this process has kept, by tenant."""

    def __init__(self, bytes_max: int = KEPT_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._kept: dict[str, tuple[int, Kept]] = {}  # by tenant, with the token it is good for
        self._last = Kept()

    def take(self, lease: Lease) -> Kept:
        """Return what is kept of a tenant and still stands, for one batch.

        It is not held here meanwhile: what happens to a batch that fails concerns nobody else.
        """
        token, kept = self._kept.pop(lease.tenant_id, (None, Kept()))
        return kept if token is not None and token == lease.token else Kept()

    def give_back(self, lease: Lease, kept: Kept) -> None:
        """Keep what stands if the batch does; tenants that were quiet are forgotten first."""
        if self._last is not kept:
            self._last.in_hand.clear()
        self._last = kept
        if lease.next_token is None or kept.bytes_held > self._bytes_max:
            return
        self._kept[lease.tenant_id] = lease.next_token, kept
        total = sum(each.bytes_held for _, each in self._kept.values())
        while total > self._bytes_max:
            _, forgotten = self._kept.pop(next(iter(self._kept)))
            total -= forgotten.bytes_held
