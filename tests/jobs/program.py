"""A worker process for the tests that kill it: tunings that take a while, on short leases."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import closing
from uuid import UUID

from adapters.jobs.working import WorkerProcess
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from adapters.postgres.verdicts import PostgresVerdicts
from application.tuning import TuneThresholds

BEGUN = "begun"  # said when a tuning is under way, before it has stated anything


def say(line: str) -> None:
    """Say it in one write: print() makes two, and lines of two threads fall into each other."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(database_url: str, redis_url: str, pause_s: float) -> None:
    with closing(Database(database_url)) as database, closing(PostgresLog(database)) as log:
        tune = TuneThresholds(log, PostgresVerdicts(database))

        def slowly(tenant_id: str, tuning_id: UUID, position: int) -> None:
            say(BEGUN)
            time.sleep(pause_s)
            tune(tenant_id, tuning_id, position)

        work = WorkerProcess(database, log, redis_url, {"tuning": slowly}, threads=2, lease_s=1.0)
        signal.signal(signal.SIGTERM, lambda *_: work.stop())
        work.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
