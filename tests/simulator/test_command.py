"""`vedette simulate` as it is typed: its answers, its exit codes, its refusals, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from tests.simulator.stand_in import TOKEN, StandIn, standing

COMMAND = [sys.executable, "-m", "interfaces.cli.main", "simulate"]
PAST = ["--start", "2026-05-04T00:00:00Z", "--days", "0.2", "--guards", "6"]


def typed(*arguments: str, token: str | None = TOKEN) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "VEDETTE" not in name}
    if token is not None:
        environment["VEDETTE_SIMULATOR_TOKEN"] = token
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_run_answers_its_summary_and_progress_as_json_lines(tmp_path: Path) -> None:
    truth = tmp_path / "truth.ndjson"
    key = tmp_path / "key"
    key.write_text(TOKEN + "\n")
    with standing(StandIn()) as far:
        done = typed(
            "--url", far.url, "--token-file", str(key), "--fraud-rate", "1",
            "--truth", str(truth), *PAST, token=None,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary = msgspec.json.decode(done.stdout)
    assert summary["event"] == "simulate.done"
    assert summary["accepted"] == len(far.positions) > 0
    assert summary["frauds"] == len(truth.read_bytes().splitlines()) > 0
    for line in done.stderr.splitlines():
        assert msgspec.json.decode(line)["event"] == "simulate.progress"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fraud-rate", "1.5"], "--fraud-rate must be from 0 to 1"),
        (["--location-interval", "0"], "--location-interval must be from 1"),
        (["--tactic", "bribery"], "--tactic must be some of"),
        (["--history", "0"], "--history must be from"),
        (["--pace", "fast"], "--pace must be max, realtime or xN"),
        (["--start", "yesterday"], "--start must be a time"),
        (["--token-file", "absent"], "--token and --token-file exclude each other"),
        (["--ledger", "absent/file", *PAST], "--ledger must be a file that can be written"),
    ],
)
def test_wrong_usage_names_option_and_rule(arguments: list[str], said: str) -> None:
    done = typed(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_token_is_asked_for() -> None:
    done = typed(*PAST, token=None)
    assert done.returncode == 2
    assert "--token is missing" in done.stderr


def test_a_far_side_that_is_gone_is_a_failure_in_one_sentence() -> None:
    done = typed("--url", "http://127.0.0.1:9", "--retry-seconds", "0.2", *PAST)
    assert done.returncode == 1
    assert "could not go on: not reached at http://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_a_live_run_with_its_summary() -> None:
    with standing(StandIn()) as far:
        live = [*COMMAND, "--url", far.url, "--token", TOKEN]
        live += ["--relay-minutes", "5", "--location-interval", "1"]
        with subprocess.Popen(live, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                deadline = time.monotonic() + 30
                while len(far.received) < 5 and time.monotonic() < deadline:
                    time.sleep(0.05)
                process.send_signal(signal.SIGINT)
                out, _ = process.communicate(timeout=20)
            finally:
                process.kill()
    summary = msgspec.json.decode(out)
    assert process.returncode == 0
    assert summary["stopped"] is True
    assert summary["accepted"] == len(far.positions) >= 5
