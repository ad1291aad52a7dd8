"""The journal: what a process says about itself, without what opens its doors."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from interfaces import journal

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJvcGVyYXRvciJ9.c2lnbmVk-_0"
KEY = "vdt_demo.0a1b2c3d4e5f.c2VjcmV0-_0"


@pytest.fixture
def loggers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The loggers of this process, as they were before; the server's as a fresh process has them."""
    root, quiet = logging.getLogger(), [logging.getLogger(name) for name in journal.QUIET]
    for name in ("uvicorn", "uvicorn.error"):
        # A server that another test ran in this process has set its own.
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
        monkeypatch.setattr(logging.getLogger(name), "disabled", False)
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])
        logging.getLogger(name).setLevel(logging.NOTSET)
    before = root.handlers, root.level, [logger.level for logger in quiet]
    yield
    structlog.reset_defaults()
    root.handlers, root.level = before[0], before[1]
    for logger, level in zip(quiet, before[2], strict=True):
        logger.setLevel(level)


@pytest.mark.usefixtures("loggers")
@pytest.mark.parametrize("secret", [TOKEN, KEY])
@pytest.mark.parametrize("on_terminal", [False, True])
def test_no_line_holds_what_opens_a_door(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    secret: str,
    *,
    on_terminal: bool,
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: on_terminal)
    journal.configure("debug")
    server = logging.getLogger("uvicorn.error")
    server.info('%s - "WebSocket %s" [accepted]', "10.0.0.1:5", f"/ws/?token={secret}&after=3")
    server.debug("< %s: %s", "sec-websocket-protocol", f"vedette.v1, vedette.bearer.{secret}")
    server.debug("< %s: %s", "authorization", f"Bearer {secret}")
    server.error("it broke", exc_info=ValueError(f"token={secret}"))
    structlog.get_logger().warning("refused", error=f"{secret} is no good")
    backslashed = "\\u2026"  # the same in JSON
    said = capsys.readouterr().err
    assert secret.rpartition(".")[2] not in said
    assert f"/ws/?token={'…' if on_terminal else backslashed}&after=3" in said
    assert "it broke" in said
