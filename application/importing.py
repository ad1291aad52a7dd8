"""Importing: signals from a file of any size, line by line, in bounded memory.

A record is a line, also in CSV, so that an import that was cut off can go on at a byte. Going on
is a convenience, not what keeps the log clean: signals have ids, and one that is taken twice is
answered as a duplicate.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, TypeAlias, get_args

import msgspec

from application.ingestion import Giver, SignalIntake, Taken, TakenAs
from application.signals import Sent, Signal

LINE_BYTES_MAX = 16 * 1024  # a signal has some 500; ids, numbers and times need no more
COLUMNS_MAX = 64
BATCH_LINES = 500  # in one append; also what is done again after a kill
BOM = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = (",", ";", "\t", "|")

FIELDS = tuple(
    dict.fromkeys(["kind", *(name for kind in get_args(Signal) for name in kind.__struct_fields__)])
)
# Of every kind; what one kind needs besides is asked of its lines.
REQUIRED = tuple(
    field.name
    for field in msgspec.structs.fields(Sent)
    if field.required and field.name != "source"
)


class FileRefused(Exception):
    """The file as a whole is nothing that can be imported. The message is a sentence for people."""


class Line(msgspec.Struct, frozen=True):
    """One line of the file: where it stands, and its bytes without the line's end."""

    number: int  # 1 is the first
    end: int  # byte offset behind it
    content: bytes | None  # None: longer than LINE_BYTES_MAX


class RefusedLine(msgspec.Struct, frozen=True):
    """A line that is not taken: where, which field, and the rule that it breaks."""

    line: int
    field: str | None
    code: str
    rule: str


Parse: TypeAlias = Callable[[Line], Signal | RefusedLine]


class Tally(msgspec.Struct):
    """How far an import is, and what became of what it read."""

    offset: int = 0  # bytes that are done
    line: int = 0  # lines that are done
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0


def lines(file: BinaryIO, offset: int, number: int) -> Iterator[Line]:
    """Yield the lines behind an offset, never holding more than one in memory."""
    file.seek(offset)
    while True:
        content = file.readline(LINE_BYTES_MAX + 2)
        if not content:
            return
        number += 1
        offset += len(content)
        whole = content.rstrip(b"\r\n")
        if len(whole) > LINE_BYTES_MAX:
            while content and not content.endswith(b"\n"):
                content = file.readline(LINE_BYTES_MAX)
                offset += len(content)
            yield Line(number, offset, None)
            continue
        if number == 1:
            whole = whole.removeprefix(BOM)
        yield Line(number, offset, whole)


def reader_of(
    file: BinaryIO, *, is_csv: bool, source: str | None, delimiter: str
) -> tuple[Parse, Tally]:
    """Return how lines are read and where the first record stands, after a look at the file's head.

    Raises:
        FileRefused: it is empty, in another encoding, or its columns are not those of signals.
    """
    first = next(lines(file, 0, 0), None)
    if first is None:
        raise FileRefused("The file is empty.")
    if first.content is None:
        raise FileRefused(f"The first line has more than {LINE_BYTES_MAX:,} bytes.")
    if first.content[:2] in UTF_16_MARKS:
        raise FileRefused("The file is UTF-16; save it as UTF-8.")
    if not is_csv:
        return lambda line: from_json(line, source), Tally()
    try:
        header = first.content.decode("utf-8")
        columns = [cell.strip() for cell in cells(header, delimiter)]
        require_columns(columns, header, delimiter, source)
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileRefused(f"The header is not CSV in UTF-8: {error}.") from error
    return (
        lambda line: from_csv(line, columns, source, delimiter),
        Tally(offset=first.end, line=first.number),
    )


