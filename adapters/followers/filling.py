"""Fillings: what a rebuild makes anew beside what is in use, and how the two change places.

A read model has its next generation of rows; a policy has memories under another name, made by a
replay that states nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString, Protocol

from adapters.followers.desk import PolicyHandler
from adapters.followers.projecting import LIVE, ProjectionHandler
from adapters.followers.runtime import Handler
from adapters.postgres.database import Connection, bind
from application.following import Policy
from projections.kernel import Projection

DELETE_ROWS_MAX = 5_000  # in one transaction

SWAP_ROWS = "UPDATE views.generations SET live = %s WHERE tenant_id = %s AND projection = %s"
FORGET_MEMORIES = "DELETE FROM policy.memories WHERE tenant_id = %s AND policy = %s"
RENAME_MEMORIES = "UPDATE policy.memories SET policy = %s WHERE tenant_id = %s AND policy = %s"


@contextmanager
def bound(connection: Connection, tenant_id: str) -> Iterator[None]:
    """One transaction for one tenant."""
    with connection.transaction():
        bind(connection, tenant_id)
        yield


class Filling(Protocol):
    """One thing to rebuild for one tenant."""

    @property
    def name(self) -> str:
        """Return the name of the live follower."""
        ...

    @property
    def handler(self) -> Handler:
        """Return the follower that fills; its name keys the checkpoint of the filling."""
        ...

    def discard(self, connection: Connection) -> None:
        """Delete what an earlier rebuild left half-filled."""
        ...

    def swap(self, connection: Connection) -> None:
        """Put what was filled in the place of what is in use."""
        ...

    def tidy(self, connection: Connection) -> None:
        """Delete what is not in use any more, in transactions of its own."""
        ...


class RowsFilling:
    """The next generation of a read model's rows."""

    def __init__(self, connection: Connection, projection: Projection[Any], tenant_id: str) -> None:
        self.name = projection.name
        self._projection = projection
        self._tenant_id = tenant_id
        self.generation = self._live(connection) + 1
        self.handler: Handler = ProjectionHandler(projection, self.generation)

    def discard(self, connection: Connection) -> None:
        self._delete(connection, ">=", self.generation)

    def swap(self, connection: Connection) -> None:
        connection.execute(SWAP_ROWS, [self.generation, self._tenant_id, self.name])

    def tidy(self, connection: Connection) -> None:
        self._delete(connection, "<", self._live(connection))

    def _live(self, connection: Connection) -> int:
        with bound(connection, self._tenant_id):
            row = connection.execute(LIVE, [self._tenant_id, self.name]).fetchone()
        assert row is not None, "An upsert with RETURNING answers one row."
        return int(row[0])

    def _delete(self, connection: Connection, which: LiteralString, generation: int) -> None:
        """Delete the rows of other generations, a bounded number at a time."""
        table = self._projection.table
        delete = (
            f"DELETE FROM views.{table} WHERE ctid = ANY (ARRAY("  # noqa: S608 - constants of ours
            f"SELECT ctid FROM views.{table}"
            f" WHERE tenant_id = %s AND generation {which} %s LIMIT %s))"
        ).encode()
        deleted = DELETE_ROWS_MAX
        while deleted == DELETE_ROWS_MAX:
            with bound(connection, self._tenant_id):
                limits = [self._tenant_id, generation, DELETE_ROWS_MAX]
                deleted = connection.execute(delete, limits).rowcount


class MemoriesFilling:
    """A policy's memories, made by a replay that states nothing."""

    def __init__(self, policy: Policy, tenant_id: str) -> None:
        self.name = policy.name
        self.handler: Handler = PolicyHandler(policy, replaying=True)
        self._tenant_id = tenant_id

    def discard(self, connection: Connection) -> None:
        with bound(connection, self._tenant_id):
            connection.execute(FORGET_MEMORIES, [self._tenant_id, self.handler.name])

    def swap(self, connection: Connection) -> None:
        connection.execute(FORGET_MEMORIES, [self._tenant_id, self.name])
        connection.execute(RENAME_MEMORIES, [self.name, self._tenant_id, self.handler.name])

    def tidy(self, connection: Connection) -> None:
        """Nothing is left: the swap itself took the old memories away."""
