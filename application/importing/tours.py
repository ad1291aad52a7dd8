"""Tours in files: one checkpoint a line, the lines of a tour one after the other.

What is said of the tour itself stands on its first line; on the others it may be left out. A tour
of which one line is refused is refused as a whole, since half a round is another round.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from application.importing.lines import (
    Line,
    RefusedLine,
    Wanted,
    columns_of,
    head_of,
    lines,
    refused_by_type,
)
from domain.directory.tour import Checkpoint, DefineTour

OF_TOUR = ("tour_id", "site_id", "name", "starts", "grace_minutes", "valid_from")
OF_CHECKPOINT = ("checkpoint_id", "checkpoint_name", "due_minutes", "latitude", "longitude")
FIELDS = (*OF_TOUR, *OF_CHECKPOINT)
REQUIRED = ("tour_id", "site_id", "name", "checkpoint_id", "due_minutes")


class TourLines(msgspec.Struct):
    """The lines of one tour, as far as they are read."""

    line: int  # the first
    content: dict[str, Any]
    checkpoints: list[Checkpoint] = []
    refused: list[RefusedLine] = []


def tours(file: BinaryIO, *, delimiter: str) -> Iterator[tuple[int, DefineTour] | RefusedLine]:
    """Yield each tour with the number of its first line, and each line that makes none.

    Raises:
        FileRefused: it is empty, in another encoding, or its columns are not those of tours.
    """
    first = head_of(file)
    columns = columns_of(first, delimiter, Wanted("tour", FIELDS, REQUIRED))
    tour: TourLines | None = None
    begun: set[str | None] = set()
    for line in lines(file, first.end, first.number):
        if line.content == b"":
            continue
        record = columns.record(line)
        if isinstance(record, RefusedLine):
            yield record
            continue
        if tour is None or record.get("tour_id") != tour.content.get("tour_id"):
            if tour is not None:
                yield from finished(tour)
            tour_id = record.get("tour_id")
            tour = TourLines(
                line.number, {name: record[name] for name in OF_TOUR if name in record}
            )
            if tour_id in begun:
                rule = "the lines of a tour stand one after the other"
                tour.refused.append(RefusedLine(line.number, "tour_id", "tour.lines_apart", rule))
            begun.add(tour_id)
        add(tour, line, record)
    if tour is not None:
        yield from finished(tour)


def add(tour: TourLines, line: Line, record: dict[str, str]) -> None:
    """Add the checkpoint of a line to its tour, or why it cannot be one."""
    for name in OF_TOUR:
        if name in record and record[name] != tour.content.get(name):
            rule = f"differs from line {tour.line}, the first of its tour"
            tour.refused.append(RefusedLine(line.number, name, "tour.contradicts_itself", rule))
            return
    content = {name: record[name] for name in OF_CHECKPOINT if name in record}
    content["name"] = content.pop("checkpoint_name", content.get("checkpoint_id", ""))
    try:
        tour.checkpoints.append(msgspec.convert(content, Checkpoint, strict=False))
    except msgspec.ValidationError as error:
        refused = refused_by_type(line, error, "tour.malformed", FIELDS, Checkpoint)
        named = "checkpoint_name" if refused.field == "name" else refused.field
        tour.refused.append(msgspec.structs.replace(refused, field=named))


def finished(tour: TourLines) -> Iterator[tuple[int, DefineTour] | RefusedLine]:
    """Yield a tour whose lines are all read, or what was refused of it."""
    if tour.refused:
        yield from tour.refused
        return
    content: dict[str, Any] = {**tour.content, "checkpoints": tuple(tour.checkpoints)}
    content["starts"] = tour.content.get("starts", "").split()
    try:
        yield tour.line, msgspec.convert(content, DefineTour, strict=False, from_attributes=True)
    except msgspec.ValidationError as error:
        here = Line(tour.line, 0, None)
        yield refused_by_type(here, error, "tour.malformed", FIELDS, DefineTour)
