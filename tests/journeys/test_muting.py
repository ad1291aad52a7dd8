"""What happens calls people, silences and maintenances hold that back, and what still stands calls
when they are over. Everything comes in as a signal or a plan, as it does at a customer's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.http.field import DEVICE, DIRECTORY, PERSON, SHIFT, SIGNALS, SITE, within
from tests.live import LiveServer

TICKETS, SILENCES = "/api/v2/noc/tickets/", "/api/v2/noc/silences/"
SUPPRESSIONS, MAINTENANCE = "/api/v2/noc/suppressions/", "/api/v2/noc/maintenance/"
ALERTS, AUDITS = "/api/v2/noc/alerts/", "/api/v2/noc/audits/"
SOON_S = 45  # on a busy machine
NOW = datetime.now(UTC)


def enrol(client: httpx.Client) -> None:
    """State the site S-01 and a device that nobody carries."""
    put(client, "sites/S-01/", SITE)
    put(client, "devices/D-001/", {**DEVICE, "person_id": None})


def tampered(client: httpx.Client) -> None:
    """Let the device of S-01 tell that somebody opens it."""
    signal = {
        "kind": "device_status",
        "signal_id": uuid4().hex,
        "source": "gate",
        "occurred_at": datetime.now(UTC).isoformat(),
        "device_id": "D-001",
        "site_id": "S-01",
        "status": "tamper",
    }
    answer = client.post(SIGNALS, json=signal)
    assert answer.status_code == 201, answer.text


def plan_shift(client: httpx.Client, number: int) -> None:
    """Plan a guard for a shift that is over, too short for anything but its check-in to be missed."""
    starts_at = NOW - timedelta(hours=2)
    shift = {
        **SHIFT,
        "person_id": f"G-00{number}",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(minutes=25)).isoformat(),
    }
    put(client, f"persons/G-00{number}/", PERSON)
    put(client, f"shifts/H-0{number}/", shift)


def put(client: httpx.Client, path: str, content: dict[str, Any]) -> None:
    answer = client.put(f"{DIRECTORY}/{path}", json=content)
    assert answer.status_code == 200, answer.text


def items(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = client.get(path).json()["data"]["items"]
    return listed


def no_shows(client: httpx.Client) -> list[dict[str, Any]]:
    """Return what the ledger says of guards who did not come."""
    return [each for each in items(client, SUPPRESSIONS) if each["subject"] == "finding:NO_SHOW"]


@pytest.mark.usefixtures("worker")
def test_a_second_finding_of_a_kind_is_counted_in_the_ticket_of_the_first(
    live_server: LiveServer,
) -> None:
    with live_server.client() as field:
        put(field, "sites/S-01/", SITE)
        plan_shift(field, 1)
        plan_shift(field, 2)
        assert field.post(AUDITS, json={"kind": "comprehensive"}).status_code == 202
        assert within(SOON_S, lambda: len(no_shows(field)) == 1)
        (line,) = no_shows(field)
        assert line["muted_by"] == "deduplication"
        at = {"wait_for": line["position"]}
        ticket = field.get(f"{TICKETS}{line['muter_id']}/", params=at).json()["data"]
        assert (ticket["category"], ticket["assignee"]) == ("OPERATIONS", "supervisor")
        assert ticket["finding_id"] not in (None, line["subject_id"])
        assert line["later_ticket_id"] == ticket["ticket_id"]
        assert ticket["dedup_key"] == "finding/NO_SHOW/S-01"
        keys = [each["dedup_key"] for each in items(field, TICKETS)]
        assert keys.count(ticket["dedup_key"]) == 1


def test_a_silenced_alert_calls_nobody_until_the_silence_ends(live_server: LiveServer) -> None:
    with live_server.client() as field:
        enrol(field)
        wish = {
            "matcher": {"site_id": "S-01", "kinds": ["alert"]},
            "ends_at": (NOW + timedelta(hours=3)).isoformat(),
            "reason": "Drill",
        }
        silence_id = field.post(SILENCES, json=wish).json()["data"]["silence_id"]
        tampered(field)
        assert within(SOON_S, lambda: bool(items(field, SUPPRESSIONS)))
        (line,) = items(field, SUPPRESSIONS)
        assert (line["muted_by"], line["muter_id"]) == ("silence", silence_id)
        assert (line["subject"], line["assignee"]) == ("alert:tamper", "supervisor")
        assert line["later_ticket_id"] is None
        assert items(field, TICKETS) == []

        field.post(f"{SILENCES}{silence_id}/end/", json={"reason": "The drill is over"})
        assert within(SOON_S, lambda: bool(items(field, TICKETS)))
        (ticket,) = items(field, TICKETS)
        assert ticket["alert_id"] == line["subject_id"]
        verdict = {"reason": "CONFIRMED_NEGLIGENCE"}
        answer = field.post(f"{ALERTS}{line['subject_id']}/resolve/", json=verdict)
        assert answer.status_code == 200, answer.text
        assert within(SOON_S, lambda: items(field, SUPPRESSIONS)[0]["later_verdict"] is not None)
        (line,) = items(field, SUPPRESSIONS)
        assert line["later_ticket_id"] == ticket["ticket_id"]
        assert line["later_verdict"] == "CONFIRMED_NEGLIGENCE"


def test_a_maintenance_is_foreseen_over_a_clock_change_and_lets_go_when_cancelled(
    live_server: LiveServer,
) -> None:
    """London's clocks are changed within any half of a year, on a Sunday: all windows stay at 01:30
    on the wall, but the one that the clock skips, which begins at 02:30."""
    today = datetime.now(UTC).date()
    with live_server.client() as field:
        enrol(field)
        wish = {
            "site_id": "S-01",
            "weekdays": ["sunday"],
            "starts_at": "01:30",
            "duration_minutes": 60,
            "first_day": "2027-03-14" if today.year < 2027 else today.isoformat(),
            "last_day": "2027-04-18"
            if today.year < 2027
            else (today + timedelta(days=300)).isoformat(),
            "reason": "New firmware",
        }
        window_id = field.post(MAINTENANCE, json=wish).json()["data"]["window_id"]
        foreseen = items(field, f"{MAINTENANCE}{window_id}/occurrences/")
        spans = {
            datetime.fromisoformat(each["ends_at"]) - datetime.fromisoformat(each["starts_at"])
            for each in foreseen
        }
        assert spans == {timedelta(hours=1)}
        if today.year < 2027:
            assert [each["local_starts_at"] for each in foreseen] == [
                "2027-03-14T01:30:00Z",
                "2027-03-21T01:30:00Z",
                "2027-03-28T02:30:00+01:00",
                "2027-04-04T01:30:00+01:00",
                "2027-04-11T01:30:00+01:00",
                "2027-04-18T01:30:00+01:00",
            ]

        all_day = {**wish, "weekdays": WEEK, "starts_at": "00:00", "duration_minutes": 1_440}
        all_day |= {"first_day": (today - timedelta(days=1)).isoformat()}
        window_id = field.post(MAINTENANCE, json=all_day).json()["data"]["window_id"]
        tampered(field)
        assert within(SOON_S, lambda: bool(items(field, SUPPRESSIONS)))
        assert items(field, SUPPRESSIONS)[0]["muter_id"] == window_id
        assert items(field, TICKETS) == []
        over = field.post(f"{MAINTENANCE}{window_id}/cancel/", json={"reason": "Done"})
        assert over.status_code == 200, over.text
        assert within(SOON_S, lambda: bool(items(field, TICKETS)))


WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
