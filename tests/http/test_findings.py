"""The doors of findings and audits: asked for, done by a worker, looked at, worked on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from interfaces import wiring
from tests.http.field import DIRECTORY, NOW, PERSON, SITE, problem_in, within
from tests.live import LiveServer

AUDITS = "/api/v2/noc/audits/"
FINDINGS = "/api/v2/noc/findings/"
WISH = {"kind": "comprehensive", "site_id": "S-01"}


@pytest.fixture
def missed_shift(machine: httpx.Client) -> None:
    """A shift of an hour, three hours ago, to which nobody came."""
    for path, content in (("sites/S-01/", SITE), ("persons/G-001/", PERSON)):
        assert machine.put(f"{DIRECTORY}/{path}", json=content).status_code == 200
    shift = {
        "site_id": "S-01",
        "person_id": "G-001",
        "role": "guard",
        "starts_at": (NOW - timedelta(hours=3)).isoformat(),
        "ends_at": (NOW - timedelta(hours=2)).isoformat(),
    }
    assert machine.put(f"{DIRECTORY}/shifts/H-02/", json=shift).status_code == 200


def done(server: LiveServer, asked: httpx.Response) -> dict[str, Any]:
    """Do an audit as a worker does; return what was answered to who asked for it."""
    assert asked.status_code == 202, asked.text
    answer: dict[str, Any] = asked.json()["data"]
    work = wiring.use_cases(server.vedette)["audit"]
    work(server.tenant, UUID(answer["audit_id"]), answer["position"])
    return answer


@pytest.mark.usefixtures("missed_shift")
def test_an_audit_finds_a_missed_shift_and_people_say_what_it_was(
    live_server: LiveServer, operator: httpx.Client
) -> None:
    asked = done(live_server, operator.post(AUDITS, json=WISH))
    head = live_server.vedette.log.head(live_server.tenant).position
    audit = operator.get(f"{AUDITS}{asked['audit_id']}/", params={"wait_for": head}).json()["data"]
    assert (audit["status"], audit["judged_up_to"]) == ("COMPLETED", asked["position"])
    listed = operator.get(AUDITS, params={"status": "COMPLETED", "kind": "comprehensive"})
    assert [each["audit_id"] for each in listed.json()["data"]["items"]] == [asked["audit_id"]]

    wanted: dict[str, Any] = {
        "wait_for": head,
        "finding_type": "NO_SHOW",
        "severity": "HIGH",
        "status": "OPEN",
    }
    (row,) = operator.get(FINDINGS, params=wanted).json()["data"]["items"]
    assert (row["person_id"], row["subject_id"], row["site_id"]) == ("G-001", "H-02", "S-01")
    path = f"{FINDINGS}{row['finding_id']}/"
    # From here on only people tell of it.
    assert within(20, lambda: operator.get(path).json()["data"]["version"] == 2), (
        "Nobody took it up."
    )
    problem_in(
        operator.post(f"{path}acknowledge/", json={}, headers={"If-Match": '"9"'}),
        412,
        "version.mismatch",
    )
    assert operator.post(f"{path}acknowledge/", json={}).status_code == 200
    wish = {"reason": "CONFIRMED_NEGLIGENCE", "comment": "He overslept."}
    resolved = operator.post(f"{path}resolve/", json=wish)
    assert resolved.status_code == 200, resolved.text
    told = operator.get(path, params={"wait_for": resolved.json()["position"]}).json()["data"]
    assert (told["status"], told["verdict"]) == ("RESOLVED", "CONFIRMED_NEGLIGENCE")
    assert told["expected"][0]["what"] == "G-001 checks in at S-01"
    assert [entry["type"] for entry in told["timeline"]] == [
        "finding.raised",
        "finding.taken_up",
        "finding.acknowledged",
        "finding.resolved",
    ]
    assert told["timeline"][0]["caused_by"] == asked["position"]
    problem_in(operator.post(f"{path}resolve/", json=wish), 409, "finding.over")


@pytest.mark.usefixtures("missed_shift")
def test_a_finding_of_high_severity_becomes_a_ticket(
    live_server: LiveServer, operator: httpx.Client
) -> None:
    done(live_server, operator.post(AUDITS, json=WISH | {"as_of": NOW.isoformat()}))

    def tickets() -> list[dict[str, Any]]:
        position = live_server.vedette.log.head(live_server.tenant).position
        answer = operator.get("/api/v2/noc/tickets/", params={"wait_for": position})
        found: list[dict[str, Any]] = answer.json()["data"]["items"]
        return found

    assert within(20, lambda: len(tickets()) >= 2)
    assert {each["site_id"] for each in tickets()} == {"S-01"}
    by_finding = {each["finding_id"]: each["ticket_id"] for each in tickets()}
    position = live_server.vedette.log.head(live_server.tenant).position
    answer = operator.get(FINDINGS, params={"wait_for": position})
    rows = [row for row in answer.json()["data"]["items"] if row["ticket_id"] is not None]
    assert {row["finding_id"]: row["ticket_id"] for row in rows} == by_finding
    (row, *_) = rows
    shown = operator.get(f"{FINDINGS}{row['finding_id']}/").json()["data"]
    assert shown["ticket_id"] == row["ticket_id"]


def test_what_cannot_be_looked_at_is_refused(machine: httpx.Client, operator: httpx.Client) -> None:
    machine.put(f"{DIRECTORY}/sites/S-01/", json=SITE)
    problem_in(operator.post(AUDITS, json={"site_id": "S-99"}), 422, "site.unknown")
    problem_in(
        operator.post("/api/v2/noc/jobs/audit/", json={"site_id": "S-99"}), 422, "site.unknown"
    )
    for moment in (NOW + timedelta(days=1), NOW - timedelta(days=8)):
        wish = {"as_of": moment.isoformat()}
        problem_in(operator.post(AUDITS, json=wish), 422, "audit.as_of_out_of_range")
    for path in (f"{FINDINGS}{uuid4()}/", f"{AUDITS}{uuid4()}/"):
        problem_in(operator.get(path), 404, "item.unknown")
    path = f"{FINDINGS}{uuid4()}/resolve/"
    problem_in(operator.post(path, json={"reason": "DUPLICATE"}), 404, "item.unknown")


def test_an_auditor_looks_and_asks_for_nothing(live_server: LiveServer) -> None:
    with live_server.client(live_server.token("auditor")) as client:
        assert client.get(FINDINGS).status_code == 200
        assert client.get(AUDITS).status_code == 200
        assert client.post(AUDITS, json={}).status_code == 403
