"""Working: one process that sends what is due and does what it is sent."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from dramatiq import Worker

from adapters.jobs.attempting import Attempts, UseCase
from adapters.jobs.declaring import Bench
from adapters.jobs.ringing import Ringer
from adapters.jobs.scheduling import Scheduler
from adapters.jobs.sending import LEASE_S, Sender
from adapters.postgres.database import Database
from application.ports import EventLog
from domain.jobs import JOBS

STOP_LOOK_S = 0.1  # how often a worker process looks whether it shall end
STOP_PATIENCE_S = 10.0  # for jobs under way; what is cut off is sent again
IDLE_LOOK_MS = 200  # how long an idle worker waits for a message at a time


class RingerLost(Exception):
    """A thread that rings timers ended although nobody told it to."""


class WorkerProcess:
    """A sender, and a Dramatiq worker for each job that has a use case here."""

    def __init__(
        self,
        database: Database,
        log: EventLog,
        redis_url: str,
        use_cases: Mapping[str, UseCase],
        *,
        threads: int,
        lease_s: float = LEASE_S,
        scheduler: Scheduler | None = None,
        ringers: Sequence[Ringer] = (),
    ) -> None:
        jobs = [job for job in JOBS if job.name in use_cases]
        self.bench = Bench(redis_url, jobs, Attempts(database, log, use_cases))
        self.sender = Sender(database, self.bench.actors, lease_s=lease_s)
        self._workers = [
            Worker(broker, worker_threads=threads, worker_timeout=IDLE_LOOK_MS)
            for broker in self.bench.brokers.values()
        ]
        self._ringers = ringers
        self._scheduler = scheduler
        self._stopping = False

    def run(self) -> None:
        """Work until `stop` is called from another thread or a signal handler."""
        for worker in self._workers:
            # Dramatiq's own command line says so; it starts the clock of the time limits.
            worker.broker.emit_after("process_boot")
            worker.start()
        self.sender.start()
        if self._scheduler is not None:
            self._scheduler.start()
        for ringer in self._ringers:
            ringer.start()
        # A ringer ends by itself only by a bug; then the process ends as a whole and can be started
        # again, instead of going on while no ticket is ever late.
        while not self._stopping and all(ringer.is_running() for ringer in self._ringers):
            time.sleep(STOP_LOOK_S)
        self.sender.stop()
        if self._scheduler is not None:
            self._scheduler.stop()
        for ringer in self._ringers:
            ringer.stop()
        deadline = time.monotonic() + STOP_PATIENCE_S
        for worker in self._workers:
            worker.stop(timeout=max(int((deadline - time.monotonic()) * 1_000), 1))
        self.bench.close()
        if not self._stopping:
            raise RingerLost("A timer's thread ended; the lines above say why.")

    def stop(self) -> None:
        """Let the jobs under way finish, and end; safe inside a signal handler."""
        self._stopping = True
