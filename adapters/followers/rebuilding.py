"""Rebuilding: fill a read model or a policy's memories by replay beside what is in use, then swap.

The filling is a follower like any other, with a name and a checkpoint of its own, so it may be
killed and goes on where it stood. The swap is one transaction that holds the checkpoints of both:
readers see the old rows or the new ones, and the live follower goes on in the new ones from exactly
the position that they were filled to.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec
import psycopg

from adapters.followers.filling import Filling, MemoriesFilling, RowsFilling, bound
from adapters.followers.reading import Lease, ending, read_batch
from adapters.followers.runtime import BATCH_EVENTS_MAX, Handler, Loop
from adapters.log.postgres_log import read_stream
from adapters.postgres.database import Connection, connect
from adapters.postgres.pipeline import run_alone
from application.following import Policy, policy_actor
from application.operations import RebuildStopped, RebuildUnderWay
from domain.operations import FollowerEventSkipped, follower_stream
from projections.kernel import Projection

NEAR_EVENTS = BATCH_EVENTS_MAX  # so close behind the live follower, the swap itself does the rest
RETRY_PAUSE_S = 0.2
WAITS_MAX = 300  # pauses in which a live policy may catch up with itself: a minute

# Released by the server when the connection of a killed rebuild dies.
TAKE = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
CHECKPOINT = (
    "SELECT position, hash, stopped, error FROM log.checkpoints"
    " WHERE follower = %s AND tenant_id = %s"
)
BEGIN = (
    "INSERT INTO log.checkpoints (follower, tenant_id) SELECT unnest(%s::text[]), %s"
    " ON CONFLICT (follower, tenant_id) DO NOTHING"
)
TRY_AGAIN = (
    "UPDATE log.checkpoints SET stopped = NULL, attempts = 0, retry_at = '-infinity'"
    " WHERE follower = %s AND tenant_id = %s"
)
FORGET = "DELETE FROM log.checkpoints WHERE follower = %s AND tenant_id = %s"
STEP_OVER = (
    "UPDATE log.checkpoints SET stopped = NULL, error = NULL, attempts = 0, skip_to = position + 1"
    " WHERE follower = %s AND tenant_id = %s"
)
# Whatever stopped the live follower was read anew on the way. The token is nobody's: what processes
# keep of the memories that were in use is not what stands now.
GO_ON = (
    "UPDATE log.checkpoints SET position = %s, hash = %s, stopped = NULL, error = NULL, token = 0,"
    " attempts = 0, skip_to = 0, updated_at = clock_timestamp()"
    " WHERE follower = %s AND tenant_id = %s"
)
# What a policy has stated and not read again yet, a replay up to where it stands does not know.
STATED_AHEAD = (
    "SELECT EXISTS (SELECT FROM log.events WHERE tenant_id = %s AND position > %s AND actor = %s)"
)
SETTLE = (
    "UPDATE log.parked SET outcome = 'retried'"
    " WHERE follower = ANY (%s) AND tenant_id = %s AND outcome IS NULL"
)


Watch = Callable[[int, int], None]


class Standing(msgspec.Struct, frozen=True):
    """A checkpoint row."""

    position: int
    hash: bytes
    stopped: str | None
    error: str | None


class Rebuild:
    """One rebuild, of one read model or of one policy's memories, for one tenant."""

    def __init__(self, url: str, subject: Projection[Any] | Policy, tenant_id: str) -> None:
        self.subject = subject
        self.tenant_id = tenant_id
        self._url = url
        self._near = NEAR_EVENTS
        self._waits = 0  # for the live policy to read what it has stated itself

    def run(self, watch: Watch | None = None) -> None:
        """Rebuild, swap and delete what is old.

        `watch` hears the position and the head after each batch.

        Raises:
            RebuildUnderWay: another process rebuilds the same.
            RebuildStopped: the replay met a fact that cannot be digested; what is in use stays,
                and the next rebuild goes on from there.
        """
        with connect(self._url, "vedette-rebuild") as connection:
            lock = f"vedette/rebuild/{self.tenant_id}/{self.subject.name}"
            (taken,) = connection.execute(TAKE, [lock]).fetchone() or (False,)
            if not taken:
                raise RebuildUnderWay(
                    f"{self.subject.name} of {self.tenant_id} is being rebuilt already."
                )
            filling = self._filling(connection)
            filling.tidy(connection)
            self._begin(connection, filling)
            loop = Loop(self._url, filling.handler, grown=lambda *_: None, enrols=False)
            try:
                while not self._swapped(connection, filling):
                    self._fill(connection, loop, filling, watch)
                    self._wait(loop)
            finally:
                loop.disconnect()
            filling.tidy(connection)

    def _wait(self, loop: Loop) -> None:
        """Give the live policy a moment, if that is what the swap waits for."""
        if self._waits > WAITS_MAX:
            raise RebuildStopped(
                f"{self.subject.name} of {self.tenant_id} has not read what it stated itself;"
                " let its followers run, and start the rebuild again: it goes on from here."
            )
        if self._waits:
            loop.wake.wait(RETRY_PAUSE_S)

    def _filling(self, connection: Connection) -> Filling:
        if isinstance(self.subject, Projection):
            return RowsFilling(connection, self.subject, self.tenant_id)
        return MemoriesFilling(self.subject, self.tenant_id)

    def _begin(self, connection: Connection, filling: Filling) -> None:
        """Go on where a rebuild that was killed or stopped stood, or begin."""
        filler = filling.handler.name
        with self._bound(connection):
            before = connection.execute(CHECKPOINT.encode(), [filler, self.tenant_id]).fetchone()
            if before is not None and Standing(*before).stopped == "forked":
                # What was filled came from another log than the one that is there now.
                connection.execute(FORGET, [filler, self.tenant_id])
                before = None
        if before is None:
            filling.discard(connection)
        with self._bound(connection):
            connection.execute(BEGIN, [[filling.name, filler], self.tenant_id])
            connection.execute(TRY_AGAIN, [filler, self.tenant_id])

    def _fill(
        self,
        connection: Connection,
        loop: Loop,
        filling: Filling,
        watch: Watch | None,
    ) -> None:
        """Replay until the filling stands near the live follower, which goes on meanwhile."""
        while True:
            worked = loop.step()
            with self._bound(connection):
                filled, goal, head = self._standings(connection, filling)
            if watch is not None:
                watch(filled.position, head)
            if filled.stopped is not None:
                self._pass_over_or_stop(connection, filling, filled)
            elif filled.position >= goal - self._near:
                return
            elif not worked:
                loop.wake.wait(RETRY_PAUSE_S)  # a failure is being tried again

    def _pass_over_or_stop(
        self, connection: Connection, filling: Filling, filled: Standing
    ) -> None:
        """Pass over what a person let the live follower pass over; stop at anything else."""
        with self._bound(connection):
            decisions = read_stream(connection, self.tenant_id, follower_stream(filling.name))
            passed_over = {
                fact.event.at_position
                for fact in decisions
                if isinstance(fact.event, FollowerEventSkipped)
            }
            if filled.stopped == "parked" and filled.position + 1 in passed_over:
                connection.execute(STEP_OVER, [filling.handler.name, self.tenant_id])
                return
        raise RebuildStopped(
            f"The rebuild of {filling.name} for {self.tenant_id} stops at position"
            f" {filled.position + 1}: {filled.error} What is in use stays as it is."
        )

    def _swapped(self, connection: Connection, filling: Filling) -> bool:
        """Swap if the filling is near enough; answer whether it was."""
        name, filler = filling.name, filling.handler.name
        try:
            with self._bound(connection):
                # In its own batch the live follower holds its row; it ends the batch, then waits.
                filled, goal, _ = self._standings(connection, filling, lock=" FOR UPDATE")
                if filled.stopped is not None or filled.position < goal - self._near:
                    return False
                stated = [self.tenant_id, goal, policy_actor(name)]
                if connection.execute(STATED_AHEAD, stated).fetchone() != (False,):
                    self._waits += 1
                    return False
                position, hash_ = self._read_on(connection, filling.handler, filled, goal)
                filling.swap(connection)
                connection.execute(GO_ON, [position, hash_, name, self.tenant_id])
                connection.execute(SETTLE, [[name, filler], self.tenant_id])
                connection.execute(FORGET, [filler, self.tenant_id])
        except psycopg.Error:
            raise
        except Exception:
            # The follower shall meet it by itself, and be retried, parked and told about as usual.
            if self._near == 0:
                raise
            self._near = 0
            return False
        return True

    def _read_on(
        self, connection: Connection, handler: Handler, filled: Standing, goal: int
    ) -> tuple[int, bytes]:
        """Fold the few facts up to where the live follower stands, in the transaction of the swap."""
        position, hash_ = filled.position, filled.hash
        while position < goal:
            lease = Lease(self.tenant_id, position, hash_, 0, goal, 0)
            batch = read_batch(connection, lease, goal - position, handler.types)
            if batch.facts:
                handled = handler.handle(connection, ending(lease, batch), batch.facts)
                assert not handled.appends, "A replay states nothing."
                for write in handled.writes:
                    run_alone(connection, write)
            position, hash_ = batch.position, batch.hash
        return position, hash_

    def _standings(
        self, connection: Connection, filling: Filling, *, lock: str = ""
    ) -> tuple[Standing, int, int]:
        """Return where the filling stands, how far it has to come at least, and the head."""
        query = f"{CHECKPOINT}{lock}".encode()
        (live, filled) = [
            Standing(*row)
            for follower in (filling.name, filling.handler.name)
            for row in connection.execute(query, [follower, self.tenant_id], binary=True)
        ]
        row = connection.execute(
            "SELECT position FROM log.heads WHERE tenant_id = %s", [self.tenant_id]
        ).fetchone()
        assert row is not None, "A tenant with a checkpoint has a head."
        head = int(row[0])
        # A live follower that cannot go on, or read another log, does not say how far to read.
        goes_on = live.stopped is None and live.position <= head
        return filled, live.position if goes_on else head, head

    def _bound(self, connection: Connection) -> AbstractContextManager[None]:
        return bound(connection, self.tenant_id)
