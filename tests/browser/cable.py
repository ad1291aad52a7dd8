"""A network cable between the browser and the server, which a test may pull out."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

CHUNK_BYTES = 64 * 1024


class Cable:
    """Passes bytes both ways between a port of its own and the server's."""

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._plugged = True
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def pull(self) -> None:
        """Cut every connection, and refuse new ones."""
        with self._lock:
            self._plugged = False
            connections, self._open = self._open, set()
        for connection in connections:
            hang_up(connection)

    def plug(self) -> None:
        """Let connections through again."""
        with self._lock:
            self._plugged = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.pull()
        # Only a shutdown wakes the thread that waits in accept().
        hang_up(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                browser, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                plugged = self._plugged
            if not plugged:
                browser.close()
                continue
            server = socket.create_connection(self._target)
            with self._lock:
                self._open |= {browser, server}
            for source, target in ((browser, server), (server, browser)):
                threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                target.sendall(data)
        for connection in (source, target):
            hang_up(connection)
            with self._lock:
                self._open.discard(connection)


def hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
