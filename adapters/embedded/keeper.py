"""The keeper: a small process between us and a server, which stops the server when we are gone.

Started as `python -m adapters.embedded.keeper '<order as JSON>'`. It starts the command, writes the
command's process id to its standard output, and waits. When its standard input ends (the parent
closed it, or died by whatever signal) it stops the server in the server's own clean way. If the
keeper itself is killed, the kernel sends the server the same stop signal.

A signal tied straight to our own process would not do: the kernel ties it to the thread that
forked, and it could not wait for a clean end nor remove what is left behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from typing import NamedTuple

from adapters.embedded.privileges import Identity, become, die_with_parent


class Order(NamedTuple):
    """What to run, as whom, and how to end it."""

    command: list[str]
    environment: dict[str, str]
    directory: str  # the working directory, which must be readable for the command
    stop_signal: int
    patience_s: float  # how long a clean end may take before the server is killed
    inherited_fds: list[int]  # held open in the server: the lock lives as long as it does
    leftovers: list[str]  # directories to remove when the server has ended
    identity: Identity | None = None

    def to_json(self) -> str:
        return json.dumps(self._asdict())

    @staticmethod
    def from_json(text: str) -> Order:
        order = Order(**json.loads(text))
        if order.identity is not None:
            order = order._replace(identity=Identity(*order.identity))
        return order


def main() -> int:
    order = Order.from_json(sys.argv[1])
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # the wake-up pipe does the work
    try:
        server = start(order)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"error {error}", flush=True)  # noqa: T201 - standard output is the answer
        return 1
    print(server.pid, flush=True)  # noqa: T201
    code = keep(order, server, wake)
    for leftover in order.leftovers:
        shutil.rmtree(leftover, ignore_errors=True)
    return code


def start(order: Order) -> subprocess.Popen[bytes]:
    keeper_pid = os.getpid()

    def settle() -> None:
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        if order.identity is not None:
            become(order.identity)
        die_with_parent(signal.Signals(order.stop_signal), keeper_pid)
        os.chdir(order.directory)
        os.listdir(".")  # noqa: PTH208 - fails here, with a reason, where the server would fail later

    return subprocess.Popen(
        order.command,
        env=order.environment,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        pass_fds=order.inherited_fds,
        preexec_fn=settle,  # noqa: PLW1509 - the keeper has a single thread
    )


def keep(order: Order, server: subprocess.Popen[bytes], wake: int) -> int:
    """Wait until the server ends by itself or has to be stopped; return its exit code."""
    stdin = sys.stdin.fileno()
    terminated = False
    while server.poll() is None and not terminated:
        ready, _, _ = select.select([stdin, wake], [], [])
        if wake in ready:
            terminated = signal.SIGTERM in os.read(wake, 512)
        if stdin in ready and not os.read(stdin, 512):
            terminated = True
    if server.poll() is None:
        server.send_signal(order.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(order.patience_s)
        if server.poll() is None:
            server.kill()
    return abs(server.wait())


if __name__ == "__main__":
    sys.exit(main())
