"""Memories of policies read from outside, as they stand with the policy's checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from adapters.postgres.database import Database

M = TypeVar("M", bound=msgspec.Struct)


class PostgresMemories:
    """The port `Memories` on the table policy.memories."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def memories(
        self, tenant_id: str, policy: str, keys: Sequence[str], type_: type[M]
    ) -> dict[str, M]:
        rows = self._database.fetch(
            tenant_id,
            "SELECT key, value FROM policy.memories WHERE tenant_id = %(tenant)s"
            " AND policy = %(policy)s AND key = ANY (%(keys)s)",
            {"tenant": tenant_id, "policy": policy, "keys": list(keys)},
        )
        return {key: msgspec.json.decode(value, type=type_) for key, value in rows}
