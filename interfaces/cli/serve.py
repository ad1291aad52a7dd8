"""`vedette serve`: one web process."""

from __future__ import annotations

import socket
import sys
from contextlib import closing

import uvicorn

from interfaces import journal, settings, wiring
from interfaces.cli.failing import CommandFailed
from interfaces.collecting import spare_the_collector
from interfaces.feed.corking import CorkedWebSocket
from interfaces.http.app import web
from interfaces.supervisor import BACKLOG, listen

# Open feeds would hold the process for ever; after this they are cut and resume elsewhere.
GRACEFUL_SHUTDOWN_S = 5
KEEP_ALIVE_S = 30
FRAME_BYTES_MAX = 64 * 1024  # what a listener of the feed may send at once
PING_S = 20.0
# How long the loop tells its listeners something while a door's thread waits for its turn, which it
# does after each answer of the database; Python's own 5 ms would be added to each of them.
SWITCH_S = 0.0005


def app(*, fd: int | None = None) -> int:
    """Run one web process: HTTP, feed and page, on VEDETTE_HOST and VEDETTE_PORT.

    It wants a migrated database (`vedette migrate`) and the secret key that all processes share.

    Parameters
    ----------
    fd
        The number of a socket that listens already and was inherited; several processes may share it.
    """
    chosen = wiring.completed(settings.load())
    if chosen.secret_key is None:
        raise CommandFailed("Set VEDETTE_SECRET_KEY (32 characters or more) to sign logins with.")
    journal.configure(chosen.log_level)
    listener = listen(chosen.host, chosen.port) if fd is None else socket.socket(fileno=fd)
    with listener, closing(wiring.open_application(chosen)) as vedette:
        config = uvicorn.Config(
            web(vedette),
            log_config=None,
            log_level=chosen.log_level,
            access_log=False,
            server_header=False,
            ws=CorkedWebSocket,
            ws_max_size=FRAME_BYTES_MAX,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            backlog=BACKLOG,
            lifespan="on",
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
        )
        config.load()
        spare_the_collector()
        sys.setswitchinterval(SWITCH_S)
        uvicorn.Server(config).run(sockets=[listener])
    return 0
