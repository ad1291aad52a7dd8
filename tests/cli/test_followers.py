"""Followers and rebuilds at the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.conftest import Vedette
from tests.cli.test_directory import follow
from tests.conftest import Database


def test_followers_are_shown_with_their_lag(
    vedette: Vedette, founded: str, database: Database
) -> None:
    follow(database)
    vedette("person", "enrol", "G-1", "--name", "Ada", "--tenant", founded)
    lines = vedette("followers", "--tenant", founded, "--json").json
    persons = next(line for line in lines if line["follower"] == "persons")
    assert (persons["position"], persons["head"], persons["lag_events"]) == (1, 2, 1)
    assert persons["lag_s"] > 0
    assert persons["state"] == "following"
    assert "persons" in vedette("followers").out
    assert vedette("followers", "parked", "--tenant", founded, "--json").json == []


def test_what_is_not_stopped_is_neither_retried_nor_skipped(
    vedette: Vedette, founded: str, database: Database
) -> None:
    follow(database)
    answer = vedette("followers", "retry", "persons", "--tenant", founded)
    assert (answer.code, "is not stopped" in answer.err) == (1, True)
    answer = vedette("followers", "skip", "nobody", "--reason", "x", "--tenant", founded)
    assert (answer.code, "No follower 'nobody'" in answer.err) == (1, True)
    assert vedette("followers", "skip", "persons", "--tenant", founded).code == 2


def test_a_read_model_is_rebuilt_and_swapped(
    vedette: Vedette, founded: str, database: Database
) -> None:
    vedette("person", "enrol", "G-1", "--name", "Ada", "--tenant", founded)
    follow(database)
    before = vedette("person", "list", "--tenant", founded, "--json").json
    answer = vedette("rebuild", "persons", "--tenant", founded)
    assert answer.out == f"persons of {founded} is rebuilt and in use.\n"
    assert vedette("person", "list", "--tenant", founded, "--json").json == before
    answer = vedette("rebuild", "nothing", "--tenant", founded)
    assert answer.code == 1
    assert "There is no read model or policy 'nothing'; there are ticket-board" in answer.err


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_follower_process_ends_cleanly_when_told(
    vedette: Vedette, founded: str, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "interfaces.cli.main", "follow"], env=dict(os.environ)
    )
    try:
        vedette("person", "enrol", "G-9", "--name", "Ada", "--tenant", founded)
        deadline = time.monotonic() + 30
        while not vedette("person", "list", "--tenant", founded, "--json").json:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(number)
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()
