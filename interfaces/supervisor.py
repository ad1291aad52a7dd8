"""The supervisor: all of Vedette as one command, for one machine and for the demo.

It starts what is missing (PostgreSQL, Valkey), migrates, starts the web, follower and worker
processes, reads their logs aloud, starts again what crashes, and stops everything in order: who
takes requests first, who needs the databases next, the databases last. The children hang on a
leash (`leash.py`) and the databases on their keepers, so that a supervisor that is killed leaves
nothing behind.

The listening socket is the supervisor's and is handed down by number (`vedette serve --fd N`): a
taken port shows at once, several web processes share it, and a web process that crashes does not
lose the connections that wait in line.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType

from interfaces import wiring
from interfaces.child import Child, Crashes, GivenUp
from interfaces.cli.failing import CommandFailed
from interfaces.secret_key import with_secret_key
from interfaces.settings import PREFIX, Settings

BACKLOG = 2048  # connections that may wait in line
STOP_PATIENCE_S = 15.0  # for each group of children
LOOK_AROUND_S = 0.2
READY_TIMEOUT_S = 5.0  # of one question
READY_REMINDER_S = 30.0
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound
NAME_WIDTH = 19
# `vedette`, ended when its supervisor ends.
PROGRAM = (sys.executable, "-m", "interfaces.leash")
# What the supervisor finds out and its children need to be told.
HANDED_DOWN = ("database_url", "redis_url", "secret_key")


class Supervisor:
    """One run of everything, from `run` to its return."""

    def __init__(self, settings: Settings, *, demo: bool, program: Sequence[str] = PROGRAM) -> None:
        self.program = program
        self.settings = settings
        self.environment = dict(os.environ, PYTHONUNBUFFERED="1")
        self.demo = demo
        self.stops_asked = 0  # counted by the signal handler, which must not do more
        self.is_ready = threading.Event()
        self.servers: dict[str, wiring.EmbeddedServer] = {}
        self.server_crashes: dict[str, Crashes] = {}
        self.groups: list[list[Child]] = []  # in the order in which they are stopped
        self.seeding: Child | None = None
        self._voice = threading.Lock()

    def run(self) -> int:
        """Run until somebody asks for the end; return the exit code.

        Raises:
            CommandFailed: the port is taken, or a part crashed too often.
            EmbeddedServerFailed: a database cannot run here.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        with listen(self.settings.host, self.settings.port) as listener:
            try:
                self._start_databases()
                self._start_children(listener.fileno())
                self._watch()
            except GivenUp as error:
                raise CommandFailed(str(error)) from error
            finally:
                self._stop()
        return 0

    @property
    def address(self) -> str:
        host = WILDCARDS.get(self.settings.host, self.settings.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.settings.port}"

    def say(self, who: str, line: str) -> None:
        """Print one line of one part; the demo's own words stand without a name before them."""
        prefix = "" if who == "demo" else f"{who:<{NAME_WIDTH}}| "
        # Nobody may be listening any more (`vedette up | head`); that stops no part of Vedette.
        with self._voice, contextlib.suppress(BrokenPipeError):
            sys.stdout.write(f"{prefix}{line}\n")
            sys.stdout.flush()

    def _start_databases(self) -> None:
        given = self.settings
        self.servers, self.settings = wiring.embedded_servers(given)
        self.server_crashes = {name: Crashes() for name in self.servers}
        for name, server in self.servers.items():
            self.say("vedette", f"{name} runs in {server.directory}")
        owner_url = self.settings.database_owner_url or self.settings.database_url
        assert owner_url is not None
        for applied in wiring.migrate(owner_url):
            self.say("vedette", f"applied migration {applied}")
        self.settings = with_secret_key(self.settings, make=True)
        for name in HANDED_DOWN:
            if getattr(given, name) is None:
                self.environment[PREFIX + name.upper()] = getattr(self.settings, name)

    def _start_children(self, listener: int) -> None:
        chosen = self.settings
        serve = ["serve", "--fd", str(listener)]
        number = chosen.follower_processes
        self.groups = [
            self._children("web", serve, chosen.web_processes, inherited_fds=[listener]),
            *(
                self._children(f"{lane}-follower", ["follow", "--lane", lane], number)
                for lane in wiring.Lane
            ),
            self._children("worker", ["work"], chosen.worker_processes),
        ]
        for group in self.groups:
            for child in group:
                child.start()
        threading.Thread(target=self._wait_until_ready, daemon=True).start()

    def _children(
        self, name: str, arguments: list[str], number: int, *, inherited_fds: Sequence[int] = ()
    ) -> list[Child]:
        names = [name] if number == 1 else [f"{name}-{n}" for n in range(1, number + 1)]
        return [
            self._child(each, arguments, inherited_fds=inherited_fds) for each in names[:number]
        ]

    def _child(
        self, name: str, arguments: Sequence[str], *, inherited_fds: Sequence[int] = ()
    ) -> Child:
        command = [*self.program, *arguments]
        return Child(name, command, self.environment, self.say, inherited_fds=inherited_fds)

    def _watch(self) -> None:
        """Look after everything until somebody asks for the end."""
        announced = False
        while not self.stops_asked:
            for name, server in self.servers.items():
                self._mend_server(name, server)
            for group in self.groups:
                for child in group:
                    self._mend_child(child)
            if self.is_ready.is_set() and not announced:
                announced = True
                self.say("vedette", f"ready at {self.address}/  (Ctrl-C stops everything)")
                if self.demo:
                    self._seed()
            self._follow_seeding()
            time.sleep(LOOK_AROUND_S)

    def _mend_server(self, name: str, server: wiring.EmbeddedServer) -> None:
        crashes = self.server_crashes[name]
        if not server.is_running and crashes.due_at is None:
            pause_s = crashes.note(name)
            self.say("vedette", f"{name} ended unexpectedly; starting it again in {pause_s:g} s")
        elif crashes.is_due():
            crashes.due_at = None
            server.restart()
            self.say("vedette", f"{name} runs again")

    def _mend_child(self, child: Child) -> None:
        if child is self.seeding:
            return
        code = child.exit_code
        if code is not None:
            child.release()
            pause_s = child.crashes.note(child.name)
            self.say(
                "vedette", f"{child.name} ended ({outcome(code)}); starting again in {pause_s:g} s"
            )
        elif child.crashes.is_due():
            child.start()

    def _seed(self) -> None:
        """Let `vedette demo` make the demo tenant; what it prints is for the person watching."""
        self.seeding = self._child("demo", ["demo", "--url", self.address])
        self.groups.insert(0, [self.seeding])
        self.seeding.start()

    def _follow_seeding(self) -> None:
        """When the demo tenant is there, begin with the live signals."""
        if self.seeding is None or self.seeding.exit_code is None:
            return
        code = self.seeding.exit_code
        self.seeding.release()
        if code != 0:
            raise CommandFailed(f"The demo could not be set up ({outcome(code)}).")
        live = self._child("simulator", ["demo", "--live", "--url", self.address])
        self.groups[0] = [live]
        self.seeding = None
        live.start()

    def _wait_until_ready(self) -> None:
        """Ask the web process until it says that it is ready (in a thread of its own)."""
        host = WILDCARDS.get(self.settings.host, self.settings.host)
        reminder_at = time.monotonic() + READY_REMINDER_S
        answer = "no answer"
        while not self.stops_asked:
            try:
                connection = http.client.HTTPConnection(
                    host, self.settings.port, timeout=READY_TIMEOUT_S
                )
                with contextlib.closing(connection):
                    connection.request("GET", "/health/ready")
                    answer = str(connection.getresponse().status)
            except (OSError, http.client.HTTPException) as error:
                answer = str(error) or type(error).__name__
            if answer == "200":
                self.is_ready.set()
                return
            if time.monotonic() > reminder_at:
                reminder_at += READY_REMINDER_S
                self.say("vedette", f"not ready yet: /health/ready answers {answer}")
            time.sleep(LOOK_AROUND_S)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stops_asked += 1

    def _stop(self) -> None:
        """Stop everything in order; a second Ctrl-C does not wait for clean ends."""
        self.say("vedette", "stopping")
        patience_until = self.stops_asked + 1
        for group in self.groups:
            for child in group:
                child.ask_to_end()
            deadline = time.monotonic() + STOP_PATIENCE_S
            while any(child.is_running for child in group):
                if time.monotonic() > deadline or self.stops_asked >= patience_until:
                    break
                time.sleep(0.05)
            for child in group:
                child.end()
        for server in reversed(self.servers.values()):
            server.stop()
        self.say("vedette", "stopped")


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens already.

    Raises:
        CommandFailed: the port is taken, not ours to take, or the host is not this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = {
            errno.EADDRINUSE: "is taken, perhaps by another Vedette; stop that one",
            errno.EACCES: "may not be used by this user",
        }.get(error.errno or 0, f"cannot be used ({error.strerror or error})")
        raise CommandFailed(
            f"Port {port} on {host} {reason} or choose another with VEDETTE_PORT or VEDETTE_HOST."
        ) from error


def outcome(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
