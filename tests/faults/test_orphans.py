"""Whoever runs the tests may be killed: what it had started ends with it, and holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import psycopg
import pytest

from tests.conftest import Database
from tests.live import ROOT, SECRET_KEY

PATIENCE_S = 60.0  # on a busy machine
STARTER = """
import os, sys
from tests.processes import Forked
follower = Forked("follow", dict(os.environ))
sys.stdin.read()
"""


def sessions(database: Database) -> int:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert row is not None
    return int(row[0])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.slow
def test_a_process_of_a_test_run_that_is_killed_ends_with_it(
    new_database: Callable[[], Database],
) -> None:
    database = new_database()
    environment = dict(
        os.environ, VEDETTE_DATABASE_URL=database.app_url, VEDETTE_SECRET_KEY=SECRET_KEY
    )
    program = [sys.executable, "-c", STARTER]
    with subprocess.Popen(program, env=environment, cwd=ROOT, stdin=subprocess.PIPE) as run:
        try:
            wait_until(lambda: sessions(database) > 0)
        finally:
            run.kill()
    wait_until(lambda: sessions(database) == 0)
