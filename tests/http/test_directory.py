"""The directory's door: content is stated, again and again if need be, and read back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.access import Role
from tests.http.field import (
    DEVICE,
    DIRECTORY,
    PERSON,
    SHIFT,
    SITE,
    TASK,
    TOUR,
    enrol_field,
    problem_in,
)
from tests.live import CAUSE, LiveServer

NAMED_UNKNOWN = "directory.named_entry_unknown"


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
    head = machine.put(f"{DIRECTORY}/tasks/K-01/", json=TASK).json()["position"]
    for path, identity, content in (
        ("sites", {"site_id": "S-01"}, SITE),
        ("persons", {"person_id": "G-001"}, PERSON),
        ("devices", {"device_id": "D-001"}, DEVICE),
        ("tours", {"tour_id": "T-01"}, TOUR),
        ("shifts", {"shift_id": "H-01"}, SHIFT),
        ("tasks", {"task_id": "K-01"}, TASK),
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
        ("tours/T-01/", {**TOUR, "checkpoints": []}, "$.checkpoints"),
        ("tours/T-01/", {**TOUR, "starts": ["24:00"]}, "$.starts[0]"),
        ("tours/T-01/", {**TOUR, "grace_minutes": -1}, "$.grace_minutes"),
        ("shifts/H-01/", {**SHIFT, "role": "mascot"}, "$.role"),
        ("shifts/H-01/", {**SHIFT, "starts_at": "2026-11-22T20:00:00"}, "$.starts_at"),
        ("tasks/K-01/", {**TASK, "due_at": "soon"}, "$.due_at"),
    ],
)
def test_wrong_content_names_the_field(
    machine: httpx.Client, path: str, content: dict[str, Any], field: str
) -> None:
    answer = machine.put(f"{DIRECTORY}/{path}", json=content)
    assert problem_in(answer, 422, "request.invalid")["field"] == field


@pytest.mark.parametrize(
    ("path", "content", "code", "field"),
    [
        ("persons/G-002/", {**PERSON, "site_id": "S-99"}, NAMED_UNKNOWN, "$.site_id"),
        ("devices/D-002/", {**DEVICE, "site_id": "S-99"}, NAMED_UNKNOWN, "$.site_id"),
        ("devices/D-002/", {**DEVICE, "person_id": "G-99"}, NAMED_UNKNOWN, "$.person_id"),
        ("tours/T-02/", {**TOUR, "site_id": "S-99"}, NAMED_UNKNOWN, "$.site_id"),
        ("shifts/H-02/", {**SHIFT, "person_id": "G-99"}, NAMED_UNKNOWN, "$.person_id"),
        ("tasks/K-02/", {**TASK, "person_id": "G-99"}, NAMED_UNKNOWN, "$.person_id"),
        (
            "tours/T-02/",
            {**TOUR, "checkpoints": [TOUR["checkpoints"][0]] * 2},
            "tour.checkpoint_twice",
            "$.checkpoints[1].checkpoint_id",
        ),
        (
            "tours/T-02/",
            {**TOUR, "checkpoints": TOUR["checkpoints"][::-1]},
            "tour.checkpoints_out_of_order",
            "$.checkpoints[1].due_minutes",
        ),
        ("tours/T-02/", {**TOUR, "starts": ["22:00"] * 2}, "tour.start_twice", "$.starts"),
        (
            "shifts/H-02/",
            {**SHIFT, "ends_at": SHIFT["starts_at"]},
            "shift.ends_before_it_starts",
            "$.ends_at",
        ),
        (
            "shifts/H-02/",
            {**SHIFT, "ends_at": "2026-11-23T20:00:01Z"},
            "shift.too_long",
            "$.ends_at",
        ),
        (
            "tasks/K-02/",
            {**TASK, "due_at": "9999-12-31T23:59:59-12:00"},
            "moment.out_of_range",
            "$.due_at",
        ),
    ],
)
def test_content_that_makes_no_sense_breaks_a_rule_and_changes_nothing(
    machine: httpx.Client, path: str, content: dict[str, Any], code: str, field: str
) -> None:
    enrol_field(machine)
    head = machine.put(f"{DIRECTORY}/sites/S-01/", json=SITE).json()["position"]
    assert problem_in(machine.put(f"{DIRECTORY}/{path}", json=content), 422, code)["field"] == field
    assert machine.put(f"{DIRECTORY}/sites/S-01/", json=SITE).json()["position"] == head


@pytest.mark.parametrize(
    ("path", "verb", "flag", "content"),
    [
        ("tours/T-01", "retire", "retired", TOUR),
        ("shifts/H-01", "cancel", "cancelled", SHIFT),
        ("tasks/K-01", "cancel", "cancelled", TASK),
    ],
)
def test_what_ends_is_shown_so_until_it_is_stated_again(
    machine: httpx.Client, path: str, verb: str, flag: str, content: dict[str, Any]
) -> None:
    enrol_field(machine)

    def shown(position: int) -> Any:
        answer = machine.get(f"{DIRECTORY}/{path}/", params={"wait_for": position})
        return answer.json()["data"][flag]

    ended = machine.post(f"{DIRECTORY}/{path}/{verb}/", json={}).json()
    assert ended["data"]["position"] == ended["position"]
    assert shown(ended["position"]) is True
    assert machine.post(f"{DIRECTORY}/{path}/{verb}/", json={}).json()["data"]["position"] is None
    again = machine.put(f"{DIRECTORY}/{path}/", json=content).json()
    assert shown(again["position"]) is False
    unknown = f"{path.partition('/')[0]}/X-99"
    code = f"{unknown.partition('s/')[0]}.unknown"
    problem_in(machine.post(f"{DIRECTORY}/{unknown}/{verb}/", json={}), 404, code)


def test_rosters_are_asked_for_by_site_person_and_time(machine: httpx.Client) -> None:
    enrol_field(machine)
    machine.put(f"{DIRECTORY}/sites/S-02/", json=SITE)
    day = datetime(2026, 11, 20, 20, tzinfo=UTC)
    position = 0
    for number in range(3):
        starts_at = day + timedelta(days=number)
        content = {
            "site_id": "S-02" if number == 2 else "S-01",
            "person_id": None if number == 1 else "G-001",
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(hours=8)).isoformat(),
        }
        answer = machine.put(f"{DIRECTORY}/shifts/N-{number}/", json=content)
        position = answer.json()["position"]

    def asked(collection: str = "shifts", **parameters: str) -> list[str]:
        query = {"wait_for": str(position), **parameters}
        answer = machine.get(f"{DIRECTORY}/{collection}/", params=query)
        assert answer.status_code == 200, answer.text
        key = f"{collection[:-1]}_id"
        return [item[key] for item in answer.json()["data"]["items"]]

    # H-01 runs from 22 November, 20:00, to 4:00, as N-2 does.
    assert asked() == ["N-2", "H-01", "N-1", "N-0"]
    assert asked(site_id="S-02") == ["N-2"]
    assert asked(person_id="G-001") == ["N-2", "H-01", "N-0"]
    assert asked(**{"from": "2026-11-21T04:00:00Z"}) == ["N-2", "H-01", "N-1"]
    assert asked(**{"from": "2026-11-21T03:59:59Z", "to": "2026-11-21T20:00:00Z"}) == ["N-0"]
    assert asked("tasks", **{"from": "2026-11-22T20:00:00Z"}) == ["K-01"]
    turned = {"from": "2026-11-22T20:00:00Z", "to": "2026-11-22T19:00:00Z"}
    for collection in ("shifts", "tasks"):
        answer = machine.get(f"{DIRECTORY}/{collection}/", params=turned)
        assert problem_in(answer, 400, "request.invalid")["field"] == "from"
    assert asked("tasks", to="2026-11-22T21:00:00Z") == []
    assert asked("tours", site_id="S-02") == []


@pytest.mark.parametrize("moment", ["yesterday", "2026-11-21T04:00:00", "1970-01-01T00:00:00Z"])
def test_a_span_of_time_has_ends_that_can_be_compared(machine: httpx.Client, moment: str) -> None:
    answer = machine.get(f"{DIRECTORY}/shifts/", params={"from": moment})
    assert problem_in(answer, 400, "request.invalid")["field"] == "from"


def test_an_unknown_time_zone_breaks_a_rule(machine: httpx.Client) -> None:
    answer = machine.put(f"{DIRECTORY}/sites/S-01/", json={**SITE, "time_zone": "Europe/Atlantis"})
    assert problem_in(answer, 422, "time_zone.unknown")["field"] == "$.time_zone"


def test_a_device_keeps_its_kind(machine: httpx.Client) -> None:
    enrol_field(machine)
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
        for path, content, end in (
            ("tours/T-01", TOUR, "retire"),
            ("shifts/H-01", SHIFT, "cancel"),
            ("tasks/K-01", TASK, "cancel"),
        ):
            moved = {**content, "site_id": "S-02"}
            problem_in(south.put(f"{DIRECTORY}/{path}/", json=content), 404, "item.unknown")
            problem_in(south.put(f"{DIRECTORY}/{path}/", json=moved), 404, "item.unknown")
            problem_in(south.post(f"{DIRECTORY}/{path}/{end}/", json={}), 404, "item.unknown")
