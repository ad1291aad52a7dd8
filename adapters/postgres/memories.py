"""Memories of policies read from outside, as they stand with the policy's checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from adapters.postgres.database import Database

M = TypeVar("M", bound=msgspec.Struct)

NAMED = """
SELECT key, value FROM policy.memories WHERE tenant_id = %(tenant)s AND policy = %(policy)s
  AND key > %(after)s AND starts_with(key, %(prefix)s) AND right(key, length(%(suffix)s)) = %(suffix)s
ORDER BY key LIMIT %(limit)s
"""


class PostgresMemories:
    """The ports `Memories` and `AllMemories` on the table policy.memories."""

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

    def named(
        self,
        tenant_id: str,
        policy: str,
        ends: tuple[str, str],
        type_: type[M],
        *,
        after: str,
        limit: int,
    ) -> dict[str, M]:
        prefix, suffix = ends
        asked = {
            "tenant": tenant_id,
            "policy": policy,
            "prefix": prefix,
            "suffix": suffix,
            "after": after,
            "limit": limit,
        }
        rows = self._database.fetch(tenant_id, NAMED, asked)
        return {key: msgspec.json.decode(value, type=type_) for key, value in rows}
