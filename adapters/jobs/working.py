"""Working: one process that sends what is due and does what it is sent."""

from __future__ import annotations

import time

from dramatiq import Worker

from adapters.jobs.sending import LEASE_S, Sender
from adapters.jobs.verifying import broker_on, declare
from adapters.postgres.database import Database
from application.jobs import VerifyChain

STOP_LOOK_S = 0.1  # how often a worker process looks whether it shall end
STOP_PATIENCE_MS = 10_000  # for jobs under way; what is cut off is sent again
IDLE_LOOK_MS = 200  # how long an idle worker waits for a message at a time


class WorkerProcess:
    """A sender and a Dramatiq worker on a broker of their own."""

    def __init__(
        self,
        database: Database,
        redis_url: str,
        verify: VerifyChain,
        *,
        threads: int,
        lease_s: float = LEASE_S,
    ) -> None:
        self.broker = broker_on(redis_url)
        self.sender = Sender(database, declare(self.broker, verify), lease_s=lease_s)
        self._worker = Worker(self.broker, worker_threads=threads, worker_timeout=IDLE_LOOK_MS)
        self._stopping = False

    def run(self) -> None:
        """Work until `stop` is called from another thread or a signal handler."""
        self._worker.start()
        self.sender.start()
        while not self._stopping:
            time.sleep(STOP_LOOK_S)
        self.sender.stop()
        self._worker.stop(timeout=STOP_PATIENCE_MS)
        self.broker.close()
        self.broker.client.close()

    def stop(self) -> None:
        """Let the jobs under way finish, and end; safe inside a signal handler."""
        self._stopping = True
