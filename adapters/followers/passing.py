"""Passing over: one look for all followers of a process at who has anything to do.

Most followers want a few kinds of facts, and the log grows by signals. Instead of each of them
looking by itself, one question moves all those on that want nothing of what is new, and says who is
to be woken. It is also what finds a lost wake-up, new tenants, and failures whose pause is over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import psycopg
import structlog

from adapters.followers.runtime import ENROL_EVERY_S, POLL_S, RECONNECT_PAUSE_S, Loop
from adapters.postgres.arrays import Array
from adapters.postgres.database import Connection, connect

NAME = "passing-over"
EVENTS_MAX = 10_000  # whoever is further behind goes by itself

ENROL = "SELECT log.enrol_follower(follower) FROM unnest(%s::text[]) AS follower"
MOVE_ON = "SELECT tenant, look FROM log.pass_over(%s, %s::text[], %s::text[], %s::text[], %s)"

_journal = structlog.get_logger(__name__)


class Passing:
    """Looks for the loops of one process until it is told to stop."""

    def __init__(self, url: str, loops: Sequence[Loop]) -> None:
        self._url = url
        self._loops = {loop.handler.name: loop for loop in loops}
        handlers = [loop.handler for loop in loops]
        self._names = Array("text", [handler.name for handler in handlers])
        self._behinds = Array("text", [handler.behind for handler in handlers])
        self._types = Array(
            "text",
            [None if each.types is None else ",".join(sorted(each.types)) for each in handlers],
        )
        self._stop = threading.Event()
        self._connection: Connection | None = None
        self._enrolled_at = -ENROL_EVERY_S

    def run(self) -> None:
        """Look every POLL_S until `stop`; survives a database that goes away."""
        while not self._stop.is_set():
            try:
                self.look()
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                _journal.warning("follower_lost_database", follower=NAME, error=str(error))
                self.disconnect()
                self._stop.wait(RECONNECT_PAUSE_S)
            self._stop.wait(POLL_S)
        self.disconnect()

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stop.set()

    def look(self) -> None:
        """Look once at every tenant: move on who wants nothing, wake the others."""
        connection = self._connected()
        if time.monotonic() >= self._enrolled_at + ENROL_EVERY_S:
            connection.execute(ENROL, [self._names])
            self._enrolled_at = time.monotonic()
        beyond: str | None = ""
        while beyond is not None:
            asked = [beyond, self._names, self._behinds, self._types, EVENTS_MAX]
            row = connection.execute(MOVE_ON, asked, binary=True).fetchone()
            assert row is not None, "A function answers one row."
            beyond, look = row
            for follower in look:
                self._loops[follower].wake.set()

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._url, f"vedette-{NAME}")
            # As for each follower: what a crash takes back is done again.
            self._connection.execute("SET synchronous_commit = off")
        return self._connection

    def disconnect(self) -> None:
        """Let the connection go; the next look makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
