"""Lines of a file of any size, read one at a time in bounded memory.

A record is a line, also in CSV, so that an import that was cut off can go on at a byte.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import msgspec

from application.wording import broken

LINE_BYTES_MAX = 16 * 1024  # a record has some 500; ids, numbers and times need no more
COLUMNS_MAX = 64
BOM = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = (",", ";", "\t", "|")


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


def head_of(file: BinaryIO) -> Line:
    """Return the first line of a file.

    Raises:
        FileRefused: there is none, or it is nothing that can be read.
    """
    first = next(lines(file, 0, 0), None)
    if first is None:
        raise FileRefused("The file is empty.")
    if first.content is None:
        raise FileRefused(f"The first line has more than {LINE_BYTES_MAX:,} bytes.")
    if first.content[:2] in UTF_16_MARKS:
        raise FileRefused("The file is UTF-16; save it as UTF-8.")
    return first


class Wanted(msgspec.Struct, frozen=True):
    """What columns a CSV file may and must have."""

    noun: str  # what a line holds
    known: Sequence[str]
    required: Sequence[str]


class Columns(msgspec.Struct, frozen=True):
    """The columns of a CSV file, and how they are told apart."""

    names: Sequence[str]
    delimiter: str

    def record(self, line: Line) -> dict[str, str] | RefusedLine:
        """Return the filled cells of a line under their names, or why there are none."""
        if line.content is None:
            return too_long(line)
        try:
            row = cells(line.content.decode("utf-8"), self.delimiter)
        except (UnicodeDecodeError, csv.Error) as error:
            return RefusedLine(line.number, None, "import.malformed", f"not CSV in UTF-8: {error}")
        if len(row) != len(self.names):
            rule = f"{len(row)} cells under {len(self.names)} columns"
            return RefusedLine(line.number, None, "import.malformed", rule)
        return {name: cell for name, cell in zip(self.names, row, strict=True) if cell}


def columns_of(first: Line, delimiter: str, wanted: Wanted) -> Columns:
    """Return the columns that the first line of a CSV file names.

    Raises:
        FileRefused: they are not those that are wanted; it says the likeliest reason.
    """
    assert first.content is not None, "The head of a file was looked at."
    try:
        header = first.content.decode("utf-8")
        names = [cell.strip() for cell in cells(header, delimiter)]
        require_columns(names, header, delimiter, wanted)
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileRefused(f"The header is not CSV in UTF-8: {error}.") from error
    return Columns(names, delimiter)


def require_columns(names: Sequence[str], header: str, delimiter: str, wanted: Wanted) -> None:
    if len(names) > COLUMNS_MAX:
        raise FileRefused(f"The header has {len(names)} columns; the limit is {COLUMNS_MAX}.")
    missing = [name for name in wanted.required if name not in names]
    for other in DELIMITERS:
        if missing and other != delimiter and set(cells(header, other)) >= set(missing):
            raise FileRefused(
                f"The columns are separated by {other!r}, not by {delimiter!r}; use --delimiter."
            )
    for name in names:
        if name not in wanted.known:
            raise FileRefused(
                f"There is a column {name!r} that no {wanted.noun} has; they are"
                f" {', '.join(wanted.known)}."
            )
        if names.count(name) > 1:
            raise FileRefused(f"There are two columns {name!r}.")
    if missing:
        raise FileRefused(f"There is no column {missing[0]!r}; missing: {', '.join(missing)}.")


def cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of one line of CSV."""
    return next(csv.reader([text], delimiter=delimiter, strict=True), [])


def too_long(line: Line) -> RefusedLine:
    return RefusedLine(
        line.number, None, "import.line_too_long", f"more than {LINE_BYTES_MAX:,} bytes"
    )


def refused_by_type(
    line: Line, error: msgspec.ValidationError, code: str, known: Sequence[str], kind: Any
) -> RefusedLine:
    """Return what the type of a record says against a line, with the field to blame."""
    path, rule = broken(error, kind)
    field = path.removeprefix("$").lstrip(".") or quoted(rule, known)
    return RefusedLine(line.number, field, code, rule)


def quoted(rule: str, known: Sequence[str]) -> str | None:
    """Return the field that a rule itself names between backticks, as for one that is missing."""
    parts = rule.split("`")
    return parts[1] if len(parts) == 3 and parts[1] in known else None