def require_columns(
    columns: Sequence[str], header: str, delimiter: str, source: str | None
) -> None:
    """Refuse a header that is not one of signals, saying the likeliest reason."""
    if len(columns) > COLUMNS_MAX:
        raise FileRefused(f"The header has {len(columns)} columns; the limit is {COLUMNS_MAX}.")
    missing = [name for name in ("kind", *REQUIRED) if name not in columns]
    for other in DELIMITERS:
        if missing and other != delimiter and set(cells(header, other)) >= set(missing):
            raise FileRefused(
                f"The columns are separated by {other!r}, not by {delimiter!r}; use --delimiter."
            )
    for name in columns:
        if name not in FIELDS:
            raise FileRefused(
                f"There is a column {name!r} that no signal has; they are {', '.join(FIELDS)}."
            )
        if columns.count(name) > 1:
            raise FileRefused(f"There are two columns {name!r}.")
    if missing:
        raise FileRefused(f"There is no column {missing[0]!r}; missing: {', '.join(missing)}.")
    if "source" not in columns and source is None:
        raise FileRefused("There is no column 'source'; add it, or use --source.")


def cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of one line of CSV."""
    return next(csv.reader([text], delimiter=delimiter, strict=True), [])


def from_csv(
    line: Line, columns: Sequence[str], source: str | None, delimiter: str
) -> Signal | RefusedLine:
    """Return the signal of a line of CSV, or why it is none. An empty cell is an absent field."""
    if line.content is None:
        return too_long(line)
    try:
        row = cells(line.content.decode("utf-8"), delimiter)
    except (UnicodeDecodeError, csv.Error) as error:
        return RefusedLine(line.number, None, "import.malformed", f"not CSV in UTF-8: {error}")
    if len(row) != len(columns):
        rule = f"{len(row)} cells under {len(columns)} columns"
        return RefusedLine(line.number, None, "import.malformed", rule)
    return signal_of(
        line, {name: cell for name, cell in zip(columns, row, strict=True) if cell}, source
    )


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
        rule, _, path = str(error).partition(" - at ")
        field = path.strip("`").removeprefix("$").lstrip(".") or quoted(rule)
        return RefusedLine(line.number, field, "signal.malformed", rule)
    return signal


def quoted(rule: str) -> str | None:
    """Return the field that a rule itself names between backticks, as for one that is missing."""
    parts = rule.split("`")
    return parts[1] if len(parts) == 3 and parts[1] in FIELDS else None


def too_long(line: Line) -> RefusedLine:
    return RefusedLine(
        line.number, None, "import.line_too_long", f"more than {LINE_BYTES_MAX:,} bytes"
    )


class Import:
    """One import: reads, hands over in batches, and keeps the tally."""

    def __init__(self, intake: SignalIntake, giver: Giver, parse: Parse, tally: Tally) -> None:
        self.tally = tally
        self._intake = intake
        self._giver = giver
        self._parse = parse

    def run(self, file: BinaryIO) -> Iterator[list[RefusedLine]]:
        """Import what stands behind the tally's offset, and yield the refused lines of each batch.

        When a batch is yielded, the tally counts it and the log holds it.

        Raises:
            LogUnavailable: the database did not answer; the tally stands before the batch.
        """
        batch: list[Line] = []
        for line in lines(file, self.tally.offset, self.tally.line):
            batch.append(line)
            if len(batch) == BATCH_LINES:
                yield self._take(batch)
                batch = []
        if batch:
            yield self._take(batch)

    def _take(self, batch: Sequence[Line]) -> list[RefusedLine]:
        # An empty line is no record; files often end with one.
        read = [(line, self._parse(line)) for line in batch if line.content != b""]
        refused = [each for _, each in read if isinstance(each, RefusedLine)]
        given = [(line, each) for line, each in read if not isinstance(each, RefusedLine)]
        taken = self._intake.take(self._giver, [signal for _, signal in given]) if given else []
        for (line, _), one in zip(given, taken, strict=True):
            if one.status is TakenAs.REFUSED:
                refused.append(refused_by_rule(line, one))
        tally = self.tally
        tally.accepted += sum(one.status is TakenAs.ACCEPTED for one in taken)
        tally.duplicates += sum(one.status is TakenAs.DUPLICATE for one in taken)
        tally.refused += len(refused)
        tally.offset, tally.line = batch[-1].end, batch[-1].number
        return sorted(refused, key=lambda each: each.line)


def refused_by_rule(line: Line, taken: Taken) -> RefusedLine:
    """Return what the intake said against the signal of a line."""
    refusal = taken.refusal
    assert refusal is not None, "What is refused has a reason."
    field = None if refusal.field is None else refusal.field.removeprefix("$.")
    return RefusedLine(line.number, field, refusal.code, str(refusal))
