"""Running an import: lines are read, handed over in batches, and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Generic, TypeAlias, TypeVar

import msgspec

from application.importing.lines import Line, RefusedLine, lines
from domain.kernel import Refused

BATCH_LINES = 500  # in one append; also what is done again after a kill

T = TypeVar("T")

Parse: TypeAlias = Callable[[Line], T | RefusedLine]


class Fate(msgspec.Struct, frozen=True):
    """What became of one record that was handed over."""

    is_new: bool  # False: it changed nothing
    refusal: Refused | None = None


Take: TypeAlias = Callable[[Sequence[T]], Sequence[Fate]]


class Tally(msgspec.Struct):
    """How far an import is, and what became of what it read."""

    offset: int = 0  # bytes that are done
    line: int = 0  # lines that are done
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0


class Import(Generic[T]):
    """One import: reads, hands over in batches, and keeps the tally."""

    def __init__(self, parse: Parse[T], take: Take[T], tally: Tally) -> None:
        self.tally = tally
        self._parse = parse
        self._take = take

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
                yield self._hand_over(batch)
                batch = []
        if batch:
            yield self._hand_over(batch)

    def _hand_over(self, batch: Sequence[Line]) -> list[RefusedLine]:
        # An empty line is no record; files often end with one.
        read = [(line, self._parse(line)) for line in batch if line.content != b""]
        refused = [each for _, each in read if isinstance(each, RefusedLine)]
        given = [(line, each) for line, each in read if not isinstance(each, RefusedLine)]
        fates = self._take([record for _, record in given]) if given else []
        by_rule = [
            refused_by_rule(line, fate.refusal)
            for (line, _), fate in zip(given, fates, strict=True)
            if fate.refusal is not None
        ]
        tally = self.tally
        tally.accepted += sum(fate.is_new for fate in fates)
        tally.duplicates += sum(not fate.is_new and fate.refusal is None for fate in fates)
        tally.refused += len(refused) + len(by_rule)
        tally.offset, tally.line = batch[-1].end, batch[-1].number
        return sorted([*refused, *by_rule], key=lambda each: each.line)


def refused_by_rule(line: Line, refusal: Refused) -> RefusedLine:
    """Return what a rule said against the record of a line."""
    field = None if refusal.field is None else refusal.field.removeprefix("$.")
    return RefusedLine(line.number, field, refusal.code, str(refusal))
