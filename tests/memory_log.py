"""The event log in memory: the port `EventLog` for tests of use cases, held by the same contract.

It keeps what the real one keeps, encoded by the real codec, so that a fact which cannot be stored
is found out here as well.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime

import msgspec

from adapters.log.codec import decode, encode
from application.ports import (
    GENESIS_HASH,
    READ_EVENTS_MAX,
    Append,
    Appended,
    Expect,
    Head,
    NoSuchTenant,
    Outcome,
    StreamMoved,
)
from domain.catalogue import AnyRecorded, Recorded, tag_of


class Tenant(msgspec.Struct):
    """One tenant's log."""

    facts: list[AnyRecorded] = msgspec.field(default_factory=list)
    streams: dict[str, list[AnyRecorded]] = msgspec.field(default_factory=dict)
    hash: bytes = GENESIS_HASH


class MemoryLog:
    """The logs of all tenants, as long as the test lasts."""

    def __init__(self) -> None:
        self._tenants: dict[str, Tenant] = {}
        self._lock = threading.RLock()

    def append(self, tenant_id: str, append: Append) -> Appended:
        with self._lock:
            tenant = self._tenant(tenant_id)
            for slice_ in append.slices:
                stands = len(tenant.streams.get(slice_.stream_id, []))
                if slice_.expected not in {Expect.ANY, stands}:
                    raise StreamMoved(slice_.stream_id, stands)
            first = len(tenant.facts) + 1
            now = datetime.now(UTC)
            for slice_ in append.slices:
                for fact in slice_.facts:
                    data = encode(fact.event)
                    stream = tenant.streams.setdefault(slice_.stream_id, [])
                    recorded: AnyRecorded = Recorded(
                        tenant_id=tenant_id,
                        position=len(tenant.facts) + 1,
                        stream_id=slice_.stream_id,
                        version=len(stream) + 1,
                        event_id=fact.event_id,
                        occurred_at=fact.occurred_at or now,
                        recorded_at=now,
                        actor=slice_.cause.actor,
                        caused_by=slice_.cause.caused_by,
                        correlation_id=slice_.cause.correlation_id,
                        event=decode(tag_of(fact.event), data),
                    )
                    stream.append(recorded)
                    tenant.facts.append(recorded)
                    tenant.hash = hashlib.sha256(tenant.hash + data).digest()
            return Appended(first, len(tenant.facts))

    def append_each(self, tenant_id: str, appends: Sequence[Append]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for append in appends:
            try:
                outcomes.append(self.append(tenant_id, append))
            except StreamMoved as moved:
                outcomes.append(moved)
        return outcomes

    def submit(self, tenant_id: str, append: Append) -> Future[Appended]:
        future: Future[Appended] = Future()
        try:
            future.set_result(self.append(tenant_id, append))
        except (StreamMoved, NoSuchTenant) as error:
            future.set_exception(error)
        return future

    def read(self, tenant_id: str, after: int, limit: int) -> list[AnyRecorded]:
        with self._lock:
            facts = self._tenants.get(tenant_id, Tenant()).facts
            return facts[after : after + min(limit, READ_EVENTS_MAX)]

    def read_stream(self, tenant_id: str, stream_id: str) -> list[AnyRecorded]:
        with self._lock:
            return list(self._tenants.get(tenant_id, Tenant()).streams.get(stream_id, []))

    def head(self, tenant_id: str) -> Head:
        with self._lock:
            tenant = self._tenant(tenant_id)
            last = tenant.facts[-1].recorded_at if tenant.facts else None
            return Head(len(tenant.facts), tenant.hash, last)

    def first_positions(self, tenant_id: str, stream_ids: Sequence[str]) -> dict[str, int]:
        with self._lock:
            streams = self._tenants.get(tenant_id, Tenant()).streams
            return {name: streams[name][0].position for name in stream_ids if name in streams}

    def open_tenant(self, tenant_id: str) -> None:
        with self._lock:
            self._tenants.setdefault(tenant_id, Tenant())

    def tenants(self) -> list[str]:
        with self._lock:
            return sorted(self._tenants)

    def _tenant(self, tenant_id: str) -> Tenant:
        try:
            return self._tenants[tenant_id]
        except KeyError:
            raise NoSuchTenant(tenant_id) from None
