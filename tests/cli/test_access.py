"""Users and keys at the command line."""

from __future__ import annotations

import pytest

from application.principals import InvalidCredentials
from interfaces import settings, wiring
from tests.cli.conftest import Vedette
from tests.cli.test_directory import follow
from tests.conftest import Database


def test_a_user_signs_in_with_the_password_until_suspended(
    vedette: Vedette, founded: str, database: Database
) -> None:
    of = ("--tenant", founded)
    enrol = (
        "user",
        "enrol",
        "ada",
        "--name",
        "Ada",
        "--role",
        "operator",
        "--role",
        "auditor",
        *of,
    )
    assert "nobody to ask" in vedette(*enrol).err
    answer = vedette(*enrol, "--site", "S-1", "--password-stdin", stdin="correct horse\n")
    assert answer.code == 0, answer.err
    application = wiring.open_application(wiring.completed(settings.load()))
    try:
        login = application.access.log_in(founded, "ada", "correct horse")
        assert login.principal.site_scope == frozenset({"S-1"})
        vedette("user", "password", "ada", *of, "--password-stdin", stdin="battery staple\n")
        with pytest.raises(InvalidCredentials):
            application.access.log_in(founded, "ada", "correct horse")
        assert vedette("user", "suspend", "ada", "--reason", "Left.", *of).code == 0
        with pytest.raises(InvalidCredentials):
            application.access.log_in(founded, "ada", "battery staple")
        follow(database)
        (line,) = vedette("user", "list", *of, "--json").json
        shown = {
            "username": "ada",
            "name": "Ada",
            "roles": ["auditor", "operator"],
            "site_scope": ["S-1"],
            "status": "SUSPENDED",
            "person_id": None,
        }
        assert {name: line[name] for name in shown} == shown
        assert vedette("user", "reinstate", "ada", *of).code == 0
        application.access.log_in(founded, "ada", "battery staple")
    finally:
        application.close()


def test_a_user_is_a_person_of_the_directory_until_released(
    vedette: Vedette, founded: str, database: Database
) -> None:
    of = ("--tenant", founded)
    enrol = ("user", "enrol", "ada", "--name", "Ada", "--role", "supervisor", *of)
    assert vedette(*enrol, "--password-stdin", stdin="correct horse\n").code == 0
    refused = vedette("user", "bind", "ada", "--person", "G-1", *of)
    assert (refused.code, refused.err) == (1, "There is no person G-1.\n")
    assert vedette("person", "enrol", "G-1", "--name", "Ada Marsh", *of).code == 0
    nobody = vedette("user", "bind", "eve", "--person", "G-1", *of)
    assert (nobody.code, nobody.err) == (1, "There is no user of this name.\n")
    assert "User ada is G-1" in vedette("user", "bind", "ada", "--person", "G-1", *of).out
    follow(database)
    assert vedette("user", "list", *of, "--json").json[0]["person_id"] == "G-1"
    assert vedette("user", "release", "ada", *of).code == 0
    follow(database)
    assert vedette("user", "list", *of, "--json").json[0]["person_id"] is None


def test_what_cannot_be_is_refused_in_a_sentence(vedette: Vedette, founded: str) -> None:
    of = ("--tenant", founded)
    enrol = ("user", "enrol", "a b", "--name", "Ada", "--role", "operator", *of)
    assert "username: " in vedette(*enrol).err
    assert vedette("user", "enrol", "x", "--name", "X", "--role", "king", *of).code == 2
    assert vedette("user", "suspend", "nobody", "--reason", "x", *of).err == (
        "There is no user of this name.\n"
    )
    enrol = ("user", "enrol", "ada", "--name", "Ada", "--role", "operator", *of)
    answer = vedette(*enrol, "--password-stdin", stdin="short\n")
    assert (answer.code, answer.err) == (1, "A password has 8 to 256 characters.\n")


def test_a_key_is_shown_once_and_opens_until_it_is_revoked(
    vedette: Vedette, founded: str, database: Database
) -> None:
    of = ("--tenant", founded)
    issue = ("key", "issue", "--name", "Feeder", "--role", "integrator", "--expires-in-days")
    text = vedette(*issue, "30", *of).out.strip()
    key_id = text.removeprefix("vdt_").split(".")[1]
    application = wiring.open_application(wiring.completed(settings.load()))
    try:
        assert application.access.authenticate_key(text).name == "Feeder"
        follow(database)
        listed = vedette("key", "list", *of)
        assert key_id in listed.out
        assert text.rsplit(".", 1)[1] not in listed.out
        assert vedette("key", "revoke", key_id, "--reason", "Lost.", *of).code == 0
    finally:
        application.close()
    follow(database)
    (line,) = vedette("key", "list", *of, "--json").json
    assert (line["key_id"], line["status"]) == (key_id, "REVOKED")
    assert vedette(*issue, "0", *of).code == 2
