"""The command line in this process, on this worker's database, as a script sees it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from structlog.testing import capture_logs

from interfaces.cli import main
from tests.conftest import Database


class Answer(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Vedette = Callable[..., Answer]


@pytest.fixture
def vedette(
    database: Database,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Vedette]:
    """Run `vedette …` in this process and return the exit code and what it printed."""
    monkeypatch.setenv("VEDETTE_DATABASE_URL", database.app_url)
    monkeypatch.setenv("VEDETTE_DATABASE_OWNER_URL", database.owner_url)
    monkeypatch.setenv("VEDETTE_REDIS_URL", redis_url)
    monkeypatch.setenv("VEDETTE_SECRET_KEY", "a-secret-key-for-the-tests-of-the-command-line")
    monkeypatch.setenv("VEDETTE_DATA_DIRECTORY", str(tmp_path / "data"))
    monkeypatch.setattr("interfaces.journal.configure", lambda _: None)

    def run(*arguments: str, stdin: str = "") -> Answer:
        monkeypatch.setattr("sys.argv", ["vedette", *arguments])
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main.main()
        captured = capsys.readouterr()
        code = ended.value.code
        return Answer(code if isinstance(code, int) else 0, captured.out, captured.err)

    with capture_logs():
        yield run


@pytest.fixture
def founded(vedette: Vedette, tenant: str) -> str:
    """A tenant that was founded at the command line."""
    answer = vedette("tenant", "found", tenant, "--title", "Guards", "--time-zone", "Europe/London")
    assert answer.code == 0, answer.err
    return tenant
