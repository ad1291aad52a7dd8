"""The port `RecipientBook` on the table feed.recipients, a row for many positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from uuid import UUID

import psycopg

from adapters.postgres.database import Connection, Database
from application.ports import LogUnavailable
from application.recipients import FrameRecipients, Handed

BLOCK_POSITIONS = 1_000  # how many positions share a block, by which rows are found

KEEP = (
    "INSERT INTO feed.recipients (tenant_id, block, batch, positions, recipients, left_out)"
    " VALUES (%s, %s, %s, %s::bigint[], %s::integer[], %s::integer[])"
    " ON CONFLICT (tenant_id, block, batch) DO NOTHING"
)
# Each block holds one position at least, so a page never wants more of them than it has rows.
BEHIND = (
    "SELECT frame.position, sum(frame.recipients)::bigint, sum(frame.left_out)::bigint,"
    " min(recorded_at), max(recorded_at)"
    " FROM feed.recipients AS kept CROSS JOIN LATERAL"
    " unnest(kept.positions, kept.recipients, kept.left_out)"
    " AS frame (position, recipients, left_out)"
    " WHERE tenant_id = %(tenant)s AND frame.position > %(after)s AND block = ANY (ARRAY("
    " SELECT DISTINCT block FROM feed.recipients"
    " WHERE tenant_id = %(tenant)s AND block >= %(block)s ORDER BY block LIMIT %(limit)s + 1))"
    " GROUP BY frame.position ORDER BY frame.position LIMIT %(limit)s"
)


class PostgresRecipients:
    """Keeps and answers on connections of the pool."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, tenant_id: str, batch: UUID, handed: Sequence[Handed]) -> None:
        in_order = sorted(handed, key=lambda each: each.position)
        with self._work(tenant_id) as connection:
            for block, of_block in groupby(in_order, block_of):
                group = list(of_block)
                row = [
                    [each.position for each in group],
                    [each.recipients for each in group],
                    [each.left_out for each in group],
                ]
                connection.execute(KEEP, [tenant_id, block, batch, *row])

    def forget(self, tenant_id: str) -> None:
        with self._work(tenant_id) as connection:
            connection.execute("SELECT feed.forget_recipients(%s)", [tenant_id])

    def behind(self, tenant_id: str, after: int, limit: int) -> list[FrameRecipients]:
        asked = {
            "tenant": tenant_id,
            "after": after,
            "block": (after + 1) // BLOCK_POSITIONS,
            "limit": limit,
        }
        return [
            FrameRecipients(
                position=position,
                recipients=recipients,
                left_out=left_out,
                first_at=first_at,
                last_at=last_at,
            )
            for position, recipients, left_out, first_at, last_at in self._database.fetch(
                tenant_id, BEHIND, asked
            )
        ]

    @contextmanager
    def _work(self, tenant_id: str) -> Iterator[Connection]:
        try:
            with self._database.unit_of_work(tenant_id) as connection:
                yield connection
        except psycopg.OperationalError as error:
            raise LogUnavailable("The database cannot be reached.") from error


def block_of(handed: Handed) -> int:
    """Return the block that a position falls into."""
    return handed.position // BLOCK_POSITIONS
