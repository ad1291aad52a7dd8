"""The doors of alerts: what people do with one, and with many at once."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
import pytest

from application.handling import handle
from domain.alert import ALERT, AlertKind, RaiseAlert, alert_stream
from domain.anomaly.facts import Metric
from domain.severity import Severity
from tests.http.conftest import Opener
from tests.http.field import NOW, problem_in
from tests.live import CAUSE, LiveServer

ALERTS = "/api/v2/noc/alerts/"


def test_an_alert_is_assigned_commented_resolved_and_reopened(
    operator: httpx.Client, raise_alert: Opener, head: Callable[[], int]
) -> None:
    alert = raise_alert()
    for wish, body in [
        ("acknowledge", {}),
        ("assign", {"assignee": "operator"}),
        ("comment", {"text": "Called the site."}),
        ("resolve", {"reason": "CONFIRMED_FRAUD"}),
        ("reopen", {"reason": "The camera showed somebody else"}),
    ]:
        answer = operator.post(f"{ALERTS}{alert}/{wish}/", json=body)
        assert answer.status_code == 200, answer.text
    told = operator.get(f"{ALERTS}{alert}/", params={"wait_for": head()}).json()["data"]
    assert (told["status"], told["assignee"], told["verdict"]) == ("OPEN", "operator", None)
    assert [entry["type"] for entry in told["timeline"]] == [
        "alert.raised",
        "alert.acknowledged",
        "alert.assigned",
        "alert.commented",
        "alert.resolved",
        "alert.reopened",
    ]
    taken_back = told["timeline"][-1]["data"]
    assert (taken_back["verdict"], taken_back["person_id"]) == ("CONFIRMED_FRAUD", "G-001")
    mine = operator.get(ALERTS, params={"assignee": "operator"}).json()["data"]["items"]
    assert [item["alert_id"] for item in mine] == [str(alert)]
    answer = operator.post(f"{ALERTS}{alert}/assign/", json={"assignee": "nobody"})
    assert problem_in(answer, 422, "user.unknown")["field"] == "$.assignee"
    stale = operator.post(
        f"{ALERTS}{alert}/comment/", json={"text": "x"}, headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 412


@pytest.fixture
def raise_anomaly(live_server: LiveServer) -> Opener:
    """Raise an alert of an anomaly, of a device that is at no site unless one is named."""

    def raise_(site_id: str | None = None) -> UUID:
        alert_id = uuid4()
        wish = RaiseAlert(
            alert_id=alert_id,
            kind=AlertKind.ANOMALY,
            dedup_key=f"anomaly/{alert_id}",
            severity=Severity.LOW,
            score=0.9,
            title="Look here",
            evidence=uuid4(),
            seen_at=NOW,
            site_id=site_id,
            device_id="D-001",
            metric=Metric.GPS_ACCURACY,
        )
        log = live_server.vedette.log
        handle(log, live_server.tenant, ALERT, alert_stream(alert_id), wish, CAUSE)
        return alert_id

    return raise_


def test_alerts_are_filtered_by_kind_metric_and_device(
    operator: httpx.Client, raise_alert: Opener, raise_anomaly: Opener, head: Callable[[], int]
) -> None:
    fraud, anomaly = raise_alert(), raise_anomaly()
    at = {"wait_for": head()}
    for wanted, found in [
        ({"kind": "fraud"}, fraud),
        ({"kind": "anomaly"}, anomaly),
        ({"metric": "gps_accuracy"}, anomaly),
        ({"device_id": "D-001"}, anomaly),
    ]:
        items = operator.get(ALERTS, params={**at, **wanted}).json()["data"]["items"]
        assert [item["alert_id"] for item in items] == [str(found)], wanted
        assert (items[0]["fraud_type"] is None) is (found == anomaly)
    wrong = operator.get(ALERTS, params={"metric": "luck"})
    assert problem_in(wrong, 400, "request.invalid")["field"] == "metric"


def test_whoever_is_limited_to_sites_sees_no_alert_without_one(
    live_server: LiveServer,
    machine: httpx.Client,
    raise_alert: Opener,
    raise_anomaly: Opener,
    head: Callable[[], int],
) -> None:
    north, nowhere = raise_alert("S-01"), raise_anomaly()
    wanted = {
        "name": "North",
        "roles": ["operator"],
        "site_scope": ["S-01"],
        "expires_at": "2126-11-22T00:00:00+00:00",
    }
    key = machine.post("/api/v2/noc/access/keys/", json=wanted).json()["data"]["key"]
    with live_server.client(key) as scoped:
        items = scoped.get(ALERTS, params={"wait_for": head()}).json()["data"]["items"]
        assert [item["alert_id"] for item in items] == [str(north)]
        problem_in(scoped.get(f"{ALERTS}{nowhere}/"), 404, "item.unknown")
        bulk = {"alert_ids": [str(nowhere), str(north)], "command": "acknowledge"}
        data = scoped.post(f"{ALERTS}bulk/", json=bulk).json()["data"]
        assert [result["status"] for result in data["results"]] == ["refused", "done"]


def test_many_alerts_are_worked_on_at_once_and_the_good_ones_are_kept(
    operator: httpx.Client, raise_alert: Opener, head: Callable[[], int]
) -> None:
    first, second, over, unknown = raise_alert(), raise_alert(), raise_alert(), uuid4()
    operator.post(f"{ALERTS}{over}/resolve/", json={"reason": "DUPLICATE"})
    operator.post(f"{ALERTS}{second}/acknowledge/", json={})
    ids = [str(each) for each in (first, unknown, over, second)]
    answer = operator.post(f"{ALERTS}bulk/", json={"alert_ids": ids, "command": "acknowledge"})
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["done"], data["unchanged"], data["refused"]) == (1, 1, 2)
    assert [result["alert_id"] for result in data["results"]] == ids
    codes = [result.get("problem", {}).get("code") for result in data["results"]]
    assert codes == [None, "item.unknown", "alert.over", None]
    assert data["results"][0]["position"] <= answer.json()["position"]
    resolve = {"alert_ids": ids[:1], "command": "resolve", "fields": {"reason": "DEVICE_FAULT"}}
    assert operator.post(f"{ALERTS}bulk/", json=resolve).json()["data"]["done"] == 1
    shown = operator.get(f"{ALERTS}{first}/", params={"wait_for": head()}).json()["data"]
    assert shown["verdict"] == "DEVICE_FAULT"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"alert_ids": []}, "$.alert_ids"),
        ({"alert_ids": [str(UUID(int=1))] * 201}, "$.alert_ids"),
        ({"command": "withdraw"}, "$.command"),
        ({"command": "resolve", "fields": {"reason": "BECAUSE"}}, "$.fields.reason"),
        ({"command": "comment"}, "$.fields.text"),
    ],
)
def test_a_bulk_wish_that_breaks_a_rule_is_refused_as_a_whole(
    operator: httpx.Client, changes: dict[str, object], field: str
) -> None:
    wish = {"alert_ids": [str(UUID(int=1))], "command": "acknowledge"} | changes
    answer = operator.post(f"{ALERTS}bulk/", json=wish)
    assert problem_in(answer, 422, "request.invalid")["field"] == field


def test_nobody_is_assigned_who_is_not_there(operator: httpx.Client, raise_alert: Opener) -> None:
    wish = {
        "alert_ids": [str(raise_alert())],
        "command": "assign",
        "fields": {"assignee": "nobody"},
    }
    answer = operator.post(f"{ALERTS}bulk/", json=wish)
    assert problem_in(answer, 422, "user.unknown")["field"] == "$.fields.assignee"
