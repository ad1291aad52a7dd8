"""What every projection has in common: a name, a row, and a pure fold from facts to that row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec
from msgspec.structs import replace

from domain.catalogue import AnyRecorded
from domain.kernel import Event

R = TypeVar("R", bound=msgspec.Struct)


class Projection(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """One read model: how a fact finds its row and what it does to it.

    `project` is pure: the same facts in the same order give the same row, live or rebuilt. The row
    is flat; lists and nested values are stored as JSON.
    """

    name: str  # keys its follower and its generations in the database: never rename
    table: str
    row: type[R]
    key: str  # the row's field that tells it from the others of its tenant
    newest_first: str  # the row's field by which pages are ordered, latest first
    facts: tuple[type[Event], ...]  # what it folds; other facts are not even decoded
    key_of: Callable[[AnyRecorded], str | None]
    project: Callable[[R | None, AnyRecorded], R | None]
    of_one_fact: bool = False  # a row is made of one fact alone, so none is looked up before


def stamped(row: R, fact: AnyRecorded) -> R:
    """Return a row with what each row tells of the last fact folded into it: when, and where."""
    return replace(row, updated_at=fact.recorded_at, position=fact.position, version=fact.version)


def key_behind(prefix: str) -> Callable[[AnyRecorded], str | None]:
    """Return the `key_of` of a projection whose rows are the streams of this prefix."""

    def key_of(fact: AnyRecorded) -> str | None:
        return fact.stream_id.removeprefix(prefix) if fact.stream_id.startswith(prefix) else None

    return key_of


def fold(
    projection: Projection[R],
    before: dict[str, R],
    touched: Sequence[tuple[str, AnyRecorded]],
) -> dict[str, R]:
    """Return the rows after the facts, each fact folded into the row that its key names."""
    after = dict(before)
    for key, fact in touched:
        row = projection.project(after.get(key), fact)
        if row is not None:
            after[key] = row
    return after
