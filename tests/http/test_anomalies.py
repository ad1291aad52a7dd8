"""The doors of anomalies and baselines: what is normal, what was not, and what late signals say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from tests.http.field import SIGNALS, enrol_field, problem_in, within
from tests.live import LiveServer

ANOMALIES = "/api/v2/noc/anomalies/"
BASELINES = "/api/v2/noc/baselines/"
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def fixes(days_ago: int, hour: int, accuracies_m: list[float], minute: int = 0) -> list[Any]:
    """Return locations of G-001 in one hour, five minutes apart."""
    began = TODAY - timedelta(days=days_ago) + timedelta(hours=hour, minutes=minute)
    return [
        {
            "kind": "location",
            "signal_id": uuid4().hex,
            "source": "phone-app",
            "occurred_at": (began + timedelta(minutes=5 * number)).isoformat(),
            "person_id": "G-001",
            "device_id": "D-001",
            "site_id": "S-01",
            "latitude": 51.5,
            "longitude": -0.12,
            "gps_accuracy_m": accuracy_m,
        }
        for number, accuracy_m in enumerate(accuracies_m)
    ]


def post(machine: httpx.Client, signals: list[Any]) -> int:
    answer = machine.post(SIGNALS, json=signals)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["data"]["results"]
    assert {each["status"] for each in results} == {"accepted"}
    return max(int(each["position"]) for each in results)


def test_an_hour_of_bad_positions_is_an_anomaly_until_late_signals_say_otherwise(
    machine: httpx.Client, operator: httpx.Client, head: Callable[[], int]
) -> None:
    enrol_field(machine)
    usual = [
        signal
        for day in range(6, 1, -1)
        for hour in range(8, 16)
        for signal in fixes(day, hour, [9.0 + hour % 3, 10.0, 11.0])
    ]
    post(machine, usual)
    position = post(machine, fixes(1, 10, [80.0, 90.0, 85.0]))
    baseline = operator.get(
        BASELINES,
        params={
            "subject_kind": "person",
            "subject_id": "G-001",
            "metric": "gps_accuracy",
            "at": (TODAY - timedelta(days=1) + timedelta(hours=10)).isoformat(),
            "wait_for": position,
        },
    )
    assert baseline.status_code == 200, baseline.text
    (shown,) = baseline.json()["data"]["items"]
    assert shown["status"] == "JUDGES"
    assert (shown["bucket"], shown["count"], shown["inherited"]) == ("subject", 40, False)
    assert (shown["threshold"], shown["threshold_reason"]) == (3.0, "default")
    assert 9.5 < shown["mean"] < 10.5
    assert shown["buckets"][0]["bucket"] == "subject"
    query: dict[str, str | int] = {"metric": "gps_accuracy", "wait_for": head()}
    (anomaly,) = operator.get(ANOMALIES, params=query).json()["data"]["items"]
    assert anomaly["status"] == "STANDING"
    assert (anomaly["person_id"], anomaly["site_id"]) == ("G-001", "S-01")
    measured = anomaly["measured"]
    assert measured["value"] == 85.0
    assert abs(measured["mean"] - shown["mean"]) < 1e-9
    assert len(measured["signals"]) == 3
    assert "actual 85 m" in measured["explanation"]
    post(machine, fixes(1, 10, [10.0] * 6, minute=20))

    def now_shown() -> dict[str, Any]:
        shown: dict[str, Any] = operator.get(f"{ANOMALIES}{anomaly['anomaly_id']}/").json()["data"]
        return shown

    assert within(20, lambda: now_shown()["status"] == "WITHDRAWN"), "Nothing was withdrawn."
    withdrawn = now_shown()
    types = [entry["type"] for entry in withdrawn["timeline"]]
    assert types == ["anomaly.detected", "anomaly.withdrawn"]


def test_a_lower_threshold_is_tried_over_what_was_recorded_and_nothing_comes_of_it(
    machine: httpx.Client, operator: httpx.Client, head: Callable[[], int]
) -> None:
    enrol_field(machine)
    usual = [
        signal
        for day in range(6, 1, -1)
        for hour in range(8, 16)
        for signal in fixes(day, hour, [9.0 + hour % 3, 10.0, 11.0])
    ]
    odd = fixes(1, 11, [12.5, 12.5, 12.5])
    position = post(machine, [*usual, *odd, *fixes(1, 12, [10.0])])
    judged: dict[str, str | int] = {
        "subject_kind": "person",
        "subject_id": "G-001",
        "wait_for": position,
    }
    assert operator.get(BASELINES, params=judged).status_code == 200
    before = head()
    asked = {"family": "gps_accuracy", "threshold": 2.0, "days": 6}
    answer = machine.post(f"{BASELINES}thresholds/simulate/", json=asked).json()["data"]
    assert (answer["anomalies_before"], answer["anomalies_gained"]) == (0, 1)
    assert (answer["gains_since"], answer["windows_rejudged"]) == (answer["since"], 41)
    (gained,) = answer["gained"]
    assert (gained["subject_id"], gained["value"], gained["threshold"]) == ("G-001", 12.5, 2.0)
    assert gained["explanation"].startswith("actual 12.5 m")
    assert len(gained["signals"]) == len(odd)
    assert head() == before


def test_too_little_history_is_an_answer(machine: httpx.Client, operator: httpx.Client) -> None:
    enrol_field(machine)
    position = post(machine, fixes(1, 10, [10.0]))
    query: dict[str, str | int] = {
        "subject_kind": "person",
        "subject_id": "G-001",
        "wait_for": position,
    }
    items = operator.get(BASELINES, params=query).json()["data"]["items"]
    assert {item["status"] for item in items} == {"NOT_ENOUGH_HISTORY"}
    assert {item["mean"] for item in items} == {None}
    at_site: dict[str, str | int] = {
        "subject_kind": "site",
        "subject_id": "S-01",
        "wait_for": position,
    }
    metrics = [
        item["metric"] for item in operator.get(BASELINES, params=at_site).json()["data"]["items"]
    ]
    assert metrics == ["site_signals", "task_completions"]


def test_what_nobody_knows_and_what_is_asked_wrongly(
    operator: httpx.Client, live_server: LiveServer
) -> None:
    unknown = {"subject_kind": "person", "subject_id": "G-404"}
    problem_in(operator.get(BASELINES, params=unknown), 404, "item.unknown")
    wrong = operator.get(BASELINES, params={"subject_kind": "cat", "subject_id": "G-1"})
    assert problem_in(wrong, 400, "request.invalid")["field"] == "subject_kind"
    problem_in(operator.get(BASELINES), 400, "request.invalid")
    problem_in(operator.get(f"{ANOMALIES}{uuid4()}/"), 404, "item.unknown")
    assert operator.get(ANOMALIES).json()["data"]["items"] == []
    with live_server.client("nobody") as stranger:
        assert stranger.get(ANOMALIES).status_code == 401
