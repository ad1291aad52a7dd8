"""`vedette explain`: why something stands, back to the raw signals, and what it led to."""

from __future__ import annotations

import sys
from uuid import UUID

import msgspec
from rich.console import Console
from rich.table import Table

from application.explaining import Explanation, Kind, Told, explain
from domain.kernel import Refused
from interfaces.cli.answering import JsonOption, TenantOption, opened
from interfaces.cli.failing import CommandFailed

WIDTH_PIPED = 200  # characters


def app(kind: Kind, subject_id: UUID, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Explain a ticket, alert, incident, finding, anomaly, score or signal from the log.

    Nothing is judged again: what is shown is what the facts say, with the numbers that decided.

    Parameters
    ----------
    kind
        What it is; a score goes by the id of its attendance.
    subject_id
        Its id.
    """
    with opened(tenant) as vedette:
        try:
            found = explain(vedette.log, tenant, kind, subject_id)
        except Refused as refused:
            raise CommandFailed(str(refused)) from refused
    if as_json:
        print(msgspec.json.encode(found).decode())
        return
    show(found)


def show(found: Explanation) -> None:
    """Print an explanation, the raw signals first."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH_PIPED)
    table = Table(show_edge=False)
    for column in ("", "position", "fact", "at (UTC)", "because of", "stated by", "what it says"):
        table.add_column(column)
    causes: dict[int, list[str]] = {}
    for tie in found.ties:
        causes.setdefault(tie.position, []).append(f"{tie.to} ({tie.relation})")
    for title, facts in (
        ("because", found.because),
        ("itself", found.story),
        ("led to", found.led_to),
    ):
        for number, fact in enumerate(facts):
            table.add_row(title if number == 0 else "", *cells(fact, causes))
        table.add_section()
    console.print(table)
    if not found.complete:
        console.print("There is more than is shown; ask for one of the facts above.")


def cells(fact: Told, causes: dict[int, list[str]]) -> list[str]:
    """Return the cells of one fact."""
    named = causes.get(fact.position, [])
    shown = ", ".join(named[:4]) + (f" and {len(named) - 4} more" if len(named) > 4 else "")
    at = f"{fact.occurred_at:%Y-%m-%d %H:%M:%S}"
    return [str(fact.position), fact.type, at, shown, fact.actor, fact.words]
