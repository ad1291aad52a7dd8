"""Jobs on a real Valkey: redelivered, flushed, away, and answered once all the same."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.embedded.valkey import EmbeddedValkey
from adapters.followers.runtime import Loop
from adapters.jobs.dispatching import VERIFY_CHAIN, Dispatcher
from adapters.jobs.sending import Sender
from adapters.jobs.verifying import broker_on, declare
from adapters.jobs.working import WorkerProcess
from adapters.log.postgres_log import PostgresLog
from adapters.log.verifying import Verifier
from adapters.postgres.database import Database
from application.jobs import JobStanding, JobState, VerifyChain, jobs_of, request_verification
from application.ports import Cause
from application.verification import Verdict
from domain.operations import verification_stream
from tests.conftest import Database as Migrated
from tests.followers.workshop import fill, forge

PERSON = Cause("user:auditor")


@pytest.fixture
def database(new_database: Callable[[], Migrated]) -> Migrated:
    """A database of the test's own: a sender looks at every tenant."""
    return new_database()


@pytest.fixture
def store(database: Migrated) -> Iterator[Database]:
    opened = Database(database.app_url)
    yield opened
    opened.close()


@pytest.fixture
def log(store: Database) -> Iterator[PostgresLog]:
    opened = PostgresLog(store)
    yield opened
    opened.close()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A Valkey of the test's own, to be flushed and stopped."""
    server = EmbeddedValkey.start(tmp_path / "valkey", durable=False)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with capture_logs():
        yield


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not come true in time."
        time.sleep(0.05)


@contextmanager
def at_work(store: Database, log: PostgresLog, url: str, lease_s: float = 60.0) -> Iterator[None]:
    """A worker process, as threads of this one."""
    verify = VerifyChain(log, Verifier(store.url))
    process = WorkerProcess(store, url, verify, threads=2, lease_s=lease_s)
    thread = threading.Thread(target=process.run)
    thread.start()
    try:
        yield
    finally:
        process.stop()
        thread.join()


def dispatch(store: Database) -> None:
    Loop(store.url, Dispatcher(), grown=lambda *_: None).catch_up()


def jobs(log: PostgresLog, tenant: str) -> list[JobStanding]:
    return jobs_of(log.read(tenant, 0, 10_000))


def is_open(store: Database, tenant: str) -> bool:
    rows = store.fetch(tenant, "SELECT sent FROM jobs.open WHERE tenant_id = %(t)s", {"t": tenant})
    return bool(rows)


def test_a_request_is_answered_by_a_fact_that_names_it(
    store: Database, log: PostgresLog, tenant: str, valkey: EmbeddedValkey
) -> None:
    log.open_tenant(tenant)
    fill(log, tenant, 250)
    job_id, position = request_verification(log, tenant, PERSON)
    dispatch(store)
    with at_work(store, log, valkey.url):
        until(lambda: jobs(log, tenant)[0].state is not JobState.OPEN)
    (job,) = jobs(log, tenant)
    assert (job.job_id, job.state, job.requested_by) == (job_id, JobState.PASSED, "user:auditor")
    answer = log.read_stream(tenant, verification_stream(job_id))[1]
    assert (answer.caused_by, answer.actor) == (position, "system:verifier")
    dispatch(store)
    assert not is_open(store, tenant)


def test_a_broken_chain_is_answered_with_the_first_bad_position(
    store: Database, log: PostgresLog, database: Migrated, tenant: str, valkey: EmbeddedValkey
) -> None:
    log.open_tenant(tenant)
    fill(log, tenant, 20)
    forge(
        database.owner_url,
        "UPDATE log.events SET actor = 'user:somebody' WHERE tenant_id = %s AND position = 9",
        [tenant],
    )
    request_verification(log, tenant, PERSON)
    dispatch(store)
    with at_work(store, log, valkey.url):
        until(lambda: jobs(log, tenant)[0].state is JobState.FAILED)
    assert str(jobs(log, tenant)[0].outcome).startswith("at position 9: ")


