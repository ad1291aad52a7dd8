"""Stand-ins for the commands that the supervisor starts: small, quick, and on the same leash.

`python -m tests.supervisor.stand_in up` is the real supervisor over them. The databases are real.
"""

from __future__ import annotations

import http.server
import os
import signal
import socket
import sys
import time
from types import FrameType

from interfaces import leash


class Ready(http.server.BaseHTTPRequestHandler):
    """Answers every question with its process id."""

    def do_GET(self) -> None:
        answer = str(os.getpid()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


def main() -> None:
    name, *options = sys.argv[1:]
    if name == "up":
        up(demo="--demo" in options)
    leash.fasten()
    signal.signal(signal.SIGTERM, end)
    told = all(f"VEDETTE_{each}" in os.environ for each in ("DATABASE_URL", "REDIS_URL"))
    print(f"{name} is pid {os.getpid()}, told of databases: {told}", flush=True)
    if name == "serve":
        listener = socket.socket(fileno=int(options[options.index("--fd") + 1]))
        server = http.server.HTTPServer(("127.0.0.1", 0), Ready, bind_and_activate=False)
        server.socket.close()
        server.socket = listener
        server.serve_forever()
    if name == "demo" and "--live" not in options:
        print("The demo's password is swordfish.", flush=True)
        return
    while True:
        time.sleep(60)


def up(*, demo: bool) -> None:
    # Imported here, so that the stand-ins start as quickly as they can.
    from interfaces import settings
    from interfaces.cli import failing
    from interfaces.supervisor import Supervisor

    program = [sys.executable, "-m", "tests.supervisor.stand_in"]
    try:
        sys.exit(Supervisor(settings.load(), demo=demo, program=program).run())
    except Exception as error:
        sentence = failing.sentence_for(error)
        if sentence is None:
            raise
        sys.exit(sentence)


def end(_number: int, _frame: FrameType | None) -> None:
    print(f"{sys.argv[1]} ends", flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
