"""`vedette serve` as a process: it starts on a free port, says why it cannot, and ends when told."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.live import ROOT, SECRET_KEY, LiveServer

SERVE = [sys.executable, "-m", "interfaces.cli.main", "serve"]


def environment(live_server: LiveServer, **changes: str) -> dict[str, str]:
    return {
        **os.environ,
        "VEDETTE_DATABASE_URL": live_server.settings.database_url or "",
        "VEDETTE_SECRET_KEY": SECRET_KEY,
        **changes,
    }


def test_a_taken_port_is_said_in_one_sentence(live_server: LiveServer) -> None:
    taken = environment(live_server, VEDETTE_PORT=str(live_server.port))
    ended = subprocess.run(SERVE, cwd=ROOT, env=taken, capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.strip().startswith(f"Port {live_server.port} on 127.0.0.1 is taken")
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_missing_secret_key_is_said_in_one_sentence(
    live_server: LiveServer, tmp_path: Path
) -> None:
    without = environment(
        live_server, VEDETTE_SECRET_KEY="", VEDETTE_DATA_DIRECTORY=str(tmp_path), VEDETTE_PORT="1"
    )
    ended = subprocess.run(SERVE, cwd=ROOT, env=without, capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert ended.returncode == 1
    assert "VEDETTE_SECRET_KEY" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_it_serves_on_an_inherited_socket_and_ends_when_told(live_server: LiveServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [*SERVE, "--fd", str(listener.fileno())],
            cwd=ROOT,
            env=environment(live_server),
            pass_fds=[listener.fileno()],
            stderr=subprocess.PIPE,
        )
        try:
            # The connection waits in line until the process takes it.
            with socket.create_connection(listener.getsockname(), timeout=60) as client:
                client.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
                assert client.recv(1_000).startswith(b"HTTP/1.1 200")
            process.terminate()
            _, spoken = process.communicate(timeout=30)
        finally:
            process.kill()
            process.wait()
    assert process.returncode in (0, -15), spoken
    assert b"Traceback" not in spoken
