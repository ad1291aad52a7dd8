"""Low phone activity and a phone that goes offline, of the same guard, become a HIGH incident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from domain.catalogue import tag_of
from interfaces import wiring
from tests.http.field import DIRECTORY, SHIFT, SIGNALS, attendance, enrol_field, within
from tests.live import LiveServer

AUDITS = "/api/v2/noc/audits/"
INCIDENTS = "/api/v2/noc/incidents/"
CORRELATIONS = "/api/v2/noc/telemetry/correlations/"
SOON_S = 30.0


def phone(kind: str, at: datetime, **fields: Any) -> dict[str, Any]:
    """Return a signal of the guard's phone."""
    return {
        "kind": kind,
        "signal_id": uuid4().hex,
        "source": "gateway",
        "occurred_at": at.isoformat(),
        "device_id": "D-001",
        **fields,
    }


def listed(desk: httpx.Client, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = desk.get(INCIDENTS, params=query).json()["data"]["items"]
    return items


def with_both(desk: httpx.Client) -> list[dict[str, Any]]:
    """Return the open HIGH incidents of the guard that hold both things."""
    wanted = {"low phone activity", "device offline"}
    found = listed(desk, status="OPEN", severity="HIGH", person_id="G-001")
    return [row for row in found if wanted <= {each["item"]["label"] for each in row["items"]}]


def send(field: httpx.Client, *signals: dict[str, Any]) -> None:
    results = field.post(SIGNALS, json=list(signals)).json()["data"]["results"]
    assert [each["status"] for each in results] == ["accepted"] * len(signals), results


def audit(live_server: LiveServer, desk: httpx.Client) -> None:
    """Ask for an audit, and do in this process what a worker would."""
    asked = desk.post(AUDITS, json={"kind": "comprehensive", "site_id": "S-01"})
    assert asked.status_code == 202, asked.text
    run = wiring.use_cases(live_server.vedette)["audit"]
    run(live_server.tenant, UUID(asked.json()["data"]["audit_id"]), asked.json()["position"])


def test_low_phone_activity_and_a_lost_phone_become_an_incident(live_server: LiveServer) -> None:
    hour = timedelta(hours=1)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    quiet = now - 2 * hour  # the hour in which the phone was hardly used begins here
    shift = {
        **SHIFT,
        "starts_at": (quiet - hour).isoformat(),
        "ends_at": (now + 5 * hour).isoformat(),
    }
    with live_server.client() as field, live_server.client(live_server.token("operator")) as desk:
        enrol_field(field)
        planned = field.put(f"{DIRECTORY}/shifts/H-01/", json=shift)
        assert planned.status_code == 200, planned.text
        used = {"person_id": "G-001", "interval_s": 1_800}
        send(
            field,
            attendance(occurred_at=(quiet - hour).isoformat()),
            phone("phone_activity", quiet - hour / 2, interactions=40, **used),
            phone("phone_activity", quiet + hour / 2, interactions=1, **used),
        )
        audit(live_server, desk)

        # The gateway says neither whose phone it is nor where; the directory does.
        send(field, phone("device_status", quiet + hour / 2, status="offline"))
        assert within(SOON_S, lambda: bool(with_both(desk)))
        (incident,) = with_both(desk)
        assert incident["severity_rule"] == (
            "low phone activity and a lost device of the same guard"
        )
        things = {each["item"]["label"]: each for each in incident["items"]}
        reasons = things["device offline"]["link"]["reasons"]
        assert {"the same guard G-001", "at the same time"} <= {*reasons}
        found = desk.get(CORRELATIONS, params={"device_id": "D-001"}).json()["data"]["items"]
        assert incident["incident_id"] in [each["incident_id"] for each in found]

        path = f"{INCIDENTS}{incident['incident_id']}/"
        resolved = desk.post(f"{path}resolve/", json={"resolution": "The phone was charged."})
        position = resolved.json()["data"]["position"]
        story = desk.get(path, params={"wait_for": position}).json()["data"]
        assert story["status"] == "RESOLVED"
        log = live_server.vedette.log
        causes = [
            log.read(live_server.tenant, each["caused_by"] - 1, 1)[0]
            for each in story["timeline"][:-1]
        ]
        assert "device_status.recorded" in {tag_of(each.event) for each in causes}
