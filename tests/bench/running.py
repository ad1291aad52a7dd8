"""A running Vedette: its web and follower processes on a fresh database, a tenant, and a key.

The directory is drawn by the field simulator and stated to the log directly, since thousands of
requests one by one would take longer than the measure.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg

from application.ports import Append, Cause, Expect
from domain.access import Role
from domain.directory.device import DeviceKind, DeviceRegistered, device_stream
from domain.directory.person import PersonEnrolled, person_stream
from domain.directory.site import SiteRegistered, site_stream
from domain.kernel import Event
from interfaces import wiring
from interfaces.settings import Settings
from interfaces.simulator import World, WorldParameters, world
from tests.bench.kit import Database, Servers, say

TENANT = "bench"
# What `vedette up` starts, but for the workers.
PROCESSES = ("serve", "follow --lane urgent", "follow --lane background")
SEED = 7
SECRET_KEY = "a secret of the benchmarks, known to all"
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0
ROOT = Path(__file__).parents[2]


class Running:
    """The processes of one Vedette, and how to reach it."""

    def __init__(self, database: Database, directory: Path, drawn: WorldParameters) -> None:
        self.database = database
        self.directory = directory
        self.parameters = drawn
        self.world: World = world(SEED, drawn)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = self._furnish()
        self.redis_url = "redis://127.0.0.1:1/0"  # most of what is measured asks for none
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, command: str, name: str | None = None) -> int:
        """Start `vedette COMMAND`, which may have options, and return its process id."""
        name = name or command
        environment = {
            **os.environ,
            "VEDETTE_DATABASE_URL": self.database.app_url,
            "VEDETTE_DATABASE_OWNER_URL": self.database.owner_url,
            "VEDETTE_REDIS_URL": self.redis_url,
            "VEDETTE_SECRET_KEY": SECRET_KEY,
            "VEDETTE_PORT": str(self.port),
            "VEDETTE_LOG_LEVEL": "warning",
        }
        with (self.directory / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "interfaces.cli.main", *command.split()],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self._processes[name].pid

    def wait_until_live(self) -> None:
        """Wait until the web process answers."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            self.require_alive()
            try:
                httpx.get(f"{self.url}/health/live", timeout=5, trust_env=False)
                return
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def require_alive(self) -> None:
        """Make sure that no process has ended by itself."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                log = (self.directory / f"{name}.log").read_text()
                raise RuntimeError(f"{name} ended with {process.returncode}:\n{log[-4_000:]}")

    def stop(self) -> None:
        """End the processes; what they had to say is shown."""
        for process in self._processes.values():
            process.terminate()
        for name, process in self._processes.items():
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                say(f"{name} did not end in {STOP_TIMEOUT_S:.0f} s")
            text = (self.directory / f"{name}.log").read_text().strip()
            if text:
                say(f"{name} said:\n{text[-2_000:]}")

    def _furnish(self) -> str:
        """Open the tenant, state the directory, and return the text of a key."""
        settings = Settings(database_url=self.database.app_url, redis_url="redis://127.0.0.1:1/0")
        with closing(wiring.open_application(settings)) as vedette:
            vedette.log.open_tenant(TENANT)
            cause = Cause("system:bench")
            appends = [
                Append.of(stream, Expect.NO_STREAM, [fact], cause)
                for stream, fact in directory(self.world)
            ]
            for first in range(0, len(appends), 2_000):
                vedette.log.append_each(TENANT, appends[first : first + 2_000])
            issued = vedette.access.issue_key(
                TENANT,
                name="bench",
                roles=(Role.ADMINISTRATOR,),
                expires_at=datetime.now(UTC) + timedelta(days=1),
                site_scope=None,
                cause=cause,
            )
            return issued.text


@contextmanager
def running(servers: Servers, drawn: WorldParameters, *commands: str) -> Iterator[Running]:
    """Lend a Vedette with these processes; `serve` answers by then."""
    directory = servers.directory / f"running-{time.monotonic_ns()}"
    directory.mkdir()
    lent = Running(servers.database(), directory, drawn)
    try:
        for number, command in enumerate(commands):
            lent.start(command, f"{number}-{command.replace(' ', '')}")
        if "serve" in commands:
            lent.wait_until_live()
        yield lent
    finally:
        lent.stop()


def directory(drawn: World) -> Iterator[tuple[str, Event]]:
    """Yield what the directory is told of a drawn world: streams and their first facts."""
    for site in drawn.sites:
        yield (
            site_stream(site.site_id),
            SiteRegistered(
                site_id=site.site_id,
                name=site.name,
                latitude=site.latitude,
                longitude=site.longitude,
                geofence_radius_m=site.geofence_radius_m,
                time_zone=site.time_zone,
                security_manager="manager",
            ),
        )
    for guard in drawn.guards:
        yield (
            person_stream(guard.person_id),
            PersonEnrolled(person_id=guard.person_id, name=guard.name, site_id=guard.site.site_id),
        )
        yield (
            device_stream(guard.phone.device_id),
            DeviceRegistered(
                device_id=guard.phone.device_id,
                kind=DeviceKind.PHONE,
                person_id=guard.person_id,
                site_id=guard.site.site_id,
            ),
        )


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def percentile(values: list[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def rows(url: str, query: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Ask the database as its owner, who sees every tenant."""
    with psycopg.connect(url, autocommit=True) as owner:
        return owner.execute(query.encode(), parameters).fetchall()
