"""Wake-ups: tell the followers that a tenant's log has grown, never inside the append.

NOTIFY takes a database-wide lock at commit, so it must not stand in the append's transaction.
After the commit a thread sends one notification for all tenants that grew since the last one. A
lost notification costs the followers one poll, never a fact. It also says what kinds of facts came,
so that nobody gets up for what he does not want.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import psycopg
import structlog

from adapters.postgres.database import Connection, connect

CHANNEL = "vedette_log"
PAUSE_S = 0.01  # between two notifications of a process
RECONNECT_PAUSE_S = 0.5
PAYLOAD_BYTES_MAX = 7_000  # PostgreSQL takes 8,000; beyond it the empty payload wakes everybody

#: Tenants whose logs grew, and by facts of which types; no types means of any.
Grown: TypeAlias = Mapping[str, frozenset[str]]

_journal = structlog.get_logger(__name__)


class Waker:
    """One thread and one connection that say which tenants' logs have grown."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._grown: dict[str, frozenset[str]] = {}
        self._condition = threading.Condition(threading.Lock())
        self._closed = False
        self._thread: threading.Thread | None = None
        #: Of the server's process that speaks for us, by which a listener knows our own words.
        self.pid: int | None = None

    def grown(self, tenant_id: str, types: Iterable[str] = ()) -> None:
        """Say, after the commit, that a tenant's log has grown, and by what. Returns at once."""
        more = frozenset(types)
        with self._condition:
            waiting = self._grown.get(tenant_id)
            if waiting is not None:
                more = more | waiting if more and waiting else frozenset()
            self._grown[tenant_id] = more
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
                self._thread.start()
            self._condition.notify()

    def close(self) -> None:
        """Stop; what was not said yet, the followers' polls will find."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        connection: Connection | None = None
        while True:
            with self._condition:
                while not self._grown and not self._closed:
                    self._condition.wait()
                if self._closed:
                    break
                grown, self._grown = self._grown, {}
            try:
                connection = connection or connect(self._url, "vedette-waker")
                self.pid = connection.info.backend_pid
                connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload(grown)])
                time.sleep(PAUSE_S)
            except psycopg.OperationalError as error:
                _journal.warning("wake_up_lost", error=str(error))
                if connection is not None:
                    connection.close()
                    connection = None
                time.sleep(RECONNECT_PAUSE_S)
        if connection is not None:
            connection.close()


def payload(grown: Grown) -> str:
    """Return the tenants and types in words for the channel; empty means everybody."""
    words = (" ".join((tenant, *sorted(types))) for tenant, types in sorted(grown.items()))
    text = ",".join(words)
    return text if len(text) <= PAYLOAD_BYTES_MAX else ""


def understood(text: str) -> Grown | None:
    """Return what a payload says; None means that anybody's log may have grown."""
    if not text:
        return None
    said = (entry.split(" ") for entry in text.split(","))
    return {tenant: frozenset(types) for tenant, *types in said}
