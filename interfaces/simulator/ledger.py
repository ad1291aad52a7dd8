"""Ledger: NDJSON files that outlive the run, so that a checker can later hold the log against them.

Lines are only ever added. A run that is repeated on the same file adds its own lines behind the old ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from interfaces.simulator.parameters import InvalidParameter


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item that the far side answered, with what it said."""

    signal_id: str
    source: str
    status: str  # accepted, duplicate or refused
    position: int | None = None
    code: str | None = None  # of the problem, where it was refused
    acknowledged_at: str


class Lines:
    """An NDJSON file that is added to, or nothing at all when no path was given."""

    def __init__(self, name: str, path: Path | None) -> None:
        self._encoder = msgspec.json.Encoder()
        try:
            self._file = None if path is None else path.open("ab")
        except OSError as error:
            raise InvalidParameter(
                name, f"must be a file that can be written: {error.strerror}: {path}"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, items: Iterable[msgspec.Struct]) -> None:
        """Write the items and hand them to the operating system, so that a killed run keeps them."""
        if self._file is not None:
            self._file.write(self._encoder.encode_lines(items))
            self._file.flush()
