"""A live Vedette for tests: a real web process, real followers, and a tenant with people in it."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
from argon2 import PasswordHasher

from adapters.passwords import Argon2Hasher
from adapters.postgres.credentials import PostgresCredentials
from application.access import Access
from application.handling import handle
from application.ports import Cause
from domain.access import EnrolUser, Role
from domain.directory.tenant import TENANT, TENANT_STREAM, FoundTenant
from interfaces import wiring
from interfaces.settings import Settings
from tests.conftest import Database
from tests.processes import Forked

ROOT = Path(__file__).parent.parent
START_S = 90.0  # on a busy machine
STOP_S = 15.0
CAUSE = Cause(actor="system:tests")
SECRET_KEY = "the-tests-own-secret-key-of-40-characters"


class Field(msgspec.Struct, frozen=True):
    """A tenant with a user for each role, and a key that may do everything."""

    tenant: str
    users: dict[str, tuple[str, str]]  # role -> username, password
    key: str


def seed_tenant(vedette: wiring.Vedette, tenant: str) -> Field:
    """Open a tenant and enrol a user for each role, named after it."""
    vedette.log.open_tenant(tenant)
    founding = FoundTenant(name=f"Tenant {tenant}", time_zone="Europe/London")
    handle(vedette.log, tenant, TENANT, TENANT_STREAM, founding, CAUSE)
    access = cheap_access(vedette)
    users = {role.value: (role.value, enrol(access, tenant, role.value, (role,))) for role in Role}
    until = datetime.now(UTC) + timedelta(days=1)
    roles = (Role.ADMINISTRATOR, Role.INTEGRATOR)
    key = vedette.access.issue_key(
        tenant, name="Tests", roles=roles, expires_at=until, site_scope=None, cause=CAUSE
    )
    return Field(tenant, users, key.text)


def cheap_access(vedette: wiring.Vedette) -> Access:
    """Return an access whose passwords cost next to nothing, as only invented ones may."""
    hasher = Argon2Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return Access(vedette.log, PostgresCredentials(vedette.database), hasher, wiring.now)


def enrol(
    access: Access,
    tenant: str,
    username: str,
    roles: tuple[Role, ...],
    site_scope: tuple[str, ...] | None = None,
) -> str:
    """Enrol a user and return the password."""
    name = username.capitalize()
    command = EnrolUser(username=username, name=name, roles=roles, site_scope=site_scope)
    access.enrol_user(tenant, command, CAUSE)
    password = secrets.token_urlsafe(12)
    access.set_password(tenant, username, password)
    return password


class LiveServer:
    """Processes on a database of their own, and a tenant to work in."""

    def __init__(self, database: Database, directory: Path, redis_url: str | None) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws/noc/dashboard/"
        self.settings = Settings(
            database_url=database.app_url,
            database_owner_url=database.owner_url,
            redis_url=redis_url,
            secret_key=SECRET_KEY,
            data_directory=directory,
            port=self.port,
        )
        self.vedette = wiring.open_application(self.settings)
        self.seed()
        self.start_web()
        self.start_follower()

    def start_web(self) -> None:
        """Start the web process, for the first time or after it was killed."""
        self.web = self._start("serve")

    def start_follower(self) -> None:
        """Start the follower process, for the first time or after it was killed."""
        self.follower = self._start("follow")

    def start_worker(self, **settings: str) -> Forked:
        """Start a worker process with settings of its own; who starts it ends it.

        It asks for nothing by the clock, and should have a Redis of its own: the one of the test
        run is shared by the workers of other databases, which would take its jobs for nobody's.
        """
        return self._start("work", VEDETTE_SCHEDULE="false", **settings)

    def seed(self) -> None:
        """Make a fresh tenant and go on in it; `tenant`, `users` and `key` are its own."""
        field = seed_tenant(self.vedette, f"live-{secrets.token_hex(4)}")
        self.tenant, self.users, self.key = field.tenant, field.users, field.key

    def _start(self, role: str, **settings: str) -> Forked:
        environment = dict(
            os.environ,
            VEDETTE_DATABASE_URL=self.settings.database_url or "",
            VEDETTE_REDIS_URL=self.settings.redis_url or "",
            VEDETTE_SECRET_KEY=SECRET_KEY,
            VEDETTE_DATA_DIRECTORY=str(self.settings.data_directory),
            VEDETTE_PORT=str(self.port),
            VEDETTE_LOG_LEVEL="warning",
        )
        environment |= settings
        return Forked(role, environment)

    def wait_until_ready(self) -> None:
        """Wait until the web process says that requests may come."""
        deadline = time.monotonic() + START_S
        # One client, since each new one reads all the world's certificates.
        with httpx.Client(base_url=self.url, trust_env=False) as client:
            while True:
                assert self.web.poll() is None, "The web process ended instead of serving."
                assert self.follower.poll() is None, "The follower process ended."
                with contextlib.suppress(httpx.TransportError):
                    if client.get("/health/ready").status_code == 200:
                        return
                assert time.monotonic() < deadline, f"Not ready within {START_S} s."
                time.sleep(0.1)

    def token(self, role: str) -> str:
        """Log a role's user in and return the token."""
        username, password = self.users[role]
        body = {"tenant": self.tenant, "username": username, "password": password}
        answer = httpx.post(f"{self.url}/api/v2/auth/login/", json=body, trust_env=False)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["data"]["access_token"]
        return token

    def client(self, credential: str | None = None) -> httpx.Client:
        """Return a client on the server that shows a credential: the tenant's key, if none is named."""
        headers: dict[str, Any] = {"Authorization": f"Bearer {credential or self.key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=15, trust_env=False)

    def stop(self) -> None:
        """End both processes and let go of the database."""
        end(self.web, self.follower)
        self.vedette.close()


def end(*processes: Forked) -> None:
    """Tell processes to end, and kill those that do not."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
