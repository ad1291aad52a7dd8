"""A kept server: one process of ours with its directory, its lock, its log and its keeper.

There are two locks beside the data, both `flock`s, so nothing has to be cleaned up after a crash.
`owner.lock` is ours: who fails to get it is the second one to start. `server.lock` is inherited by
the server and all its children, so it is held exactly as long as any process of the server lives.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path

import adapters
from adapters.embedded.keeper import Order

LOG_LIMIT_BYTES = 10 * 1024 * 1024
SOCKET_PATH_LIMIT_BYTES = 107  # sockaddr_un.sun_path less its closing zero
STOP_PATIENCE_S = 30.0
ORPHAN_PATIENCE_S = 40.0  # the server of a killed parent gets its own patience, and a bit
READY_PATIENCE_S = 120.0  # recovery after a crash replays the write-ahead log first


class EmbeddedServerFailed(Exception):
    """An embedded server cannot run here. The message is one sentence for the person at the door."""


class KeptServer:
    """A running server and the end of the pipe that keeps it alive."""

    def __init__(self, keeper: subprocess.Popen[str], pid: int) -> None:
        self.keeper = keeper
        self.pid = pid

    @staticmethod
    def start(order: Order, log: Path) -> KeptServer:
        """Start the command under a keeper.

        Raises:
            EmbeddedServerFailed: the command could not be run as that user, or not at all.
        """
        root = str(Path(adapters.__file__).parents[1])
        with log.open("ab") as output:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "adapters.embedded.keeper", order.to_json()],
                env={"PYTHONPATH": root, "PATH": os.environ.get("PATH", os.defpath)},
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
                pass_fds=order.inherited_fds,
                start_new_session=True,  # Ctrl-C is for us; we stop the server when its turn comes
            )
        assert keeper.stdout is not None
        answer = keeper.stdout.readline().strip()
        if not answer.isdigit():
            keeper.communicate()
            reason = answer.removeprefix("error ") or f"see {log}"
            raise EmbeddedServerFailed(f"{order.command[0]} could not be started: {reason}.")
        return KeptServer(keeper, int(answer))

    @property
    def is_running(self) -> bool:
        return self.keeper.poll() is None

    def wait(self) -> int:
        """Wait for the end of a command that ends by itself and return its exit code."""
        code = self.keeper.wait()
        self.close()
        return code

    def stop(self) -> None:
        """End the server cleanly and wait until it and its keeper are gone."""
        assert self.keeper.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.keeper.stdin.close()
        try:
            self.keeper.wait(STOP_PATIENCE_S + 10)
        except subprocess.TimeoutExpired:
            self.keeper.kill()
            self.keeper.wait()
        self.close()

    def kill(self) -> None:
        """End the server the hard way, as a power cut would, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.keeper.wait()
        self.close()

    def close(self) -> None:
        for end in (self.keeper.stdin, self.keeper.stdout):
            if end is not None:
                with contextlib.suppress(BrokenPipeError):
                    end.close()


def prepare(directory: Path) -> None:
    """Make the server's directory, or say why it cannot be used.

    Raises:
        EmbeddedServerFailed: it cannot be made or written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise EmbeddedServerFailed(
            f"The data directory {directory} cannot be written: {error.strerror or error}."
        ) from error


def claim(directory: Path) -> TextIOWrapper:
    """Take the directory for this process; closing the file, or dying, gives it back.

    Raises:
        EmbeddedServerFailed: a living process has it.
    """
    file = (directory / "owner.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        file.close()
        raise EmbeddedServerFailed(
            f"The data directory {directory} is already in use by process {owner}; "
            "stop that one first or choose another with VEDETTE_DATA_DIRECTORY."
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


@contextlib.contextmanager
def server_lock(directory: Path) -> Iterator[int]:
    """Take the lock that a server holds while it lives, and give its descriptor to be inherited.

    Our own copy is closed on leaving: from then on the server and its children alone hold it.
    Whoever gets here owns the directory, so a lock that is taken belongs to a server whose owner
    died a moment ago and which is on its way out.

    Raises:
        EmbeddedServerFailed: that server does not end.
    """
    with (directory / "server.lock").open("a") as file:
        patience_ends = time.monotonic() + ORPHAN_PATIENCE_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > patience_ends:
                    raise EmbeddedServerFailed(
                        f"An earlier server in {directory} does not end; "
                        f"`fuser {directory / 'server.lock'}` names its processes."
                    ) from None
                time.sleep(0.05)
        yield file.fileno()


def socket_directory(directory: Path, longest_name: str) -> Path:
    """Return where a server's socket is: the same at each start, and short enough for a socket."""
    near = directory.resolve() / "run"
    if fits(near / longest_name):
        return near
    name = f"vedette-{hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:16]}"
    far = Path(tempfile.gettempdir()) / name
    return far if fits(far / longest_name) else Path("/tmp") / name  # noqa: S108 - see below


def make_socket_directory(directory: Path, longest_name: str) -> tuple[Path, list[str]]:
    """Make the private directory of a server's socket; return it and what to remove later.

    Raises:
        EmbeddedServerFailed: somebody else's directory is in the way.
    """
    place = socket_directory(directory, longest_name)
    is_near = place.parent == directory.resolve()
    try:
        if not is_near and (place.is_symlink() or place.exists()):
            shutil.rmtree(place)  # never used as found: anybody could have put it there
        place.mkdir(mode=0o700, exist_ok=is_near)
        place.chmod(0o700)
    except OSError as error:
        raise EmbeddedServerFailed(
            f"The directory {place} for the server's socket cannot be made: "
            f"{error.strerror or error}."
        ) from error
    return place, [] if is_near else [str(place)]


def fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= SOCKET_PATH_LIMIT_BYTES


def rotate(log: Path) -> None:
    """Keep one old log, so that logs of years do not fill the disk."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".old"))


def wait_until_ready(server: KeptServer, is_ready: Callable[[], bool], log: Path) -> None:
    """Poll until the server answers.

    Raises:
        EmbeddedServerFailed: it ended, or it did not answer in time.
    """
    patience_ends = time.monotonic() + READY_PATIENCE_S
    pause_s = 0.02
    while not is_ready():
        if not server.is_running or time.monotonic() > patience_ends:
            server.stop()
            raise EmbeddedServerFailed(f"The server did not start: {last_words(log)} (see {log}).")
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.25)


def last_words(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    telling = [
        line for line in lines[-30:] if "FATAL" in line or "ERROR" in line or "error" in line
    ]
    return (telling or lines or ["it said nothing"])[-1]
