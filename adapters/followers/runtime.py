"""The follower runtime: lease, batch, handle, checkpoint, in one transaction.

The checkpoint row is the lease, so a killed process gives it back at once, any number of
processes share the tenants without a leader, and what a handler does in this database happens
exactly once: it stands with the checkpoint or not at all.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import psycopg
import structlog
from msgspec.structs import replace

from adapters.followers.reading import (
    ForkFound,
    Lease,
    array_of,
    ending,
    read_batch,
)
from adapters.followers.sharing import SharedFacts
from adapters.followers.turn import NOTHING, Handled, Turns
from adapters.postgres.database import Connection, connect
from adapters.postgres.pipeline import Pipeline
from application.ports import LogUnavailable, StreamMoved
from domain.catalogue import AnyRecorded

BATCH_EVENTS_MAX = 1_000
# A lost wake-up costs this much, never a fact; and so far behind is a follower that wants nothing.
POLL_S = 0.25
ENROL_EVERY_S = 1.0  # between looks for new tenants, however busy the known ones are
# For a follower that is told when there is something to do: it looks again by itself so late, and
# so soon where it was told and found nothing, since whoever passes over held the checkpoint.
TOLD_POLL_S = 5.0
TOLD_AGAIN_S = 0.02
TOKEN_BITS = 63
RECONNECT_PAUSE_S = 0.5
RETRY_FIRST_S = 0.1  # doubles with each failure
RETRY_LONGEST_S = 30.0
ATTEMPTS_MAX = 6  # failures at one event before it is parked
RACES_MAX = 20  # lost races in a row at one tenant; then it is no race, but a failure
ERROR_CHARACTERS_MAX = 2_000

BUSY_FACTS_MIN = 10  # of a batch, from which on a follower is busy

_journal = structlog.get_logger(__name__)


class Rests(NamedTuple):
    """How long a follower lets facts gather for one batch when nothing is left to do, in seconds."""

    calm_s: float
    busy_s: float  # after a batch of many facts


AT_ONCE = Rests(0.0, 0.0)


class Handler(Protocol):
    """What a follower does with a batch, inside the transaction of its checkpoint."""

    @property
    def name(self) -> str:
        """Return what keys its checkpoints; it is never renamed."""
        ...

    @property
    def types(self) -> frozenset[str] | None:
        """Return the tags of the facts it wants; None means all."""
        ...

    @property
    def behind(self) -> str | None:
        """Return the name of the follower that it must not overtake, if there is one."""
        ...

    def handle(self, connection: Connection, lease: Lease, batch: Sequence[AnyRecorded]) -> Handled:
        """Handle the wanted facts of a batch, oldest first; answer with what is to be written and
        recorded at the end of the turn."""
        ...


class Loop:
    """One follower in one process: claims tenants with work until it is told to stop."""

    def __init__(
        self,
        url: str,
        handler: Handler,
        *,
        grown: Callable[[str, frozenset[str]], None],
        batch_events_max: int = BATCH_EVENTS_MAX,
        enrols: bool = True,
        told: bool = False,
        rests: Rests = AT_ONCE,
        shared: SharedFacts | None = None,
    ) -> None:
        self.handler = handler
        self.wake = threading.Event()
        self.wakes: list[threading.Event] = []  # of followers that must stay behind this one
        self._url = url
        self._grown = grown
        self._batch_events_max = batch_events_max
        self._rests = rests
        self._busy = False
        self._shared = shared
        self._stop = threading.Event()
        self._pipeline: Pipeline | None = None
        # After a failed batch a tenant goes on event by event up to here, so that the good facts
        # before a bad one are not held back by it. Lost with the process, which is harmless.
        self._careful_to: dict[str, int] = {}
        self._races: dict[str, int] = {}  # lost in a row
        types = None if handler.types is None else array_of(handler.types)
        self._turns = Turns(handler.name, handler.behind, types, batch_events_max)
        self._told = told  # somebody sets `wake` whenever there is something to do
        self._more = True  # after a step that did something: whether there is more at once
        self._enrols = enrols  # False: only the tenants that have a checkpoint already
        self._enrolled_at = -ENROL_EVERY_S

    def run(self) -> None:
        """Follow until `stop`; survives a database that goes away."""
        pause_s = POLL_S
        while not self._stop.is_set():
            self.wake.clear()
            try:
                self._enrol()
                worked = self.step()
                if worked and (self._more or not self._told):
                    continue
            except (psycopg.OperationalError, psycopg.InterfaceError, LogUnavailable) as error:
                _journal.warning(
                    "follower_lost_database", follower=self.handler.name, error=str(error)
                )
                self.disconnect()
                self._stop.wait(RECONNECT_PAUSE_S)
                continue
            if self._told:
                again = not worked and pause_s != TOLD_AGAIN_S
                pause_s = TOLD_AGAIN_S if again else TOLD_POLL_S
            self._stop.wait(self._rests.busy_s if self._busy else self._rests.calm_s)
            self.wake.wait(pause_s)
        self.disconnect()

    def stop(self) -> None:
        """Ask `run` to end after the batch under way."""
        self._stop.set()
        self.wake.set()

    def catch_up(self) -> None:
        """Follow until there is nothing left to do, then return; for tests and commands."""
        self._enrolled_at = -ENROL_EVERY_S
        try:
            self._enrol()
            while self.step():
                pass
        finally:
            self.disconnect()

    def step(self) -> bool:
        """Handle one batch of one tenant; answer whether there was one (done, failed or forked)."""
        pipeline = self._connected()
        self._more = True
        lease: Lease | None = None
        limit = self._batch_events_max
        try:
            with pipeline.transaction():
                leased = self._turns.begin(pipeline)
                if leased is None:
                    return False
                lease = leased.lease
                if lease.head == lease.position:
                    return True  # another process was faster
                if lease.attempts or self._careful_to.get(lease.tenant_id, 0) > lease.position:
                    limit = 1
                types = frozenset() if leased.passed else self._work(pipeline, lease, limit)
        except ForkFound as fork:
            assert lease is not None
            self._stop_tenant(lease, "forked", str(fork))
        except StreamMoved as race:
            # Somebody wrote to a stream in between: the next claim reads it again.
            assert lease is not None
            races = self._races.get(lease.tenant_id, 0) + 1
            self._races[lease.tenant_id] = races % RACES_MAX
            if races == RACES_MAX:
                self._fail(lease, limit, race)
        except psycopg.errors.QueryCanceled as error:
            # A batch that takes longer than a statement may is a failure of the batch, and smaller
            # ones follow; everything else that the server does to us is the world's, and rises.
            if lease is None:
                raise
            self._fail(lease, limit, error)
        except (psycopg.OperationalError, psycopg.InterfaceError, LogUnavailable):
            raise
        except Exception as error:
            if lease is None:
                raise
            self._fail(lease, limit, error)
        else:
            self._more = leased.more or limit == 1
            self._tell(lease.tenant_id, types)
        return True

    def _tell(self, tenant_id: str, types: frozenset[str]) -> None:
        """A batch stands: tell who waits for it, here and in other processes."""
        self._races.pop(tenant_id, None)
        for wake in self.wakes:
            wake.set()
        if types:
            self._grown(tenant_id, types)

    def _work(self, pipeline: Pipeline, lease: Lease, limit: int) -> frozenset[str]:
        """Handle what stands behind a lease; answer with the types of the facts that it led to."""
        connection = pipeline.connection
        batch = read_batch(connection, lease, limit, self.handler.types, self._shared)
        handled = NOTHING
        self._busy = len(batch.facts) >= BUSY_FACTS_MIN
        if batch.facts:
            lease = replace(ending(lease, batch), next_token=1 + secrets.randbits(TOKEN_BITS - 1))
            handled = self.handler.handle(connection, lease, batch.facts)
        return self._turns.end(pipeline, lease, batch, handled)

    def _fail(self, lease: Lease, limit: int, error: Exception) -> None:
        """Remember a failure; after enough of them at one event, park it and stop the tenant."""
        last = min(lease.position + limit, lease.head)
        text = f"{type(error).__name__}: {error}".replace("\0", "")[:ERROR_CHARACTERS_MAX]
        _journal.error(
            "follower_failed",
            follower=self.handler.name,
            tenant=lease.tenant_id,
            after=lease.position,
            error=text,
            exc_info=error,
        )
        if last > lease.position + 1:
            self._careful_to[lease.tenant_id] = last
            return
        attempts = lease.attempts + 1
        if attempts >= ATTEMPTS_MAX:
            self._stop_tenant(lease, "parked", text)
            return
        pause_s = min(RETRY_FIRST_S * 2**attempts, RETRY_LONGEST_S)
        self._update(
            lease,
            "UPDATE log.checkpoints SET attempts = %(attempts)s, error = %(error)s,"
            " retry_at = clock_timestamp() + make_interval(secs => %(pause_s)s),"
            " updated_at = clock_timestamp()"
            " WHERE follower = %(follower)s AND tenant_id = %(tenant)s"
            " AND position = %(position)s",
            attempts=attempts,
            error=text,
            pause_s=pause_s,
        )

    def _stop_tenant(self, lease: Lease, why: str, error: str) -> None:
        _journal.error(
            f"follower_{why}", follower=self.handler.name, tenant=lease.tenant_id, error=error
        )
        self._update(
            lease,
            "WITH stopped AS (UPDATE log.checkpoints SET stopped = %(why)s, error = %(error)s,"
            " attempts = attempts + 1, updated_at = clock_timestamp()"
            " WHERE follower = %(follower)s AND tenant_id = %(tenant)s"
            " AND position = %(position)s AND stopped IS NULL"
            " RETURNING follower, tenant_id, position, attempts, error)"
            " INSERT INTO log.parked (follower, tenant_id, position, attempts, error)"
            " SELECT follower, tenant_id, position + 1, attempts, error FROM stopped"
            " ON CONFLICT (follower, tenant_id, position) DO UPDATE"
            " SET attempts = excluded.attempts, error = excluded.error,"
            " parked_at = clock_timestamp(), outcome = NULL",
            why=why,
            error=error,
        )

    def _update(self, lease: Lease, query: str, **parameters: object) -> None:
        """Write about a failure in a transaction of its own: the one that failed is rolled back."""
        connection = self._connected().connection
        with connection.transaction():
            connection.execute("SELECT log.bind(%s)", [lease.tenant_id])
            connection.execute(
                query.encode(),
                {
                    "follower": self.handler.name,
                    "tenant": lease.tenant_id,
                    "position": lease.position,
                    **parameters,
                },
            )

    def _enrol(self) -> None:
        if not self._enrols or time.monotonic() < self._enrolled_at + ENROL_EVERY_S:
            return
        self._enrolled_at = time.monotonic()
        self._connected().connection.execute("SELECT log.enrol_follower(%s)", [self.handler.name])

    def _connected(self) -> Pipeline:
        if self._pipeline is None or self._pipeline.connection.closed:
            connection = connect(self._url, f"vedette-{self.handler.name}"[:60])
            # Rows, memories and checkpoint stand or fall together, so a crash of the server may
            # take the last ones back: they are made again. It spares a disk write for each batch.
            connection.execute("SET synchronous_commit = off")
            self._pipeline = Pipeline(connection)
        return self._pipeline

    def disconnect(self) -> None:
        """Let the connection go; the next step makes another."""
        if self._pipeline is not None:
            self._pipeline.connection.close()
            self._pipeline = None
