"""Verdicts that alerts were false raise the threshold to 4.0, and what called before calls no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.http.field import DIRECTORY, SIGNALS, SITE, attendance, within
from tests.live import LiveServer

GUARDS = 21  # with fewer than 20 verdicts no threshold is moved
DAYS = 6  # all of them young enough to teach
USUAL = timedelta(minutes=16)  # before now: 3.2 deviations of 5 minutes
ALERTS = "/api/v2/noc/alerts/"
ANOMALIES = "/api/v2/noc/anomalies/"
BASELINES = "/api/v2/noc/baselines/"
JOBS = "/api/v2/noc/jobs/"
FAMILY = f"{BASELINES}thresholds/check_in_time/"
SOON_S = 60.0  # on a busy machine


def enrol(field: httpx.Client) -> None:
    """State a site and its guards with their phones."""
    put(field, "sites/S-01/", {**SITE, "time_zone": "UTC"})
    for number in range(GUARDS):
        put(field, f"persons/G-{number}/", {"name": f"Guard {number}", "site_id": "S-01"})
        put(field, f"devices/D-{number}/", {"kind": "phone", "person_id": f"G-{number}"})


def put(field: httpx.Client, path: str, content: dict[str, Any]) -> None:
    assert field.put(f"{DIRECTORY}/{path}", json=content).status_code == 200


def check_ins(at: datetime) -> list[dict[str, Any]]:
    """Return a check-in of every guard at a moment."""
    return [
        attendance(occurred_at=at.isoformat(), person_id=f"G-{number}", device_id=f"D-{number}")
        for number in range(GUARDS)
    ]


def post(field: httpx.Client, signals: list[dict[str, Any]]) -> int:
    """Hand signals in; return the position that the log reached."""
    answer = field.post(SIGNALS, json=signals)
    assert answer.json()["data"]["accepted"] == len(signals), answer.text
    position: int = answer.json()["position"]
    return position


def listed(desk: httpx.Client, path: str) -> list[dict[str, Any]]:
    """Return what stands of unusual check-in times."""
    items = desk.get(path, params={"limit": 200}).json()["data"]["items"]
    return [each for each in items if each["metric"] == "check_in_time"]


def resolve(desk: httpx.Client, alerts: list[dict[str, Any]]) -> None:
    """Say of alerts that they were false."""
    wish = {
        "alert_ids": [each["alert_id"] for each in alerts],
        "command": "resolve",
        "fields": {"reason": "FALSE_POSITIVE_LOGIC", "comment": "The bus is late these days."},
    }
    answer = desk.post(f"{ALERTS}bulk/", json=wish)
    assert answer.json()["data"]["done"] == GUARDS, answer.text


def judged(server: LiveServer, position: int) -> bool:
    """Tell whether everything up to a position was judged, and alerts raised for it."""
    wanted = {"judge-baselines-whenever-signals-recorded", "raise-alert-whenever-anomaly-detected"}
    standings = server.vedette.operations.followers(server.tenant)
    reached = {each.follower for each in standings if each.position >= position}
    return wanted <= reached


@pytest.mark.usefixtures("worker")
def test_false_verdicts_raise_a_threshold_and_call_for_fewer(live_server: LiveServer) -> None:
    now = datetime.now(UTC)
    usual = [
        signal
        for day in range(DAYS, 0, -1)
        for minute in range(-2, 3)
        for signal in check_ins(now - USUAL - timedelta(days=day, minutes=minute))
    ]
    scientist = live_server.token("data_scientist")
    with (
        live_server.client() as field,
        live_server.client(live_server.token("supervisor")) as desk,
        live_server.client(scientist) as laboratory,
    ):
        enrol(field)
        post(field, usual)
        post(field, check_ins(now))
        assert within(SOON_S, lambda: len(listed(desk, ALERTS)) == GUARDS)
        alerts = listed(desk, ALERTS)
        assert {each["kind"] for each in alerts} == {"anomaly"}
        # The anomalies are on a board of their own, which may come later.
        assert within(SOON_S, lambda: bool(listed(desk, ANOMALIES)))
        anomaly = listed(desk, ANOMALIES)[0]["measured"]
        assert anomaly["threshold"] == 3.0
        assert 3.0 < anomaly["z"] < 4.0
        resolve(desk, alerts)

        asked = laboratory.post(f"{JOBS}tuning/", json={"days": 30})
        assert asked.status_code == 202, asked.text
        tuned_at_last = within(
            SOON_S, lambda: laboratory.get(FAMILY).json()["data"]["threshold"] == 4.0
        )
        assert tuned_at_last
        threshold = laboratory.get(FAMILY).json()["data"]
        assert threshold["reason"] == "false_positives"
        assert threshold["row"]["expires_at"] is not None
        (tuned,) = threshold["timeline"]
        assert (tuned["type"], tuned["actor"]) == ("baseline.threshold_tuned", "system:tuner")
        assert tuned["caused_by"] == asked.json()["data"]["position"]
        decided = {name: tuned["data"][name] for name in ("verdicts", "false_positives", "rate")}
        assert decided == {"verdicts": GUARDS, "false_positives": GUARDS, "rate": 1.0}
        assert (tuned["data"]["previous"], tuned["data"]["threshold"]) == (3.0, 4.0)

        later = datetime.now(UTC)
        position = post(field, check_ins(later))
        assert within(SOON_S, lambda: judged(live_server, position))
        head = live_server.vedette.log.head(live_server.tenant).position
        assert within(SOON_S, lambda: judged(live_server, head))
        assert desk.get(ALERTS, params={"wait_for": head}).status_code == 200
        assert {each["alert_id"] for each in listed(desk, ALERTS)} == {
            each["alert_id"] for each in alerts
        }
        assert {each["status"] for each in listed(desk, ALERTS)} == {"RESOLVED"}
        query = {
            "subject_kind": "person",
            "subject_id": "G-0",
            "metric": "check_in_time",
            "at": later.isoformat(),
        }
        (baseline,) = desk.get(BASELINES, params=query).json()["data"]["items"]
        assert (baseline["threshold"], baseline["threshold_reason"]) == (4.0, "false_positives")
        # The same lateness lies between the two thresholds.
        deviations = (later - now + USUAL) / timedelta(minutes=5)
        assert 3.0 < deviations < 4.0
