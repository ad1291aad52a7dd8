"""Service levels, rules of assignment and the escalation address at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Vedette
from tests.cli.test_ticket import register


def test_service_levels_are_shown_and_set(vedette: Vedette, founded: str) -> None:
    of = ("--tenant", founded)
    levels = vedette("service-level", "show", *of, "--json").json
    assert levels[0] == {
        "priority": "URGENT",
        "acknowledge_s": 300,
        "resolve_s": 3600,
        "hours": "ALWAYS",
    }
    wish = ("service-level", "set", "NORMAL", "--acknowledge-s", "1800", "--resolve-s", "7200")
    assert "of NORMAL is set (position" in vedette(*wish, "--hours", "BUSINESS", *of).out
    assert "is set already" in vedette(*wish, "--hours", "BUSINESS", *of).out
    shown = vedette("service-level", "show", *of).out.splitlines()
    assert shown[3].split() == ["NORMAL", "1800", "7200", "BUSINESS"]


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (["URGENT", "--acknowledge-s", "60", "--hours", "BUSINESS"], "around the clock"),
        (["LOW", "--acknowledge-s", "601"], "at least as much time"),
        (["LOW", "--acknowledge-s", "0"], "acknowledge_s: expected"),
    ],
)
def test_a_senseless_service_level_is_refused(
    vedette: Vedette, founded: str, wish: list[str], why: str
) -> None:
    answer = vedette("service-level", "set", *wish, "--resolve-s", "600", "--tenant", founded)
    assert (answer.code, why in answer.err) == (1, True), answer.err


def test_rules_of_assignment_are_laid_down_in_their_order(
    vedette: Vedette, founded: str, tmp_path: Path
) -> None:
    of = ("--tenant", founded)
    register(vedette, founded)
    wish = (
        "--rule",
        "assign_to=user, username=ada, severity=CRITICAL",
        "--rule",
        "assign_to=queue",
    )
    assert "2 rules of assignment stand (position" in vedette("assignment", "set", *wish, *of).out
    rules = vedette("assignment", "show", *of, "--json").json
    assert [(rule["assign_to"], rule["username"], rule["severity"]) for rule in rules] == [
        ("user", "ada", "CRITICAL"),
        ("queue", None, None),
    ]
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(rules[::-1]))
    assert vedette("assignment", "set", "--file", str(file), *of, "--json").json["position"]
    assert vedette("assignment", "show", *of).out.splitlines()[1].split()[0] == "queue"
    assert "0 rules" in vedette("assignment", "clear", *of).out
    assert vedette("assignment", "show", *of, "--json").json == []


def test_a_rule_that_makes_no_sense_is_refused(
    vedette: Vedette, founded: str, tmp_path: Path
) -> None:
    file = tmp_path / "rules.json"
    file.write_text("{}")
    for wish, why in (
        ([], "Name the rules with --rule"),
        (["--rule", "queue"], "'queue' is no part of a rule"),
        (["--rule", "assign_to=chief"], "rules[0].assign_to"),
        (["--rule", "assign_to=user"], "Name a user"),
        (["--rule", "assign_to=user,username=ada"], "There is no user ada."),
        (["--file", str(file)], "is no JSON array of rules"),
        (["--file", str(tmp_path / "none.json")], "cannot be read"),
    ):
        answer = vedette("assignment", "set", *wish, "--tenant", founded)
        assert (answer.code, why in answer.err) == (1, True), answer.err


def test_the_escalation_address_is_shown_set_and_cleared(vedette: Vedette, founded: str) -> None:
    of = ("--tenant", founded)
    assert vedette("escalation", "show", *of).out.startswith("Nowhere")
    assert "(position" in vedette("escalation", "set", "noc@example.org", *of).out
    assert vedette("escalation", "show", *of).out == "noc@example.org\n"
    refused = vedette("escalation", "set", "nobody", *of)
    assert (refused.code, "email: expected" in refused.err) == (1, True), refused.err
    assert "go nowhere (position" in vedette("escalation", "clear", *of).out
    assert vedette("escalation", "show", *of, "--json").json == {"email": None}
