"""The embedded servers: real, private, at home in any directory, and gone with their parent."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from adapters.embedded.kept import SOCKET_PATH_LIMIT_BYTES, EmbeddedServerFailed
from adapters.embedded.postgres import EmbeddedPostgres
from adapters.embedded.server import EmbeddedServer
from adapters.embedded.valkey import EmbeddedValkey

AS_ROOT = os.geteuid() == 0
PATIENCE_S = 30.0

# Starts a server, says its pid, and waits to be killed.
PARENT = """
import sys, time, pathlib
from adapters.embedded.postgres import EmbeddedPostgres
from adapters.embedded.valkey import EmbeddedValkey
server = {name}.start(pathlib.Path(sys.argv[1]), durable=False)
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One server with an awkward path for the tests that leave it as they found it."""
    postgres = EmbeddedPostgres.start(tmp_path_factory.mktemp("it's a home"), durable=False)
    yield postgres
    postgres.stop()


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, f"{pid} still runs"
        time.sleep(0.05)


def test_it_is_postgres_18_with_a_database_of_ours(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.owner_url()) as connection:
        assert connection.info.server_version // 10_000 == 18
        assert connection.info.dbname == "vedette"
        row = connection.execute(
            "SELECT current_setting('listen_addresses'), current_setting('max_connections')"
        ).fetchone()
    assert row == ("", "200")


def test_only_its_user_may_reach_the_socket(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.owner_url()) as connection:
        sockets = Path(connection.info.host)
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700


@pytest.mark.skipif(not AS_ROOT, reason="only root has to become somebody else")
def test_root_starts_it_as_somebody_else_where_only_root_may_enter(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    postgres = EmbeddedPostgres.start(tmp_path / "postgres", durable=False)
    try:
        assert Path(f"/proc/{postgres.pid}").stat().st_uid != 0
        assert postgres.data.stat().st_uid != 0
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    finally:
        postgres.stop()


@pytest.mark.skipif(not AS_ROOT, reason="only root may become somebody else")
def test_a_server_of_nobody_special_does_not_take_somebody_elses_data(
    tmp_path: Path, server: EmbeddedPostgres
) -> None:
    code = (
        "import pathlib, sys\n"
        "from adapters.embedded.kept import EmbeddedServerFailed\n"
        "from adapters.embedded.postgres import identity_for\n"
        "from adapters.embedded.privileges import CAP_DAC_READ_SEARCH, Identity, become\n"
        "become(Identity(12345, 12345, CAP_DAC_READ_SEARCH))\n"
        "try: identity_for(pathlib.Path(sys.argv[1]))\n"
        "except EmbeddedServerFailed as error: print(error)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(server.data)], capture_output=True, text=True, check=True
    )
    assert "and you are user 12345" in answer.stdout


def test_a_copied_database_has_what_its_template_has(server: EmbeddedPostgres) -> None:
    server.create_database("the original")
    with psycopg.connect(server.owner_url("the original")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS x")
    server.create_database("the copy", template="the original")
    with psycopg.connect(server.owner_url("the copy")) as connection:
        assert connection.execute("SELECT x FROM kept").fetchone() == (1,)


def test_a_second_start_on_the_same_directory_names_it(server: EmbeddedPostgres) -> None:
    with pytest.raises(EmbeddedServerFailed) as caught:
        EmbeddedPostgres.start(server.directory)
    assert f"{server.directory} is already in use by process {os.getpid()}" in str(caught.value)


def test_what_was_committed_survives_a_killed_server(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.owner_url()) as connection:
        connection.execute("CREATE TABLE survivor AS SELECT 42 AS x")
    before, url = server.pid, server.owner_url()
    server.kill()
    assert not server.is_running
    server.restart()
    assert server.pid != before
    assert server.owner_url() == url
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT x FROM survivor").fetchone() == (42,)


def test_a_pid_file_left_behind_does_not_matter(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres.start(tmp_path, durable=False)
    pid_file = postgres.data / "postmaster.pid"
    left_behind = pid_file.read_text()
    postgres.stop()
    # By now the pid belongs to another process of the same user: this one.
    pid_file.write_text(left_behind.replace(left_behind.split()[0], str(os.getpid()), 1))
    os.chown(pid_file, postgres.data.stat().st_uid, -1)
    again = EmbeddedPostgres.start(tmp_path, durable=False)
    again.stop()


def test_data_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedServerFailed, match="was made by PostgreSQL 16, this is 18"):
        EmbeddedPostgres.start(tmp_path)


@pytest.mark.parametrize("kind", [EmbeddedPostgres, EmbeddedValkey])
def test_it_goes_with_its_parent_however_that_ends(
    kind: type[EmbeddedServer], tmp_path: Path
) -> None:
    # A path too long for a socket: the socket then is elsewhere, and that has to go as well.
    directory = tmp_path / ("long" * (SOCKET_PATH_LIMIT_BYTES // 4))
    pid = 0
    for how in (signal.SIGKILL, signal.SIGTERM):
        code = PARENT.format(name=kind.__name__)
        with subprocess.Popen(
            [sys.executable, "-c", code, str(directory)], stdout=subprocess.PIPE, text=True
        ) as parent:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            assert Path(f"/proc/{pid}").exists()
            parent.send_signal(how)
        # The next start waits for the orphan's clean end by itself.
    server = kind.start(directory, durable=False)
    wait_until_gone(pid)
    server.stop()
    assert "not properly shut down" not in server.log.read_text()


def test_it_goes_when_its_keeper_is_killed(tmp_path: Path) -> None:
    valkey = EmbeddedValkey.start(tmp_path, durable=False)
    keeper = int(Path(f"/proc/{valkey.pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(keeper, signal.SIGKILL)
    wait_until_gone(valkey.pid)
    valkey.stop()


def test_valkey_keeps_what_it_was_given(tmp_path: Path) -> None:
    valkey = EmbeddedValkey.start(tmp_path)
    with redis.Redis.from_url(valkey.url) as client:
        client.set("job", "train")
    valkey.stop()
    valkey = EmbeddedValkey.start(tmp_path)
    with redis.Redis.from_url(valkey.url) as client:
        assert client.get("job") == b"train"
    valkey.stop()


def test_a_server_that_was_stopped_says_so(tmp_path: Path) -> None:
    valkey = EmbeddedValkey.start(tmp_path, durable=False)
    valkey.stop()
    valkey.stop()
    with pytest.raises(EmbeddedServerFailed, match="was stopped"):
        valkey.kill()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedServerFailed, match="file/server cannot be written"):
        EmbeddedValkey.start(tmp_path / "file" / "server")
