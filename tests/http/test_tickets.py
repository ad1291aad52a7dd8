"""The tickets door: the board in pages, one ticket with its story, and every command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.access import Role
from tests.http.conftest import Opener
from tests.http.field import problem_in
from tests.live import LiveServer, enrol

TICKETS = "/api/v2/noc/tickets/"
LATER = "2127-01-01T08:00:00+00:00"


def command(client: httpx.Client, ticket: UUID, name: str, **fields: Any) -> httpx.Response:
    return client.post(f"{TICKETS}{ticket}/{name}/", json=fields)


def story(client: httpx.Client, ticket: UUID, position: int) -> dict[str, Any]:
    answer = client.get(f"{TICKETS}{ticket}/", params={"wait_for": position})
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_a_ticket_is_worked_from_new_to_closed_and_tells_its_story(
    operator: httpx.Client, open_ticket: Opener
) -> None:
    ticket = open_ticket()
    answer = None
    for name, fields in (
        ("assign", {"assignee": "operator"}),
        ("start", {}),
        ("comment", {"text": "On my way.\nTwo lines."}),
        ("prioritise", {"priority": "URGENT"}),
        ("hold", {"reason": "Waits for the police", "waiting_until": LATER}),
        ("resume", {}),
        ("resolve", {"resolution": "A misunderstanding"}),
        ("close", {}),
        ("reopen", {"reason": "It was not"}),
    ):
        answer = command(operator, ticket, name, **fields)
        assert answer.status_code == 200, (name, answer.text)
        assert answer.json()["data"]["position"] == answer.json()["position"]
    assert answer is not None
    told = story(operator, ticket, answer.json()["position"])
    assert told["status"] == "ASSIGNED"
    assert told["assignee"] == "operator"
    assert told["priority"] == "URGENT"
    types = [entry["type"] for entry in told["timeline"]]
    assert types == [
        "ticket.opened",
        "ticket.assigned",
        "ticket.started",
        "ticket.commented",
        "ticket.prioritised",
        "ticket.held",
        "ticket.resumed",
        "ticket.resolved",
        "ticket.closed",
        "ticket.reopened",
    ]
    assert told["version"] == len(types)
    assert told["timeline"][1]["actor"] == "user:operator"
    assert told["timeline"][1]["data"] == {"assignee": "operator"}
    assert told["timeline"][0]["actor"] == "system:tests"


def test_a_wish_that_is_true_already_moves_nothing(
    operator: httpx.Client, open_ticket: Opener
) -> None:
    ticket = open_ticket()
    first = command(operator, ticket, "assign", assignee="operator").json()
    again = command(operator, ticket, "assign", assignee="operator").json()
    assert again["data"] == {"position": None}
    assert again["position"] >= first["position"]


def test_links_go_both_ways_and_a_merge_ends_one(
    operator: httpx.Client, open_ticket: Opener
) -> None:
    one, other = open_ticket(), open_ticket()
    linked = command(operator, one, "link", other_ticket_id=str(other)).json()
    assert story(operator, one, linked["position"])["links"] == [str(other)]
    assert story(operator, other, linked["position"])["links"] == [str(one)]
    merged = command(operator, one, "merge", into_ticket_id=str(other)).json()
    told = story(operator, one, merged["position"])
    assert (told["status"], told["merged_into"]) == ("MERGED", str(other))
    cancelled = command(operator, other, "cancel", reason="Opened by mistake")
    assert cancelled.status_code == 200


def test_a_rule_of_the_ticket_is_a_conflict_with_its_own_code(
    operator: httpx.Client, open_ticket: Opener
) -> None:
    ticket = open_ticket()
    answer = command(operator, ticket, "close")
    found = problem_in(answer, 409, answer.json()["code"])
    assert found["code"].startswith("ticket.")


@pytest.mark.parametrize(
    ("name", "fields", "field"),
    [
        ("assign", {}, "$.assignee"),
        ("assign", {"assignee": "operator", "extra": 1}, "$.extra"),
        ("assign", {"assignee": 7}, "$.assignee"),
        ("assign", {"assignee": "no blanks"}, "$.assignee"),
        ("hold", {"reason": "", "waiting_until": LATER}, "$.reason"),
        ("hold", {"reason": "x", "waiting_until": "later"}, "$.waiting_until"),
        ("hold", {"reason": "x", "waiting_until": "2027-01-01T08:00:00"}, "$.waiting_until"),
        ("comment", {"text": "x" * 4_001}, "$.text"),
        ("comment", {"text": "a\x00b"}, "$.text"),
        ("prioritise", {"priority": "SOON"}, "$.priority"),
        ("link", {"other_ticket_id": "7"}, "$.other_ticket_id"),
        ("start", {"now": True}, "$.now"),
    ],
)
def test_a_body_that_breaks_a_rule_names_the_field(
    operator: httpx.Client, open_ticket: Opener, name: str, fields: dict[str, Any], field: str
) -> None:
    answer = command(operator, open_ticket(), name, **fields)
    assert problem_in(answer, 422, "request.invalid")["field"] == field


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_a_hold_to_the_end_of_time_would_make_the_board_unreadable(
    operator: httpx.Client, open_ticket: Opener, until: str
) -> None:
    answer = command(operator, open_ticket(), "hold", reason="x", waiting_until=until)
    code = "ticket.waiting_until_out_of_range"
    assert problem_in(answer, 422, code)["field"] == "$.waiting_until"


def test_a_hold_until_a_moment_that_is_over_is_refused(
    operator: httpx.Client, open_ticket: Opener
) -> None:
    ticket = open_ticket()
    over = {"reason": "x", "waiting_until": "2026-01-01T08:00:00+00:00"}
    answer = command(operator, ticket, "hold", **over)
    assert problem_in(answer, 422, "ticket.waiting_until_past")["field"] == "$.waiting_until"
    many = {"ticket_ids": [str(ticket)], "command": "hold", "fields": over}
    (result,) = operator.post(f"{TICKETS}bulk/", json=many).json()["data"]["results"]
    assert result["problem"]["code"] == "ticket.waiting_until_past"


def test_a_command_without_fields_needs_no_body(
    operator: httpx.Client, open_ticket: Opener
) -> None:
    ticket = open_ticket()
    assert command(operator, ticket, "assign", assignee="operator").status_code == 200
    bare = operator.post(f"{TICKETS}{ticket}/start/")
    assert (bare.status_code, bare.json()["data"]["position"] is None) == (200, False), bare.text
    # One with fields still says which is missing.
    problem_in(operator.post(f"{TICKETS}{ticket}/resolve/"), 400, "request.malformed")


def test_an_unknown_assignee_is_named(operator: httpx.Client, open_ticket: Opener) -> None:
    answer = command(operator, open_ticket(), "assign", assignee="nobody")
    assert problem_in(answer, 422, "user.unknown")["field"] == "$.assignee"


def test_what_is_not_json_or_not_there_is_malformed(
    operator: httpx.Client, open_ticket: Opener
) -> None:
    path = f"{TICKETS}{open_ticket()}/assign/"
    problem_in(operator.post(path, content=b"{"), 400, "request.malformed")
    problem_in(operator.post(path), 400, "request.malformed")
    problem_in(operator.post(path, content=b"\xff"), 400, "request.malformed")
    problem_in(operator.post(path, content=b"7"), 422, "request.invalid")


def test_what_does_not_exist_is_unknown(operator: httpx.Client, open_ticket: Opener) -> None:
    nothing = uuid4()
    problem_in(operator.get(f"{TICKETS}{nothing}/"), 404, "item.unknown")
    problem_in(command(operator, nothing, "start"), 404, "item.unknown")
    link = command(operator, open_ticket(), "link", other_ticket_id=str(nothing))
    assert problem_in(link, 404, "item.unknown")["field"] == "$.other_ticket_id"
    problem_in(operator.get(f"{TICKETS}not-a-uuid/"), 404, "route.unknown")


def test_if_match_lets_the_second_of_two_people_look_again(
    operator: httpx.Client, open_ticket: Opener
) -> None:
    path = f"{TICKETS}{open_ticket()}/assign/"
    body = {"assignee": "operator"}
    for tag in ("1", '"1"', 'W/"1"'):
        fresh = f"{TICKETS}{open_ticket()}/assign/"
        assert operator.post(fresh, json=body, headers={"If-Match": tag}).status_code == 200
    assert operator.post(path, json=body, headers={"If-Match": "*"}).status_code == 200
    late = operator.post(path, json={"assignee": "supervisor"}, headers={"If-Match": '"1"'})
    problem_in(late, 412, "version.mismatch")
    odd = operator.post(path, json=body, headers={"If-Match": "newest"})
    problem_in(odd, 400, "request.invalid")


def test_filters_narrow_the_board(
    operator: httpx.Client, open_ticket: Opener, head: Callable[[], int]
) -> None:
    north, south = open_ticket("S-01"), open_ticket("S-02")
    command(operator, north, "assign", assignee="supervisor")

    def listed(**wanted: Any) -> list[str]:
        answer = operator.get(TICKETS, params={"wait_for": head(), **wanted})
        assert answer.status_code == 200, answer.text
        return [item["ticket_id"] for item in answer.json()["data"]["items"]]

    assert listed() == [str(south), str(north)]
    assert listed(site_id="S-01") == [str(north)]
    assert listed(severity="HIGH") == [str(south), str(north)]
    assert listed(severity="CRITICAL") == []
    assert listed(status="NEW") == [str(south)]
    assert listed(assignee="supervisor") == [str(north)]
    assert listed(category="SECURITY_FRAUD", priority="HIGH", person_id="G-001") == [
        str(south),
        str(north),
    ]
    assert listed(person_id="G-999") == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("stauts=NEW", "stauts: No such parameter; there are assignee, category, cursor,"),
        ("limit=1&limit=2", "limit: Given twice."),
    ],
)
def test_a_misspelt_or_doubled_parameter_is_refused_and_not_passed_over(
    operator: httpx.Client, query: str, says: str
) -> None:
    problem = problem_in(operator.get(f"{TICKETS}?{query}"), 400, "request.invalid")
    assert problem["detail"].startswith(says)
    assert problem["field"] == query.partition("=")[0]


def test_an_address_without_parameters_takes_none(operator: httpx.Client) -> None:
    answer = operator.get("/api/v2/noc/service-levels/?priority=HIGH")
    assert "takes no parameters" in problem_in(answer, 400, "request.invalid")["detail"]
    assert operator.get("/?from=mail").status_code == 200


def test_what_would_have_been_right_is_named(operator: httpx.Client, open_ticket: Opener) -> None:
    wrong = command(operator, open_ticket(), "prioritise", priority="SOON")
    says = problem_in(wrong, 422, "request.invalid")["detail"]
    assert says == "Invalid enum value 'SOON'; there are URGENT, HIGH, NORMAL, LOW."
    wrong = operator.get(TICKETS, params={"priority": "SOON"})
    assert says in problem_in(wrong, 400, "request.invalid")["detail"]
    wrong = operator.get(TICKETS, params={"site_id": "no blanks"})
    assert "letters, digits" in problem_in(wrong, 400, "request.invalid")["detail"]
    without = operator.get("/api/v2/noc/baselines/", params={"subject_kind": "person"})
    missing = problem_in(without, 400, "request.invalid")
    assert (missing["field"], missing["detail"]) == ("subject_id", "subject_id: Must be given.")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("status", "DONE"),
        ("limit", "0"),
        ("limit", "201"),
        ("limit", "many"),
        ("wait_for", "-1"),
        ("wait_for", str(2**63)),
        ("site_id", "no blanks"),
        ("site_id", "nul\x00"),
        ("cursor", "zz"),
        ("cursor", "00"),
        ("cursor", b'["x","y"]'.hex()),
        ("cursor", b'["2026-01-01","\\u0000"]'.hex()),
    ],
)
def test_a_wrong_parameter_is_named(operator: httpx.Client, parameter: str, value: str) -> None:
    answer = operator.get(TICKETS, params={parameter: value})
    assert answer.status_code == 400, answer.text
    assert problem_in(answer, 400, answer.json()["code"])["field"] == parameter


def test_pages_lose_and_repeat_nothing_while_tickets_come_in(
    operator: httpx.Client, open_ticket: Opener, head: Callable[[], int]
) -> None:
    opened = [str(open_ticket(title=f"Number {number}")) for number in range(11)]
    seen: list[str] = []
    cursor = None
    wait_for = head()
    while True:
        params = {"limit": 3, "wait_for": wait_for} | ({"cursor": cursor} if cursor else {})
        page = operator.get(TICKETS, params=params).json()["data"]
        seen += [item["ticket_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        open_ticket(title="Came in meanwhile")
        wait_for = head()
    assert seen == opened[::-1]


def test_a_position_that_never_comes_is_waited_for_in_vain(operator: httpx.Client) -> None:
    answer = operator.get(TICKETS, params={"wait_for": 10**9})
    problem_in(answer, 504, "read_model.behind")


def test_a_user_of_some_sites_sees_and_works_on_those_alone(
    live_server: LiveServer, open_ticket: Opener, head: Callable[[], int]
) -> None:
    password = enrol(
        live_server.vedette.access, live_server.tenant, "north", (Role.OPERATOR,), ("S-01",)
    )
    live_server.users["north"] = ("north", password)
    north, south = open_ticket("S-01"), open_ticket("S-02")
    with live_server.client(live_server.token("north")) as client:
        page = client.get(TICKETS, params={"wait_for": head()}).json()["data"]["items"]
        assert [item["ticket_id"] for item in page] == [str(north)]
        asked = client.get(TICKETS, params={"site_id": "S-02"}).json()["data"]["items"]
        assert asked == []
        assert client.get(f"{TICKETS}{north}/").status_code == 200
        problem_in(client.get(f"{TICKETS}{south}/"), 404, "item.unknown")
        problem_in(command(client, south, "start"), 404, "item.unknown")
        link = command(client, north, "link", other_ticket_id=str(south))
        problem_in(link, 404, "item.unknown")
        assert command(client, north, "assign", assignee="north").status_code == 200
