"""Sustained: the highest rate of signals at which every follower stays within 2 s of the head.

One web process, one follower process, the database and the driver share the machine. Short runs
look for the rate; the one that is reported lasts a minute. A rate holds if the driver was answered
in time, no fact waited longer than 2 s for any follower, and nothing was lost: every signal
that the driver's ledger calls accepted stands in the log at its position, the positions have no
gap, and every follower has seen all of them.
"""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from threading import Event
from typing import Any

import msgspec
import psycopg

from domain.signals import signal_uuid
from interfaces.simulator import Parameters, Summary, WorldParameters, run
from interfaces.simulator.ledger import Acknowledged
from tests.bench.kit import Measure, Servers, say
from tests.bench.running import PROCESSES, SEED, TENANT, Running, percentile, rows, running

RATES = (500, 750, 1_000, 1_250, 1_500, 1_750, 2_000, 2_500, 3_000, 3_500, 4_000)  # signals/s
FIRST_RATE = 2_000
LOOK_S, SECONDS = 12, 60
LAG_MAX_S = 2.0
# The head start of a process that has just begun: what waits this early is not held against it.
WARM_UP_S = 2.0
SAMPLE_S = 0.1
CATCH_UP_S = 60.0
GUARDS, SITES = 5_000, 50
ATTENDANCE_SHARE = 0.1

# How long the oldest fact that a follower has not seen has waited.
LAGS = """
SELECT c.follower, coalesce(extract(epoch FROM clock_timestamp() - e.recorded_at), 0)::float8
FROM log.checkpoints c
LEFT JOIN log.events e ON e.tenant_id = c.tenant_id AND e.position = c.position + 1
"""
BEHIND = "SELECT count(*) FROM log.followers() WHERE position < head OR stopped IS NOT NULL"
WHOLE = "SELECT count(*), max(position) FROM log.events WHERE tenant_id = %(tenant)s"
STANDING = """
SELECT position, event_id FROM log.events
WHERE tenant_id = %(tenant)s AND position = ANY (%(positions)s)
"""
COUNTS = """
SELECT type, count(*) FROM log.events WHERE tenant_id = %(tenant)s
  AND type IN ('attendance.recorded', 'fraud.scored', 'alert.raised', 'ticket.opened')
GROUP BY type
"""


class Held(msgspec.Struct):
    """How one rate went."""

    rate: int
    summary: Summary
    worst_s: dict[str, float]  # the longest that a fact waited, by follower
    p99_s: float  # of the slowest follower
    counts: dict[str, int]

    @property
    def holds(self) -> bool:
        on_time = self.summary.behind_max_s <= LAG_MAX_S
        return on_time and max(self.worst_s.values()) <= LAG_MAX_S


def drive(parameters: Parameters, answers: Any) -> None:
    """Be the driver, in a process of its own."""
    answers.put(run(parameters, stop=Event()))


def hold(servers: Servers, rate: int, seconds: float) -> Held:
    """Drive at one rate on a fresh database."""
    drawn = WorldParameters(guards=GUARDS, sites=SITES)
    with running(servers, drawn, *PROCESSES) as vedette:
        wait_for_followers(vedette)
        ledger = vedette.directory / "ledger.ndjson"
        parameters = Parameters(
            url=vedette.url,
            token=vedette.key,
            seed=SEED,
            world=drawn,
            rate=rate,
            seconds=seconds,
            attendance_share=ATTENDANCE_SHARE,
            enrol=False,
            ledger=ledger,
        )
        context = multiprocessing.get_context("spawn")
        answers = context.Queue()
        driver = context.Process(target=drive, args=[parameters, answers])
        driver.start()
        lags = sample(vedette, driver)
        summary: Summary = answers.get(timeout=10)
        driver.join()
        vedette.require_alive()
        wait_for_followers(vedette)
        counts = require_nothing_lost(vedette, summary, ledger)
    slowest = max(lags.values(), key=max)
    worst = {name: round(max(each), 2) for name, each in lags.items()}
    held = Held(rate, summary, worst, round(percentile(slowest, 0.99), 2), counts)
    say(
        f"  {rate}/s: {'holds' if held.holds else 'does not hold'}; lag {max(worst.values())} s, "
        f"driver {summary.behind_max_s} s late, requests p99 {summary.latency_p99_ms} ms"
    )
    return held


