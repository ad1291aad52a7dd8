"""A moved clock: a past month is recorded as if it went by now.

Two places tell the time for a judgement: the intake (`wiring.now` in production) and the log's own
functions in the database. Here both read this clock; the database's functions stay what the
migration made them, but for the name of the clock that they ask. See ADR 0040.
"""

from __future__ import annotations

from datetime import datetime

import psycopg
from psycopg import sql

MOVED = ("log.append", "log.append_one")
REAL, OURS = "clock_timestamp()", "evaluation.clock_timestamp()"


class MovedClock:
    """The time of one evaluation's database, as its owner moves it."""

    def __init__(self, owner_url: str, began_at: datetime) -> None:
        self.at = began_at
        self._owner = psycopg.connect(owner_url, autocommit=True)
        self._owner.execute("CREATE SCHEMA evaluation")
        self._owner.execute("CREATE TABLE evaluation.clock AS SELECT now() AS at")
        self._owner.execute(
            "CREATE FUNCTION evaluation.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE"
            " SECURITY DEFINER AS 'SELECT at FROM evaluation.clock'"
        )
        self._owner.execute("GRANT USAGE ON SCHEMA evaluation TO PUBLIC")
        for name in MOVED:
            found = self._owner.execute("SELECT pg_get_functiondef(%s::regproc)", [name]).fetchone()
            assert found is not None, "The log has this function."
            assert REAL in found[0], f"{name} asks another clock than {REAL}."
            self._owner.execute(sql.SQL(found[0].replace(REAL, OURS)))
        self.move(began_at)

    def __call__(self) -> datetime:
        return self.at

    def move(self, at: datetime) -> None:
        """Let it be this moment, for everything that is recorded from now on."""
        self.at = at
        self._owner.execute("UPDATE evaluation.clock SET at = %s", [at])

    def close(self) -> None:
        """Let the connection go; the database keeps its last moment."""
        self._owner.close()
