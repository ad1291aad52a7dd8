"""The envelope of every success, and the shapes that several doors answer with."""

from typing import Generic, Literal, TypeVar

import msgspec

T = TypeVar("T")


class Envelope(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """An answer: what was asked for, and the position of the tenant's log that it stands on."""

    status: Literal["success"] = "success"
    data: T
    cached: bool = False
    position: int


class Items(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list, newest first; `next_cursor` leads on, and is null on the last page."""

    items: list[T]
    next_cursor: str | None


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """Where the log stands after a wish; null if it was already true."""

    position: int | None
