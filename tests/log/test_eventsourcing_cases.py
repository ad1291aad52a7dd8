"""The `eventsourcing` library's shipped test cases, run against our recorders.

Where a shipped case counts versions from 0, the recorder is told so, as it would be for aggregates
with `INITIAL_VERSION = 0`: a stream of ours has no hole, not even at its beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from eventsourcing.persistence import (
    EventStore,
    InfrastructureFactory,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    StoredEvent,
    Tracking,
)
from eventsourcing.tests import persistence as shipped
from eventsourcing.utils import Environment

from adapters.log import eventsourcing_factory
from adapters.log.eventsourcing_factory import FactMapper, StreamFact, TenantFactory
from adapters.log.eventsourcing_recorder import (
    TenantAggregateRecorder,
    TenantApplicationRecorder,
    TenantProcessRecorder,
    TenantTrackingRecorder,
)
from adapters.log.postgres_log import PostgresLog
from adapters.log.verifying import Verifier
from application.ports import Append, NewFact, Slice
from tests.conftest import Database as Migrated
from tests.log.facts import CAUSE, fact


class OnATenant:
    """Gives each case a factory on a tenant of its own."""

    factory: TenantFactory
    initial_version = 0

    @pytest.fixture(autouse=True)
    def opened_factory(self, database: Migrated, tenant: str) -> Iterator[None]:
        self.environment = environment(database, tenant, self.initial_version)
        self.factory = TenantFactory(self.environment)
        yield
        self.factory.close()
        # Whatever the library wrote is chained as everything else.
        assert Verifier(database.app_url).verify(tenant).fault is None


def environment(database: Migrated, tenant: str, initial_version: int) -> Environment:
    return Environment(
        env={
            "PERSISTENCE_MODULE": eventsourcing_factory.__name__,
            "VEDETTE_DATABASE_URL": database.app_url,
            "VEDETTE_TENANT": tenant,
            "INITIAL_VERSION": str(initial_version),
        }
    )


class TestAggregateRecorder(OnATenant, shipped.AggregateRecorderTestCase):
    INITIAL_VERSION = 0

    def create_recorder(self) -> TenantAggregateRecorder:
        return self.factory.aggregate_recorder()


class TestApplicationRecorder(
    OnATenant, shipped.ApplicationRecorderTestCase[TenantApplicationRecorder]
):
    INITIAL_VERSION = 0

    def create_recorder(self) -> TenantApplicationRecorder:
        return self.factory.application_recorder()

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestApplicationRecorderFromOne(
    OnATenant, shipped.ApplicationRecorderTestCase[TenantApplicationRecorder]
):
    """The same with the library's default; its concurrent cases count from 0 in any case."""

    initial_version = 1

    def create_recorder(self) -> TenantApplicationRecorder:
        return self.factory.application_recorder()

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()

    test_concurrent_no_conflicts = None  # type: ignore[assignment]
    test_concurrent_throughput = None  # type: ignore[assignment]


class TestTrackingRecorder(OnATenant, shipped.TrackingRecorderTestCase):
    def create_recorder(self) -> TenantTrackingRecorder:
        return self.factory.tracking_recorder()


class TestProcessRecorder(OnATenant, shipped.ProcessRecorderTestCase):
    initial_version = 1

    def create_recorder(self) -> TenantProcessRecorder:
        return self.factory.process_recorder()

    test_performance = None  # type: ignore[assignment]  # counts from 0; below


class TestProcessRecorderFromZero(OnATenant, shipped.ProcessRecorderTestCase):
    def create_recorder(self) -> TenantProcessRecorder:
        return self.factory.process_recorder()

    test_insert_select = None  # type: ignore[assignment]  # counts from 1; above


class TestNotificationsDoNotInterleave(OnATenant, shipped.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> TenantApplicationRecorder:
        return self.factory.application_recorder()


class OtherTrackingRecorder(TenantTrackingRecorder):
    """A recorder that somebody else made out of ours."""


class TestInfrastructureFactory(shipped.InfrastructureFactoryTestCase[TenantFactory]):
    @pytest.fixture(autouse=True)
    def told(self, database: Migrated, tenant: str) -> None:
        self.env = environment(database, tenant, 1)

    def expected_factory_class(self) -> type[TenantFactory]:
        return TenantFactory

    def expected_aggregate_recorder_class(self) -> type[TenantAggregateRecorder]:
        return TenantAggregateRecorder

    def expected_application_recorder_class(self) -> type[TenantApplicationRecorder]:
        return TenantApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[TenantTrackingRecorder]:
        return TenantTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TenantTrackingRecorder]:
        return OtherTrackingRecorder

    def expected_process_recorder_class(self) -> type[TenantProcessRecorder]:
        return TenantProcessRecorder


def test_facts_of_ours_go_through_the_librarys_store_and_back(
    database: Migrated, log: PostgresLog, opened: str
) -> None:
    told = environment(database, opened, 1) | {"MAPPER_TOPIC": f"{__name__}:FactMapper"}
    factory = InfrastructureFactory.construct(Environment(env=told))
    try:
        store: EventStore[str] = EventStore(
            FactMapper(factory.transcoder()), factory.application_recorder()
        )
        log.append(opened, Append([Slice("site-1", 0, [NewFact(fact(1))], CAUSE)]))
        told_facts = [StreamFact("site-1", 2, fact(2)), StreamFact("site-1", 3, fact(3))]
        recordings = store.put(told_facts)
        assert [recording.notification.id for recording in recordings] == [2, 3]
        assert list(store.get("site-1")) == [StreamFact("site-1", 1, fact(1)), *told_facts]
        assert [recorded.event for recorded in log.read(opened, 0, 10)] == [
            fact(1),
            fact(2),
            fact(3),
        ]
    finally:
        factory.close()


def test_what_a_log_of_facts_does_not_keep_is_refused(database: Migrated, opened: str) -> None:
    with pytest.raises(OSError, match="VEDETTE_TENANT"):
        TenantFactory(Environment(env={"VEDETTE_DATABASE_URL": database.app_url}))
    factory = TenantFactory(environment(database, opened, 1))
    try:
        with pytest.raises(ProgrammingError, match="snapshots"):
            factory.aggregate_recorder("snapshots")
        recorder = factory.process_recorder()
        early = [StoredEvent(uuid4(), 0, "topic", b"{}")]
        with pytest.raises(IntegrityError, match="begin at version 1"):
            recorder.insert_events(early, tracking=Tracking("upstream", 5))
        assert recorder.max_tracking_id("upstream") is None
        with pytest.raises(IntegrityError):
            recorder.insert_events([StoredEvent(uuid4(), 2, "topic", b"{}")])
    finally:
        factory.close()
    with pytest.raises(OperationalError):
        factory.application_recorder().max_notification_id()
