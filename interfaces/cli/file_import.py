"""A file taken in line by line: with a bar, a report of refused lines, and a place to go on from."""

from __future__ import annotations

import csv
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from application.importing.lines import FileRefused, RefusedLine
from application.importing.running import Import, Parse, Take, Tally
from interfaces.cli.answering import opened
from interfaces.cli.failing import CommandFailed
from interfaces.wiring import Vedette

T = TypeVar("T")

EXIT_SOME_REFUSED = 3
HEAD_BYTES = 64 * 1024  # what a file is recognised by when its import goes on
SHOWN_REFUSALS = 5  # on standard error; the report has them all


class Place(msgspec.Struct, kw_only=True):
    """Where an import stands, kept beside the file until it is done."""

    what: str  # is imported
    tenant: str
    source: str | None
    head_bytes: int
    head_digest: str  # SHA-256 of the file's first bytes
    tally: Tally
    report_bytes: int  # of the report of refused lines, as far as it belongs to the tally


class Work(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What to import, and how."""

    what: str
    tenant: str
    source: str | None = None
    reader_of: Callable[[BinaryIO], tuple[Parse[T], Tally]]
    taking: Callable[[Vedette], Take[T]]


def separator(delimiter: str) -> str:
    """Return what separates the columns of CSV.

    Raises:
        CommandFailed: it is not one character.
    """
    delimiter = "\t" if delimiter in ("tab", "\\t") else delimiter
    if len(delimiter) != 1:
        raise CommandFailed("A delimiter is one character.")
    return delimiter


def import_file(path: Path, work: Work[T], *, as_json: bool) -> int:
    """Import a file, or go on where an earlier import of it stood, and return the exit code.

    Raises:
        CommandFailed: the file cannot be read, or not be imported at all.
    """
    try:
        with path.open("rb") as file:
            return imported(path, file, work, as_json=as_json)
    except FileRefused as error:
        raise CommandFailed(f"{path} cannot be imported. {error}") from error
    except OSError as error:
        raise CommandFailed(f"{error.filename or path}: {error.strerror or error}.") from error


def imported(path: Path, file: BinaryIO, work: Work[T], *, as_json: bool) -> int:
    """Import an open file and return the exit code."""
    parse, begin = work.reader_of(file)
    place_path, report_path = beside(path, ".vedette-import"), beside(path, ".refused.csv")
    place = place_of(place_path, file, work)
    if place is None:
        place = new_place(file, work, begin)
    elif not as_json:
        print(f"Going on at line {place.tally.line + 1:,}.", file=sys.stderr)
    started_at, lines_before = time.monotonic(), place.tally.line
    with opened(work.tenant) as vedette:
        running = Import(parse, work.taking(vedette), place.tally)
        size = os.fstat(file.fileno()).st_size
        report = Report(report_path, place.report_bytes)
        with bar(size) as show:
            show(place.tally, 0.0)
            for refused in running.run(file):
                place.report_bytes = report.add(refused)
                keep(place_path, place)
                seconds = time.monotonic() - started_at
                show(place.tally, (place.tally.line - lines_before) / max(seconds, 1e-3))
    place_path.unlink(missing_ok=True)
    summarise(place.tally, report_path, time.monotonic() - started_at, as_json=as_json)
    return EXIT_SOME_REFUSED if place.tally.refused else 0


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def digest(file: BinaryIO, head_bytes: int) -> str:
    file.seek(0)
    return hashlib.sha256(file.read(head_bytes)).hexdigest()


def new_place(file: BinaryIO, work: Work[T], begin: Tally) -> Place:
    head_bytes = min(HEAD_BYTES, os.fstat(file.fileno()).st_size)
    return Place(
        what=work.what,
        tenant=work.tenant,
        source=work.source,
        head_bytes=head_bytes,
        head_digest=digest(file, head_bytes),
        tally=begin,
        report_bytes=0,
    )


def place_of(path: Path, file: BinaryIO, work: Work[T]) -> Place | None:
    """Return where an earlier import of the same file stood, or None."""
    try:
        place = msgspec.json.decode(path.read_bytes(), type=Place)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    is_same = (
        (place.what, place.tenant, place.source) == (work.what, work.tenant, work.source)
        and place.tally.offset <= os.fstat(file.fileno()).st_size
        and place.head_digest == digest(file, place.head_bytes)
    )
    return place if is_same else None


def keep(path: Path, place: Place) -> None:
    """Write the place, whole or not at all."""
    fresh = beside(path, ".new")
    fresh.write_bytes(msgspec.json.encode(place))
    fresh.replace(path)


class Report:
    """The CSV file of refused lines; it is there only if there are any."""

    def __init__(self, path: Path, known_bytes: int) -> None:
        self._path = path
        self._bytes = known_bytes
        # What was reported behind the place is read, and reported, once more.
        if known_bytes == 0:
            path.unlink(missing_ok=True)
        elif path.exists():
            os.truncate(path, known_bytes)

    def add(self, refused: list[RefusedLine]) -> int:
        """Add lines and return the report's size."""
        if refused:
            with self._path.open("a", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                if self._bytes == 0:
                    writer.writerow(["line", "field", "code", "rule"])
                for one in refused:
                    writer.writerow([one.line, one.field or "", one.code, one.rule])
                file.flush()
                self._bytes = file.tell()
        return self._bytes


@contextmanager
def bar(size: int) -> Iterator[Callable[[Tally, float], None]]:
    """A progress bar on a terminal, and silence elsewhere."""
    columns = (
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("import", total=size, said="")

        def show(tally: Tally, rate: float) -> None:
            said = f"{tally.accepted:,} accepted, {tally.refused:,} refused, {rate:,.0f} lines/s"
            progress.update(task, completed=tally.offset, said=said)

        yield show


def summarise(tally: Tally, report: Path, seconds: float, *, as_json: bool) -> None:
    """Say what became of the file."""
    if as_json:
        counts = {
            "accepted": tally.accepted,
            "duplicates": tally.duplicates,
            "refused": tally.refused,
            "lines": tally.line,
            "seconds": round(seconds, 3),
            "report": str(report) if tally.refused else None,
        }
        print(msgspec.json.encode(counts).decode())
        return
    print(
        f"{tally.accepted:,} accepted, {tally.duplicates:,} duplicates, {tally.refused:,} refused"
        f" in {seconds:.1f} s."
    )
    if tally.refused:
        with report.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file)):
                if number == SHOWN_REFUSALS:
                    break
                field = f"{row['field']}: " if row["field"] else ""
                print(f"line {row['line']}: {field}{row['rule']} [{row['code']}]", file=sys.stderr)
        print(f"All refused lines are in {report}.", file=sys.stderr)
