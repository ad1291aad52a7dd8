"""Two schedulers on one log: each moment is asked for once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from adapters.jobs.scheduling import Scheduler
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from application.handling import handle
from application.ports import Cause
from application.schedule import SCHEDULE, Schedule
from domain.directory.tenant import TENANT, TENANT_STREAM, FoundTenant
from domain.jobs import JOB_OF_FACT
from tests.conftest import Database as Migrated

FROM_NOW = timedelta(days=30)


@pytest.fixture
def log(new_database: Callable[[], Migrated]) -> Iterator[PostgresLog]:
    """A log of the test's own: a scheduler looks at every tenant."""
    with (
        closing(Database(new_database().app_url)) as database,
        closing(PostgresLog(database)) as opened,
    ):
        yield opened


def test_two_schedulers_ask_for_each_moment_once(log: PostgresLog, tenant: str) -> None:
    log.open_tenant(tenant)
    founding = FoundTenant(name="Night Guards", time_zone="Europe/London")
    handle(log, tenant, TENANT, TENANT_STREAM, founding, Cause("system:tests"))
    noon = (datetime.now(UTC) + FROM_NOW).replace(hour=12, minute=1)
    schedulers = [Scheduler(Schedule(log), lambda: noon) for _ in range(2)]
    with capture_logs():
        for scheduler in schedulers:
            scheduler.start()
        deadline = time.monotonic() + 20
        while log.head(tenant).position < 1 + len(SCHEDULE):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(1.5)  # both look once more
        for scheduler in schedulers:
            scheduler.stop()
    facts = log.read(tenant, 1, 100)
    assert len(facts) == len(SCHEDULE)
    assert all(type(fact.event) in JOB_OF_FACT for fact in facts)
    assert {fact.actor for fact in facts} == {"system:schedule"}
