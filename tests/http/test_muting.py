"""The muting doors: silences, maintenances and the ledger, within the rules and the sites of the caller."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.access import Role
from tests.http.field import enrol_field, problem_in
from tests.live import CAUSE, LiveServer

SILENCES, MAINTENANCE = "/api/v2/noc/silences/", "/api/v2/noc/maintenance/"
SUPPRESSIONS = "/api/v2/noc/suppressions/"


def moment(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def silence(**changes: Any) -> dict[str, Any]:
    return {
        "matcher": {"site_id": "S-01"},
        "ends_at": moment(2),
        "reason": "Drill",
        **changes,
    }


def work(**changes: Any) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    return {
        "site_id": "S-01",
        "weekdays": ["sunday", "monday"],
        "starts_at": "01:30",
        "duration_minutes": 60,
        "last_day": (today + timedelta(days=300)).isoformat(),
        "reason": "Work",
        **changes,
    }


def test_a_silence_is_started_shown_and_ended(
    machine: httpx.Client, operator: httpx.Client
) -> None:
    enrol_field(machine)
    answer = operator.post(SILENCES, json=silence())
    assert answer.status_code == 201, answer.text
    begun = answer.json()["data"]
    assert begun["position"] == answer.json()["position"]
    path = f"{SILENCES}{begun['silence_id']}/"
    shown = operator.get(path, params={"wait_for": begun["position"]}).json()["data"]
    assert (shown["status"], shown["author"]) == ("RUNNING", "user:operator")
    assert (shown["matcher"]["site_id"], shown["reason"]) == ("S-01", "Drill")
    (listed,) = operator.get(SILENCES, params={"status": "RUNNING"}).json()["data"]["items"]
    assert listed == shown
    ended = operator.post(f"{path}end/", json={"reason": "Over"}).json()["data"]
    assert ended["position"] is not None
    again = operator.post(f"{path}end/", json={"reason": "Over"}).json()["data"]
    assert again["position"] is None
    shown = operator.get(path, params={"wait_for": ended["position"]}).json()["data"]
    assert (shown["status"], shown["ended_by"], shown["end_reason"]) == (
        "ENDED",
        "user:operator",
        "Over",
    )


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"matcher": {}}, "silence.matches_everything", "$.matcher"),
        ({"ends_at": moment(-1)}, "silence.no_time", "$.ends_at"),
        ({"ends_at": moment(31 * 24)}, "silence.too_long", "$.ends_at"),
        (
            {"starts_at": moment(31 * 24), "ends_at": moment(32 * 24)},
            "silence.too_far_away",
            "$.starts_at",
        ),
        ({"matcher": {"site_id": "S-99"}}, "muting.unknown", "$.matcher.site_id"),
        (
            {"matcher": {"kinds": ["alert", "finding:NO_SHAW"]}},
            "muting.kind_unknown",
            "$.matcher.kinds[1]",
        ),
        ({"matcher": {"kinds": ["No good"]}}, "request.invalid", "$.matcher.kinds[0]"),
        ({"reason": ""}, "request.invalid", "$.reason"),
        ({"ends_at": "2026-11-23T08:00:00"}, "request.invalid", "$.ends_at"),
    ],
)
def test_a_silence_that_breaks_a_rule_is_refused_with_its_field(
    machine: httpx.Client, change: dict[str, Any], code: str, field: str
) -> None:
    enrol_field(machine)
    found = problem_in(machine.post(SILENCES, json=silence(**change)), 422, code)
    assert found["field"] == field


def test_a_maintenance_is_planned_foreseen_and_cancelled(
    machine: httpx.Client, operator: httpx.Client
) -> None:
    enrol_field(machine)
    answer = operator.post(MAINTENANCE, json=work())
    assert answer.status_code == 201, answer.text
    begun = answer.json()["data"]
    path = f"{MAINTENANCE}{begun['window_id']}/"
    shown = operator.get(path, params={"wait_for": begun["position"]}).json()["data"]
    assert (shown["status"], shown["weekdays"]) == ("PLANNED", ["monday", "sunday"])
    (listed,) = operator.get(MAINTENANCE, params={"site_id": "S-01"}).json()["data"]["items"]
    assert listed == shown
    foreseen = operator.get(f"{path}occurrences/").json()["data"]["items"]
    assert len(foreseen) == 10
    assert all("T01:30:00" in each["local_starts_at"] for each in foreseen)
    cancelled = operator.post(f"{path}cancel/", json={"reason": "Done"}).json()["data"]
    shown = operator.get(path, params={"wait_for": cancelled["position"]}).json()["data"]
    assert (shown["status"], shown["cancel_reason"]) == ("CANCELLED", "Done")
    assert operator.get(f"{path}occurrences/").json()["data"]["items"] == []


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"last_day": "2020-01-01"}, "maintenance.no_window", "$.last_day"),
        ({"last_day": "2099-01-01"}, "maintenance.too_long", "$.last_day"),
        ({"first_day": "2026-02-30"}, "maintenance.no_day", "$.first_day"),
        ({"site_id": "S-99"}, "muting.unknown", "$.site_id"),
        ({"kinds": ["alert:smoke"]}, "muting.kind_unknown", "$.kinds[0]"),
        ({"weekdays": []}, "request.invalid", "$.weekdays"),
        ({"starts_at": "25:00"}, "request.invalid", "$.starts_at"),
        ({"duration_minutes": 1_441}, "request.invalid", "$.duration_minutes"),
    ],
)
def test_a_maintenance_that_breaks_a_rule_is_refused_with_its_field(
    machine: httpx.Client, change: dict[str, Any], code: str, field: str
) -> None:
    enrol_field(machine)
    found = problem_in(machine.post(MAINTENANCE, json=work(**change)), 422, code)
    assert found["field"] == field


def test_who_is_limited_to_a_site_mutes_and_sees_there_alone(
    live_server: LiveServer, machine: httpx.Client
) -> None:
    enrol_field(machine)
    key = live_server.vedette.access.issue_key(
        live_server.tenant,
        name="South",
        roles=(Role.OPERATOR,),
        expires_at=datetime.now(UTC) + timedelta(days=1),
        site_scope=("S-02",),
        cause=CAUSE,
    )
    started = machine.post(SILENCES, json=silence()).json()["data"]
    planned = machine.post(MAINTENANCE, json=work()).json()["data"]
    with live_server.client(key.text) as south:
        for wish in (silence(), silence(matcher={"person_id": "G-001"})):
            problem_in(south.post(SILENCES, json=wish), 404, "item.unknown")
        problem_in(south.post(MAINTENANCE, json=work()), 404, "item.unknown")
        end = f"{SILENCES}{started['silence_id']}/"
        cancel = f"{MAINTENANCE}{planned['window_id']}/"
        problem_in(south.post(f"{end}end/", json={"reason": "x"}), 404, "item.unknown")
        problem_in(south.post(f"{cancel}cancel/", json={"reason": "x"}), 404, "item.unknown")
        problem_in(south.get(f"{cancel}occurrences/"), 404, "item.unknown")
        wait = {"wait_for": planned["position"]}
        for path in (end, cancel):
            problem_in(south.get(path, params=wait), 404, "item.unknown")
        for path in (SILENCES, MAINTENANCE, SUPPRESSIONS):
            assert south.get(path, params=wait).json()["data"]["items"] == []


def test_what_was_never_begun_cannot_be_ended(machine: httpx.Client) -> None:
    reason = {"reason": "x"}
    silence_path, plan_path = f"{SILENCES}{uuid4()}/", f"{MAINTENANCE}{uuid4()}/"
    problem_in(machine.post(f"{silence_path}end/", json=reason), 404, "silence.unknown")
    problem_in(machine.post(f"{plan_path}cancel/", json=reason), 404, "maintenance.unknown")
    problem_in(machine.get(f"{plan_path}occurrences/"), 404, "maintenance.unknown")


def test_an_auditor_looks_and_mutes_nothing(live_server: LiveServer, machine: httpx.Client) -> None:
    enrol_field(machine)
    with live_server.client(live_server.token("auditor")) as auditor:
        assert auditor.get(SUPPRESSIONS).status_code == 200
        problem_in(auditor.post(SILENCES, json=silence()), 403, "capability.missing")
