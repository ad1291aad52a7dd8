"""The doors of alerts and of fraud scores."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import httpx

from tests.http.conftest import Opener
from tests.http.field import SIGNALS, attendance, enrol_field, problem_in
from tests.live import LiveServer

ALERTS = "/api/v2/noc/alerts/"
SCORES = "/api/v2/noc/fraud/scores/live/"


def test_an_alert_is_seen_acknowledged_and_given_a_verdict(
    operator: httpx.Client, raise_alert: Opener
) -> None:
    alert = raise_alert()
    seen = operator.post(f"{ALERTS}{alert}/acknowledge/", json={})
    assert seen.status_code == 200, seen.text
    verdict = {"reason": "BENIGN_EXPECTED", "comment": "A drill."}
    resolved = operator.post(f"{ALERTS}{alert}/resolve/", json=verdict)
    assert resolved.status_code == 200, resolved.text
    position = resolved.json()["position"]
    told = operator.get(f"{ALERTS}{alert}/", params={"wait_for": position}).json()["data"]
    assert told["verdict"] == "BENIGN_EXPECTED"
    assert told["acknowledged_by"].endswith("operator")
    types = [entry["type"] for entry in told["timeline"]]
    assert types[0] == "alert.raised"
    assert types[-1] == "alert.resolved"
    over = operator.post(f"{ALERTS}{alert}/acknowledge/", json={})
    assert over.status_code in (200, 409)


def test_a_verdict_is_one_of_the_reasons(operator: httpx.Client, raise_alert: Opener) -> None:
    path = f"{ALERTS}{raise_alert()}/resolve/"
    answer = operator.post(path, json={"reason": "BECAUSE"})
    assert problem_in(answer, 422, "request.invalid")["field"] == "$.reason"
    missing = operator.post(path, json={"comment": "x"})
    assert problem_in(missing, 422, "request.invalid")["field"] == "$.reason"


def test_an_unknown_alert_is_unknown(operator: httpx.Client) -> None:
    problem_in(operator.get(f"{ALERTS}{uuid4()}/"), 404, "item.unknown")
    answer = operator.post(f"{ALERTS}{uuid4()}/acknowledge/", json={})
    problem_in(answer, 404, "item.unknown")


def test_alerts_are_listed_and_filtered(
    operator: httpx.Client, raise_alert: Opener, head: Callable[[], int]
) -> None:
    north, south = raise_alert("S-01"), raise_alert("S-02")
    everywhere = operator.get(ALERTS, params={"wait_for": head()}).json()["data"]["items"]
    assert [item["alert_id"] for item in everywhere] == [str(south), str(north)]
    at_north = operator.get(ALERTS, params={"site_id": "S-01"}).json()["data"]["items"]
    assert [item["alert_id"] for item in at_north] == [str(north)]
    wrong = operator.get(ALERTS, params={"severity": "BAD"})
    assert problem_in(wrong, 400, "request.invalid")["field"] == "severity"


def test_scores_come_newest_first_above_the_minimum(
    machine: httpx.Client, operator: httpx.Client
) -> None:
    enrol_field(machine)
    calm = machine.post(SIGNALS, json=attendance()).json()["position"]
    listed = operator.get(SCORES, params={"wait_for": calm + 1, "minimum": 0})
    assert listed.status_code == 200, listed.text
    risk = machine.post(SIGNALS, json=attendance(latitude=53.5)).json()["position"]
    listed = operator.get(SCORES, params={"wait_for": risk + 1, "minimum": 0})
    everything = listed.json()["data"]["items"]
    assert len(everything) == 2
    risky = operator.get(SCORES).json()["data"]["items"]
    assert [score["attendance"] for score in risky] == [everything[0]["attendance"]]
    assert risky[0]["probability"] >= 0.8
    assert risky[0]["reasons"][0]["text"]
    assert operator.get(SCORES, params={"person_id": "G-999"}).json()["data"]["items"] == []
    for minimum in ("2", "-1", "high"):
        wrong = operator.get(SCORES, params={"minimum": minimum})
        assert problem_in(wrong, 400, "request.invalid")["field"] == "minimum"


def test_scores_are_answered_from_the_cache_until_a_score_changes(
    live_server: LiveServer, machine: httpx.Client, operator: httpx.Client
) -> None:
    enrol_field(machine)
    risk = machine.post(SIGNALS, json=attendance(latitude=53.5)).json()["position"]
    at = {"wait_for": risk + 1}
    first, again = (operator.get(SCORES, params=at) for _ in range(2))
    assert (first.json()["cached"], again.json()["cached"]) == (False, True)
    assert again.json()["data"] == first.json()["data"]
    tag = {"If-None-Match": first.headers["etag"]}
    assert operator.get(SCORES, params=at, headers=tag).status_code == 304
    # Another question, or the same by somebody who sees other sites, has an answer of its own.
    assert operator.get(SCORES, params={**at, "minimum": 0}).json()["cached"] is False
    wanted = {
        "name": "Elsewhere",
        "roles": ["operator"],
        "site_scope": ["S-99"],
        "expires_at": "2126-11-22T00:00:00+00:00",
    }
    key = machine.post("/api/v2/noc/access/keys/", json=wanted).json()["data"]["key"]
    with live_server.client(key) as elsewhere:
        theirs = elsewhere.get(SCORES, params=at, headers=tag).json()
    assert (theirs["cached"], theirs["data"]["items"]) == (False, [])
    next_one = machine.post(SIGNALS, json=attendance(latitude=54.5)).json()["position"]
    later = operator.get(SCORES, params={"wait_for": next_one + 1}, headers=tag)
    assert (later.status_code, later.json()["cached"]) == (200, False)
    assert later.json()["position"] > next_one
    assert len(later.json()["data"]["items"]) == len(first.json()["data"]["items"]) + 1
