"""`make evaluate`: plays simulated months, matches what was found with the sealed truth, prints it.

SEEDS, DAYS, SITES and GUARDS make it smaller; the defaults are the month that is reported. Every
figure is written to evaluation/results.json. Detectors are developed on other seeds (from 101 on).
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from domain.severity import Severity
from tests.bench.kit import say, servers
from tests.evaluate.evaluating import START, NotWanted, Wanted, evaluate, wanted_by
from tests.evaluate.figures import Figures, Headline, Kind, headline, summed
from tests.evaluate.judged import median_minutes

RESULTS = Path("evaluation/results.json")
WIDTH = 110  # characters


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What is written to the file."""

    wanted: Wanted
    start: datetime
    headline: Headline
    headlines: dict[int, Headline]
    total: Figures
    seeds: list[Figures]


def main(environment: dict[str, str]) -> int:
    """Evaluate what is wanted; return the exit code."""
    try:
        wanted = wanted_by(environment)
    except NotWanted as error:
        sys.stderr.write(f"{error}\n")
        return 2
    say(f"{wanted.days:g} days of {wanted.guards} guards at {wanted.sites} sites, {wanted.seeds}")
    with (
        servers() as started,
        ProcessPoolExecutor(wanted.at_once, mp_context=get_context("spawn")) as pool,
    ):
        databases = [started.database() for _ in wanted.seeds]
        parts: list[Figures] = []
        for part in pool.map(evaluate, wanted.seeds, [wanted] * len(wanted.seeds), databases):
            parts.append(part)
            # After each seed, so that hours are not lost with the last one.
            write(reported(wanted, parts))
    report = reported(wanted, parts)
    show(report)
    return 1 if report.total.parked else 0


def reported(wanted: Wanted, parts: list[Figures]) -> Report:
    """Return what the seeds that are done came to."""
    total = summed(parts)
    return Report(
        wanted=wanted,
        start=START,
        headline=headline(total),
        headlines={part.seed or 0: headline(part) for part in parts},
        total=total,
        seeds=parts,
    )


def write(report: Report) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def show(report: Report) -> None:
    """Print the tables."""
    console = Console(width=WIDTH, highlight=False)
    console.print(found_table(report))
    console.print(said_table(report.total))
    console.print(compared_table(report))
    total = report.total
    console.print(
        f"{total.signals:,} signals, {total.site_hours:,.0f} site-hours, {total.seconds:,.0f} s;"
        f" refused: {total.refused or 'none'}; parked: {total.parked or 'none'}"
    )


def found_table(report: Report) -> Table:
    table = Table(
        "what went wrong",
        "severity",
        "times",
        "seen",
        "missed",
        "called",
        "min to see",
        "min to call",
        title="Found and missed, by kind",
    )
    ranks = list(Severity)
    kinds = sorted(
        report.total.kinds.items(), key=lambda each: (ranks.index(each[1].severity), each[0])
    )
    for name, kind in kinds:
        table.add_row(name, kind.severity.value, *cells(kind))
    for severity in dict.fromkeys(kind.severity for _, kind in kinds):
        of = [kind for _, kind in kinds if kind.severity is severity]
        both = Kind(
            severity=severity,
            count=sum(kind.count for kind in of),
            seen_after_s=[time for kind in of for time in kind.seen_after_s],
            called_after_s=[time for kind in of for time in kind.called_after_s],
        )
        table.add_row("all", severity.value, *cells(both), style="bold")
    return table


def cells(kind: Kind) -> list[str]:
    seen, called = len(kind.seen_after_s), len(kind.called_after_s)
    return [
        str(kind.count),
        str(seen),
        str(kind.count - seen),
        str(called),
        str(median_minutes([*kind.seen_after_s])),
        str(median_minutes([*kind.called_after_s])),
    ]


def said_table(total: Figures) -> Table:
    table = Table("what was said", "times", "about no trouble", title="Alerts, findings, incidents")
    for name, said in sorted(total.said.items(), key=lambda each: -each[1].count):
        table.add_row(name, str(said.count), str(said.false))
    return table


def compared_table(report: Report) -> Table:
    table = Table(
        "seed",
        "",
        "found",
        "of",
        "median min",
        "tickets / site-day",
        "false / 1,000 site-hours",
        title="Compared with static thresholds and five-minute grouping, at equal recall",
    )
    lines = [(str(seed), found) for seed, found in report.headlines.items()]
    for seed, each in [*lines, ("all", report.headline)]:
        table.add_row(
            seed,
            "tickets",
            str(each.called),
            str(each.troubles),
            str(each.called_median_minutes),
            str(each.tickets_per_site_day),
            str(each.false_tickets_per_1000_site_hours),
        )
        for name, static in (
            ("static, as many found as tickets", each.static_for_called),
            ("static, as many found as seen", each.static_for_seen),
        ):
            if static is None:
                table.add_row("", name, "never reached")
                continue
            table.add_row(
                "",
                name,
                str(static.found),
                str(each.troubles),
                str(static.median_minutes),
                str(static.tickets_per_site_day),
                str(static.false_tickets_per_1000_site_hours),
            )
        table.add_row(
            "",
            "alerts, findings, incidents",
            str(each.seen),
            str(each.troubles),
            str(each.seen_median_minutes),
            "",
            str(each.false_wall_items_per_1000_site_hours),
        )
    return table


if __name__ == "__main__":
    sys.exit(main(dict(os.environ)))
