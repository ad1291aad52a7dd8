"""The port through which doors read what the projections made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec

from projections.kernel import Projection

R = TypeVar("R", bound=msgspec.Struct)

PAGE_ROWS_DEFAULT = 50
PAGE_ROWS_MAX = 200
WAIT_FOR_S_MAX = 5.0


class MalformedCursor(ValueError):
    """A cursor that this system did not hand out."""


class ReadModelBehind(Exception):
    """A read model did not reach the asked position in time."""

    def __init__(self, projection: str, position: int) -> None:
        super().__init__(f"The read model {projection} did not reach position {position} in time.")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a list shall hold: equality filters, bounds, the sites one may see, and a page."""

    equal: Mapping[str, str] = {}  # row field -> value
    at_least: Mapping[str, float | datetime] = {}  # row field -> lower bound, included
    above: Mapping[str, datetime] = {}  # row field -> lower bound, left out
    below: Mapping[str, datetime] = {}  # row field -> upper bound, left out
    holding: Mapping[str, str] = {}  # row field that is a list -> one of its texts
    sites: Sequence[str] | None = None  # None: every site of the tenant
    limit: int = PAGE_ROWS_DEFAULT  # 1..PAGE_ROWS_MAX
    cursor: str | None = None


class Page(msgspec.Struct, Generic[R], frozen=True):
    """Rows in order, where to go on, and the position that they stand on (at least)."""

    rows: list[R]
    next_cursor: str | None
    position: int


class Changed(msgspec.Struct, frozen=True):
    """Where a read model stands."""

    newest: int  # position of the last fact that changed one of its rows; 0 without any
    position: int  # that an answer made now stands on (at least)


class Found(msgspec.Struct, Generic[R], frozen=True):
    """One row, or none, and the position that the answer stands on (at least)."""

    row: R | None
    position: int


class Views(Protocol):
    """The read models of all tenants."""

    def page(self, projection: Projection[R], tenant_id: str, wanted: Wanted) -> Page[R]:
        """Return one page, newest first, with a cursor that stays right while rows are added.

        Raises:
            MalformedCursor: the cursor is not one of ours.
        """
        ...

    def one(self, projection: Projection[R], tenant_id: str, key: str) -> Found[R]:
        """Return the row under this key."""
        ...

    def some(self, projection: Projection[R], tenant_id: str, keys: Sequence[str]) -> dict[str, R]:
        """Return the rows under these keys; absent keys are left out."""
        ...

    def changed(self, projection: Projection[R], tenant_id: str) -> Changed:
        """Return which position changed a row last."""
        ...

    def reached(self, projection: str, tenant_id: str) -> int:
        """Return the position that the read model has reached; 0 before it began."""
        ...

    def wait(self, projection: str, tenant_id: str, position: int) -> None:
        """Wait until the read model has folded everything up to `position`.

        Raises:
            ReadModelBehind: it had not after WAIT_FOR_S_MAX seconds.
        """
        ...
