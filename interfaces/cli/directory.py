"""What the commands of the directory share: entries stated, one or from a file, ended, and listed."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from application.directory import Entries, state
from domain.kernel import Command, Instant, Refused
from interfaces.cli.answering import by_hand, opened, rule_of, said, show, wish
from interfaces.cli.failing import CommandFailed
from interfaces.cli.working import work
from projections.kernel import Projection
from projections.views import PAGE_ROWS_MAX, Wanted

FILE_ROWS_MAX = 100_000

C = TypeVar("C", bound=Command)


def state_one(
    tenant: str, entries: Entries, fields: Mapping[str, object], what: str, *, as_json: bool
) -> int:
    """State one entry of the directory and say where the log stands."""
    statement = wish(entries.statement, **fields)
    with opened(tenant) as vedette:
        position = state(vedette.log, tenant, entries, statement, by_hand())
    said(position, f"{getattr(statement, entries.key)} is {what}", as_json=as_json)
    return 0


def end_one(tenant: str, entries: Entries, entry_id: str, what: str, *, as_json: bool) -> int:
    """End one entry of the directory and say where the log stands."""
    stream = entries.stream(entry_id)
    what = f"{entry_id} is {what}"
    work(tenant, entries.decider, stream, entries.ending, what, as_json=as_json)
    return 0


def state_file(tenant: str, entries: Entries, path: Path) -> int:
    """State the entries of a CSV file and return the exit code."""
    return state_all(tenant, entries, from_file(path, entries.statement))


def state_all(
    tenant: str, entries: Entries, statements: Iterator[tuple[int, Command | str]]
) -> int:
    """State entries, say which lines were refused, and return the exit code."""
    changed = unchanged = refused = 0
    with opened(tenant) as vedette:
        cause = by_hand()
        for line, statement in statements:
            if isinstance(statement, str):
                refused += 1
                print(f"line {line}: {statement}", file=sys.stderr)
                continue
            try:
                position = state(vedette.log, tenant, entries, statement, cause)
            except Refused as refusal:
                refused += 1
                print(f"line {line}: {refusal}", file=sys.stderr)
            else:
                changed += position is not None
                unchanged += position is None
    print(f"{changed} changed, {unchanged} as before, {refused} refused.")
    return 1 if refused else 0


def from_file(path: Path, kind: type[C]) -> Iterator[tuple[int, C | str]]:
    """Yield the line number of each row of a CSV file with the command, or why it is none.

    Raises:
        CommandFailed: the file cannot be read, or its columns are not the command's fields.
    """
    known = set(kind.__struct_fields__)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", strict=True)
            columns = set(reader.fieldnames or ())
            if strange := sorted(columns - known):
                raise CommandFailed(
                    f"{path} has a column {strange[0]!r}; the columns are {', '.join(kind.__struct_fields__)}."
                )
            for number, row in enumerate(reader, 1):
                if number > FILE_ROWS_MAX:
                    raise CommandFailed(f"{path} has more than {FILE_ROWS_MAX:,} rows; split it.")
                if "" in row:
                    yield reader.line_num, "more cells than columns."
                    continue
                try:
                    filled = {name: cell for name, cell in row.items() if cell}
                    yield reader.line_num, msgspec.convert(filled, kind, strict=False)
                except msgspec.ValidationError as error:
                    yield reader.line_num, rule_of(error, kind)
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CommandFailed(f"{path} is not CSV in UTF-8: {error}.") from error


def moment(option: str, text: str | None) -> datetime | None:
    """Return the moment that an option names.

    Raises:
        CommandFailed: it is none, or has no zone.
    """
    if text is None:
        return None
    try:
        found: datetime = msgspec.convert(text, Instant)
    except msgspec.ValidationError as error:
        raise CommandFailed(
            f"{option} is a moment with its zone, such as 2026-11-22T08:00:00Z."
        ) from error
    return found


def list_rows(
    tenant: str,
    projection: Projection[Any],
    columns: Sequence[str],
    *,
    as_json: bool,
    equal: Mapping[str, str | None] | None = None,
    above: Mapping[str, datetime | None] | None = None,
    below: Mapping[str, datetime | None] | None = None,
    shown: Callable[[Any], msgspec.Struct] = lambda row: row,
) -> None:
    """Print the rows of a list, the first one first; what is compared with None is left out."""
    rows: list[msgspec.Struct] = []
    narrowed = {
        "equal": {name: value for name, value in (equal or {}).items() if value is not None},
        "above": {name: value for name, value in (above or {}).items() if value is not None},
        "below": {name: value for name, value in (below or {}).items() if value is not None},
    }
    wanted: Wanted = msgspec.convert({**narrowed, "limit": PAGE_ROWS_MAX}, Wanted)
    with opened(tenant) as vedette:
        while True:
            page = vedette.views.page(projection, tenant, wanted)
            rows += page.rows
            if page.next_cursor is None:
                break
            wanted = msgspec.structs.replace(wanted, cursor=page.next_cursor)
    show([shown(row) for row in rows[::-1]], columns, as_json=as_json)
