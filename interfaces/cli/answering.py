"""Answering: what the commands that work on a tenant share: the way in, the wish, and the answer."""

from __future__ import annotations

import csv
import getpass
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
import psycopg
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from application.handling import VersionMismatch, handle
from application.ports import Cause, LogUnavailable, NoSuchTenant, StreamMoved
from domain.kernel import Command, Decider, Refused
from interfaces import journal, settings, wiring
from interfaces.cli.failing import CommandFailed
from interfaces.wiring import Vedette

CONNECT_TIMEOUT_S = 5
PIPE_WIDTH = 240  # characters; a table in a pipe must not be cut to a terminal's width
FILE_ROWS_MAX = 100_000

C = TypeVar("C", bound=Command)

TenantOption: TypeAlias = Annotated[str, Parameter(name="--tenant", help="The tenant's id.")]
JsonOption: TypeAlias = Annotated[
    bool, Parameter(name="--json", negative="", help="Answer with JSON, for scripts.")
]


@contextmanager
def opened(tenant_id: str | None = None) -> Iterator[Vedette]:
    """Open the application, and make sure of the tenant if one is named.

    Raises:
        CommandFailed: the tenant is not there, the database is not set up, or somebody was faster.
    """
    chosen = wiring.completed(settings.load())
    journal.configure("warning")
    assert chosen.database_url is not None, "Completed settings name a database."
    # The pool would wait longer before it says the same.
    psycopg.connect(chosen.database_url, connect_timeout=CONNECT_TIMEOUT_S).close()
    try:
        with closing(wiring.open_application(chosen)) as vedette:
            if tenant_id is not None:
                vedette.log.head(tenant_id)
            yield vedette
    except NoSuchTenant as error:
        raise CommandFailed(
            f"There is no tenant {error}; `vedette tenant list` shows those there are."
        ) from error
    except (StreamMoved, VersionMismatch) as error:
        raise CommandFailed("Somebody changed the same at this moment; try again.") from error
    except LogUnavailable as error:
        raise CommandFailed(f"The database does not answer: {error}") from error
    except (psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName) as error:
        raise CommandFailed("The database is not set up; run `vedette migrate`.") from error
    except psycopg.errors.UndefinedTable as error:
        raise CommandFailed(
            "The database is older than this release; run `vedette migrate`."
        ) from error


def by_hand() -> Cause:
    """Return the envelope of what somebody does at the command line of this machine."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        user = "unknown"
    return Cause(actor=f"system:{user}")


def wish(command: type[C], /, **fields: object) -> C:
    """Return the command of these fields.

    Raises:
        CommandFailed: a field breaks its rule.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        return msgspec.convert(given, command, strict=False)
    except msgspec.ValidationError as error:
        raise CommandFailed(rule_of(error)) from error


def rule_of(error: msgspec.ValidationError) -> str:
    """Return a validation error as a sentence that begins with the field."""
    rule, _, path = str(error).partition(" - at ")
    field = path.strip("`").removeprefix("$").lstrip(".")
    rule = rule.replace("`", "")
    return f"{field}: {rule[:1].lower()}{rule[1:]}." if field else f"{rule}."


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
                    yield reader.line_num, rule_of(error)
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CommandFailed(f"{path} is not CSV in UTF-8: {error}.") from error


def grant_all(
    tenant: str,
    decider: Decider[Any, Any, Any],
    stream_of: Callable[[Any], str],
    commands: Iterator[tuple[int, Command | str]],
) -> int:
    """Grant the wishes of a file, say which were refused, and return the exit code."""
    changed = unchanged = refused = 0
    with opened(tenant) as vedette:
        cause = by_hand()
        for line, command in commands:
            if isinstance(command, str):
                refused += 1
                print(f"line {line}: {command}", file=sys.stderr)
                continue
            try:
                position = handle(vedette.log, tenant, decider, stream_of(command), command, cause)
            except Refused as refusal:
                refused += 1
                print(f"line {line}: {refusal}", file=sys.stderr)
            else:
                changed += position is not None
                unchanged += position is None
    print(f"{changed} changed, {unchanged} as before, {refused} refused.")
    return 1 if refused else 0


def show(rows: Sequence[msgspec.Struct], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows as a table for people, or as one JSON array for scripts."""
    if as_json:
        print(msgspec.json.encode(rows).decode())
        return
    table = Table(*(column.replace("_", " ") for column in columns), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(cell(getattr(row, column)) for column in columns))
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False).print(table)


def cell(value: object) -> str:
    """Return a value as a person reads it in a table."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    if isinstance(value, datetime):
        offset = value.utcoffset() or timedelta(0)
        try:
            return f"{value.replace(tzinfo=None) - offset:%Y-%m-%d %H:%M:%S}Z"
        except OverflowError:  # the first and the last day that Python knows
            return value.isoformat(" ")
    return str(value)


def said(position: int | None, what: str, *, as_json: bool) -> None:
    """Say what a wish came to: the position that the log reached, or that it was so already."""
    if as_json:
        print(msgspec.json.encode({"position": position}).decode())
    else:
        print(f"{what} (position {position})." if position is not None else f"{what} already.")
