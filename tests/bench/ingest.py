"""Ingest: signals a second through HTTP in batches of 500, one web process, no follower.

The reference is what any program in Python would have to do with the same bytes: decode them into
the same types and COPY the rows into a plain table, a commit a batch.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from itertools import count, islice

import msgspec
import psycopg

from application.signals import AttendanceSignal, LocationSignal
from interfaces.simulator import WorldParameters, steady
from tests.bench.client import Poster
from tests.bench.kit import Measure, Servers, by_turns, compared
from tests.bench.running import Running, percentile, running

BATCH_SIGNALS = 500
BATCHES = 40  # a round
CONNECTIONS = 4
GUARDS, SITES = 2_000, 20
ATTENDANCE_SHARE = 0.1

TABLE = """
CREATE TABLE public.plain (
    kind text, signal_id text, source text, occurred_at timestamptz, sent_at timestamptz,
    person_id text, site_id text, device_id text, direction text, latitude float8,
    longitude float8, gps_accuracy_m float8, biometric_quality float8, biometric_matched boolean,
    phone_signal_dbm int8, battery_percent int8)
"""
TYPES = [
    *("text", "text", "text", "timestamptz", "timestamptz", "text", "text", "text", "text"),
    *("float8", "float8", "float8", "float8", "bool", "int8", "int8"),
]
many = msgspec.json.Decoder(list[AttendanceSignal | LocationSignal])


def bodies(vedette: Running, batches: int, run: int) -> list[bytes]:
    """Return the bodies of as many requests; each run's signals have ids of their own."""
    started_at = time.time() - 3_600 + run
    stream = steady(vedette.world, started_at, BATCH_SIGNALS * batches / 60, 61, ATTENDANCE_SHARE)
    signals = [delivery.signal for delivery in islice(stream, BATCH_SIGNALS * batches)]
    return [
        msgspec.json.encode(signals[first : first + BATCH_SIGNALS])
        for first in range(0, len(signals), BATCH_SIGNALS)
    ]


async def post_all(vedette: Running, waiting: list[bytes]) -> list[float]:
    """Post the bodies over a few connections; return what each took, in seconds."""
    took_s: list[float] = []

    async def connection() -> None:
        poster = Poster(vedette.url, vedette.key)
        while waiting:
            body = waiting.pop()
            began = time.perf_counter()
            answer = await poster.post(body)
            took_s.append(time.perf_counter() - began)
            assert answer["data"]["accepted"] == BATCH_SIGNALS, answer["data"]
        await poster.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(connection())
    return took_s


def ours(vedette: Running, runs: count[int], latencies_s: list[float]) -> float:
    waiting = bodies(vedette, BATCHES, next(runs))
    began = time.perf_counter()
    latencies_s += asyncio.run(post_all(vedette, waiting))
    return BATCHES * BATCH_SIGNALS / (time.perf_counter() - began)


def reference(vedette: Running, runs: count[int]) -> float:
    waiting = bodies(vedette, BATCHES, next(runs))
    with psycopg.connect(vedette.database.owner_url, autocommit=True) as connection:
        began = time.perf_counter()
        for body in waiting:
            with (
                connection.cursor() as cursor,
                cursor.copy("COPY public.plain FROM STDIN (FORMAT binary)") as copy,
            ):
                copy.set_types(TYPES)
                for signal in many.decode(body):
                    copy.write_row(plain_row(signal))
        return BATCHES * BATCH_SIGNALS / (time.perf_counter() - began)


def plain_row(signal: AttendanceSignal | LocationSignal) -> tuple[object, ...]:
    if isinstance(signal, AttendanceSignal):
        own = (signal.site_id, signal.device_id, signal.direction.value)
        reading: tuple[object, ...] = (signal.biometric_quality, signal.biometric_matched)
    else:
        own, reading = (signal.site_id or "", signal.device_id, ""), (None, None)
    return (
        *("attendance" if reading[0] is not None else "location", signal.signal_id),
        *(signal.source, signal.occurred_at, signal.sent_at, signal.person_id, *own),
        *(signal.latitude, signal.longitude, signal.gps_accuracy_m, *reading),
        *(signal.phone_signal_dbm, signal.battery_percent),
    )


def ingest(servers: Servers) -> Measure:
    """Measure both by turns on one database."""
    drawn = WorldParameters(guards=GUARDS, sites=SITES)
    runs, latencies_s = count(1), list[float]()
    with running(servers, drawn, "serve") as vedette:
        with psycopg.connect(vedette.database.owner_url, autocommit=True) as owner:
            owner.execute(TABLE.encode())
        measure: Callable[[], float] = partial(ours, vedette, runs, latencies_s)
        measure()  # it learns the directory and prepares its statements
        latencies_s.clear()
        rounds = by_turns(measure, partial(reference, vedette, runs))
    return compared(rounds, "signals/s", batch_p50_ms=round(percentile(latencies_s, 0.5) * 1_000))


BENCHES = {"ingest": ingest}
