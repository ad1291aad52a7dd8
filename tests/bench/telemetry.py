"""Telemetry: requests a second for a page of one guard's signals, from the cache and made afresh.

The reference is a bare Litestar endpoint on the same server program that returns the very same
bytes to anybody: no credential, no tenant, no question to anything.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from adapters.embedded.valkey import EmbeddedValkey
from adapters.followers.projecting import ProjectionHandler
from adapters.followers.runtime import Loop
from interfaces.http.limits import READINGS
from interfaces.simulator import WorldParameters
from projections.directory import PERSONS
from projections.kernel import Projection
from projections.signals import SIGNALS
from tests.bench.ingest import bodies, post_all
from tests.bench.kit import Measure, Servers, by_turns, compared
from tests.bench.running import ROOT, START_TIMEOUT_S, Running, free_port, percentile, running

GUARDS, SITES = 50, 5
BATCHES = 20  # of 500 signals
REQUESTS = 600  # a round
CONNECTIONS = 4
ROUNDS = 3
PATH = "/api/v2/noc/telemetry/signals/"

BARE = """
import sys
from pathlib import Path
import uvicorn
from litestar import Litestar, get
body = Path(sys.argv[1]).read_bytes()
@get("/", media_type="application/json", sync_to_thread=False)
def answer() -> bytes:
    return body
uvicorn.run(Litestar([answer], openapi_config=None), port=int(sys.argv[2]), log_level="warning",
            access_log=False)
"""


async def get_all(url: str, key: str, paths: list[str]) -> list[float]:
    """Ask for the paths over a few kept connections; return what each took, in seconds."""
    address = urlsplit(url)
    took_s: list[float] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=2**22)
        while paths:
            path = paths.pop()
            began = time.perf_counter()
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
                f"Authorization: Bearer {key}\r\n\r\n".encode()
            )
            lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
            assert lines[0].startswith(b"http/1.1 200"), lines[0]
            length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            took_s.append(time.perf_counter() - began)
        writer.close()
        await writer.wait_closed()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(connection())
    return took_s


def rate(url: str, key: str, path: Callable[[], str], took_s: list[float]) -> float:
    """Return how many of these requests are answered in a second."""
    paths = [path() for _ in range(REQUESTS)]
    time.sleep(REQUESTS / READINGS.per_s)  # until the key may ask for so many again
    began = time.perf_counter()
    took_s += asyncio.run(get_all(url, key, paths))
    return REQUESTS / (time.perf_counter() - began)


def fill(vedette: Running) -> None:
    """Hand signals in, and fold them."""
    asyncio.run(post_all(vedette, bodies(vedette, BATCHES, 1)))
    projections: tuple[Projection[Any], ...] = (SIGNALS, PERSONS)
    for projection in projections:
        handler = ProjectionHandler(projection)
        Loop(vedette.database.app_url, handler, grown=lambda *_: None).catch_up()


@contextmanager
def bare(vedette: Running, body: bytes) -> Iterator[str]:
    """Lend the address of an endpoint that returns these bytes."""
    file, port = vedette.directory / "body", free_port()
    file.write_bytes(body)
    process = subprocess.Popen([sys.executable, "-c", BARE, str(file), str(port)], cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_TIMEOUT_S
    try:
        while True:
            try:
                httpx.get(url, trust_env=False)
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline, "The bare endpoint does not answer."
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def telemetry(servers: Servers, *, cached: bool) -> Measure:
    """Measure both by turns on one database."""
    valkey = EmbeddedValkey.start(servers.directory / f"valkey-{time.monotonic_ns()}")
    try:
        with running(servers, WorldParameters(guards=GUARDS, sites=SITES)) as vedette:
            vedette.redis_url = valkey.url
            vedette.start("serve")
            vedette.wait_until_live()
            fill(vedette)
            path = f"{PATH}{vedette.world.guards[0].person_id}/"
            # Another bound of time that leaves nothing out is another question.
            moments = (quote(f"2199-01-01T00:00:{n / 1e6:09.6f}+00:00") for n in count())
            fresh = lambda: f"{path}?to={next(moments)}"  # noqa: E731  asked for once a request
            head = {"Authorization": f"Bearer {vedette.key}"}
            body = httpx.get(f"{vedette.url}{path}", headers=head, trust_env=False).content
            took_s: list[float] = []
            ask: Callable[[], str] = (lambda: path) if cached else fresh
            ours = partial(rate, vedette.url, vedette.key, ask, took_s)
            with bare(vedette, body) as url:
                ours()  # it prepares its statements
                took_s.clear()
                rounds = by_turns(ours, partial(rate, url, "", lambda: "/", []), ROUNDS)
    finally:
        valkey.stop()
    p99_ms = round(percentile(took_s, 0.99) * 1_000, 1)
    return compared(rounds, "requests/s", p99_ms=p99_ms, body_bytes=len(body))


BENCHES = {
    "telemetry_cached": partial(telemetry, cached=True),
    "telemetry_uncached": partial(telemetry, cached=False),
}
