"""Path: from the POST of a fraudulent attendance to its ticket's frame on a WebSocket.

100 attendances a second, one a request, for a minute, with 50 listeners; the time counts until
each of the listeners has the frame. The client is this process, the web and the followers are
processes of their own. How the time is shared among the steps is read from the log afterwards.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from statistics import median
from uuid import UUID

import msgspec
import psycopg
import uvloop

from domain.signals import signal_uuid
from interfaces.simulator import WorldParameters
from tests.bench.client import Poster, listen
from tests.bench.kit import Database, Measure, Servers
from tests.bench.running import PROCESSES, TENANT, Running, percentile, rows, running

PER_SECOND, SECONDS = 100, 60
WARM_UP_S = 3  # posted before, at the same rate, and not counted
LISTENERS = 50
CONNECTIONS = 8
GUARDS, SITES = 1_000, 20
SETTLE_S = 5.0  # for the last frames
SOURCE = "bench"
ROUND_TRIPS = 500

# The first ticket's fact of each attendance, and the facts between, by their correlation.
STEPS = """
SELECT correlation_id, max(position) FILTER (WHERE type LIKE 'ticket.%%'),
       min(position) FILTER (WHERE type LIKE 'ticket.%%'),
       extract(epoch FROM min(recorded_at) FILTER (WHERE type = 'attendance.recorded'))::float8,
       extract(epoch FROM min(recorded_at) FILTER (WHERE type = 'fraud.scored'))::float8,
       extract(epoch FROM min(recorded_at) FILTER (WHERE type LIKE 'alert.%%'))::float8,
       extract(epoch FROM min(recorded_at) FILTER (WHERE type LIKE 'ticket.%%'))::float8
FROM log.events WHERE tenant_id = %(tenant)s AND correlation_id = ANY (%(signals)s)
GROUP BY correlation_id
"""


class TicketFrame(msgspec.Struct):
    """What the client needs of a frame."""

    position: int


class Seen(msgspec.Struct):
    """What the client noted: seconds of the wall's clock, by signal and by position."""

    posted_at: dict[UUID, float]
    answered_s: list[float]
    told_at: dict[int, list[float]]


def attendance(vedette: Running, number: int) -> tuple[UUID, bytes]:
    """Return an attendance far away from its site by somebody whom the reader does not know."""
    guard = vedette.world.guards[number % len(vedette.world.guards)]
    signal_id = f"path-{number}"
    body = msgspec.json.encode(
        {
            "kind": "attendance",
            "signal_id": signal_id,
            "source": SOURCE,
            "occurred_at": datetime.now(UTC),
            "person_id": guard.person_id,
            "site_id": guard.site.site_id,
            "device_id": guard.phone.device_id,
            "direction": "check_in",
            "latitude": max(-90.0, guard.site.latitude - 0.6),
            "longitude": guard.site.longitude,
            "gps_accuracy_m": 8.0,
            "biometric_quality": 0.12,
            "biometric_matched": False,
        }
    )
    return signal_uuid(SOURCE, signal_id), body


async def drive(vedette: Running) -> Seen:
    """Post at the rate, and note when each listener was told of each ticket."""
    seen = Seen({}, [], {})
    decoder = msgspec.json.Decoder(TicketFrame)

    def told(frame: bytes) -> None:
        if not frame.startswith(b'{"type":"heartbeat"'):
            seen.told_at.setdefault(decoder.decode(frame).position, []).append(time.time())

    listeners = [
        await listen(vedette.url, vedette.key, "types=ticket", told) for _ in range(LISTENERS)
    ]
    idle: asyncio.Queue[Poster] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        idle.put_nowait(Poster(vedette.url, vedette.key))

    async def post(number: int, *, counts: bool) -> None:
        poster = await idle.get()
        signal, body = attendance(vedette, number)
        began = time.time()
        answer = await poster.post(body)
        if counts:
            seen.posted_at[signal] = began
            seen.answered_s.append(time.time() - began)
        assert answer["data"]["status"] == "accepted", answer
        idle.put_nowait(poster)

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(PER_SECOND * (WARM_UP_S + SECONDS)):
            await asyncio.sleep(began + number / PER_SECOND - time.monotonic())
            group.create_task(post(number, counts=number >= PER_SECOND * WARM_UP_S))
    await asyncio.sleep(SETTLE_S)
    for listener in listeners:
        assert listener.closed is None, f"A listener was closed: {listener.closed}"
        listener.close()
    while not idle.empty():
        await idle.get_nowait().close()
    return seen


def path(servers: Servers) -> Measure:
    """Measure the path, then a commit with a NOTIFY on the same server."""
    drawn = WorldParameters(guards=GUARDS, sites=SITES)
    with running(servers, drawn, *PROCESSES) as vedette:
        before = round_trips_s(vedette.database)
        seen = uvloop.run(drive(vedette))
        steps = rows(
            vedette.database.owner_url, STEPS, {"tenant": TENANT, "signals": list(seen.posted_at)}
        )
        vedette.require_alive()
        reference_s = before + round_trips_s(vedette.database)
    took_ms: list[float] = []
    shares: dict[str, list[float]] = {
        "taken": [],
        "score": [],
        "alert": [],
        "ticket": [],
        "frame": [],
    }
    for signal, _, first, recorded, scored, alerted, ticketed in steps:
        posted = seen.posted_at[signal]
        told = seen.told_at[first]
        assert len(told) == LISTENERS, f"{len(told)} of {LISTENERS} were told of {first}."
        took_ms += [(at - posted) * 1_000 for at in told]
        moments = [posted, recorded, scored, alerted, ticketed, median(told)]
        for name, began, ended in zip(shares, moments, moments[1:], strict=False):
            shares[name].append((ended - began) * 1_000)
    assert len(steps) == PER_SECOND * SECONDS, f"{len(steps)} led to a ticket."
    p50, reference_ms = percentile(took_ms, 0.5), median(reference_s) * 1_000
    return {
        "value": round(p50, 1),
        "reference": round(reference_ms, 2),
        "ratio": round(p50 / reference_ms, 1),
        "unit": "ms (p50)",
        "p99": round(percentile(took_ms, 0.99), 1),
        "max": round(max(took_ms), 1),
        "reference_p99": round(percentile(reference_s, 0.99) * 1_000, 2),
        "answer_p50": round(percentile(seen.answered_s, 0.5) * 1_000, 1),
        "steps_p50": {name: round(percentile(each, 0.5), 1) for name, each in shares.items()},
        "steps_p99": {name: round(percentile(each, 0.99), 1) for name, each in shares.items()},
    }


def round_trips_s(database: Database) -> list[float]:
    """Return what a committed row with a NOTIFY takes until another connection has heard it."""
    took: list[float] = []
    with (
        psycopg.connect(database.owner_url, autocommit=True) as writer,
        psycopg.connect(database.owner_url, autocommit=True) as hearer,
    ):
        writer.execute("CREATE TABLE IF NOT EXISTS public.told (number bigint)")
        hearer.execute("LISTEN told")
        for number in range(ROUND_TRIPS // 2):
            began = time.perf_counter()
            with writer.transaction():
                writer.execute("INSERT INTO public.told VALUES (%s)", [number])
                writer.execute("NOTIFY told")
            next(hearer.notifies(timeout=10, stop_after=1))
            took.append(time.perf_counter() - began)
    return took


BENCHES = {"path": path}
