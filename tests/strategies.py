"""Hypothesis strategies for facts and wishes, read from the limits that their Structs state.

`few` draws every value from a handful, so that the wishes of one list meet each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect as mi

T = TypeVar("T", bound=msgspec.Struct)
Test: TypeAlias = Callable[..., None]

FEW_UUIDS = [UUID(int=number) for number in (1, 2, 3)]
FEW_TEXTS = [
    "A-1",
    "b-2",
    "Europe/London",
    "Europe/Paris",
    "+44 20 7946",
    "+44 20 7947",
    "ada@example.org",
    "08:00",
]
FEW_MOMENTS = [datetime(2026, 11, day, 8, tzinfo=UTC) for day in (21, 22)]
FLOAT_MAX = 1e9


def forall(
    *drawn: st.SearchStrategy[Any], **named: st.SearchStrategy[Any]
) -> Callable[[Test], Test]:
    """Run a test for many drawn values, however busy the machine is: without a deadline."""

    def decorate(test: Test) -> Test:
        return settings(deadline=None)(given(*drawn, **named)(test))

    return decorate


def structs(type_: type[T], *, few: bool = False) -> st.SearchStrategy[T]:
    """Return a strategy for valid instances of a Struct."""
    info = mi.type_info(type_)
    assert isinstance(info, mi.StructType)
    return _structs(info, few)


def _structs(info: mi.StructType, few: bool) -> st.SearchStrategy[Any]:
    fields = {field.name: values(field.type, few=few) for field in info.fields}
    return st.builds(info.cls, **fields)


def values(info: mi.Type, *, few: bool = False) -> st.SearchStrategy[Any]:
    """Return a strategy for what a field may hold."""
    match info:
        case mi.Metadata(type=inner):
            return values(inner, few=few)
        case mi.NoneType():
            return st.none()
        case mi.BoolType():
            return st.booleans()
        case mi.IntType(ge=least, le=most):
            return st.integers(
                -(2**63) if least is None else least, 2**63 - 1 if most is None else most
            )
        case mi.FloatType(ge=least, le=most):
            return st.floats(
                -FLOAT_MAX if least is None else least,
                FLOAT_MAX if most is None else most,
                allow_nan=False,
                allow_infinity=False,
            )
        case mi.StrType():
            return texts(info.pattern, info.min_length or 0, info.max_length or 1_000, few)
        case mi.DateTimeType():
            return st.sampled_from(FEW_MOMENTS) if few else st.datetimes(timezones=st.just(UTC))
        case mi.UUIDType():
            return st.sampled_from(FEW_UUIDS) if few else st.uuids()
        case mi.EnumType(cls=cls):
            return st.sampled_from(list(cls))
        case mi.UnionType(types=types):
            return st.one_of([values(one, few=few) for one in types])
        case mi.VarTupleType(item_type=item, min_length=least):
            return st.lists(values(item, few=few), min_size=least or 0, max_size=3).map(tuple)
        case mi.ListType(item_type=item, min_length=least):
            return st.lists(values(item, few=few), min_size=least or 0, max_size=3)
        case mi.StructType():
            return _structs(info, few)
        case _:
            raise NotImplementedError(f"There is no strategy for {info} yet.")


@cache
def texts(pattern: str | None, least: int, most: int, few: bool) -> st.SearchStrategy[str]:
    def fits(text: str) -> bool:
        return least <= len(text) <= most and (pattern is None or bool(re.search(pattern, text)))

    if few:
        return st.sampled_from([text for text in FEW_TEXTS if fits(text)])
    if pattern is None:
        return st.text(st.characters(exclude_categories=["Cs"]), min_size=least, max_size=most)
    return st.from_regex(pattern, fullmatch=True).filter(fits)
