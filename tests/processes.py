"""Processes of Vedette for tests, forked from one that has imported everything once.

To import Vedette costs seconds of a processor; the fault tests start dozens of processes. What is
forked is a process of its own all the same, to be killed like any other. How a process begins at
the command line is what the tests of the commands are about.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__, "interfaces.cli.main", "interfaces.http.app"])


class Forked:
    """A process that runs a program of this module; the part of `subprocess.Popen` that tests need."""

    def __init__(self, role: str, environment: Mapping[str, str]) -> None:
        # As a daemon it ends with the test run that ends in order; see `end_with_the_test_run`.
        self._process = CONTEXT.Process(target=run, args=(role, dict(environment)), daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs after so many seconds.
        """
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0.0)
        return code

    def kill(self) -> None:
        self._process.kill()

    def terminate(self) -> None:
        self._process.terminate()

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def run(role: str, environment: dict[str, str]) -> None:
    """Be one of Vedette's processes, in an environment of its own."""
    threading.Thread(target=end_with_the_test_run, daemon=True).start()
    os.environ.clear()
    os.environ.update(environment)
    ROLES[role]()


def end_with_the_test_run() -> None:
    """End with the process that wanted this one, also where that was killed: what is left over
    would hold connections that the tests of others wait for."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "Whoever runs this was started by multiprocessing."
    parent.join()
    os.kill(os.getpid(), signal.SIGKILL)


def serve() -> None:
    from interfaces.cli.main import main

    sys.argv = ["vedette", "serve"]
    main()


def follow() -> None:
    from interfaces import settings, wiring

    application = wiring.open_application(wiring.completed(settings.load()))
    process = wiring.followers(application)
    signal.signal(signal.SIGTERM, lambda *_: process.stop())
    process.run()
    application.close()


def work() -> None:
    from interfaces import settings, wiring

    application = wiring.open_application(wiring.completed(settings.load()))
    process = wiring.worker(application, threads=1)
    signal.signal(signal.SIGTERM, lambda *_: process.stop())
    process.run()
    application.close()


ROLES = {"serve": serve, "follow": follow, "work": work}
