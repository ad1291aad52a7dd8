"""A projection as a follower: folds a batch into rows and writes them once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from adapters.followers.reading import Lease
from adapters.followers.turn import NOTHING, Handled
from adapters.postgres.database import Connection
from adapters.postgres.rows import RowTable
from domain.catalogue import AnyRecorded, tag_of
from projections.kernel import Projection, fold

R = TypeVar("R", bound=msgspec.Struct)

KNOWN = "SELECT live FROM views.generations WHERE tenant_id = %s AND projection = %s"
LIVE = (
    "INSERT INTO views.generations (tenant_id, projection) VALUES (%s, %s)"
    " ON CONFLICT (tenant_id, projection) DO UPDATE SET live = views.generations.live"
    " RETURNING live"
)


class ProjectionHandler(Generic[R]):
    """Keeps one projection's live generation, or fills one beside it for a rebuild."""

    def __init__(self, projection: Projection[R], generation: int | None = None) -> None:
        self.projection = projection
        self.table = RowTable(projection)
        self.generation = generation  # None: whichever is live
        self.name = projection.name if generation is None else f"{projection.name}@{generation}"
        self.types = frozenset(tag_of(fact) for fact in projection.facts)
        self.behind = None
        # Which one is live, by tenant, with the token that it is good for; see `keeping`.
        self._live: dict[str, tuple[int | None, int]] = {}

    def handle(self, connection: Connection, lease: Lease, batch: Sequence[AnyRecorded]) -> Handled:
        touched = [(key, fact) for fact in batch if (key := self.projection.key_of(fact))]
        if touched:
            generation = self._generation(connection, lease)
            before: dict[str, R] = {}
            if not self.projection.of_one_fact:
                keys = list(dict.fromkeys(key for key, _ in touched))
                before = self.table.load(connection, lease.tenant_id, generation, keys)
            after = fold(self.projection, before, touched)
            changed = [row for key, row in after.items() if before.get(key) is not row]
            self.table.save(connection, lease.tenant_id, generation, changed)
        return NOTHING

    def _generation(self, connection: Connection, lease: Lease) -> int:
        if self.generation is not None:
            return self.generation
        token, live = self._live.get(lease.tenant_id, (None, 0))
        if token is None or token != lease.token:
            # Another process was at work, or a rebuild has put another generation in its place. A
            # look writes nothing; only the first batch of all has to.
            names = [lease.tenant_id, self.projection.name]
            row = connection.execute(KNOWN, names).fetchone()
            row = row or connection.execute(LIVE, names).fetchone()
            assert row is not None, "An upsert with RETURNING answers one row."
            live = row[0]
        self._live[lease.tenant_id] = lease.next_token, live
        return live