def sample(vedette: Running, driver: Any) -> dict[str, list[float]]:
    """Look at every follower's lag, many times, while the driver runs."""
    lags: dict[str, list[float]] = {}
    began: float | None = None
    with psycopg.connect(vedette.database.owner_url, autocommit=True) as owner:
        head = int(rows(vedette.database.owner_url, WHOLE, {"tenant": TENANT})[0][1])
        while driver.is_alive():
            found = owner.execute(LAGS).fetchall()
            if began is None:
                now = owner.execute("SELECT max(position) FROM log.heads").fetchone()
                assert now is not None
                began = time.monotonic() if now[0] > head else None
            elif time.monotonic() > began + WARM_UP_S:
                for follower, lag_s in found:
                    lags.setdefault(follower, []).append(lag_s)
            time.sleep(SAMPLE_S)
    return lags


def wait_for_followers(vedette: Running) -> None:
    """Wait until every follower stands at the head."""
    deadline = time.monotonic() + CATCH_UP_S
    known = "SELECT count(*) FROM log.followers()"
    while (
        rows(vedette.database.owner_url, known)[0][0] == 0
        or rows(vedette.database.owner_url, BEHIND)[0][0] > 0
    ):
        vedette.require_alive()
        if time.monotonic() > deadline:
            raise RuntimeError("The followers do not catch up.")
        time.sleep(0.2)


def require_nothing_lost(vedette: Running, summary: Summary, ledger: Path) -> dict[str, int]:
    """Hold the log against the ledger; return how many facts of each kind there are."""
    url = vedette.database.owner_url
    lines = msgspec.json.Decoder(Acknowledged).decode_lines(ledger.read_bytes())
    assert len(lines) == summary.sent == summary.accepted, summary
    wanted = {line.position: signal_uuid(line.source, line.signal_id) for line in lines}
    assert len(wanted) == len(lines), "Two signals were given one position."
    standing = rows(url, STANDING, {"tenant": TENANT, "positions": list(wanted)})
    assert dict(standing) == wanted, "A signal does not stand where its answer said."
    count, head = rows(url, WHOLE, {"tenant": TENANT})[0]
    assert count == head, "The positions have a gap."
    counts: dict[str, int] = dict(rows(url, COUNTS, {"tenant": TENANT}))
    assert counts["fraud.scored"] >= counts["attendance.recorded"], counts
    return counts


def sustained(servers: Servers) -> Measure:
    """Look for the rate, then hold it for a minute, or the next lower one that holds."""
    place = RATES.index(FIRST_RATE)
    step = 1 if hold(servers, RATES[place], LOOK_S).holds else -1
    while 0 <= place + step < len(RATES):
        held = hold(servers, RATES[place + step], LOOK_S).holds
        if held or step < 0:
            place += step
        if held is (step < 0):
            break
    while True:
        whole = hold(servers, RATES[place], SECONDS)
        if whole.holds or place == 0:
            break
        place -= 1
    return {
        "value": round(whole.summary.signals_per_second) if whole.holds else 0,
        "reference": None,
        "ratio": None,
        "unit": "signals/s",
        "seconds": SECONDS,
        "lag_max_s": max(whole.worst_s.values()),
        "lag_p99_s": whole.p99_s,
        "lags_max_s": whole.worst_s,
        "driver_behind_max_s": whole.summary.behind_max_s,
        "request_p99_ms": whole.summary.latency_p99_ms,
        "facts": whole.counts,
        "lost": 0,
    }


BENCHES = {"sustained": sustained}
