"""Sharing: what one follower of a process has read, the others need not fetch and decode again.

All followers of a process read the same facts within a second. Of each tenant the newest events are
held as one unbroken run. Each event's hash covers all before it, so a span whose last hash is still
that of the run is, to the last byte, what was read; a run that does not fit the log any more is
thrown away. Facts are frozen, so whoever is given one may keep it.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

from psycopg.rows import TupleRow

from adapters.log.postgres_log import COLUMNS, recorded
from adapters.postgres.database import Connection
from domain.catalogue import AnyRecorded

EVENTS_MAX = 10_000  # of all tenants together

# The event before the first one comes along: its hash says whether they join what is held.
NEWER = f"""
SELECT {COLUMNS}, hash FROM log.events
WHERE tenant_id = %s AND position >= %s AND position <= %s ORDER BY position
"""  # noqa: S608  a constant of ours
TYPE, HASH = 3, -1  # columns


class Span(NamedTuple):
    """Events of a tenant that follow one another, as the database has just proved them."""

    tenant_id: str
    after: int
    upto: int
    last: bytes  # hash of the last one


class Held:
    """One event; its fact is decoded when somebody wants it."""

    __slots__ = ("fact", "hash", "row", "type")

    def __init__(self, row: TupleRow) -> None:
        self.type: str = row[TYPE]
        self.hash: bytes = row[HASH]
        self.row: TupleRow | None = row
        self.fact: AnyRecorded | None = None

    def decoded(self, tenant_id: str) -> AnyRecorded:
        """Return the fact. Two threads may both decode it: what they get is equal."""
        row, fact = self.row, self.fact  # in this order: the row goes after the fact has come
        if fact is None:
            assert row is not None, "A row is let go when its fact is there."
            fact = self.fact = recorded(tenant_id, row)
            self.row = None
        return fact


class Run:
    """Events of one tenant, one after the other, from behind a position on."""

    def __init__(self, after: int, events: list[Held]) -> None:
        self.after = after
        self.events = events

    @property
    def end(self) -> int:
        return self.after + len(self.events)


class SharedFacts:
    """The newest events of the tenants that this process follows."""

    def __init__(self, events_max: int = EVENTS_MAX) -> None:
        self._events_max = events_max
        self._runs: dict[str, Run] = {}  # the one that grew last stands last
        self._lock = threading.Lock()

    def facts(
        self, connection: Connection, span: Span, types: frozenset[str]
    ) -> list[AnyRecorded] | None:
        """Return the wanted facts of a span, or None if they are not to be had here: then the
        caller reads them by itself.

        Raises:
            UnreadableFact: a wanted event cannot be decoded.
        """
        held = self._held(span)
        if held is None:
            start = self._start(span)
            if start is None:
                return None
            limits = [span.tenant_id, start, span.upto]
            rows = connection.execute(NEWER, limits, binary=True).fetchall()
            self._add(span.tenant_id, start, rows)
            held = self._held(span)
        if held is None:
            return None
        return [each.decoded(span.tenant_id) for each in held if each.type in types]

    def _held(self, span: Span) -> list[Held] | None:
        with self._lock:
            run = self._runs.get(span.tenant_id)
            if run is None or span.after < run.after or span.upto > run.end:
                return None
            held = run.events[span.after - run.after : span.upto - run.after]
            if held[-1].hash != span.last:
                del self._runs[span.tenant_id]
                return None
            return held

    def _start(self, span: Span) -> int | None:
        """Return behind which position to read on; None for a span that lies behind what is held,
        which is not given up for a follower that lags."""
        with self._lock:
            run = self._runs.get(span.tenant_id)
            if run is None or span.after > run.end:
                return span.after
            return run.end if span.after >= run.after and span.upto > run.end else None

    def _add(self, tenant_id: str, start: int, rows: list[TupleRow]) -> None:
        """Hold events behind a position, behind those that they join, or in their place."""
        before = rows.pop(0)[HASH] if start and rows else None
        events = [Held(row) for row in rows]
        with self._lock:
            run = self._runs.pop(tenant_id, None)
            # Somebody else may have read on meanwhile.
            if (
                run is not None
                and run.after < start <= run.end
                and run.events[start - run.after - 1].hash == before
            ):
                run.events += events[run.end - start :]
                events, start = run.events, run.after
            self._runs[tenant_id] = Run(start, events)
            self._forget()

    def _forget(self) -> None:
        """Hold no more than is allowed: tenants that were quiet go first, then the oldest events."""
        total = sum(len(run.events) for run in self._runs.values())
        while total > self._events_max and len(self._runs) > 1:
            total -= len(self._runs.pop(next(iter(self._runs))).events)
        if total > self._events_max:
            (tenant_id,) = self._runs
            run = self._runs[tenant_id]
            # By halves, so that it is not done for each batch.
            drop = total - self._events_max // 2
            self._runs[tenant_id] = Run(run.after + drop, run.events[drop:])
