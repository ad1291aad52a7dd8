"""The paper says what the code does: its examples are parsed and recomputed, by three parties."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import TupleRow

from adapters.log.verifying import LEAF
from application.ports import GENESIS_HASH
from tests.log import reference

PAPER = Path(__file__).parents[2] / "docs" / "log-format.md"
BLOCK = re.compile(r"```event\n(.*?)```.*?```leaf\n(.*?)```.*?```hash\n(.*?)```", re.DOTALL)
COLUMNS = ", ".join(reference.Event._fields[:-1])


def examples() -> Iterator[tuple[reference.Event, bytes]]:
    """Yield the events of the paper, with their hashes, and the leaf that it says they have."""
    for told, leaf, hash_ in BLOCK.findall(PAPER.read_text("utf-8")):
        says = dict(line.split(": ", 1) for line in told.strip().splitlines())
        yield (
            reference.Event(
                tenant_id=says["tenant_id"],
                position=int(says["position"]),
                stream_id=says["stream_id"],
                version=int(says["version"]),
                type=says["type"],
                event_id=UUID(says["event_id"]),
                occurred_at=datetime.fromisoformat(says["occurred_at"]),
                recorded_at=datetime.fromisoformat(says["recorded_at"]),
                actor=says["actor"],
                caused_by=None if says["caused_by"] == "none" else int(says["caused_by"]),
                correlation_id=UUID(says["correlation_id"]),
                data=says["data"].encode(),
                hash=bytes.fromhex(hash_),
            ),
            bytes.fromhex(leaf),
        )


@pytest.fixture(scope="module")
def told() -> list[tuple[reference.Event, bytes]]:
    return list(examples())


def test_a_stranger_computes_what_the_paper_says(
    told: list[tuple[reference.Event, bytes]],
) -> None:
    assert [event.position for event, _ in told] == [1, 2]
    assert [reference.leaf(event) for event, _ in told] == [leaf for _, leaf in told]
    assert reference.first_bad_position(event for event, _ in told) is None
    assert reference.GENESIS == GENESIS_HASH


@pytest.mark.parametrize("whose", ["log.leaf", "the verifier"])
def test_the_database_computes_what_the_paper_says(
    app: psycopg.Connection[TupleRow], told: list[tuple[reference.Event, bytes]], whose: str
) -> None:
    function = (
        "log.leaf(tenant_id, position, stream_id, version, type, event_id, occurred_at,"
        " recorded_at, actor, caused_by, correlation_id, data)"
    )
    for event, leaf in told:
        row = app.execute(
            f"SELECT {function if whose == 'log.leaf' else LEAF} FROM (VALUES (%s::text, %s::bigint,"
            " %s::text, %s::bigint, %s::text, %s::uuid, %s::timestamptz, %s::timestamptz, %s::text,"
            f" %s::bigint, %s::uuid, %s::bytea)) AS event ({COLUMNS})".encode(),
            event[:-1],
        ).fetchone()
        assert row == (leaf,)


def test_the_paper_names_every_column(app: psycopg.Connection[TupleRow]) -> None:
    rows = app.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'log.events'::regclass AND attnum > 0"
    ).fetchall()
    paper = PAPER.read_text("utf-8")
    for (name,) in rows:
        assert f"| `{name}` |" in paper
