"""Following: what a follower is, and what a policy may do while it handles a batch of facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid5

import msgspec

from application.ports import Cause
from domain.anomaly.facts import SubjectKind
from domain.catalogue import AnyRecorded
from domain.kernel import Decider, Event
from domain.signals import SignalEvent

# The root of the ids of facts that policies state; it never changes.
POLICY_NAMESPACE = UUID("0d7a3c0e-4a55-5d2f-8c8b-1f6f3a1f9e02")

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E", bound=Event)
M = TypeVar("M", bound=msgspec.Struct)


class Window(msgspec.Struct, frozen=True):
    """A time of one person, site or device, by our clock."""

    kind: SubjectKind
    subject_id: str
    since: datetime  # included
    until: datetime  # not included


class KnownSignal(msgspec.Struct, frozen=True):
    """A signal as it stands in the log."""

    at: datetime  # when it happened, by our clock
    signal: UUID
    position: int
    recorded_at: datetime
    event: SignalEvent


class KnownSignals(Protocol):
    """The signals that are stored, by whom and where and when they happened."""

    def signals(
        self, tenant_id: str, windows: Sequence[Window], up_to: int
    ) -> list[list[KnownSignal]]:
        """Return the signals of each window, ordered by (at, signal), that stand in the log at
        `up_to` or before it; the store must have reached that position."""
        ...


class Desk(Protocol):
    """Where a policy works: one tenant, one transaction, together with the policy's checkpoint.

    Everything done here stands with the checkpoint or not at all. States and memories include
    what was done earlier at the same desk.
    """

    tenant_id: str
    position: int  # of the last event of the batch, wanted or not
    replaying: bool  # memories are rebuilt from what happened: nothing is stated

    def signals(self, windows: Sequence[Window]) -> list[list[KnownSignal]]:
        """Return the signals of each window, ordered by (at, signal), that stand in the log up to
        the end of the batch. Only for a policy that stays behind the read model `signals`."""
        ...

    def memories(self, keys: Sequence[str], type_: type[M]) -> dict[str, M]:
        """Return what the policy remembers under these keys; absent keys are left out."""
        ...

    def remember(self, key: str, memory: msgspec.Struct) -> None:
        """Keep a memory under a key."""
        ...

    def forget(self, keys: Sequence[str]) -> None:
        """Keep nothing under these keys any more. What is forgotten has to follow from facts, as
        what is remembered does: never from a clock."""
        ...

    def fetch_streams(self, stream_ids: Sequence[str]) -> None:
        """Have streams in hand before they are needed: one question instead of one for each."""
        ...

    def state(self, decider: Decider[Any, S, Any], stream_id: str) -> S:
        """Return an aggregate as it stands."""
        ...

    def do(
        self, decider: Decider[C, S, E], stream_id: str, command: C, because: AnyRecorded
    ) -> list[E]:
        """Decide a command on the aggregate as it stands, and record the facts.

        Raises:
            Refused: the aggregate met a rule; nothing is recorded.
        """
        ...

    def record(
        self, stream_id: str, version: int, events: Sequence[Event], because: AnyRecorded
    ) -> None:
        """Record facts on a stream that stands at `version`, without a decision."""
        ...


class Policy(Protocol):
    """A follower that answers facts with wishes."""

    @property
    def name(self) -> str:
        """Return what keys its place in the log and its memories; it is never renamed."""
        ...

    @property
    def facts(self) -> tuple[type[Event], ...]:
        """Return what it reacts to; other facts are not even decoded."""
        ...

    @property
    def behind(self) -> str | None:
        """Return the name of the read model that it must not overtake, if it reads one."""
        ...

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        """React to facts, oldest first. A batch may be of any size: only the order may matter."""
        ...


def policy_actor(policy: str) -> str:
    """Return the actor of the facts that a policy states."""
    return f"policy:{policy}"


def because_of(policy: str, fact: AnyRecorded) -> Cause:
    """Return the envelope of what a policy does in answer to a fact."""
    return Cause(
        actor=policy_actor(policy), correlation_id=fact.correlation_id, caused_by=fact.position
    )


def derived_id(policy: str, fact: AnyRecorded, number: int) -> UUID:
    """Return the id of the n-th fact that a policy states because of a fact: the same every time."""
    return uuid5(POLICY_NAMESPACE, f"{policy}/{fact.tenant_id}/{fact.event_id}/{number}")
