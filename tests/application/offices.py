"""Offices: where desks stand, the one that followers work at and the one of the tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol
from uuid import UUID

import msgspec

from adapters.followers.desk import PostgresDesk
from adapters.followers.keeping import Kept
from adapters.followers.projecting import ProjectionHandler
from adapters.followers.reading import Lease
from adapters.log.appending import prepare, recording, telling_races
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database, bind, connect
from adapters.postgres.pipeline import BEGIN, COMMIT, Call, Pipeline
from adapters.postgres.signals import PostgresSignals
from application.following import Desk, KnownSignal, Window
from application.ports import (
    Append,
    Cause,
    Expect,
    NewFact,
    Slice,
)
from domain.catalogue import AnyRecorded
from domain.kernel import Event
from domain.signals import signal_stream
from projections.signals import SIGNALS
from tests.memory_desk import MemoryDesk, MemoryLog


class Apple(msgspec.Struct, frozen=True):
    """A memory of one kind."""

    weight_g: int


class Office(Protocol):
    """A tenant's log and the desks at it."""

    def desk(
        self, policy: str = "p", *, until: int | None = None, replaying: bool = False
    ) -> AbstractContextManager[Desk]:
        """Lend a desk whose batch ends at a position; what was done stands after a clean exit."""
        ...

    def signal(self, signal: UUID, event: Event) -> None:
        """Record a signal under its id."""
        ...

    def signals(self, windows: Sequence[Window], up_to: int) -> list[list[KnownSignal]]:
        """Return stored signals without a desk."""
        ...

    def state(self, stream_id: str, event: Event) -> AnyRecorded:
        """Record a fact behind the desk's back."""
        ...

    def stream(self, stream_id: str) -> list[AnyRecorded]: ...


class MemoryOffice:
    def __init__(self) -> None:
        self.log = MemoryLog()
        self.kept: dict[str, dict[str, bytes]] = {}

    @contextmanager
    def desk(
        self, policy: str = "p", *, until: int | None = None, replaying: bool = False
    ) -> Iterator[Desk]:
        kept = self.kept.setdefault(policy, {})
        desk = MemoryDesk(self.log, policy, kept, until, replaying=replaying)
        yield desk
        desk.finish()

    def signal(self, signal: UUID, event: Event) -> None:
        self.log.state(signal_stream(signal), event, event_id=signal)

    def signals(self, windows: Sequence[Window], up_to: int) -> list[list[KnownSignal]]:
        return MemoryDesk(self.log, "p", {}, up_to).signals(windows)

    def state(self, stream_id: str, event: Event) -> AnyRecorded:
        return self.log.state(stream_id, event)

    def stream(self, stream_id: str) -> list[AnyRecorded]:
        return self.log.stream(stream_id)


class PostgresOffice:
    def __init__(self, store: Database, log: PostgresLog, tenant: str, *, keeps: bool) -> None:
        self.store, self.log, self.tenant = store, log, tenant
        self.keeps = keeps  # what one desk leaves, for the next
        self.kept: dict[str, Kept] = {}
        log.open_tenant(tenant)

    @contextmanager
    def desk(
        self, policy: str = "p", *, until: int | None = None, replaying: bool = False
    ) -> Iterator[Desk]:
        position = self.log.head(self.tenant).position if until is None else until
        kept = self.kept.pop(policy, Kept())
        with connect(self.store.url) as connection:
            pipeline = Pipeline(connection)
            with pipeline.transaction():
                pipeline.run(Call(BEGIN))
                bind(connection, self.tenant)
                desk = PostgresDesk(
                    connection, self.tenant, policy, position, kept, replaying=replaying
                )
                yield desk
                handled = desk.finish()
                stated = [prepare(append) for append in handled.appends]
                recorded = recording(self.tenant.encode(), stated)
                with telling_races():
                    pipeline.run(*handled.writes, *recorded, Call(COMMIT))
        if self.keeps:
            self.kept[policy] = kept

    def state(self, stream_id: str, event: Event) -> AnyRecorded:
        self.log.append(self.tenant, Append.of(stream_id, -1, [event], Cause("user:test")))
        return self.stream(stream_id)[-1]

    def signal(self, signal: UUID, event: Event) -> None:
        cause = Cause("key:test")
        stream = signal_stream(signal)
        slice_ = Slice(stream, Expect.NO_STREAM, [NewFact(event, event_id=signal)], cause)
        self.log.append(self.tenant, Append([slice_]))
        handler = ProjectionHandler(SIGNALS)
        with self.store.unit_of_work(self.tenant) as connection:
            lease = Lease(self.tenant, 0, b"", 0, 0, 0)
            handler.handle(connection, lease, self.stream(stream))

    def signals(self, windows: Sequence[Window], up_to: int) -> list[list[KnownSignal]]:
        return PostgresSignals(self.store).signals(self.tenant, windows, up_to)

    def stream(self, stream_id: str) -> list[AnyRecorded]:
        return self.log.read_stream(self.tenant, stream_id)
