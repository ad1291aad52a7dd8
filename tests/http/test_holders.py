"""Users and keys as lists: what is shown, to whom, and that no secret is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.access import Role
from interfaces.wiring import Vedette
from tests.http.field import enrol_field, problem_in, within
from tests.live import CAUSE, LiveServer, seed_tenant

USERS = "/api/v2/noc/access/users/"
KEYS = "/api/v2/noc/access/keys/"
NOW = datetime.now(UTC)


def head(live: LiveServer) -> int:
    return live.vedette.log.head(live.tenant).position


def listed(client: httpx.Client, live: LiveServer, path: str, **query: Any) -> list[dict[str, Any]]:
    """Return all of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        asked = {"wait_for": head(live), "limit": 2, **query} | (
            {"cursor": cursor} if cursor else {}
        )
        answer = client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        items += answer.json()["data"]["items"]
        cursor = answer.json()["data"]["next_cursor"]
        if cursor is None:
            return items


def issue(vedette: Vedette, tenant: str, name: str, expires_at: datetime) -> str:
    issued = vedette.access.issue_key(
        tenant,
        name=name,
        roles=(Role.INTEGRATOR,),
        expires_at=expires_at,
        site_scope=("S-01",),
        cause=CAUSE,
    )
    return issued.key_id


def test_users_are_listed_as_they_stand_with_no_word_of_their_passwords(
    machine: httpx.Client, live_server: LiveServer
) -> None:
    enrol_field(machine)
    content = {
        "name": "Eve",
        "roles": ["auditor"],
        "site_scope": ["S-01"],
        "email": "eve@example.org",
    }
    assert machine.put(f"{USERS}eve/", json=content).status_code == 200
    password = {"password": "correct horse battery staple"}
    assert machine.post(f"{USERS}eve/password/", json=password).status_code == 200
    assert machine.post(f"{USERS}eve/bind/", json={"person_id": "G-001"}).status_code == 200
    assert machine.post(f"{USERS}eve/suspend/", json={"reason": "Left"}).status_code == 200
    users = listed(machine, live_server, USERS)
    assert {user["username"] for user in users} == {*live_server.users, "eve"}
    eve = users[0]
    assert eve["username"] == "eve", "Who was enrolled last comes first."
    assert {name: eve[name] for name in content} == content
    assert (eve["status"], eve["suspended_because"]) == ("SUSPENDED", "Left")
    assert eve["person_id"] == "G-001"
    for query, names in (
        ({"status": "SUSPENDED"}, {"eve"}),
        ({"status": "ACTIVE", "role": "auditor"}, {"auditor"}),
        ({"person_id": "G-001"}, {"eve"}),
        ({"person_id": "G-002"}, set[str]()),
    ):
        assert {user["username"] for user in listed(machine, live_server, USERS, **query)} == names
    story = machine.get(f"{USERS}eve/", params={"wait_for": head(live_server)})
    told = [entry["type"] for entry in story.json()["data"]["timeline"]]
    assert told == ["user.enrolled", "user.email_changed", "user.bound", "user.suspended"]
    assert "correct horse" not in story.text
    assert "hash" not in story.text
    assert machine.get(USERS).json()["status"] == "success"


def test_keys_are_listed_with_whether_they_open_anything_and_never_with_their_text(
    machine: httpx.Client, live_server: LiveServer
) -> None:
    vedette, tenant = live_server.vedette, live_server.tenant
    valid = issue(vedette, tenant, "Valid", NOW + timedelta(days=1))
    expired = issue(vedette, tenant, "Expired", NOW - timedelta(seconds=1))
    revoked = issue(vedette, tenant, "Revoked", NOW + timedelta(days=1))
    assert machine.post(f"{KEYS}{revoked}/revoke/", json={"reason": "Sold"}).status_code == 200
    _, own, secret = live_server.key.split(".")
    keys = {key["key_id"]: key for key in listed(machine, live_server, KEYS)}
    statuses = {valid: "VALID", expired: "EXPIRED", revoked: "REVOKED", own: "VALID"}
    assert {key_id: key["status"] for key_id, key in keys.items()} == statuses
    assert list(keys) == [revoked, expired, valid, own], "The last issued comes first."
    for status in ("VALID", "EXPIRED", "REVOKED"):
        found = listed(machine, live_server, KEYS, status=status)
        wanted = {key_id for key_id, stands in statuses.items() if stands == status}
        assert {key["key_id"] for key in found} == wanted
    ours = {
        "name": "Revoked",
        "roles": ["integrator"],
        "site_scope": ["S-01"],
        "issued_by": CAUSE.actor,
    }
    assert {name: keys[revoked][name] for name in ours} == ours
    assert keys[revoked]["revoked_because"] == "Sold"
    assert datetime.fromisoformat(keys[expired]["expires_at"]) < NOW
    assert {key["key_id"] for key in listed(machine, live_server, KEYS, role="administrator")} <= {
        own
    }
    story = machine.get(f"{KEYS}{revoked}/").json()["data"]
    assert [entry["type"] for entry in story["timeline"]] == ["api_key.issued", "api_key.revoked"]
    assert story["status"] == "REVOKED"
    everything = machine.get(KEYS).text + machine.get(f"{KEYS}{own}/").text
    assert secret not in everything
    assert "hash" not in everything


@pytest.mark.parametrize("path", [USERS, KEYS, f"{USERS}operator/", f"{KEYS}x/"])
def test_only_who_manages_access_for_every_site_sees_them(
    live_server: LiveServer, machine: httpx.Client, operator: httpx.Client, path: str
) -> None:
    problem_in(operator.get(path), 403, "capability.missing")
    wanted = {
        "name": "One site",
        "roles": ["administrator"],
        "site_scope": ["S-01"],
        "expires_at": "2126-11-22T00:00:00+00:00",
    }
    limited = machine.post(KEYS, json=wanted).json()["data"]["key"]
    with live_server.client(limited) as client:
        problem_in(client.get(path), 403, "site_scope.limited")


def test_nobody_of_another_tenant_shows(machine: httpx.Client, live_server: LiveServer) -> None:
    other = seed_tenant(live_server.vedette, f"{live_server.tenant}-y")
    machine.put(f"{USERS}only-here/", json={"name": "Only here", "roles": ["operator"]})
    _, own, _ = live_server.key.split(".")
    users = {user["username"] for user in listed(machine, live_server, USERS)}
    keys = {key["key_id"] for key in listed(machine, live_server, KEYS)}
    assert ("only-here" in users, keys) == (True, {own})
    with live_server.client(other.key) as stranger:
        assert within(
            20, lambda: len(stranger.get(USERS).json()["data"]["items"]) == len(other.users)
        )
        assert within(20, lambda: len(stranger.get(KEYS).json()["data"]["items"]) == 1)
        theirs = stranger.get(USERS).text + stranger.get(KEYS).text
        assert "only-here" not in theirs
        assert own not in theirs
        for path in (f"{USERS}only-here/", f"{KEYS}{own}/"):
            problem_in(stranger.get(path), 404, "item.unknown")


def test_a_filter_that_cannot_be_is_refused_by_name(machine: httpx.Client) -> None:
    for path, query in (
        (USERS, {"status": "GONE"}),
        (USERS, {"role": "king"}),
        (KEYS, {"status": "ISSUED"}),
        (KEYS, {"site_id": "S-01"}),
    ):
        answer = machine.get(path, params=query)
        assert answer.status_code == 400, answer.text
        assert answer.json()["field"] in query
