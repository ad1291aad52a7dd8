"""Listening: one connection per process that passes wake-ups on to whoever waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import structlog

from adapters.log.waking import CHANNEL, Grown, understood
from adapters.postgres.database import connect

LISTEN_ROUND_S = 1.0  # how often a quiet listener looks whether it shall stop
RECONNECT_PAUSE_S = 0.5

_journal = structlog.get_logger(__name__)


class Listener:
    """A thread that calls back with what grew; None means that anything may have."""

    def __init__(
        self,
        url: str,
        woken: Callable[[Grown | None], None],
        *,
        passes_over: Callable[[int], bool] = lambda _: False,
    ) -> None:
        self._url = url
        self._woken = woken
        self._passes_over = passes_over  # what was sent by this process of the server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, within LISTEN_ROUND_S."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        lost = False  # said once for each time that the database is away, however long that is
        while not self._stop.is_set():
            try:
                with connect(self._url, "vedette-listener") as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    # What was said before we listened is lost: everybody looks once.
                    self._woken(None)
                    if lost:
                        _journal.info("listener_found_database")
                        lost = False
                    while not self._stop.is_set():
                        for notice in connection.notifies(timeout=LISTEN_ROUND_S):
                            if not self._passes_over(notice.pid):
                                self._woken(understood(notice.payload))
                            if self._stop.is_set():
                                break
            except psycopg.OperationalError as error:
                if not lost:
                    _journal.warning("listener_lost_database", error=str(error))
                    lost = True
                self._stop.wait(RECONNECT_PAUSE_S)
