"""`make bench`: measures, prints a table, and writes bench/results.json.

Names on the command line measure only those, and keep the other figures of an earlier run.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench.append import BENCHES as APPEND
from tests.bench.audit import BENCHES as AUDIT
from tests.bench.correlate import BENCHES as CORRELATE
from tests.bench.detect import BENCHES as DETECT
from tests.bench.follow import BENCHES as FOLLOW
from tests.bench.ingest import BENCHES as INGEST
from tests.bench.kit import Measure, say, servers
from tests.bench.path import BENCHES as PATH
from tests.bench.sustained import BENCHES as SUSTAINED
from tests.bench.telemetry import BENCHES as TELEMETRY
from tests.bench.verify import BENCHES as VERIFY

RESULTS = Path("bench/results.json")
BENCHES = (
    APPEND | FOLLOW | VERIFY | INGEST | PATH | DETECT | CORRELATE | SUSTAINED | AUDIT | TELEMETRY
)
# What the ratio (or, of `path`, the 99th percentile in ms; of `sustained`, the rate) shall reach.
REACH = {
    "append_tenants": "≥ 3x",
    "append_hot": "≥ 5x",
    "append_batch": "≥ 3x",
    "append_floor": "≥ 0.5x",
    "follow": "≥ 10x",
    "verify": "≥ 0.2x",
    "ingest": "≥ 0.3x",
    "path": "p99 well below 200 ms",
    "detect": "goal 2,000/s",
    "correlate": "≥ 0.7x",
    "sustained": "aim 2,000/s",
    "audit": "far below 30 s",
}


def main(wanted: list[str]) -> int:
    """Measure what is wanted, or everything; return the exit code."""
    unknown = [name for name in wanted if name not in BENCHES]
    if unknown:
        say(f"There is no {', '.join(unknown)}; there are {', '.join(BENCHES)}.")
        return 2
    results = earlier() if wanted else {}
    with servers() as started:
        for name in wanted or BENCHES:
            began = time.monotonic()
            say(f"{name} …")
            results[name] = BENCHES[name](started)
            say(f"{name}: {time.monotonic() - began:.0f} s")
            keep(results)
    show(results)
    return 0


def earlier() -> dict[str, Measure]:
    """Return the figures of the run before, if there was one."""
    if not RESULTS.exists():
        return {}
    found: dict[str, Measure] = msgspec.json.decode(RESULTS.read_bytes())
    return {name: found[name] for name in BENCHES if name in found}


def keep(results: dict[str, Measure]) -> None:
    """Write the figures, those of each measure as soon as they are there."""
    RESULTS.parent.mkdir(exist_ok=True)
    ordered = {name: results[name] for name in BENCHES if name in results}
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(ordered), indent=2) + b"\n")


def show(results: dict[str, Measure]) -> None:
    """Print the table."""
    table = Table(title=f"Vedette on {os.cpu_count()} cores; details in {RESULTS}")
    for heading in ("measure", "value", "reference", "ratio", "reach", "more"):
        table.add_column(heading, justify="left" if heading in ("measure", "more") else "right")
    for name in BENCHES:
        if name in results:
            table.add_row(name, *cells(results[name]), REACH.get(name, ""), more(results[name]))
    Console(width=None if sys.stdout.isatty() else 150).print(table)


def cells(result: Measure) -> list[str]:
    unit = result["unit"]
    reference, ratio = result.get("reference"), result.get("ratio")
    return [
        f"{result['value']:,} {unit}",
        "-" if reference is None else f"{reference:,} {result.get('reference_unit', unit)}",
        "-" if ratio is None else f"{ratio:g}x",
    ]


def more(result: Measure) -> str:
    kept = ("value", "reference", "ratio", "unit", "reference_unit", "note")
    details = [f"{key} {value}" for key, value in result.items() if key not in kept]
    note = [str(result["note"])] if "note" in result else []
    return "; ".join(details + note)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
