"""The `eventsourcing` library's persistence module for a tenant of Vedette.

Name it as `PERSISTENCE_MODULE`, with `VEDETTE_DATABASE_URL` and `VEDETTE_TENANT`; the tenant's log
is opened where it is not. `INITIAL_VERSION` is the first version of all aggregates (default 1, as
the library's). Snapshots have no place in a log of facts, so there is no recorder for them.
"""

from __future__ import annotations

from typing import Any, cast

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    InfrastructureFactory,
    Mapper,
    ProgrammingError,
    StoredEvent,
)
from eventsourcing.utils import Environment, EnvType, resolve_topic
from msgspec import Struct

from adapters.log.codec import decode, encode
from adapters.log.eventsourcing_recorder import (
    TenantAggregateRecorder,
    TenantApplicationRecorder,
    TenantLog,
    TenantProcessRecorder,
    TenantTrackingRecorder,
)
from adapters.log.waking import Waker
from adapters.postgres.database import Database
from domain.catalogue import AnyEvent, tag_of

DATABASE_URL = "VEDETTE_DATABASE_URL"
TENANT = "VEDETTE_TENANT"
INITIAL_VERSION = "INITIAL_VERSION"


class TenantFactory(InfrastructureFactory[TenantTrackingRecorder]):
    """Makes the recorders of one tenant, over one pool of connections."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self._database = Database(self._told(DATABASE_URL))
        self._log = TenantLog(
            self._database,
            Waker(self._database.url),
            self._told(TENANT),
            int(self.env.get(INITIAL_VERSION) or "1"),
        )
        with self._database.connection() as connection:
            connection.execute("SELECT log.open_tenant(%s)", [self._log.tenant_id])

    def aggregate_recorder(self, purpose: str = "events") -> TenantAggregateRecorder:
        if purpose != "events":
            raise ProgrammingError(f"A log of facts does not keep {purpose}.")
        return TenantAggregateRecorder(self._log)

    def application_recorder(self) -> TenantApplicationRecorder:
        topic = self.env.get(self.APPLICATION_RECORDER_TOPIC)
        made = resolve_topic(topic) if topic else TenantApplicationRecorder
        return cast("TenantApplicationRecorder", made(self._log))

    def tracking_recorder(
        self, tracking_recorder_class: type[TenantTrackingRecorder] | None = None
    ) -> TenantTrackingRecorder:
        topic = self.env.get(self.TRACKING_RECORDER_TOPIC)
        made = tracking_recorder_class or (
            resolve_topic(topic) if topic else TenantTrackingRecorder
        )
        return cast("TenantTrackingRecorder", made(self._log))

    def process_recorder(self) -> TenantProcessRecorder:
        topic = self.env.get(self.PROCESS_RECORDER_TOPIC)
        made = resolve_topic(topic) if topic else TenantProcessRecorder
        return cast("TenantProcessRecorder", made(self._log))

    def close(self) -> None:
        """Close the connections."""
        self._log.waker.close()
        self._database.close()

    def _told(self, name: str) -> str:
        value = self.env.get(name)
        if not value:
            raise OSError(f"{name} is missing in the environment.")
        return value


class StreamFact(Struct, frozen=True):
    """A fact of our catalogue with its place in a stream, as the library wants its events."""

    originator_id: str  # our stream id
    originator_version: int
    event: AnyEvent


class FactMapper(Mapper[str]):
    """Maps facts of our catalogue; the stock mapper uses `vars`, which a Struct does not have."""

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        self._require_plain()
        fact = cast("StreamFact", domain_event)
        return StoredEvent(
            fact.originator_id, fact.originator_version, tag_of(fact.event), encode(fact.event)
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        self._require_plain()
        return StreamFact(
            str(stored_event.originator_id),
            stored_event.originator_version,
            decode(stored_event.topic, stored_event.state),
        )

    def _require_plain(self) -> None:
        # The hash covers the JSON bytes, and auditors read them.
        if self.compressor is not None or self.cipher is not None:
            raise ProgrammingError("Facts are stored as plain JSON.")