def test_a_message_that_comes_again_changes_nothing(
    store: Database, log: PostgresLog, tenant: str, valkey: EmbeddedValkey
) -> None:
    log.open_tenant(tenant)
    job_id, position = request_verification(log, tenant, PERSON)
    broker = broker_on(valkey.url)
    actor = declare(broker, VerifyChain(log, Verifier(store.url)))[VERIFY_CHAIN]
    for _ in range(20):
        actor.send(tenant, str(job_id), position)
    actor.send(tenant, str(uuid.uuid4()), 1)  # nobody ever asked for this one
    with at_work(store, log, valkey.url):
        until(lambda: valkey_is_empty(broker))
    assert len(log.read_stream(tenant, verification_stream(job_id))) == 2
    assert log.head(tenant).position == 2
    broker.client.close()


def valkey_is_empty(broker: object) -> bool:
    client = broker.client  # type: ignore[attr-defined]
    return not client.hlen("vedette:jobs.msgs") and not client.llen("vedette:jobs")


class LosesRaces:
    """A verifier during whose work another worker answers."""

    def __init__(self, log: PostgresLog, verifier: Verifier) -> None:
        self._log = log
        self._verifier = verifier
        self.request = uuid.UUID(int=0)

    def verify(self, tenant_id: str) -> Verdict:
        VerifyChain(self._log, self._verifier)(tenant_id, self.request, 1)
        return self._verifier.verify(tenant_id)


def test_two_workers_with_the_same_message_answer_once(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    racing = LosesRaces(log, Verifier(store.url))
    racing.request, position = request_verification(log, tenant, PERSON)
    VerifyChain(log, racing)(tenant, racing.request, position)  # type: ignore[arg-type]
    assert len(log.read_stream(tenant, verification_stream(racing.request))) == 2


def test_a_redis_that_forgets_everything_loses_nothing(
    store: Database, log: PostgresLog, tenant: str, valkey: EmbeddedValkey
) -> None:
    log.open_tenant(tenant)
    request_verification(log, tenant, PERSON)
    dispatch(store)
    broker = broker_on(valkey.url)
    actors = declare(broker, VerifyChain(log, Verifier(store.url)))
    sender = Sender(store, actors, lease_s=1.0)
    assert sender.send_due() == 1
    assert sender.send_due() == 0  # it is leased
    broker.client.flushall()
    broker.client.close()
    with at_work(store, log, valkey.url, lease_s=1.0):
        until(lambda: jobs(log, tenant)[0].state is JobState.PASSED)


def test_requests_wait_for_a_redis_that_is_away(
    store: Database, log: PostgresLog, tenant: str, valkey: EmbeddedValkey
) -> None:
    log.open_tenant(tenant)
    with at_work(store, log, valkey.url):
        valkey.stop()
        request_verification(log, tenant, PERSON)
        dispatch(store)
        time.sleep(1.5)
        assert jobs(log, tenant)[0].state is JobState.OPEN
        assert is_open(store, tenant)
        valkey.restart()
        until(lambda: jobs(log, tenant)[0].state is JobState.PASSED, 40)


def test_the_book_of_open_jobs_is_what_the_log_says_when_it_is_read_again(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    first, position = request_verification(log, tenant, PERSON)
    VerifyChain(log, Verifier(store.url))(tenant, first, position)
    second, _ = request_verification(log, tenant, PERSON)
    for _ in range(2):
        dispatch(store)
        rows = store.fetch(
            tenant, "SELECT job_id FROM jobs.open WHERE tenant_id = %(t)s", {"t": tenant}
        )
        assert rows == [(second,)]
        with store.unit_of_work(tenant) as connection:
            connection.execute("DELETE FROM jobs.open")
            connection.execute("DELETE FROM log.checkpoints")
