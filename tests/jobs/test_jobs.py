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
from adapters.jobs.attempting import Attempts, UseCase
from adapters.jobs.declaring import Bench
from adapters.jobs.dispatching import Dispatcher
from adapters.jobs.sending import Sender
from adapters.jobs.working import WorkerProcess
from adapters.log.postgres_log import PostgresLog
from adapters.log.verifying import Verifier
from adapters.postgres.database import Database
from application.jobs import VerifyChain, request_verification
from application.ports import Cause
from application.verification import Verdict
from domain.jobs import JOB_OF_FACT, VERIFICATION_JOB, JobState
from domain.operations import VerificationFailed, verification_stream
from projections.job_board import JobRow, key_of, project
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
def at_work(
    store: Database,
    log: PostgresLog,
    url: str,
    lease_s: float = 60.0,
    work: UseCase | None = None,
) -> Iterator[None]:
    """A worker process, as threads of this one."""
    use_cases = {"verification": work or VerifyChain(log, Verifier(store.url))}
    process = WorkerProcess(store, log, url, use_cases, threads=2, lease_s=lease_s)
    thread = threading.Thread(target=process.run)
    thread.start()
    try:
        yield
    finally:
        process.stop()
        thread.join()


def dispatch(store: Database) -> None:
    Loop(store.url, Dispatcher(), grown=lambda *_: None).catch_up()


def jobs(log: PostgresLog, tenant: str) -> list[JobRow]:
    """Fold the log into the jobs that it tells of, newest first."""
    rows: dict[str, JobRow] = {}
    for fact in log.read(tenant, 0, 10_000):
        if type(fact.event) in JOB_OF_FACT:
            row = project(rows.get(key := str(key_of(fact))), fact)
            assert row is not None
            rows[key] = row
    return list(reversed(rows.values()))


def bench_of(store: Database, log: PostgresLog, url: str) -> Bench:
    """The actors of another process, which sends and does nothing."""
    verify = VerifyChain(log, Verifier(store.url))
    return Bench(url, [VERIFICATION_JOB], Attempts(store, log, {"verification": verify}))


def attempts(store: Database, tenant: str) -> list[str | None]:
    """What became of each attempt, in order."""
    query = "SELECT error FROM jobs.attempts WHERE tenant_id = %(t)s ORDER BY job_id, attempt"
    return [error for (error,) in store.fetch(tenant, query, {"t": tenant})]


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
    assert (job.job_id, job.state, job.requested_by) == (job_id, JobState.DONE, "user:auditor")
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
    dispatch(store)
    bench = bench_of(store, log, valkey.url)
    actor = bench.actors["verification"]
    for _ in range(20):
        actor.send(tenant, str(job_id), position)
    actor.send(tenant, str(uuid.uuid4()), 1)  # nobody ever asked for this one
    with at_work(store, log, valkey.url):
        until(lambda: valkey_is_empty(bench))
    assert len(log.read_stream(tenant, verification_stream(job_id))) == 2
    assert log.head(tenant).position == 2
    bench.close()


def valkey_is_empty(bench: Bench) -> bool:
    client = bench.brokers["verification"].client
    return not client.hlen("vedette:verification.msgs") and not client.llen("vedette:verification")


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
    bench = bench_of(store, log, valkey.url)
    sender = Sender(store, bench.actors, lease_s=1.0)
    assert sender.send_due() == 1
    assert sender.send_due() == 0  # it is leased
    bench.brokers["verification"].client.flushall()
    bench.close()
    with at_work(store, log, valkey.url, lease_s=1.0):
        until(lambda: jobs(log, tenant)[0].state is JobState.DONE)


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
        until(lambda: jobs(log, tenant)[0].state is JobState.DONE, 40)


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


def fail_every_time(tenant_id: str, job_id: uuid.UUID, position: int) -> None:
    raise ZeroDivisionError("one by nothing")


def test_a_job_that_fails_every_time_is_answered_by_its_failure(
    store: Database,
    log: PostgresLog,
    tenant: str,
    valkey: EmbeddedValkey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.jobs.attempting.RETRY_LONGEST_S", 0.1)
    log.open_tenant(tenant)
    request_verification(log, tenant, PERSON)
    dispatch(store)
    with at_work(store, log, valkey.url, work=fail_every_time):
        until(lambda: jobs(log, tenant)[0].state is JobState.FAILED)
    (job,) = jobs(log, tenant)
    assert job.outcome == "Given up after 5 attempts; the last: ZeroDivisionError: one by nothing"
    assert attempts(store, tenant) == ["ZeroDivisionError: one by nothing"] * 5
    dispatch(store)
    assert not is_open(store, tenant)


def test_attempts_that_killed_their_worker_count_as_well(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    job_id, position = request_verification(log, tenant, PERSON)
    dispatch(store)
    with store.unit_of_work(tenant) as connection:
        connection.execute(
            "INSERT INTO jobs.attempts (tenant_id, job, job_id, attempt)"
            " SELECT %s, 'verification', %s, generate_series(1, 5)",
            [tenant, job_id],
        )
    Attempts(store, log, {"verification": fail_every_time}).attempt(
        VERIFICATION_JOB, tenant, job_id, position
    )
    answer = log.read_stream(tenant, verification_stream(job_id))[1]
    assert answer.event == VerificationFailed(
        reason="Given up after 5 attempts; the last: the worker was killed"
    )
    assert (answer.actor, answer.caused_by) == ("system:worker", position)


def test_a_job_at_work_is_not_begun_again_by_a_message_that_comes_twice(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    job_id, position = request_verification(log, tenant, PERSON)
    dispatch(store)
    begun: list[int] = []

    def work(tenant_id: str, job_id: uuid.UUID, position: int) -> None:
        begun.append(position)
        trying.attempt(VERIFICATION_JOB, tenant_id, job_id, position)

    trying = Attempts(store, log, {"verification": work})
    trying.attempt(VERIFICATION_JOB, tenant, job_id, position)
    assert begun == [position]
    assert attempts(store, tenant) == [None]


def test_old_attempts_of_answered_jobs_are_forgotten(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    asked, _ = request_verification(log, tenant, PERSON)
    dispatch(store)
    with store.unit_of_work(tenant) as connection:
        connection.execute(
            "INSERT INTO jobs.attempts (tenant_id, job, job_id, attempt, started_at)"
            " SELECT %s, 'verification', unnest(%s::uuid[]), 1, now() - interval '91 days'",
            [tenant, [asked, uuid.uuid4()]],
        )
    sender = Sender(store, {})
    sender.forget_old()
    sender.forget_old()
    assert attempts(store, tenant) == [None]  # of the one that is open still
