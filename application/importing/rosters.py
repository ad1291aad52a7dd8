"""Rosters in files: one shift a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import msgspec

from application.directory import SHIFT_ENTRIES, state_each
from application.importing.lines import (
    Columns,
    Line,
    RefusedLine,
    Wanted,
    columns_of,
    head_of,
    refused_by_type,
)
from application.importing.running import Fate, Parse, Take, Tally
from application.ports import Cause, EventLog
from domain.directory.shift import PlanShift

FIELDS = PlanShift.__struct_fields__
REQUIRED = tuple(field.name for field in msgspec.structs.fields(PlanShift) if field.required)


def reader_of(file: BinaryIO, *, delimiter: str) -> tuple[Parse[PlanShift], Tally]:
    """Return how lines are read and where the first shift stands, after a look at the file's head.

    Raises:
        FileRefused: it is empty, in another encoding, or its columns are not those of shifts.
    """
    first = head_of(file)
    columns = columns_of(first, delimiter, Wanted("shift", FIELDS, REQUIRED))
    return lambda line: shift_of(line, columns), Tally(offset=first.end, line=first.number)


def shift_of(line: Line, columns: Columns) -> PlanShift | RefusedLine:
    """Return the shift of a line, or why it is none. An empty cell is an absent field."""
    record = columns.record(line)
    if isinstance(record, RefusedLine):
        return record
    try:
        return msgspec.convert(record, PlanShift, strict=False)
    except msgspec.ValidationError as error:
        return refused_by_type(line, error, "shift.malformed", FIELDS, PlanShift)


def taking(log: EventLog, tenant_id: str, cause: Cause) -> Take[PlanShift]:
    """Return what becomes of shifts that are handed over on this behalf."""

    def take(shifts: Sequence[PlanShift]) -> list[Fate]:
        stated = state_each(log, tenant_id, SHIFT_ENTRIES, shifts, cause)
        return [Fate(each.changed, each.refusal) for each in stated]

    return take
