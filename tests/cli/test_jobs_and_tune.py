"""Jobs and thresholds at the command line."""

from __future__ import annotations

from typing import Any

from adapters.followers.projecting import ProjectionHandler
from adapters.followers.runtime import Loop
from projections.job_board import JOB_BOARD
from projections.kernel import Projection
from projections.threshold_board import THRESHOLD_BOARD
from tests.cli.conftest import Vedette
from tests.conftest import Database


def follow(database: Database) -> None:
    boards: tuple[Projection[Any], ...] = (JOB_BOARD, THRESHOLD_BOARD)
    for board in boards:
        Loop(database.app_url, ProjectionHandler(board), grown=lambda *_: None).catch_up()


def test_jobs_are_asked_for_and_listed(vedette: Vedette, founded: str, database: Database) -> None:
    asked = [
        vedette("jobs", command, "--tenant", founded, "--json").json
        for command in ("verify", "tune", "audit")
    ]
    follow(database)
    listed = vedette("jobs", "--tenant", founded, "--json").json
    assert [each["job"] for each in listed] == ["audit", "tuning", "verification"]
    assert {each["job_id"] for each in listed} == {each["job_id"] for each in asked}
    assert all((each["state"], each["attempts"]) == ("open", 0) for each in listed)
    one = vedette("jobs", "show", asked[1]["job_id"], "--tenant", founded).json
    assert (one["asked"]["days"], one["attempts"]) == (30, [])
    assert "is requested" in vedette("jobs", "verify", "--tenant", founded).out
    nobody = vedette("jobs", "show", "0" * 32, "--tenant", founded)
    assert (nobody.code, "There is no job" in nobody.err) == (1, True)


def test_a_threshold_is_pinned_and_released(
    vedette: Vedette, founded: str, database: Database
) -> None:
    family = ("--tenant", founded, "--family", "gps_accuracy")
    why = ("--reason", "Works next door")
    pinned = vedette("tune", "pin", *family, "--threshold", "3.5", *why)
    assert pinned.out.startswith("gps_accuracy is pinned at 3.5 (position ")
    again = vedette("tune", "pin", *family, "--threshold", "3.5", *why)
    assert again.out == "gps_accuracy is pinned at 3.5 already.\n"
    follow(database)
    (row,) = vedette("tune", "list", "--tenant", founded, "--json").json
    assert (row["family"], row["threshold"], row["because"]) == (
        "gps_accuracy",
        3.5,
        "Works next door",
    )
    assert vedette("tune", "release", *family, *why).code == 0
    refused = vedette("tune", "revert", *family, *why)
    assert (refused.code, "can be taken back" in refused.err) == (1, True)
    wrong = vedette("tune", "pin", *family, "--threshold", "99", *why)
    assert (wrong.code, wrong.err.startswith("threshold: ")) == (1, True)


def test_a_simulation_says_what_would_be_lost(vedette: Vedette, founded: str) -> None:
    asked = ("tune", "simulate", "--tenant", founded, "--family", "gps_accuracy")
    higher = vedette(*asked, "--threshold", "4")
    assert "lost    0 of 0 anomalies, 0 of 0 alerts" in higher.out
    assert "gained  0 anomalies, 0 alerts" in higher.out
    lower = vedette(*asked, "--threshold", "2", "--days", "7")
    assert "gained  0 anomalies, 0 alerts" in lower.out
    told = vedette(*asked, "--threshold", "2", "--json").json
    assert (told["gains_cut"], told["gained"]) == (False, [])
