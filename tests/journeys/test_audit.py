"""An audit finds that a tour was not walked, calls the security manager, and takes it back when the
scans come late; and the site's telemetry tells of the walk, from the cache the second time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.http.field import (
    DEVICE,
    DIRECTORY,
    PERSON,
    SHIFT,
    SIGNALS,
    SITE,
    TOUR,
    attendance,
    within,
)
from tests.journeys.test_attendance import Screen, screen
from tests.live import LiveServer

AUDITS = "/api/v2/noc/audits/"
FINDINGS = "/api/v2/noc/findings/"
TICKETS = "/api/v2/noc/tickets/"
TELEMETRY = "/api/v2/noc/telemetry/sites/S-01/"
SOON_S = 60.0  # on a busy machine
WALK = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=3)


def plan(field: httpx.Client) -> None:
    """State a walk of two checkpoints three hours ago, and a short shift for it: without half an
    hour of the clock on duty, nothing else can be wanting."""
    tour = {
        **TOUR,
        "starts": [f"{WALK:%H:%M}"],
        "valid_from": (WALK - timedelta(hours=1)).isoformat(),
    }
    shift = {
        **SHIFT,
        "starts_at": (WALK - timedelta(minutes=2)).isoformat(),
        "ends_at": (WALK + timedelta(minutes=25)).isoformat(),
    }
    for path, content in (
        ("sites/S-01/", {**SITE, "time_zone": "UTC"}),
        ("persons/G-001/", PERSON),
        ("devices/D-001/", DEVICE),
        ("tours/T-01/", tour),
        ("shifts/H-01/", shift),
    ):
        answer = field.put(f"{DIRECTORY}/{path}", json=content)
        assert answer.status_code == 200, answer.text
    post(field, attendance(occurred_at=(WALK - timedelta(minutes=12)).isoformat()))


def scan(checkpoint_id: str, minutes: int) -> dict[str, Any]:
    """Return the scan of a checkpoint so many minutes after the walk's start."""
    return {
        "kind": "checkpoint_scan",
        "signal_id": uuid4().hex,
        "source": "patrol-app",
        "occurred_at": (WALK + timedelta(minutes=minutes)).isoformat(),
        "person_id": "G-001",
        "site_id": "S-01",
        "device_id": "D-001",
        "tour_id": "T-01",
        "checkpoint_id": checkpoint_id,
        "method": "nfc",
    }


def post(field: httpx.Client, *signals: dict[str, Any]) -> int:
    """Hand signals in; return the position that the log reached."""
    answer = field.post(SIGNALS, json=list(signals))
    results = answer.json()["data"]["results"]
    assert {each["status"] for each in results} == {"accepted"}, results
    position: int = answer.json()["position"]
    return position


@pytest.mark.usefixtures("worker")
def test_a_tour_that_nobody_walked_calls_its_manager_until_the_scans_come(
    live_server: LiveServer,
) -> None:
    token = live_server.token("operator")
    with live_server.client() as field, live_server.client(token) as desk:
        plan(field)
        with screen(live_server, token) as socket:
            feed = Screen(socket, "finding", "ticket", soon_s=SOON_S)
            wish = {"kind": "comprehensive", "site_id": "S-01"}
            asked = desk.post(AUDITS, json=wish)
            assert asked.status_code == 202, asked.text

            raised = feed.hears("finding.raised")
            assert raised["actor"] == "system:auditor"
            assert raised["data"]["finding_type"] == "MISSED_CHECKPOINT"
            assert (raised["data"]["severity"], raised["data"]["subject_id"]) == ("HIGH", "T-01")
            opened = feed.hears("ticket.opened")
            assert opened["data"]["finding_id"] == raised["data"]["finding_id"]
            assert feed.hears("ticket.assigned")["data"]["assignee"] == "supervisor"
            taken_up = feed.hears("finding.taken_up")
            assert taken_up["data"]["ticket_id"] == opened["data"]["ticket_id"]
            audit = f"{AUDITS}{asked.json()['data']['audit_id']}/"
            assert within(SOON_S, lambda: desk.get(audit).json()["data"]["status"] == "COMPLETED")
            assert desk.get(audit).json()["data"]["raised"] == 1

            late = post(field, scan("C-1", 4), scan("C-2", 18))
            withdrawn = feed.hears("finding.withdrawn")
            assert withdrawn["data"]["finding_id"] == raised["data"]["finding_id"]
            assert withdrawn["data"]["ticket_id"] == opened["data"]["ticket_id"]
            cancelled = feed.hears("ticket.cancelled")
            assert cancelled["data"]["status"] == "CANCELLED"
            assert cancelled["position"] > withdrawn["position"] > late

        at = {"wait_for": cancelled["position"]}
        finding = desk.get(f"{FINDINGS}{raised['data']['finding_id']}/", params=at).json()["data"]
        assert [each["type"] for each in finding["timeline"]] == [
            "finding.raised",
            "finding.taken_up",
            "finding.withdrawn",
        ]
        assert len(finding["received"]) == 2
        ticket = desk.get(f"{TICKETS}{opened['data']['ticket_id']}/", params=at).json()["data"]
        assert [each["type"] for each in ticket["timeline"]][-2:] == [
            "ticket.evidence_withdrawn",
            "ticket.cancelled",
        ]
        path = f"/api/v2/noc/explain/ticket/{opened['data']['ticket_id']}/"
        why = desk.get(path).json()["data"]
        told = {each["type"] for each in why["because"]}
        assert {"audit.requested", "finding.raised", "checkpoint_scan.recorded"} <= told


def test_a_walk_is_told_from_the_cache_until_a_new_scan(live_server: LiveServer) -> None:
    with live_server.client() as field, live_server.client(live_server.token("operator")) as desk:
        plan(field)
        at = {"kind": "checkpoint_scan", "wait_for": str(post(field, scan("C-1", 4)))}
        assert within(SOON_S, lambda: desk.get(TELEMETRY, params=at).status_code == 200)
        first = {**at, "from": (WALK - timedelta(hours=1)).isoformat()}
        afresh, again = (desk.get(TELEMETRY, params=first).json() for _ in range(2))
        assert (afresh["cached"], again["cached"]) == (False, True)
        assert again["data"] == afresh["data"]
        assert again["data"]["summary"]["counts"] == {"checkpoint_scan": 1}

        first["wait_for"] = str(post(field, scan("C-2", 18)))
        whole = desk.get(TELEMETRY, params=first).json()
        assert whole["cached"] is False
        walked = [each["fact"]["checkpoint_id"] for each in whole["data"]["items"]]
        assert walked == ["C-2", "C-1"]
        assert desk.get(TELEMETRY, params=first).json()["cached"] is True
