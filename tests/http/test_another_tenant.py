"""What belongs to another tenant does not exist: each route, with that tenant's ids, answers 404."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from adapters.log.codec import decode
from application.ports import Append
from domain.anomaly.facts import anomaly_stream
from domain.finding.facts import finding_stream
from interfaces.http.app import web
from interfaces.http.credentials import declarations
from tests.http.conftest import Opener
from tests.http.field import SIGNALS, attendance, enrol_field, problem_in, within
from tests.journeys.test_attendance import screen
from tests.live import CAUSE, LiveServer, seed_tenant

SAMPLES = Path(__file__).parents[1] / "golden" / "events"

BODIES: dict[str, object] = {
    "assign": {"assignee": "operator"},
    "hold": {"reason": "x", "waiting_until": "2127-01-01T00:00:00Z"},
    "resolve": {"resolution": "x"},
    "reopen": {"reason": "x"},
    "cancel": {"reason": "x"},
    "comment": {"text": "x"},
    "prioritise": {"priority": "LOW"},
    "end": {"reason": "x"},
    "suspend": {"reason": "x"},
    "bind": {"person_id": "G-001"},
    "revoke": {"reason": "x"},
    "password": {"password": "correct horse battery staple"},
}


SETTINGS = (
    "/api/v2/noc/service-levels",
    "/api/v2/noc/assignment-rules",
    "/api/v2/noc/mails/escalation-address",
    "/api/v2/noc/baselines/thresholds",
)
VERDICTS = ("/api/v2/noc/alerts", "/api/v2/noc/findings")
BY_SUBJECT = "/api/v2/noc/baselines"  # no list: it is asked for one subject
ACCESS = (
    "/api/v2/noc/access"  # no tenant is without users and keys; test_holders.py tells them apart
)


def judge(live: LiveServer, client: httpx.Client) -> dict[str, str]:
    """State an anomaly and a finding as the policies would, ask for an audit and a verification,
    and return the ids of them all by parameter."""
    anomaly, finding = uuid4(), uuid4()
    for stream, tag, changes in (
        (anomaly_stream(anomaly), "anomaly.detected", {"anomaly_id": str(anomaly)}),
        (finding_stream(finding), "finding.raised", {"finding_id": str(finding)}),
    ):
        sample = json.loads((SAMPLES / f"{tag}.json").read_bytes())
        event = decode(tag, json.dumps({**sample, **changes}).encode())
        live.vedette.log.append(live.tenant, Append.of(stream, 0, [event], CAUSE))
    audit = client.post("/api/v2/noc/audits/", json={}).json()["data"]["audit_id"]
    job = client.post("/api/v2/noc/jobs/verification/", json={}).json()["data"]["job_id"]
    return {
        "anomaly_id:uuid": str(anomaly),
        "finding_id:uuid": str(finding),
        "audit_id:uuid": audit,
        "job_id:uuid": job,
    }


def begin_muting(client: httpx.Client) -> dict[str, str]:
    """Start a silence and plan a maintenance at S-01, and return their ids by parameter."""
    day = datetime.now(UTC) + timedelta(days=1)
    silence = {"matcher": {"site_id": "S-01"}, "ends_at": day.isoformat(), "reason": "x"}
    work = {"site_id": "S-01", "weekdays": ["monday"], "starts_at": "01:30", "reason": "x"}
    work_until = (day + timedelta(days=30)).date().isoformat()
    began = client.post("/api/v2/noc/silences/", json=silence).json()["data"]
    plan = client.post(
        "/api/v2/noc/maintenance/",
        json={**work, "duration_minutes": 60, "last_day": work_until},
    ).json()["data"]
    return {"silence_id:uuid": began["silence_id"], "window_id:uuid": plan["window_id"]}


@pytest.fixture
def stranger(live_server: LiveServer) -> Iterator[httpx.Client]:
    """A client of another tenant, with a key that may do everything there."""
    key = seed_tenant(live_server.vedette, f"{live_server.tenant}-x").key
    with live_server.client(key) as client:
        yield client


def test_every_route_answers_another_tenants_ids_as_unknown(  # noqa: PLR0917 - one fixture each
    live_server: LiveServer,
    machine: httpx.Client,
    stranger: httpx.Client,
    open_ticket: Opener,
    raise_alert: Opener,
    open_incident: Opener,
) -> None:
    enrol_field(machine)
    password = {"name": "Only here", "roles": ["operator"]}
    machine.put("/api/v2/noc/access/users/only-here/", json=password)
    ticket, alert, incident = open_ticket(), raise_alert(), open_incident()
    muters = begin_muting(machine)
    judged = judge(live_server, machine)
    head = live_server.vedette.log.head(live_server.tenant).position
    ours = {
        "ticket_id:uuid": str(ticket),
        "alert_id:uuid": str(alert),
        "incident_id:uuid": str(incident),
        "username:str": "only-here",
        "person_id:str": "G-001",
        "site_id:str": "S-01",
        "key_id:str": live_server.key.split(".")[1],
        **muters,
        **judged,
        "kind:str": "ticket",
        "subject_id:uuid": str(ticket),
    }
    entries = {
        "sites": "S-01",
        "persons": "G-001",
        "devices": "D-001",
        "tours": "T-01",
        "shifts": "H-01",
        "tasks": "K-01",
    }
    asked = 0
    for method, path in declarations(web(live_server.vedette)):
        if "{" not in path or not path.startswith("/api/") or method == "PUT":
            continue  # stating the same name in another tenant makes another thing
        if path.startswith(SETTINGS):
            continue  # everybody has them, each their own
        parts = path.split("/")
        if "{entry_id:str}" in parts:
            ours["entry_id:str"] = entries[parts[parts.index("{entry_id:str}") - 1]]
        url = "/".join(ours[part[1:-1]] if part.startswith("{") else part for part in parts)
        body = BODIES.get(parts[-1], {})
        if path.startswith(VERDICTS) and parts[-1] == "resolve":
            body = {"reason": "DUPLICATE"}
        if "directory" in parts:
            body = {}
        if parts[-1] in ("link", "merge"):
            field = "other_ticket_id" if parts[-1] == "link" else "into_ticket_id"
            body = {field: str(ticket)}
        if path.startswith("/api/v2/noc/incidents"):
            body = incident_wishes(str(incident)).get(parts[-1], {})
        answer = stranger.request(method, f"{url}/", json=None if method == "GET" else body)
        problem_in(answer, 404, answer.json().get("code", "?"))
        asked += 1
    assert asked > 20
    # The policies go on meanwhile; nobody else wrote anything.
    later = live_server.vedette.log.read(live_server.tenant, head, 100)
    assert {fact.actor.partition(":")[0] for fact in later} <= {"policy"}


def incident_wishes(incident: str) -> dict[str, dict[str, object]]:
    return {
        "resolve": {"resolution": "x"},
        "link": {"other_incident_id": incident, "reason": "x"},
        "merge": {"into_incident_id": incident, "reason": "x"},
        "split": {"item_ids": [incident], "reason": "x"},
    }


def shows_something(client: httpx.Client, path: str) -> bool:
    items: list[object] = client.get(f"{path}/").json()["data"]["items"]
    return bool(items)


def test_lists_show_nothing_of_another_tenant(  # noqa: PLR0917 - one fixture each
    live_server: LiveServer,
    machine: httpx.Client,
    stranger: httpx.Client,
    open_ticket: Opener,
    raise_alert: Opener,
    open_incident: Opener,
) -> None:
    enrol_field(machine)
    begin_muting(machine)  # so that the alerts below stand in the ledger
    machine.post(SIGNALS, json=[attendance(latitude=53.5)])
    with screen(live_server, live_server.key) as listener:
        listener.recv(timeout=10)
        open_ticket()
        listener.recv(timeout=10)  # of the recipients of this frame the other tenant hears nothing
    raise_alert()
    open_incident()
    judge(live_server, machine)
    machine.put("/api/v2/noc/mails/escalation-address/", json={"email": "noc@example.org"})
    critical = {"title": "Look here", "severity": "CRITICAL", "site_id": "S-01"}
    assert machine.post("/api/v2/noc/tickets/", json=critical).status_code == 201
    for method, path in declarations(web(live_server.vedette)):
        if method != "GET" or not path.startswith("/api/v2/noc/") or "{" in path:
            continue
        if path.startswith((*SETTINGS, BY_SUBJECT, ACCESS)):
            continue  # everybody has them, each their own
        assert within(10, partial(shows_something, machine, path)), path
        assert stranger.get(f"{path}/").json()["data"]["items"] == []


def test_a_tenants_cursor_leads_nowhere_in_another_one(
    machine: httpx.Client, stranger: httpx.Client, open_ticket: Opener, live_server: LiveServer
) -> None:
    open_ticket()
    open_ticket()
    head = live_server.vedette.log.head(live_server.tenant).position
    page = machine.get("/api/v2/noc/tickets/", params={"limit": 1, "wait_for": head}).json()
    cursor = page["data"]["next_cursor"]
    answer = stranger.get("/api/v2/noc/tickets/", params={"cursor": cursor})
    assert answer.json()["data"] == {"items": [], "next_cursor": None}


def test_signals_are_about_the_givers_own_directory(
    machine: httpx.Client, stranger: httpx.Client
) -> None:
    enrol_field(machine)
    assert machine.post(SIGNALS, json=attendance()).status_code == 201
    problem_in(stranger.post(SIGNALS, json=attendance()), 422, "signal.unknown_person")


def test_the_same_signal_of_two_tenants_is_two_signals(
    machine: httpx.Client, stranger: httpx.Client
) -> None:
    signal = attendance()
    for client in (machine, stranger):
        enrol_field(client)
        assert client.post(SIGNALS, json=signal).status_code == 201
