"""The doors of incidents and of what is correlated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import httpx

from tests.http.conftest import Opener
from tests.http.field import NOW, problem_in
from tests.live import LiveServer

INCIDENTS = "/api/v2/noc/incidents/"
CORRELATIONS = "/api/v2/noc/telemetry/correlations/"


def test_an_incident_is_seen_acknowledged_and_settled(
    operator: httpx.Client, open_incident: Opener
) -> None:
    incident, other = open_incident(), open_incident()
    path = f"{INCIDENTS}{incident}/"
    version = operator.get(path).json()["data"]["version"]
    stale = operator.post(f"{path}acknowledge/", json={}, headers={"If-Match": '"70"'})
    problem_in(stale, 412, "version.mismatch")
    seen = operator.post(f"{path}acknowledge/", json={}, headers={"If-Match": f'"{version}"'})
    assert seen.status_code == 200, seen.text
    link = {"other_incident_id": str(other), "reason": "The same van"}
    assert operator.post(f"{path}link/", json=link).status_code == 200
    assert operator.post(f"{path}link/", json=link).status_code == 200
    answer = operator.post(f"{path}resolve/", json={"resolution": "Charged again."})
    assert answer.status_code == 200, answer.text
    position = answer.json()["position"]
    told = operator.get(path, params={"wait_for": position}).json()["data"]
    assert told["status"] == "RESOLVED"
    assert told["acknowledged_by"].endswith("operator")
    assert told["links"] == [str(other)]
    assert [entry["type"] for entry in told["timeline"]][-3:] == [
        "incident.acknowledged",
        "incident.linked",
        "incident.resolved",
    ]
    reasons = {item["item"]["label"]: item["link"]["reasons"] for item in told["items"]}
    assert "the same guard G-001" in reasons["device offline"]
    over = operator.post(f"{path}acknowledge/", json={})
    problem_in(over, 409, "incident.over")


def test_an_incident_is_split_and_merged(
    operator: httpx.Client, open_incident: Opener, head: Callable[[], int]
) -> None:
    incident = open_incident()
    path = f"{INCIDENTS}{incident}/"
    row = operator.get(path, params={"wait_for": head()}).json()["data"]
    items, version = row["items"], row["version"]
    off = items[0]["item"]["id"]
    nothing = {"item_ids": [str(uuid4())], "reason": "x"}
    problem_in(operator.post(f"{path}split/", json=nothing), 409, "incident.item_unknown")
    both = {"item_ids": [item["item"]["id"] for item in items], "reason": "x"}
    problem_in(operator.post(f"{path}split/", json=both), 409, "incident.empty")
    none = {"item_ids": [], "reason": "x"}
    problem_in(operator.post(f"{path}split/", json=none), 422, "request.invalid")
    wish = {"item_ids": [off], "reason": "Another story", "new_incident_id": str(uuid4())}
    stale = operator.post(f"{path}split/", json=wish, headers={"If-Match": '"90"'})
    problem_in(stale, 412, "version.mismatch")
    answer = operator.post(f"{path}split/", json=wish, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == 200, answer.text
    made = answer.json()["data"]["new_incident_id"]
    assert made == wish["new_incident_id"]
    again = operator.post(f"{path}split/", json=wish)
    assert again.json()["data"] == {"new_incident_id": made, "position": None}
    told = operator.get(f"{INCIDENTS}{made}/", params={"wait_for": head()}).json()["data"]
    assert told["split_from"] == str(incident)
    assert [item["item"]["id"] for item in told["items"]] == [off]

    merge = {"into_incident_id": str(incident), "reason": "One story after all"}
    same = operator.post(f"{path}merge/", json=merge)
    problem_in(same, 409, "incident.same")
    unknown = {"into_incident_id": str(uuid4()), "reason": "x"}
    assert problem_in(operator.post(f"{path}merge/", json=unknown), 404, "item.unknown")
    merged = operator.post(f"{INCIDENTS}{made}/merge/", json=merge)
    assert merged.status_code == 200, merged.text
    told = operator.get(f"{INCIDENTS}{made}/", params={"wait_for": head()}).json()["data"]
    assert (told["status"], told["merged_into"]) == ("MERGED", str(incident))
    back = {"into_incident_id": made, "reason": "x"}
    problem_in(operator.post(f"{path}merge/", json=back), 409, "incident.over")


def test_incidents_are_listed_and_filtered(
    operator: httpx.Client, open_incident: Opener, head: Callable[[], int]
) -> None:
    north, south = open_incident("S-01"), open_incident("S-02")

    def listed(path: str, **query: str | int) -> list[str]:
        answer = operator.get(path, params={"wait_for": head(), **query})
        assert answer.status_code == 200, answer.text
        return [item["incident_id"] for item in answer.json()["data"]["items"]]

    for path in (INCIDENTS, CORRELATIONS):
        assert listed(path) == [str(south), str(north)]
        assert listed(path, site_id="S-01") == [str(north)]
        assert listed(path, person_id="G-009") == []
        assert listed(path, device_id="D-002", limit=1) == [str(south)]
    assert listed(INCIDENTS, status="RESOLVED") == []
    assert listed(INCIDENTS, severity="HIGH") == [str(south), str(north)]
    between, before = (NOW - timedelta(hours=hours) for hours in (3, 5))
    assert listed(CORRELATIONS, **{"from": between.isoformat()}) == [str(north)]
    assert listed(CORRELATIONS, to=between.isoformat()) == [str(south)]
    assert listed(CORRELATIONS, to=before.isoformat()) == []
    zoneless = operator.get(CORRELATIONS, params={"from": "2026-11-22T08:00:00"})
    assert problem_in(zoneless, 400, "request.invalid")["field"] == "from"
    turned = {"from": between.isoformat(), "to": before.isoformat()}
    answer = operator.get(CORRELATIONS, params=turned)
    assert problem_in(answer, 400, "request.invalid")["field"] == "from"


def test_what_belongs_together_is_answered_from_the_cache_until_an_incident_changes(
    operator: httpx.Client, open_incident: Opener, head: Callable[[], int]
) -> None:
    incident = open_incident()
    at = {"wait_for": head()}
    first, again = (operator.get(CORRELATIONS, params=at) for _ in range(2))
    assert (first.json()["cached"], again.json()["cached"]) == (False, True)
    assert again.json()["data"] == first.json()["data"]
    tag = {"If-None-Match": first.headers["etag"]}
    assert operator.get(CORRELATIONS, params=at, headers=tag).status_code == 304
    # Another question, or the same by somebody who sees other sites, has an answer of its own.
    assert operator.get(CORRELATIONS, params={"limit": 1}).json()["cached"] is False
    done = operator.post(f"{INCIDENTS}{incident}/acknowledge/", json={}).json()["position"]
    later = operator.get(CORRELATIONS, params={"wait_for": done}, headers=tag)
    assert (later.status_code, later.json()["cached"]) == (200, False)
    assert later.json()["position"] >= done
    assert later.json()["data"]["items"][0]["status"] == "ACKNOWLEDGED"


def test_who_may_only_look_may_not_work(
    live_server: LiveServer, operator: httpx.Client, open_incident: Opener
) -> None:
    incident = open_incident()
    with live_server.client(live_server.token("auditor")) as auditor:
        answer = auditor.post(f"{INCIDENTS}{incident}/acknowledge/", json={})
        assert answer.status_code == 403, answer.text
    unknown = operator.post(f"{INCIDENTS}{uuid4()}/acknowledge/", json={})
    problem_in(unknown, 404, "item.unknown")
