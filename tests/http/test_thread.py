"""The main path, thin and complete: a check-in goes in over HTTP, a ticket comes out."""

from __future__ import annotations

from tests.http.field import attendance, enrol_field
from tests.live import LiveServer


def test_a_check_in_far_from_its_site_becomes_a_ticket_of_the_security_manager(
    live_server: LiveServer,
) -> None:
    with live_server.client() as field:
        enrol_field(field)
        answer = field.post("/api/v2/noc/signals/", json=[attendance(latitude=53.5)])
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["accepted"] == 1
        position = answer.json()["position"]
    with live_server.client(live_server.token("operator")) as people:
        # Score, alert, its link and ticket follow the signal, a position each.
        listed = people.get("/api/v2/noc/tickets/", params={"wait_for": position + 3})
        assert listed.status_code == 200, listed.text
        (ticket,) = listed.json()["data"]["items"]
        assert ticket["category"] == "SECURITY_FRAUD"
        assert ticket["assignee"] == "supervisor"
        assert ticket["person_id"] == "G-001"
        story = people.get(f"/api/v2/noc/tickets/{ticket['ticket_id']}/").json()["data"]
        assert story["timeline"][0]["type"] == "ticket.opened"
