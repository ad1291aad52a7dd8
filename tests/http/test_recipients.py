"""How many were shown a frame, asked over HTTP, at the command line and by Prometheus."""

from __future__ import annotations

import json
from typing import Any

import httpx

from domain.access import Role
from tests.http.conftest import Opener
from tests.http.field import problem_in, within
from tests.journeys.test_attendance import screen
from tests.live import LiveServer, cheap_access, enrol

RECIPIENTS = "/api/v2/noc/feed/recipients/"
SOON_S = 15.0


def recorded(client: httpx.Client, **query: int) -> list[dict[str, Any]]:
    answer = client.get(RECIPIENTS, params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["data"]["items"]
    return items


def tell(live_server: LiveServer, open_ticket: Opener) -> int:
    """Open a ticket before two listeners; return the position of its frame."""
    with screen(live_server, live_server.key) as one, screen(live_server, live_server.key) as two:
        for socket in (one, two):
            assert json.loads(socket.recv(timeout=SOON_S))["type"] == "snapshot"
        open_ticket()
        frames = [json.loads(socket.recv(timeout=SOON_S)) for socket in (one, two)]
        assert {frame["event"] for frame in frames} == {"ticket.opened"}
        (position,) = {frame["position"] for frame in frames}
    return int(position)


def test_an_auditor_sees_how_many_were_shown_a_frame(
    live_server: LiveServer, machine: httpx.Client, open_ticket: Opener
) -> None:
    position = tell(live_server, open_ticket)
    with live_server.client(live_server.token("auditor")) as auditor:
        assert within(SOON_S, lambda: recorded(auditor, position=position) != [])
        (frame,) = recorded(auditor, position=position)
        assert (frame["position"], frame["recipients"], frame["left_out"]) == (position, 2, 0)
        assert frame["first_at"] <= frame["last_at"]
        assert frame in recorded(auditor, after=position - 1)
        assert recorded(auditor, position=position, after=position) == []
        assert recorded(auditor, position=position + 1_000_000) == []
        page = auditor.get(RECIPIENTS, params={"limit": 1}).json()["data"]
        assert page["next_after"] == page["items"][0]["position"]
    metrics = httpx.get(f"{live_server.url}/metrics", trust_env=False).text
    of = f'{{tenant="{live_server.tenant}"}}'
    assert f"vedette_feed_listeners{of}" in metrics
    told = next(
        line for line in metrics.splitlines() if f"vedette_feed_recipients_total{of}" in line
    )
    assert float(told.rpartition(" ")[2]) >= 2


def test_who_may_not_look_at_operations_or_sees_some_sites_is_not_told(
    live_server: LiveServer, operator: httpx.Client
) -> None:
    problem_in(operator.get(RECIPIENTS), 403, "capability.missing")
    password = enrol(
        cheap_access(live_server.vedette), live_server.tenant, "scoped", (Role.AUDITOR,), ("S-01",)
    )
    live_server.users["scoped"] = ("scoped", password)
    with live_server.client(live_server.token("scoped")) as scoped:
        problem_in(scoped.get(RECIPIENTS), 404, "item.unknown")


def test_what_cannot_be_a_position_is_refused_by_name(machine: httpx.Client) -> None:
    for query in ({"position": "0"}, {"after": "-1"}, {"limit": "201"}, {"position": "soon"}):
        problem = machine.get(RECIPIENTS, params=query)
        assert problem.status_code == 400, problem.text
        assert problem.json()["field"] in query


def test_nothing_is_recorded_for_another_tenant(
    live_server: LiveServer, open_ticket: Opener
) -> None:
    position = tell(live_server, open_ticket)
    with live_server.client() as mine:
        assert within(SOON_S, lambda: recorded(mine, position=position) != [])
    live_server.seed()
    with live_server.client() as theirs:
        assert recorded(theirs) == []
