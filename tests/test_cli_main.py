"""The shell of the command line: quick to help, one sentence for what went wrong, the right code."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psycopg
import pytest
import redis

from interfaces.cli.failing import CommandFailed, sentence_for
from interfaces.cli.main import COMMANDS


def vedette(*arguments: str, directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VEDETTE_")}
    return subprocess.run(
        [sys.executable, "-m", "interfaces.cli.main", *arguments],
        cwd=directory,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number: int = probe.getsockname()[1]
        return number


def test_help_names_every_command_and_imports_none(tmp_path: Path) -> None:
    code = (
        "import sys; from interfaces.cli.main import app; app('--help')\n"
        "print([name for name in ('litestar', 'psycopg', 'sklearn') if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines()[-1] == "[]"
    words = answer.stdout.split()
    assert [name for name, *_ in COMMANDS if name not in words] == []


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    answer = vedette("up", "--nope", directory=tmp_path)
    assert answer.returncode == 2
    assert "--nope" in answer.stdout + answer.stderr


def test_wrong_settings_are_told_without_a_traceback(tmp_path: Path) -> None:
    answer = vedette("up", directory=tmp_path, VEDETTE_PORT="eighty", VEDETTE_HOSTS="x")
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        "VEDETTE_HOSTS is not a setting of Vedette.",
        "VEDETTE_PORT must be a port number, 1 to 65535.",
    ]


def test_a_database_that_does_not_answer_is_told_without_a_traceback(tmp_path: Path) -> None:
    answer = vedette(
        "up",
        directory=tmp_path,
        VEDETTE_PORT=str(free_port()),
        VEDETTE_DATABASE_URL="postgresql://nobody@127.0.0.1:9/nothing",
        VEDETTE_REDIS_URL="redis://127.0.0.1:9/0",
    )
    assert answer.returncode == 1
    assert "The database does not answer: " in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("error", "beginning"),
    [
        (CommandFailed("The file is not there."), "The file is not there."),
        (psycopg.OperationalError("gone\nand more"), "The database does not answer: gone"),
        (redis.ConnectionError("gone"), "Redis does not answer: gone"),
        (httpx.ConnectError("gone"), "The server does not answer: gone"),
        (httpx.ReadTimeout(""), "The server does not answer: ReadTimeout"),
    ],
)
def test_what_the_world_does_has_a_sentence(error: Exception, beginning: str) -> None:
    assert sentence_for(error) == beginning


def test_a_bug_of_ours_has_none() -> None:
    assert sentence_for(KeyError("x")) is None
