"""Ports: what the use cases want from the world, said as Protocols."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime
from enum import IntEnum
from typing import Protocol, TypeAlias
from uuid import UUID, uuid4

import msgspec

from domain.catalogue import AnyRecorded
from domain.kernel import Event

# Limits of the log. One place, so that a door can say them before the log does.
APPEND_EVENTS_MAX = 5_000  # facts in one append
READ_EVENTS_MAX = 10_000  # facts in one read
EVENT_BYTES_MAX = 256 * 1024  # one fact, encoded

GENESIS_HASH = bytes(32)


class Expect(IntEnum):
    """What an append may say of a stream instead of its exact version."""

    ANY = -1
    NO_STREAM = 0


class Cause(msgspec.Struct, frozen=True):
    """Who wants it and why: goes into the envelope of every fact of an append."""

    actor: str
    correlation_id: UUID = msgspec.field(default_factory=uuid4)
    caused_by: int | None = None  # position in the same tenant's log


class NewFact(msgspec.Struct, frozen=True):
    """A fact on its way into the log."""

    event: Event
    event_id: UUID = msgspec.field(default_factory=uuid4)
    occurred_at: datetime | None = None  # None: it happens now, when it is recorded


class Slice(msgspec.Struct, frozen=True):
    """Facts to add to the end of one stream."""

    stream_id: str
    expected: int  # version where the stream stands, or one of Expect
    facts: Sequence[NewFact]
    cause: Cause


class Append(msgspec.Struct, frozen=True):
    """Slices of one or several streams that stand together or not at all."""

    slices: Sequence[Slice]

    @classmethod
    def of(cls, stream_id: str, expected: int, events: Sequence[Event], cause: Cause) -> Append:
        """Return an append of plain facts to one stream."""
        return cls([Slice(stream_id, expected, [NewFact(event) for event in events], cause)])


class Appended(msgspec.Struct, frozen=True):
    """The positions that an append was given, both included."""

    first: int
    last: int


class StreamMoved(Exception):
    """Somebody else wrote to the stream first; read it again and decide afresh."""

    def __init__(self, stream_id: str, version: int) -> None:
        super().__init__(f"The stream {stream_id} stands at version {version} by now.")
        self.stream_id = stream_id
        self.version = version


class NoSuchTenant(Exception):
    """Nobody opened a log under this name."""


class LogUnavailable(Exception):
    """The log did not answer. The append may or may not stand; ids make a second try safe."""


Outcome: TypeAlias = Appended | StreamMoved


class Head(msgspec.Struct, frozen=True):
    """Where a tenant's log ends."""

    position: int
    hash: bytes  # 32 bytes
    recorded_at: datetime | None  # None: nothing is recorded yet


class EventLog(Protocol):
    """The append-only, gapless, hash-chained logs of all tenants."""

    def append(self, tenant_id: str, append: Append) -> Appended:
        """Record the facts, all or none.

        Raises:
            StreamMoved: a stream does not stand where a slice expects it.
            NoSuchTenant: the tenant has no log.
            LogUnavailable: the database did not answer.
        """
        ...

    def append_each(self, tenant_id: str, appends: Sequence[Append]) -> list[Outcome]:
        """Record independent appends in one go; each has its own outcome, in the given order.

        No two of them may write to the same stream.
        """
        ...

    def submit(self, tenant_id: str, append: Append) -> Future[Appended]:
        """Like `append`, without waiting; the result or the exception comes with the future."""
        ...

    def read(self, tenant_id: str, after: int, limit: int) -> list[AnyRecorded]:
        """Return up to `limit` facts behind position `after`, in order, without a gap."""
        ...

    def read_stream(self, tenant_id: str, stream_id: str) -> list[AnyRecorded]:
        """Return a stream's facts, oldest first; empty where there is none."""
        ...

    def head(self, tenant_id: str) -> Head:
        """Return where the tenant's log ends.

        Raises:
            NoSuchTenant: the tenant has no log.
        """
        ...

    def first_positions(self, tenant_id: str, stream_ids: Sequence[str]) -> dict[str, int]:
        """Return the position of the first fact of each stream that exists."""
        ...

    def open_tenant(self, tenant_id: str) -> None:
        """Open an empty log for a tenant; an open one stays as it is."""
        ...

    def tenants(self) -> list[str]:
        """Return the tenants that have a log."""
        ...
