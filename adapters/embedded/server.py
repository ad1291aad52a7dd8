"""What the embedded servers have in common: one directory, one owner, start, kill, restart, stop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from adapters.embedded import kept
from adapters.embedded.kept import EmbeddedServerFailed, KeptServer


class EmbeddedServer(ABC):
    """A server of our own in `directory`: data, log, locks and socket are all in there."""

    def __init__(self, directory: Path, *, durable: bool) -> None:
        self.directory = directory.resolve()
        self.data = self.directory / "data"
        self.log = self.directory / "log"
        self.durable = durable
        self._server: KeptServer | None = None
        self._claim = kept.claim(self.directory)

    @classmethod
    def start(cls, directory: Path, *, durable: bool = True) -> Self:
        """Start the server, making its data if there is none yet, and wait until it answers.

        Raises:
            EmbeddedServerFailed: the directory is in use, cannot be written, holds another
                version's data, or the server does not start.
        """
        kept.prepare(directory)
        server = cls(directory, durable=durable)
        try:
            server._launch()
            server._furnish()
        except BaseException:
            server.stop()
            raise
        return server

    @property
    def pid(self) -> int:
        """The process id of the server itself, not of its keeper."""
        return self._running.pid

    @property
    def is_running(self) -> bool:
        return self._server is not None and self._server.is_running

    def kill(self) -> None:
        """End the server with SIGKILL, for tests of what a crash does. `restart` recovers."""
        self._running.kill()

    def restart(self) -> None:
        """Start the server again on the same data and socket, after `kill` or while it runs."""
        if self._server is not None:
            self._server.stop()
        self._launch()

    def stop(self) -> None:
        """End the server cleanly and give the directory back."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        self._claim.close()

    @property
    def _running(self) -> KeptServer:
        if self._server is None:
            raise EmbeddedServerFailed(f"The server of {self.directory} was stopped.")
        return self._server

    @abstractmethod
    def _launch(self) -> None:
        """Start the server under its lock, set `_server` and wait until it answers."""

    def _furnish(self) -> None:
        """Make what a fresh server lacks; called once after the first launch."""
        return
