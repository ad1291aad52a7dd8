"""Rebuilding: fill a read model's next generation by replay beside the live one, then swap them.

The filling is a follower like any other, named after the projection and the generation, so it may
be killed and goes on where it stood. The swap is one transaction that holds the checkpoints of
both: readers see the old generation or the new one, and the live follower goes on in the new one
from exactly the position that it was filled to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import msgspec
import psycopg

from adapters.followers.projecting import LIVE, ProjectionHandler
from adapters.followers.runtime import BATCH_EVENTS_MAX, Lease, Loop, ending, read_batch
from adapters.log.postgres_log import read_stream
from adapters.postgres.database import Connection, bind, connect
from application.operations import RebuildStopped, RebuildUnderWay
from domain.operations import FollowerEventSkipped, follower_stream
from projections.kernel import Projection

DELETE_ROWS_MAX = 5_000  # in one transaction
NEAR_EVENTS = BATCH_EVENTS_MAX  # so close behind the live follower, the swap itself does the rest
RETRY_PAUSE_S = 0.2

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
SWAP = "UPDATE views.generations SET live = %s WHERE tenant_id = %s AND projection = %s"
# Whatever stopped the live follower was read anew on the way.
GO_ON = (
    "UPDATE log.checkpoints SET position = %s, hash = %s, stopped = NULL, error = NULL,"
    " attempts = 0, skip_to = 0, updated_at = clock_timestamp()"
    " WHERE follower = %s AND tenant_id = %s"
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
    """One rebuild of one projection for one tenant."""

    def __init__(self, url: str, projection: Projection[Any], tenant_id: str) -> None:
        self.projection = projection
        self.tenant_id = tenant_id
        self._url = url
        self._near = NEAR_EVENTS

    def run(self, watch: Watch | None = None) -> int:
        """Rebuild, swap, delete what is old, and return the generation that is live now.

        `watch` hears the position and the head after each batch.

        Raises:
            RebuildUnderWay: another process rebuilds the same.
            RebuildStopped: the replay met a fact that the projection cannot digest; the live
                generation stays, and the next rebuild goes on from there.
        """
        with connect(self._url, "vedette-rebuild") as connection:
            lock = f"vedette/rebuild/{self.tenant_id}/{self.projection.name}"
            (taken,) = connection.execute(TAKE, [lock]).fetchone() or (False,)
            if not taken:
                raise RebuildUnderWay(
                    f"{self.projection.name} of {self.tenant_id} is being rebuilt already."
                )
            live = self._live(connection)
            self._delete_rows(connection, "<", live)
            handler = ProjectionHandler(self.projection, live + 1)
            self._begin(connection, handler.name, live)
            loop = Loop(self._url, handler, grown=lambda *_: None, enrols=False)
            try:
                while not self._swapped(connection, handler):
                    self._fill(connection, loop, handler.name, watch)
            finally:
                loop.disconnect()
            self._delete_rows(connection, "<", live + 1)
        return live + 1

    def _begin(self, connection: Connection, filler: str, live: int) -> None:
        """Go on where a rebuild that was killed or stopped stood, or begin."""
        with self._bound(connection):
            before = connection.execute(CHECKPOINT.encode(), [filler, self.tenant_id]).fetchone()
            if before is not None and Standing(*before).stopped == "forked":
                # What was filled came from another log than the one that is there now.
                connection.execute(FORGET, [filler, self.tenant_id])
                before = None
        if before is None:
            self._delete_rows(connection, ">", live)
        with self._bound(connection):
            connection.execute(BEGIN, [[self.projection.name, filler], self.tenant_id])
            connection.execute(TRY_AGAIN, [filler, self.tenant_id])

    def _fill(
        self,
        connection: Connection,
        loop: Loop,
        filler: str,
        watch: Watch | None,
    ) -> None:
        """Replay until the filling stands near the live follower, which goes on meanwhile."""
        while True:
            worked = loop.step()
            with self._bound(connection):
                filling, goal, head = self._standings(connection, filler)
            if watch is not None:
                watch(filling.position, head)
            if filling.stopped is not None:
                self._pass_over_or_stop(connection, filler, filling)
            elif filling.position >= goal - self._near:
                return
            elif not worked:
                loop.wake.wait(RETRY_PAUSE_S)  # a failure is being tried again

    def _pass_over_or_stop(self, connection: Connection, filler: str, filling: Standing) -> None:
        """Pass over what a person let the live follower pass over; stop at anything else."""
        with self._bound(connection):
            decisions = read_stream(
                connection, self.tenant_id, follower_stream(self.projection.name)
            )
            passed_over = {
                fact.event.at_position
                for fact in decisions
                if isinstance(fact.event, FollowerEventSkipped)
            }
            if filling.stopped == "parked" and filling.position + 1 in passed_over:
                connection.execute(STEP_OVER, [filler, self.tenant_id])
                return
        raise RebuildStopped(
            f"The rebuild of {self.projection.name} for {self.tenant_id} stops at position"
            f" {filling.position + 1}: {filling.error} The rows in use stay as they are."
        )

    def _swapped(self, connection: Connection, handler: ProjectionHandler[Any]) -> bool:
        """Swap if the filling is near enough; answer whether it was."""
        name = self.projection.name
        try:
            with self._bound(connection):
                # In its own batch the live follower holds its row; it ends the batch, then waits.
                filling, goal, _ = self._standings(connection, handler.name, lock=" FOR UPDATE")
                if filling.stopped is not None or filling.position < goal - self._near:
                    return False
                position, hash_ = self._read_on(connection, handler, filling, goal)
                connection.execute(SWAP, [handler.generation, self.tenant_id, name])
                connection.execute(GO_ON, [position, hash_, name, self.tenant_id])
                connection.execute(SETTLE, [[name, handler.name], self.tenant_id])
                connection.execute(FORGET, [handler.name, self.tenant_id])
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
        self, connection: Connection, handler: ProjectionHandler[Any], filling: Standing, goal: int
    ) -> tuple[int, bytes]:
        """Fold the few facts up to where the live follower stands, in the transaction of the swap."""
        position, hash_ = filling.position, filling.hash
        while position < goal:
            lease = Lease(self.tenant_id, position, hash_, 0, goal, 0)
            batch = read_batch(connection, lease, goal - position, handler.types)
            if batch.facts:
                handler.handle(connection, ending(lease, batch), batch.facts)
            position, hash_ = batch.position, batch.hash
        return position, hash_

    def _standings(
        self, connection: Connection, filler: str, *, lock: str = ""
    ) -> tuple[Standing, int, int]:
        """Return where the filling stands, how far it has to come at least, and the head."""
        query = f"{CHECKPOINT}{lock}".encode()
        (live, filling) = [
            Standing(*row)
            for follower in (self.projection.name, filler)
            for row in connection.execute(query, [follower, self.tenant_id], binary=True)
        ]
        row = connection.execute(
            "SELECT position FROM log.heads WHERE tenant_id = %s", [self.tenant_id]
        ).fetchone()
        assert row is not None, "A tenant with a checkpoint has a head."
        head = int(row[0])
        # A live follower that cannot go on, or read another log, does not say how far to read.
        goes_on = live.stopped is None and live.position <= head
        return filling, live.position if goes_on else head, head

    def _delete_rows(self, connection: Connection, which: LiteralString, generation: int) -> None:
        """Delete the rows of older or younger generations, a bounded number at a time."""
        table = self.projection.table
        delete = (
            f"DELETE FROM views.{table} WHERE ctid = ANY (ARRAY("  # noqa: S608 - constants of ours
            f"SELECT ctid FROM views.{table}"
            f" WHERE tenant_id = %s AND generation {which} %s LIMIT %s))"
        ).encode()
        deleted = DELETE_ROWS_MAX
        while deleted == DELETE_ROWS_MAX:
            with self._bound(connection):
                limits = [self.tenant_id, generation, DELETE_ROWS_MAX]
                deleted = connection.execute(delete, limits).rowcount

    def _live(self, connection: Connection) -> int:
        with self._bound(connection):
            row = connection.execute(LIVE, [self.tenant_id, self.projection.name]).fetchone()
        assert row is not None, "An upsert with RETURNING answers one row."
        return int(row[0])

    @contextmanager
    def _bound(self, connection: Connection) -> Iterator[None]:
        with connection.transaction():
            bind(connection, self.tenant_id)
            yield
