"""The doors of jobs and thresholds: asked for, seen, decided, and closed to whom they are closed."""

from __future__ import annotations

from uuid import uuid4

import httpx

from tests.live import LiveServer

JOBS = "/api/v2/noc/jobs/"
THRESHOLDS = "/api/v2/noc/baselines/thresholds/"
WHY = {"reason": "Works next door"}


def ask(client: httpx.Client, job: str, body: dict[str, object]) -> dict[str, str]:
    answer = client.post(f"{JOBS}{job}/", json=body)
    assert answer.status_code == 202, answer.text
    asked: dict[str, str] = answer.json()["data"]
    return asked


def test_every_job_can_be_asked_for_and_is_seen_with_who_asked(
    machine: httpx.Client, live_server: LiveServer
) -> None:
    asked = {
        "verification": ask(machine, "verification", {}),
        "tuning": ask(machine, "tuning", {"days": 14}),
        "audit": ask(machine, "audit", {"kind": "heartbeat"}),
    }
    wait_for = asked["audit"]["position"]
    for name, job in asked.items():
        listed = machine.get(JOBS, params={"job": name, "status": "open", "wait_for": wait_for})
        (item,) = listed.json()["data"]["items"]
        assert (item["job_id"], item["state"], item["attempts"]) == (job["job_id"], "open", [])
        assert item["requested_by"].startswith("key:")
        one = machine.get(f"{JOBS}{job['job_id']}/", params={"wait_for": wait_for})
        assert one.json()["data"] == item
    one = machine.get(f"{JOBS}{asked['tuning']['job_id']}/").json()["data"]
    assert one["asked"]["days"] == 14


def test_jobs_are_for_those_who_may_and_for_nobody_elses_tenant(
    machine: httpx.Client, operator: httpx.Client
) -> None:
    assert operator.get(JOBS).status_code == 403
    assert operator.post(f"{JOBS}tuning/", json={}).status_code == 403
    assert machine.get(f"{JOBS}{uuid4()}/").status_code == 404
    assert machine.post(f"{JOBS}tuning/", json={"days": 0}).status_code == 422
    refused = machine.post(f"{JOBS}tuning/", json={"weeks": 1})
    assert refused.json()["code"] == "request.invalid"


def test_a_threshold_is_pinned_seen_and_released(machine: httpx.Client) -> None:
    family = f"{THRESHOLDS}gps_accuracy/"
    never = machine.get(family).json()["data"]
    assert (never["threshold"], never["reason"], never["timeline"]) == (None, "default", [])
    pinned = machine.post(f"{family}pin/", json={"threshold": 3.5, **WHY})
    position = pinned.json()["data"]["position"]
    listed = machine.get(THRESHOLDS, params={"wait_for": position}).json()["data"]["items"]
    assert len(listed) == 9
    (shown,) = [each for each in listed if each["family"] == "gps_accuracy"]
    assert (shown["threshold"], shown["reason"]) == (3.5, "pinned")
    assert shown["because"] == "Works next door"
    again = machine.post(f"{family}pin/", json={"threshold": 3.5, **WHY})
    assert again.json()["data"]["position"] is None
    late = machine.post(f"{family}release/", json=WHY, headers={"If-Match": "7"})
    assert late.status_code == 412
    released = machine.post(f"{family}release/", json=WHY).json()["position"]
    one = machine.get(family, params={"wait_for": released}).json()["data"]
    assert (one["threshold"], one["reason"]) == (None, "default")
    assert [each["type"] for each in one["timeline"]] == [
        "baseline.threshold_pinned",
        "baseline.threshold_released",
    ]


def test_what_nobody_tuned_cannot_be_reverted_and_what_is_no_family_is_not_there(
    machine: httpx.Client, operator: httpx.Client
) -> None:
    refused = machine.post(f"{THRESHOLDS}site_signals/revert/", json=WHY)
    assert (refused.status_code, refused.json()["code"]) == (409, "threshold.not_tuned")
    assert machine.get(f"{THRESHOLDS}moods/").status_code == 404
    assert machine.post(f"{THRESHOLDS}moods/revert/", json=WHY).status_code == 404
    too_low = machine.post(f"{THRESHOLDS}site_signals/pin/", json={"threshold": 0.1, **WHY})
    assert (too_low.status_code, too_low.json()["field"]) == (422, "$.threshold")
    assert operator.get(THRESHOLDS).status_code == 200
    assert operator.post(f"{THRESHOLDS}site_signals/release/", json=WHY).status_code == 403


def test_a_simulation_answers_and_changes_nothing(
    machine: httpx.Client, live_server: LiveServer
) -> None:
    before = live_server.vedette.log.head(live_server.tenant).position
    body = {"family": "geofence_distance", "threshold": 4.0, "days": 30}
    higher = machine.post(f"{THRESHOLDS}simulate/", json=body).json()["data"]
    assert (higher["anomalies_before"], higher["anomalies_gained"]) == (0, 0)
    lower = machine.post(f"{THRESHOLDS}simulate/", json={**body, "threshold": 2.0}).json()["data"]
    assert (lower["anomalies_gained"], lower["windows_rejudged"]) == (0, 0)
    assert lower["gains_since"] > lower["since"]
    assert live_server.vedette.log.head(live_server.tenant).position == before
