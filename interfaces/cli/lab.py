"""`vedette lab`: what Vedette's own judgement says of data that is not in any log."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from domain.baseline.series import SeriesScorer
from interfaces.cli.failing import CommandFailed

SERIES_ROWS_MAX = 10_000_000
COLUMNS = ["timestamp", "value"]
SCORED = ["timestamp", "anomaly_score", "z", "threshold", "threshold_reason", "anomalous"]

app = App(name="lab", help="Judge data outside of any log, with the very code that judges live.")


@app.command(name="score-series")
def score_series(file: Path, *, out: Annotated[Path, Parameter(name=["--out", "-o"])]) -> None:
    """Score a series of values for anomalies, with the one default setting.

    Each value is judged by the days before its own; the values of a day teach when it is over.

    Parameters
    ----------
    file
        CSV with the columns timestamp (ISO 8601, not running backwards) and value.
    out
        Where to write one scored row for each value.
    """
    rows = anomalies = 0
    scorer = SeriesScorer()
    # Beside the file that is asked for, so that a bad line leaves no half-written one there.
    partial = out.with_name(f".{out.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as written:
            writer = csv.writer(written, lineterminator="\n")
            writer.writerow(SCORED)
            for text, at, value in values_of(file):
                scored = scorer.score(at, value)
                rows += 1
                anomalies += scored.anomalous
                writer.writerow(
                    [
                        text,
                        f"{scored.anomaly_score:.9g}",
                        "" if scored.z is None else f"{scored.z:.9g}",
                        scored.threshold,
                        scored.threshold_reason,
                        str(scored.anomalous).lower(),
                    ]
                )
        partial.replace(out)
    except OSError as error:
        raise CommandFailed(f"{out} cannot be written: {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)
    print(f"{rows:,} values, {anomalies:,} anomalous.", file=sys.stderr)


def values_of(file: Path) -> Iterator[tuple[str, datetime, float]]:
    """Yield each row's timestamp as it stands there and as a moment, and its value.

    Raises:
        CommandFailed: the file cannot be read, or a line breaks a rule; it says which.
    """
    last = 1  # line that was read well
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.reader(opened, strict=True)
            header = next(reader, None)
            if header != COLUMNS:
                raise CommandFailed(f"{file} line 1: the columns must be timestamp,value.")
            before: datetime | None = None
            for number, cells in enumerate(reader, 1):
                line = f"{file} line {reader.line_num}"
                if number > SERIES_ROWS_MAX:
                    raise CommandFailed(f"{file} has more than {SERIES_ROWS_MAX:,} rows; split it.")
                if len(cells) != len(COLUMNS):
                    raise CommandFailed(f"{line}: there must be two cells, not {len(cells)}.")
                at, value = moment(line, cells[0]), number_of(line, cells[1])
                if before is not None and (at.tzinfo is None) != (before.tzinfo is None):
                    raise CommandFailed(f"{line}: all timestamps must have a zone, or none.")
                if before is not None and at < before:
                    raise CommandFailed(f"{line}: {cells[0]} lies before the line above.")
                before, last = at, reader.line_num
                yield cells[0], at, value
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{file} is not UTF-8: {error}.") from error
    except csv.Error as error:
        raise CommandFailed(f"{file} line {last + 1}: {error}.") from error
    except FileNotFoundError as error:
        raise CommandFailed(f"There is no file {file}.") from error
    except (IsADirectoryError, PermissionError) as error:
        raise CommandFailed(f"{file} cannot be read: {error.strerror}.") from error


def moment(line: str, text: str) -> datetime:
    """Return the moment that a cell says."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandFailed(f"{line}: {text!r} is not a timestamp in ISO 8601.") from error


def number_of(line: str, text: str) -> float:
    """Return the finite number that a cell says."""
    try:
        value = float(text)
    except ValueError as error:
        raise CommandFailed(f"{line}: {text!r} is not a number.") from error
    if not isfinite(value):
        raise CommandFailed(f"{line}: {text!r} is not a finite number.")
    return value
