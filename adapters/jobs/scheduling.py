"""Scheduling: a thread that lets the schedule look at the clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import psycopg
import structlog

from application.ports import LogUnavailable
from application.schedule import Schedule

LOOK_EVERY_S = 1.0

_journal = structlog.get_logger(__name__)


class Scheduler:
    """Asks for what is due until it is stopped. Several of them are harmless."""

    def __init__(self, schedule: Schedule, now: Callable[[], datetime]) -> None:
        self._schedule = schedule
        self._now = now
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin to look at the clock."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the request under way."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for job_id in self._schedule.ask(self._now()):
                    _journal.info("job_scheduled", id=str(job_id))
            except (LogUnavailable, psycopg.OperationalError) as error:
                _journal.warning("schedule_waits", error=str(error))
            self._stop.wait(LOOK_EVERY_S)
