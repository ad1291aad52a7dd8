"""Tickets by hand, in bulk and by rule, their clocks, and what holds for a whole tenant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.http.conftest import Opener
from tests.http.field import enrol_field, problem_in, within
from tests.live import LiveServer

TICKETS = "/api/v2/noc/tickets/"
LEVELS = "/api/v2/noc/service-levels/"
RULES = "/api/v2/noc/assignment-rules/"
ADDRESS = "/api/v2/noc/mails/escalation-address/"
NEW = {"title": "The gate does not close", "severity": "MEDIUM", "site_id": "S-01"}


def shown(client: httpx.Client, ticket_id: str, position: int | None = None) -> dict[str, Any]:
    params = {} if position is None else {"wait_for": position}
    answer = client.get(f"{TICKETS}{ticket_id}/", params=params)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_a_ticket_is_opened_by_hand_and_gets_a_clock(
    machine: httpx.Client, operator: httpx.Client
) -> None:
    enrol_field(machine)
    ticket_id = str(uuid4())
    answer = operator.post(TICKETS, json={**NEW, "ticket_id": ticket_id})
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"] == {
        "ticket_id": ticket_id,
        "position": answer.json()["position"],
    }
    again = operator.post(TICKETS, json={**NEW, "ticket_id": ticket_id})
    assert again.json()["data"] == {"ticket_id": ticket_id, "position": None}
    ticket = shown(operator, ticket_id, answer.json()["position"])
    assert (ticket["status"], ticket["sla"], ticket["escalation_level"]) == ("NEW", "OK", 0)
    assert within(10, lambda: shown(operator, ticket_id)["clock"] is not None)
    clock = shown(operator, ticket_id)["clock"]
    assert clock["next_due_at"] == clock["acknowledge_due_at"]
    assert clock["paused"] is False
    listed = operator.get(TICKETS, params={"sla": "OK"}).json()["data"]["items"]
    assert [each["clock"] for each in listed] == [clock]
    assert operator.get(TICKETS, params={"sla": "BREACHED"}).json()["data"]["items"] == []


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"site_id": "S-99"}, "site.unknown", "$.site_id"),
        ({"assignee": "nobody"}, "user.unknown", "$.assignee"),
        ({"severity": "BAD"}, "request.invalid", "$.severity"),
        ({"status": "NEW"}, "request.invalid", "$.status"),
    ],
)
def test_a_new_ticket_names_what_there_is(
    machine: httpx.Client, operator: httpx.Client, change: dict[str, Any], code: str, field: str
) -> None:
    enrol_field(machine)
    answer = operator.post(TICKETS, json={**NEW, **change})
    assert problem_in(answer, 422, code)["field"] == field


def test_one_command_for_many_tickets_answers_for_each(
    operator: httpx.Client, open_ticket: Opener
) -> None:
    one, other, nothing = str(open_ticket()), str(open_ticket()), str(uuid4())
    wish = {
        "ticket_ids": [one, nothing, other, one],
        "command": "assign",
        "fields": {"assignee": "supervisor"},
    }
    answer = operator.post(f"{TICKETS}bulk/", json=wish)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["done"], data["unchanged"], data["refused"]) == (2, 1, 1)
    assert [result["status"] for result in data["results"]] == [
        "done",
        "refused",
        "done",
        "unchanged",
    ]
    assert data["results"][1]["problem"]["code"] == "item.unknown"
    assert data["results"][0]["ticket_id"] == one
    closing = operator.post(f"{TICKETS}bulk/", json={"ticket_ids": [one], "command": "close"})
    problem = closing.json()["data"]["results"][0]["problem"]
    assert problem["code"] == "ticket.not_resolved"


@pytest.mark.parametrize(
    ("wish", "code", "field"),
    [
        ({"ticket_ids": [], "command": "start"}, "request.invalid", "$.ticket_ids"),
        (
            {"ticket_ids": [str(uuid4())] * 201, "command": "start"},
            "request.invalid",
            "$.ticket_ids",
        ),
        ({"ticket_ids": [str(uuid4())], "command": "merge"}, "request.invalid", "$.command"),
        (
            {"ticket_ids": [str(uuid4())], "command": "comment"},
            "request.invalid",
            "$.fields.text",
        ),
        (
            {"ticket_ids": [str(uuid4())], "command": "assign", "fields": {"assignee": "nobody"}},
            "user.unknown",
            "$.fields.assignee",
        ),
    ],
)
def test_a_bulk_command_is_checked_before_anything_is_done(
    operator: httpx.Client, wish: dict[str, Any], code: str, field: str
) -> None:
    answer = operator.post(f"{TICKETS}bulk/", json=wish)
    assert problem_in(answer, 422, code)["field"] == field


def test_a_merge_is_told_on_both_sides_and_keeps_what_was_said(
    operator: httpx.Client, open_ticket: Opener
) -> None:
    first, second, third = (str(open_ticket()) for _ in range(3))
    operator.post(f"{TICKETS}{first}/comment/", json={"text": "Seen from the tower"})
    operator.post(f"{TICKETS}{first}/merge/", json={"into_ticket_id": second})
    answer = operator.post(f"{TICKETS}{second}/merge/", json={"into_ticket_id": third})
    told = shown(operator, third, answer.json()["position"])
    assert told["absorbed"] == [second]
    assert told["timeline"][-1]["type"] == "ticket.absorbed"
    stories = {each["ticket_id"]: each["timeline"] for each in told["absorbed_stories"]}
    assert list(stories) == [second, first]
    assert {"text": "Seen from the tower"} in [entry["data"] for entry in stories[first]]
    over = operator.post(f"{TICKETS}{third}/merge/", json={"into_ticket_id": first})
    problem_in(over, 409, "ticket.over")
    late = operator.post(
        f"{TICKETS}{third}/link/", json={"other_ticket_id": first}, headers={"If-Match": "1"}
    )
    problem_in(late, 412, "version.mismatch")


def test_rules_find_an_assignee_for_new_tickets_and_when_asked(
    machine: httpx.Client, operator: httpx.Client, live_server: LiveServer
) -> None:
    enrol_field(machine)
    rules = {"rules": [{"assign_to": "user", "username": "operator", "severity": "MEDIUM"}]}
    laid_down = machine.put(RULES, json=rules)
    assert laid_down.status_code == 200, laid_down.text
    (rule,) = machine.get(RULES).json()["data"]["rules"]
    assert (rule["assign_to"], rule["username"]) == ("user", "operator")
    opened = operator.post(TICKETS, json=NEW).json()["data"]
    ticket_id = opened["ticket_id"]
    shown(operator, ticket_id, opened["position"])
    assert within(10, lambda: shown(operator, ticket_id)["assignee"] == "operator")
    operator.post(f"{TICKETS}{ticket_id}/assign/", json={"assignee": "supervisor"})
    operator.post(f"{TICKETS}{ticket_id}/assign-by-rule/", json={})
    assert within(10, lambda: shown(operator, ticket_id)["assignee"] == "operator")
    nobody = {"rules": [{"assign_to": "user", "username": "nobody"}]}
    problem_in(machine.put(RULES, json=nobody), 422, "user.unknown")
    odd = {"rules": [{"assign_to": "queue", "username": "operator"}]}
    problem_in(machine.put(RULES, json=odd), 422, "assignment_rule.username")
    nowhere = {"rules": [{"assign_to": "queue"}, {"assign_to": "queue", "site_id": "S-99"}]}
    found = problem_in(machine.put(RULES, json=nowhere), 422, "site.unknown")
    assert found["field"] == "$.rules[1].site_id"


def test_service_levels_are_set_and_shown(
    machine: httpx.Client, operator: httpx.Client, head: Callable[[], int]
) -> None:
    levels = operator.get(LEVELS).json()["data"]
    assert [level["priority"] for level in levels] == ["URGENT", "HIGH", "NORMAL", "LOW"]
    wish = {"acknowledge_s": 600, "resolve_s": 7200, "hours": "BUSINESS"}
    answer = machine.put(f"{LEVELS}NORMAL/", json=wish)
    assert answer.json()["data"]["position"] == head()
    assert machine.put(f"{LEVELS}NORMAL/", json=wish).json()["data"]["position"] is None
    assert {**wish, "priority": "NORMAL"} in operator.get(LEVELS).json()["data"]
    problem_in(operator.put(f"{LEVELS}NORMAL/", json=wish), 403, "capability.missing")
    odd = machine.put(f"{LEVELS}HIGH/", json=wish)
    assert problem_in(odd, 422, "service_level.runs_always")["field"] == "$.hours"
    problem_in(machine.put(f"{LEVELS}SOON/", json=wish), 404, "route.unknown")


def test_the_escalation_address_is_given_and_taken_back(machine: httpx.Client) -> None:
    assert machine.get(ADDRESS).json()["data"] == {"email": None}
    machine.put(ADDRESS, json={"email": "noc@example.org"})
    assert machine.get(ADDRESS).json()["data"] == {"email": "noc@example.org"}
    for wrong in ("noc", "a@b\r\nBcc: c@example.org", "two words@example.org", ""):
        answer = machine.put(ADDRESS, json={"email": wrong})
        assert problem_in(answer, 422, "request.invalid")["field"] == "$.email"
    machine.put(ADDRESS, json={"email": None})
    assert machine.get(ADDRESS).json()["data"] == {"email": None}
