"""The servers of a test run: one PostgreSQL and one Valkey, started once, real, and thrown away.

Under xdist the controller starts them and hands the addresses to its workers. The migrations run
once, into a template; each worker's database is a copy of it. Tests keep out of each other's way
by tenant (the `tenant` fixture), not by emptying tables.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from adapters.embedded.postgres import EmbeddedPostgres
from adapters.embedded.valkey import EmbeddedValkey
from adapters.postgres.migrating import migrate

pytest_plugins = ["tests.live_fixtures", "tests.log_fixtures"]

# No deadline: how long an example takes depends on what else the machine does. The suite looks at the
# same examples each time; `pytest --hypothesis-profile thorough` looks at others, and much longer.
settings.register_profile("suite", max_examples=40, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=500, deadline=None)
settings.load_profile("suite")

# Folders whose tests find no branch of the rules that others leave out: they are about the adapters,
# about processes of their own, or play what is counted elsewhere.
UNCOUNTED = frozenset(
    {
        "browser",
        "convergence",
        "embedded",
        "evaluate",
        "faults",
        "feed",
        "golden",
        "journeys",
        "log",
        "postgres",
        "simulator",
        "supervisor",
    }
)
TESTS = Path(__file__).parent
TEMPLATE = "vedette_template"
DIRECTORY_VARIABLE = "KEEP_TEST_SERVERS_IN"  # names a directory that stays, for looking at logs


class Database(NamedTuple):
    """One migrated database: as its owner, and as the application sees it."""

    name: str
    owner_url: str
    app_url: str


class Servers:
    """The run's servers, started on first use by whichever fixture needs them."""

    def __init__(self) -> None:
        chosen = os.environ.get(DIRECTORY_VARIABLE)
        self.kept = chosen is not None
        self.directory = Path(chosen or tempfile.mkdtemp(prefix="vedette-tests-"))
        self._postgres: EmbeddedPostgres | None = None
        self._valkey: EmbeddedValkey | None = None

    @property
    def postgres(self) -> EmbeddedPostgres:
        if self._postgres is None:
            self._postgres = EmbeddedPostgres.start(self.directory / "postgres", durable=False)
            self.make_template()
        return self._postgres

    @property
    def valkey(self) -> EmbeddedValkey:
        if self._valkey is None:
            self._valkey = EmbeddedValkey.start(self.directory / "valkey", durable=False)
        return self._valkey

    def make_template(self) -> None:
        assert self._postgres is not None
        with psycopg.connect(self._postgres.owner_url("postgres"), autocommit=True) as connection:
            name = sql.Identifier(TEMPLATE)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
        self._postgres.create_database(TEMPLATE)
        migrate(self._postgres.owner_url(TEMPLATE))

    def stop(self) -> None:
        for server in (self._valkey, self._postgres):
            if server is not None:
                server.stop()
        if not self.kept:
            shutil.rmtree(self.directory, ignore_errors=True)


class Addresses(NamedTuple):
    """Where the run's servers are: what the controller tells its workers."""

    superuser_url: str  # with DATABASE in the place of the database's name
    app_url: str
    redis_url: str

    @staticmethod
    def of(servers: Servers) -> Addresses:
        postgres = servers.postgres
        return Addresses(
            postgres.owner_url("DATABASE"), postgres.app_url("DATABASE"), servers.valkey.url
        )


SERVERS = pytest.StashKey[Servers]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kills", type=int, default=20, help="how often a fault test kills its victim"
    )
    parser.addoption(
        "--played-days", type=int, default=0, help="how many days of two sites are evaluated"
    )
    parser.addoption(
        "--nights", type=int, default=50, help="how many random nights are played in two orders"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what may take longest, and count branches only where that tells something.

    Else a worker would be left with a long story at the end, while others have nothing to do; and to
    count branches doubles what a test costs.
    """
    items.sort(key=time_limit_s, reverse=True)
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in UNCOUNTED:
            item.add_marker("no_cover")


def time_limit_s(item: pytest.Item) -> float:
    """Return how long a test may take, if that is more than others may; 0 if not."""
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker is not None else 0.0


def pytest_configure(config: pytest.Config) -> None:
    if not is_worker(config):
        config.stash[SERVERS] = Servers()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not is_worker(config):
        config.stash[SERVERS].stop()


class TellWorkers:
    """The xdist hook that runs in the controller before each worker starts."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        servers = node.config.stash[SERVERS]
        node.workerinput["vedette_addresses"] = list(Addresses.of(servers))


def pytest_plugin_registered(plugin: object, manager: pytest.PytestPluginManager) -> None:
    if type(plugin).__name__ == "DSession" and not manager.has_plugin("tell-workers"):
        manager.register(TellWorkers(), "tell-workers")


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.fixture(scope="session")
def addresses(pytestconfig: pytest.Config) -> Addresses:
    """Where the servers of this run listen, in whichever process the test runs."""
    if is_worker(pytestconfig):
        workerinput: dict[str, Any] = getattr(pytestconfig, "workerinput")  # noqa: B009
        return Addresses(*workerinput["vedette_addresses"])
    return Addresses.of(pytestconfig.stash[SERVERS])


@pytest.fixture(scope="session")
def new_database(addresses: Addresses) -> Iterator[Callable[[], Database]]:
    """Make another migrated, empty database, for tests that need one to themselves."""
    names: list[str] = []
    superuser_url = addresses.superuser_url.replace("DATABASE", "postgres")

    def make() -> Database:
        name = f"t_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(superuser_url, autocommit=True) as connection:
            # Two workers may copy at once; PostgreSQL makes one wait, the other's lock is short.
            connection.execute("SELECT pg_advisory_lock(hashtext('copy the template'))")
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(TEMPLATE)
                )
            )
        names.append(name)
        return Database(
            name,
            addresses.superuser_url.replace("DATABASE", name),
            addresses.app_url.replace("DATABASE", name),
        )

    yield make
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for name in names:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(statement.format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def database(new_database: Callable[[], Database]) -> Database:
    """The migrated database of this pytest worker, shared by its tests."""
    return new_database()


@pytest.fixture(scope="session")
def redis_url(addresses: Addresses) -> str:
    """The Valkey of this run, shared by everybody: prefix your keys with the tenant."""
    return addresses.redis_url


@pytest.fixture
def nights(pytestconfig: pytest.Config) -> int:
    """How many random nights go through all policies on the real log."""
    chosen: int = pytestconfig.getoption("--nights")
    return chosen


@pytest.fixture
def audited_nights(nights: int) -> int:
    """How many random nights are only audited on the real log, where memory knows many more."""
    return max(1, nights // 12)


@pytest.fixture
def tenant() -> str:
    """A tenant that nobody else has."""
    return f"t-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of the test's own, migrated, to be killed and restarted at will (takes 1.5 s)."""
    directory = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres.start(directory, durable=False)
    try:
        migrate(server.owner_url())
        yield server
    finally:
        server.stop()
