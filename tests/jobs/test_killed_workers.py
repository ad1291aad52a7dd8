"""Workers killed in the middle of tunings, Redis flushed and away: nothing is lost, nothing twice."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from adapters.embedded.valkey import EmbeddedValkey
from adapters.followers.runtime import Loop
from adapters.jobs.dispatching import Dispatcher
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from application.ports import Append, Cause, Expect
from application.tuning import request_tuning
from domain.alert.facts import AlertKind, AlertResolved, Verdict
from domain.anomaly.facts import Metric, ThresholdTuned, TuningCompleted, TuningRequested
from tests.conftest import Database as Migrated
from tests.jobs import program

ROOT = Path(__file__).parents[2]
CAUSE = Cause("user:scientist")
TUNINGS = 4
ENOUGH_S = 60.0


@pytest.fixture
def store(new_database: Callable[[], Migrated]) -> Iterator[Database]:
    """A database of the test's own: a sender looks at every tenant."""
    opened = Database(new_database().app_url)
    yield opened
    opened.close()


@pytest.fixture
def log(store: Database, tenant: str) -> Iterator[PostgresLog]:
    """A log in which twenty verdicts say that GPS accuracy is judged too strictly."""
    opened = PostgresLog(store)
    opened.open_tenant(tenant)
    for number in range(20):
        false = AlertResolved(
            dedup_key=f"anomaly/gps_accuracy/person/G-{number}",
            reason=Verdict.FALSE_POSITIVE_LOGIC,
            evidence=(UUID(int=number),),
            kind=AlertKind.ANOMALY,
            metric=Metric.GPS_ACCURACY,
        )
        stream = f"alert-{UUID(int=number)}"
        opened.append(tenant, Append.of(stream, Expect.NO_STREAM, [false], CAUSE))
    yield opened
    opened.close()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey.start(tmp_path / "valkey", durable=False)
    yield server
    server.stop()


class Workers:
    """Worker processes, one at a time."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        self._addresses = [database_url, redis_url]
        self.process: subprocess.Popen[str] | None = None

    def start(self, pause_s: float) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", program.__name__, *self._addresses, str(pause_s)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        return self.process

    def kill_in_the_middle(self) -> None:
        """Start one, wait until it has begun a tuning, and let SIGKILL take it."""
        wait_until_begun(self.start(pause_s=30.0))
        self.end()

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def wait_until_begun(process: subprocess.Popen[str]) -> None:
    """Read what a worker says, its journal too, until it is at work on a tuning."""
    assert process.stdout is not None
    assert any(line.strip() == program.BEGUN for line in process.stdout), "It ended."


@pytest.fixture
def workers(store: Database, valkey: EmbeddedValkey) -> Iterator[Workers]:
    started = Workers(store.url, valkey.url)
    yield started
    started.end()


def ask_for_tunings(store: Database, log: PostgresLog, tenant: str) -> None:
    until = datetime.now(UTC) + timedelta(seconds=1)
    for _ in range(TUNINGS):
        request_tuning(log, tenant, CAUSE, until=until)
    Loop(store.url, Dispatcher(), grown=lambda *_: None).catch_up()


def told(log: PostgresLog, tenant: str) -> Counter[type]:
    return Counter(type(fact.event) for fact in log.read(tenant, 0, 1_000))


def assert_all_answered_once(log: PostgresLog, tenant: str) -> None:
    deadline = time.monotonic() + ENOUGH_S
    while told(log, tenant)[TuningCompleted] < TUNINGS:
        assert time.monotonic() < deadline, f"Still open: {told(log, tenant)}"
        time.sleep(0.2)
    time.sleep(1.0)  # for whoever would answer a second time
    facts = log.read(tenant, 0, 1_000)
    counted = told(log, tenant)
    assert (counted[TuningRequested], counted[TuningCompleted]) == (TUNINGS, TUNINGS)
    assert (
        len({fact.stream_id for fact in facts if fact.stream_id.startswith("tuning-")}) == TUNINGS
    )
    # What a tuning stated stands beside its answer, in one append.
    moves = [fact.event.tuning_id for fact in facts if isinstance(fact.event, ThresholdTuned)]
    changed = [
        fact.event.tuning_id
        for fact in facts
        if isinstance(fact.event, TuningCompleted) and fact.event.changed
    ]
    assert moves == changed
    assert moves


def test_tunings_of_killed_workers_are_done_once(
    store: Database, log: PostgresLog, tenant: str, workers: Workers
) -> None:
    ask_for_tunings(store, log, tenant)
    for _ in range(2):
        workers.kill_in_the_middle()
    assert told(log, tenant)[ThresholdTuned] == told(log, tenant)[TuningCompleted] == 0
    workers.start(pause_s=0.1)
    assert_all_answered_once(log, tenant)


def test_a_redis_that_forgets_and_goes_away_in_the_middle_loses_no_tuning(
    store: Database, log: PostgresLog, tenant: str, valkey: EmbeddedValkey, workers: Workers
) -> None:
    ask_for_tunings(store, log, tenant)
    workers.kill_in_the_middle()
    valkey.stop()
    valkey.restart()  # it keeps nothing: every message in flight is gone
    wait_until_begun(workers.start(pause_s=1.0))
    valkey.stop()
    time.sleep(1.0)
    valkey.restart()
    assert_all_answered_once(log, tenant)
