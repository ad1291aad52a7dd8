"""The log at the command line: shown, followed to its end, verified."""

from __future__ import annotations

import json

import psycopg

from tests.cli.conftest import Vedette
from tests.conftest import Database


def test_facts_are_shown_by_position_stream_and_story(vedette: Vedette, founded: str) -> None:
    of = ("--tenant", founded)
    vedette("person", "enrol", "G-1", "--name", "Ada", *of)
    answer = vedette("log", "show", "1", "2", *of)
    assert answer.code == 0, answer.err
    assert [line.split()[0] for line in answer.out.splitlines() if "Z  " in line] == ["1", "2"]
    shown = vedette("log", "show", "2", "--json", *of).json
    assert (shown["position"], shown["event"]["name"]) == (2, "Ada")
    for way in (("--stream", shown["stream_id"]), ("--story", "2")):
        assert vedette("log", "show", *way, "--json", *of).json == shown


def test_what_is_not_there_is_said(vedette: Vedette, founded: str) -> None:
    of = ("--tenant", founded)
    assert "no position 99" in vedette("log", "show", "99", *of).err
    assert "no position 0" in vedette("log", "show", "0", *of).err
    assert "no stream" in vedette("log", "show", "--stream", "x", *of).err
    assert "Name positions" in vedette("log", "show", *of).err
    assert "Name positions" in vedette("log", "show", "1", "--story", "1", *of).err


def test_the_tail_ends_where_the_log_ends(vedette: Vedette, founded: str) -> None:
    of = ("--tenant", founded)
    for number in range(4):
        vedette("person", "enrol", f"G-{number}", "--name", "Ada", *of)
    answer = vedette("log", "tail", "--no-follow", "--lines", "3", "--json", *of)
    lines = [json.loads(line)["position"] for line in answer.out.splitlines()]
    assert lines == [3, 4, 5]
    answer = vedette("log", "tail", "--no-follow", "--after", "4", "--json", *of)
    assert json.loads(answer.out)["position"] == 5


def test_a_log_is_verified_and_a_change_is_named(
    vedette: Vedette, founded: str, database: Database
) -> None:
    of = ("--tenant", founded)
    vedette("person", "enrol", "G-1", "--name", "Ada", *of)
    assert f"{founded}: 2 facts are right" in vedette("log", "verify", *of).out
    (verdict,) = vedette("log", "verify", "--json", *of).json
    assert verdict["fault"] is None
    remembered = ("--remembered", verdict["remember"])
    assert vedette("log", "verify", *remembered, *of).code == 0
    assert "--tenant" in vedette("log", "verify", *remembered).err
    assert "64 hexadecimal" in vedette("log", "verify", "--remembered", "2:ab", *of).err
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE log.events DISABLE TRIGGER append_only")
        try:
            owner.execute(
                "UPDATE log.events SET actor = 'user:eve' WHERE tenant_id = %s AND position = 2",
                [founded],
            )
        finally:
            owner.execute("ALTER TABLE log.events ENABLE ALWAYS TRIGGER append_only")
    answer = vedette("log", "verify", *of)
    assert answer.code == 1
    assert f"{founded}: position 2 is wrong." in answer.out
    (verdict,) = vedette("log", "verify", "--json", *of).json
    assert (verdict["events"], verdict["fault"]["kind"]) == (1, "hash")
