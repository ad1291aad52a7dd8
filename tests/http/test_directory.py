"""The directory's door: content is stated, again and again if need be, and read back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.access import Role
from tests.http.field import DEVICE, DIRECTORY, PERSON, SITE, enrol_field, problem_in
from tests.live import CAUSE, LiveServer


def test_the_same_content_again_changes_nothing(machine: httpx.Client) -> None:
    first = machine.put(f"{DIRECTORY}/sites/S-01/", json=SITE)
    assert first.json()["data"]["position"] == first.json()["position"]
    again = machine.put(f"{DIRECTORY}/sites/S-01/", json=SITE)
    assert again.status_code == 200
    assert again.json()["data"]["position"] is None
    assert again.json()["position"] == first.json()["position"]
    moved = machine.put(f"{DIRECTORY}/sites/S-01/", json={**SITE, "latitude": 52.0})
    assert moved.json()["position"] > again.json()["position"]


def test_what_was_stated_is_read_back(machine: httpx.Client) -> None:
    enrol_field(machine)
    head = machine.put(f"{DIRECTORY}/devices/D-001/", json=DEVICE).json()["position"]
    for path, identity, content in (
        ("sites", {"site_id": "S-01"}, SITE),
        ("persons", {"person_id": "G-001"}, PERSON),
        ("devices", {"device_id": "D-001"}, DEVICE),
    ):
        (key,) = identity.values()
        one = machine.get(f"{DIRECTORY}/{path}/{key}/", params={"wait_for": head})
        assert one.status_code == 200, one.text
        data = one.json()["data"]
        assert {name: data[name] for name in (*identity, *content)} == {**identity, **content}
        (listed,) = machine.get(f"{DIRECTORY}/{path}/").json()["data"]["items"]
        assert listed == data
        problem_in(machine.get(f"{DIRECTORY}/{path}/X-99/"), 404, "item.unknown")


def test_lists_come_in_pages(machine: httpx.Client) -> None:
    stated = [machine.put(f"{DIRECTORY}/sites/S-{number}/", json=SITE) for number in range(5)]
    position = stated[-1].json()["position"]
    first = machine.get(f"{DIRECTORY}/sites/", params={"limit": 3, "wait_for": position}).json()
    cursor = first["data"]["next_cursor"]
    second = machine.get(f"{DIRECTORY}/sites/", params={"limit": 3, "cursor": cursor}).json()
    items = [*first["data"]["items"], *second["data"]["items"]]
    assert [item["site_id"] for item in items] == ["S-4", "S-3", "S-2", "S-1", "S-0"]
    assert second["data"]["next_cursor"] is None


@pytest.mark.parametrize(
    ("path", "content", "field"),
    [
        ("sites/S-01/", {**SITE, "geofence_radius_m": 9}, "$.geofence_radius_m"),
        ("sites/S-01/", {**SITE, "geofence_radius_m": 100_001}, "$.geofence_radius_m"),
        ("sites/S-01/", {**SITE, "latitude": 90.1}, "$.latitude"),
        ("sites/S-01/", {**SITE, "name": ""}, "$.name"),
        ("sites/S-01/", {**SITE, "site_id": "S-02"}, "$.site_id"),
        ("persons/G-001/", {"phone": "+44"}, "$.name"),
        ("persons/G-001/", {"name": "Ada", "phone": "call me"}, "$.phone"),
        ("devices/D-001/", {"kind": "toaster"}, "$.kind"),
    ],
)
def test_wrong_content_names_the_field(
    machine: httpx.Client, path: str, content: dict[str, Any], field: str
) -> None:
    answer = machine.put(f"{DIRECTORY}/{path}", json=content)
    assert problem_in(answer, 422, "request.invalid")["field"] == field


def test_an_unknown_time_zone_breaks_a_rule(machine: httpx.Client) -> None:
    answer = machine.put(f"{DIRECTORY}/sites/S-01/", json={**SITE, "time_zone": "Europe/Atlantis"})
    assert problem_in(answer, 422, "time_zone.unknown")["field"] == "$.time_zone"


def test_a_device_keeps_its_kind(machine: httpx.Client) -> None:
    machine.put(f"{DIRECTORY}/devices/D-001/", json=DEVICE)
    answer = machine.put(f"{DIRECTORY}/devices/D-001/", json={**DEVICE, "kind": "panel"})
    problem_in(answer, 409, "device.kind_fixed")


@pytest.mark.parametrize("identifier", ["S%2001", "S-01%0A", "x" * 65, "S%00", "%C3%A9"])
def test_what_is_no_identifier_is_no_address(machine: httpx.Client, identifier: str) -> None:
    answer = machine.put(f"{DIRECTORY}/sites/{identifier}/", json=SITE)
    problem_in(answer, 404, "route.unknown")


def test_a_manager_of_some_sites_touches_those_alone(
    machine: httpx.Client, live_server: LiveServer
) -> None:
    enrol_field(machine)
    key = live_server.vedette.access.issue_key(
        live_server.tenant,
        name="South",
        roles=(Role.ADMINISTRATOR,),
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        site_scope=("S-02",),
        cause=CAUSE,
    )
    with live_server.client(key.text) as south:
        assert south.put(f"{DIRECTORY}/sites/S-02/", json=SITE).status_code == 200
        problem_in(south.put(f"{DIRECTORY}/sites/S-01/", json=SITE), 404, "item.unknown")
        problem_in(south.put(f"{DIRECTORY}/persons/G-9/", json=PERSON), 404, "item.unknown")
        stolen = south.put(f"{DIRECTORY}/persons/G-001/", json={**PERSON, "site_id": "S-02"})
        problem_in(stolen, 404, "item.unknown")
        problem_in(south.get(f"{DIRECTORY}/sites/S-01/"), 404, "item.unknown")
