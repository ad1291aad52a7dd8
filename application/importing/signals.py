"""Signals in files: a CSV file of all kinds side by side, or one JSON object a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, get_args

import msgspec

from application.importing.lines import (
    Columns,
    FileRefused,
    Line,
    RefusedLine,
    Wanted,
    columns_of,
    head_of,
    refused_by_type,
    too_long,
)
from application.importing.running import Fate, Parse, Take, Tally
from application.ingestion import Giver, SignalIntake, TakenAs
from application.signals import Sent, Signal

FIELDS = tuple(
    dict.fromkeys(["kind", *(name for kind in get_args(Signal) for name in kind.__struct_fields__)])
)
# Of every kind; what one kind needs besides is asked of its lines.
REQUIRED = (
    "kind",
    *(
        field.name
        for field in msgspec.structs.fields(Sent)
        if field.required and field.name != "source"
    ),
)


def reader_of(
    file: BinaryIO, *, is_csv: bool, source: str | None, delimiter: str
) -> tuple[Parse[Signal], Tally]:
    """Return how lines are read and where the first record stands, after a look at the file's head.

    Raises:
        FileRefused: it is empty, in another encoding, or its columns are not those of signals.
    """
    first = head_of(file)
    if not is_csv:
        return lambda line: from_json(line, source), Tally()
    columns = columns_of(first, delimiter, Wanted("signal", FIELDS, REQUIRED))
    if "source" not in columns.names and source is None:
        raise FileRefused("There is no column 'source'; add it, or use --source.")
    return (
        lambda line: from_csv(line, columns, source),
        Tally(offset=first.end, line=first.number),
    )


def from_csv(line: Line, columns: Columns, source: str | None) -> Signal | RefusedLine:
    """Return the signal of a line of CSV, or why it is none. An empty cell is an absent field."""
    record = columns.record(line)
    if isinstance(record, RefusedLine):
        return record
    return signal_of(line, dict(record), source)


def from_json(line: Line, source: str | None) -> Signal | RefusedLine:
    """Return the signal of a line of NDJSON, or why it is none."""
    if line.content is None:
        return too_long(line)
    try:
        fields = msgspec.json.decode(line.content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return RefusedLine(line.number, None, "import.malformed", f"not JSON: {error}")
    except RecursionError:
        return RefusedLine(line.number, None, "import.malformed", "JSON nested too deeply")
    if not isinstance(fields, dict):
        return RefusedLine(line.number, None, "import.malformed", "not a JSON object")
    return signal_of(line, fields, source, strict=True)


def signal_of(
    line: Line, fields: dict[str, object], source: str | None, *, strict: bool = False
) -> Signal | RefusedLine:
    if source is not None:
        fields.setdefault("source", source)
    try:
        signal: Signal = msgspec.convert(fields, Signal, strict=strict)
    except msgspec.ValidationError as error:
        return refused_by_type(line, error, "signal.malformed", FIELDS, Signal)
    return signal


def taking(intake: SignalIntake, giver: Giver) -> Take[Signal]:
    """Return what becomes of signals that this giver hands to this intake."""

    def take(signals: Sequence[Signal]) -> list[Fate]:
        return [
            Fate(taken.status is TakenAs.ACCEPTED, taken.refusal)
            for taken in intake.take(giver, signals)
        ]

    return take
