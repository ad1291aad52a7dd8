"""`vedette ticket`: opened, worked on, listed and shown from a terminal."""

from __future__ import annotations

from adapters.followers.projecting import ProjectionHandler
from adapters.followers.runtime import Loop
from projections.ticket_board import TICKET_BOARD
from tests.cli.conftest import Vedette
from tests.conftest import Database


def follow(database: Database) -> None:
    Loop(database.app_url, ProjectionHandler(TICKET_BOARD), grown=lambda *_: None).catch_up()


def opened(vedette: Vedette, tenant: str, title: str = "The gate does not close") -> str:
    answer = vedette("ticket", "open", title, "--tenant", tenant, "--site", "S-01", "--json")
    assert answer.code == 0, answer.err
    ticket_id: str = answer.json["ticket_id"]
    return ticket_id


def register(vedette: Vedette, tenant: str) -> None:
    site = ["S-01", "--tenant", tenant, "--name", "North Gate", "--time-zone", "Europe/London"]
    place = ["--latitude", "51.5", "--longitude", "-0.12"]
    assert vedette("site", "register", *site, *place).code == 0
    user = ["ada", "--tenant", tenant, "--name", "Ada", "--role", "operator"]
    more = ["--email", "ada@example.org", "--password-stdin"]
    answer = vedette("user", "enrol", *user, *more, stdin="a long password\n")
    assert answer.code == 0, answer.err


def test_a_ticket_is_worked_off_at_the_command_line(
    vedette: Vedette, founded: str, database: Database
) -> None:
    register(vedette, founded)
    ticket = opened(vedette, founded)
    at = ["--tenant", founded]
    for command in (
        ["assign", ticket, "ada"],
        ["assign-by-rule", ticket],
        ["start", ticket],
        ["prioritise", ticket, "HIGH"],
        ["comment", ticket, "On my way"],
        ["hold", ticket, "--reason", "Waits", "--until", "2127-01-01T08:00:00+00:00"],
        ["resume", ticket],
        ["resolve", ticket, "--resolution", "Mended"],
        ["close", ticket],
        ["reopen", ticket, "--reason", "Broken again"],
    ):
        answer = vedette("ticket", *command, *at)
        assert answer.code == 0, (command, answer.err)
        assert "position" in answer.out
    follow(database)
    (line,) = vedette("ticket", "list", *at, "--status", "ASSIGNED", "--sla", "OK", "--json").json
    assert (line["ticket_id"], line["assignee"], line["priority"]) == (ticket, "ada", "HIGH")
    assert vedette("ticket", "list", *at, "--assignee", "nobody", "--json").json == []
    for severity, found in ((line["severity"], [line]), ("CRITICAL", [])):
        listed = vedette("ticket", "list", *at, "--severity", severity, "--json").json
        assert listed == found, severity
    assert "The gate does not close" in vedette("ticket", "list", *at).out
    over = vedette(
        "ticket", "hold", ticket, "--reason", "x", "--until", "2026-01-01T08:00:00Z", *at
    )
    assert (over.code, "still to come" in over.err) == (1, True)
    story = vedette("ticket", "show", ticket, *at, "--json").json
    assert [line["type"] for line in story][:2] == ["ticket.opened", "ticket.assigned"]
    assert "assignee: ada" in story[1]["says"]


def test_pairs_of_tickets_are_told_on_both_sides(vedette: Vedette, founded: str) -> None:
    register(vedette, founded)
    one, other = opened(vedette, founded), opened(vedette, founded)
    at = ["--tenant", founded, "--json"]
    assert vedette("ticket", "link", one, other, *at).json["position"]
    assert vedette("ticket", "merge", one, other, *at).json["position"]
    story = vedette("ticket", "show", other, *at).json
    assert [line["type"] for line in story][1:] == ["ticket.linked", "ticket.absorbed"]
    late = vedette("ticket", "cancel", one, "--reason", "x", *at)
    assert (late.code, "merged" in late.err) == (1, True)


def test_what_is_not_there_is_said(vedette: Vedette, founded: str) -> None:
    register(vedette, founded)
    nothing = "00000000-0000-0000-0000-000000000001"
    at = ["--tenant", founded]
    assert "no such ticket" in vedette("ticket", "show", nothing, *at).err
    assert "no user bob" in vedette("ticket", "assign", nothing, "bob", *at).err
    assert "no site S-9" in vedette("ticket", "open", "x", "--site", "S-9", *at).err
