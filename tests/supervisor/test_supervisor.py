"""One command runs everything, mends what breaks, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from interfaces.child import CRASHES_MAX, Crashes, GivenUp

PATIENCE_S = 40.0


class Running:
    """A supervisor in a process of its own, and what it has said so far."""

    def __init__(self, directory: Path, port: int, *options: str) -> None:
        self.port = port
        self.output = directory.parents[1] / f"output-{port}-{time.monotonic_ns()}"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("VEDETTE_")}
        environment |= {"VEDETTE_DATA_DIRECTORY": str(directory), "VEDETTE_PORT": str(port)}
        self.directory = directory
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.supervisor.stand_in", "up", *options],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def says(self, words: str) -> None:
        eventually(lambda: words in self.said, lambda: self.said)

    def pids(self) -> list[int]:
        """The processes that it has named, and the databases that it runs."""
        named = [int(pid) for pid in re.findall(r"is pid (\d+)", self.said)]
        postmaster = (self.directory / "postgres/data/postmaster.pid").read_text().split()[0]
        return [*named, int(postmaster)]

    def web_pid(self) -> int:
        return int(httpx.get(f"http://127.0.0.1:{self.port}/", timeout=10).text)


def eventually(is_so: Callable[[], bool], explanation: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, explanation()
        time.sleep(0.05)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


@contextmanager
def running(directory: Path, port: int, *options: str) -> Iterator[Running]:
    supervisor = Running(directory, port, *options)
    try:
        yield supervisor
    finally:
        supervisor.process.terminate()
        supervisor.process.wait(PATIENCE_S)


def test_ctrl_c_stops_everything_in_order(directory: Path, port: int) -> None:
    with running(directory, port) as supervisor:
        supervisor.says("ready at http://127.0.0.1:")
        assert "told of databases: False" not in supervisor.said
        pids = supervisor.pids()
        supervisor.process.send_signal(signal.SIGINT)
        assert supervisor.process.wait(PATIENCE_S) == 0
    assert re.findall(r"(\w+) ends", supervisor.said) == ["serve", "follow", "follow", "work"]
    assert not [pid for pid in pids if lives(pid)]


def test_what_crashes_is_started_again(directory: Path, port: int) -> None:
    with running(directory, port) as supervisor:
        supervisor.says("ready at")
        web = supervisor.web_pid()
        os.kill(web, signal.SIGKILL)
        # The listening socket outlives the web process: this waits in line instead of failing.
        assert supervisor.web_pid() != web
        postmaster = supervisor.pids()[-1]
        os.kill(postmaster, signal.SIGKILL)
        supervisor.says("postgres ended unexpectedly")
        supervisor.says("postgres runs again")
        assert supervisor.pids()[-1] != postmaster


def test_a_killed_supervisor_leaves_nothing_behind(directory: Path, port: int) -> None:
    with running(directory, port) as supervisor:
        supervisor.says("ready at")
        pids = supervisor.pids()
        supervisor.process.kill()
        eventually(lambda: not [pid for pid in pids if lives(pid)], lambda: f"{pids}")
    with running(directory, port) as supervisor:
        supervisor.says("ready at")


def test_the_demo_is_seeded_and_then_played(directory: Path, port: int) -> None:
    with running(directory, port, "--demo") as supervisor:
        supervisor.says("simulator          | demo is pid")
        assert "\nThe demo's password is swordfish.\n" in supervisor.said


def test_a_taken_port_is_named(directory: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), running(directory, port) as supervisor:
        assert supervisor.process.wait(PATIENCE_S) == 1
    assert supervisor.said == (
        f"Port {port} on 127.0.0.1 is taken, perhaps by another Vedette; stop that one or choose "
        "another with VEDETTE_PORT or VEDETTE_HOST.\n"
    )


def test_a_second_one_on_the_same_data_is_refused(directory: Path, port: int) -> None:
    with running(directory, port) as first:
        first.says("ready at")
        with running(directory, port + 1) as second:
            assert second.process.wait(PATIENCE_S) == 1
        assert f"is already in use by process {first.process.pid}; stop that one" in second.said
        assert "Traceback" not in second.said


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path, port: int) -> None:
    (tmp_path / "file").touch()
    with running(tmp_path / "file" / "data", port) as supervisor:
        assert supervisor.process.wait(PATIENCE_S) == 1
    assert "cannot be written: Not a directory." in supervisor.said
    assert "Traceback" not in supervisor.said


def test_crashes_are_answered_ever_more_slowly_and_then_not_at_all() -> None:
    crashes = Crashes()
    pauses_s = [crashes.note("web") for _ in range(CRASHES_MAX - 1)]
    assert pauses_s == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert not crashes.is_due()
    with pytest.raises(GivenUp, match="web crashed 6 times within 120 s"):
        crashes.note("web")
