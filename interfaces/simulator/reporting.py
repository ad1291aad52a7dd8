"""Reporting: how a run shows itself, as a bar and a table to people and as JSON lines to programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import TextIO

import msgspec
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from interfaces.simulator.runner import Progress, Watch
from interfaces.simulator.summary import Summary


def watched() -> AbstractContextManager[Watch]:
    """A watch for `run`, fit for where standard error goes."""
    return _bar() if sys.stderr.isatty() else _lines()


@contextmanager
def _bar() -> Iterator[Watch]:
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[played]}"),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("start", total=None, played="", counts="")

        def watch(standing: Progress) -> None:
            summary = standing.summary
            counts = f"{summary.sent:,} sent, {summary.signals_per_second:,.0f}/s"
            if standing.phase == "enrol":
                counts = f"{summary.enrolled:,} enrolled"
            if summary.retries:
                counts += f", {summary.retries:,} retries"
            progress.update(
                task,
                description=standing.phase,
                total=None if standing.share is None else 1.0,
                completed=standing.share or 0.0,
                played=_played(standing),
                counts=counts,
            )

        yield watch


@contextmanager
def _lines() -> Iterator[Watch]:
    def watch(standing: Progress) -> None:
        line = {"event": "simulate.progress", **msgspec.to_builtins(standing)}
        _write(sys.stderr, line)

    yield watch


def _played(standing: Progress) -> str:
    if standing.played_at is None:
        return ""
    return f"{datetime.fromtimestamp(standing.played_at).astimezone():%Y-%m-%d %H:%M %Z}"


def show(summary: Summary) -> None:
    if not sys.stdout.isatty():
        line = {"event": "simulate.done", **msgspec.to_builtins(summary)}
        _write(sys.stdout, line)
        return
    table = Table("what", "value", title="Simulation", title_justify="left")
    table.columns[1].justify = "right"
    for name, value in msgspec.structs.asdict(summary).items():
        table.add_row(name.replace("_", " "), _words(value))
    Console().print(table)


def _words(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {count:,}" for key, count in value.items()) or "-"
    return str(value)


def _write(stream: TextIO, line: object) -> None:
    stream.write(msgspec.json.encode(line).decode() + "\n")
    stream.flush()
