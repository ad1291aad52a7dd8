"""A child of the supervisor: one process that is started, read aloud, started again and stopped."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

BACKOFF_FIRST_S = 0.5
BACKOFF_LAST_S = 15.0
CRASHES_MAX = 6  # within the window; then it is given up
CRASH_WINDOW_S = 120.0

Say = Callable[[str, str], None]  # who, and one line


class GivenUp(Exception):
    """A child crashes again and again; starting it once more would not help."""


class Crashes:
    """How often something crashed lately, and when it may be started again."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=CRASHES_MAX)
        self.due_at: float | None = None  # on the monotonic clock; None: nothing is due

    def note(self, name: str) -> float:
        """Note a crash and return the seconds until the next start.

        Raises:
            GivenUp: it was one crash too many.
        """
        now = time.monotonic()
        self._times.append(now)
        recent = [at for at in self._times if at > now - CRASH_WINDOW_S]
        if len(recent) == CRASHES_MAX:
            raise GivenUp(
                f"{name} crashed {CRASHES_MAX} times within {CRASH_WINDOW_S:.0f} s; giving up. "
                "The lines above say why."
            )
        pause_s = min(BACKOFF_FIRST_S * 2.0 ** (len(recent) - 1), BACKOFF_LAST_S)
        self.due_at = now + pause_s
        return pause_s

    def is_due(self) -> bool:
        return self.due_at is not None and time.monotonic() >= self.due_at


class Child:
    """One command under the supervisor."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        say: Say,
        *,
        inherited_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._command = list(command)
        self.crashes = Crashes()
        self._environment = dict(environment)
        self._say = say
        self._inherited_fds = tuple(inherited_fds)
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        self.crashes.due_at = None
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,  # the leash
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=self._inherited_fds,
            start_new_session=True,  # Ctrl-C is for the supervisor, which knows the order
        )
        self._reader = threading.Thread(target=self._read_aloud, args=(self._process,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def exit_code(self) -> int | None:
        """The exit code of a child that has ended; None while it runs or before it started."""
        return None if self._process is None else self._process.poll()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def ask_to_end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """Make sure that it has ended, by force if it still runs, and let go of it."""
        if self._process is not None and self._process.poll() is None:
            self._say(self.name, "does not end in time and is killed")
            self._process.kill()
            self._process.wait()
        self.release()

    def release(self) -> None:
        """Hear the last lines of a child that has ended and let go of its pipes."""
        if self._process is None or self._reader is None:
            return
        self._reader.join(1.0)
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process = None

    def _read_aloud(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self._say(self.name, line.decode("utf-8", "replace").rstrip())
