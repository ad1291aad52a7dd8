"""The signals door: each item its own result, and every bad one a problem that names its field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from application.ingestion import BATCH_SIGNALS_MAX
from domain.access import Role
from domain.signals import HORIZON
from interfaces.http.examples.signals import EXAMPLES
from interfaces.http.limits import BODY_BYTES_MAX
from tests.http.field import DIRECTORY, SIGNALS, TOUR, attendance, enrol_field, problem_in
from tests.live import CAUSE, LiveServer


@pytest.fixture(autouse=True)
def _field(machine: httpx.Client) -> None:
    enrol_field(machine)


def post_raw(machine: httpx.Client, body: bytes, media_type: str = "application/json") -> Any:
    return machine.post(SIGNALS, content=body, headers={"Content-Type": media_type})


def test_a_single_signal_is_created_once_and_a_duplicate_for_ever(machine: httpx.Client) -> None:
    signal = attendance()
    first = machine.post(SIGNALS, json=signal)
    again = machine.post(SIGNALS, json=signal)
    assert first.status_code == 201, first.text
    assert again.status_code == 200, again.text
    assert first.json()["data"]["status"] == "accepted"
    assert again.json()["data"]["status"] == "duplicate"
    assert again.json()["data"]["position"] == first.json()["data"]["position"]
    assert first.json()["position"] == first.json()["data"]["position"]


def each_kind(machine: httpx.Client) -> list[dict[str, Any]]:
    """Return one signal of each kind, of now, after stating the tour that is scanned."""
    answer = machine.put(f"{DIRECTORY}/tours/T-night/", json=TOUR)
    assert answer.status_code == 200, answer.text
    now = datetime.now(UTC).isoformat()
    about = {"person_id": "G-001", "device_id": "D-001", "occurred_at": now, "sent_at": now}
    return [{**each, **about} for each in EXAMPLES]


def test_each_kind_is_taken_alone_in_a_batch_and_in_lines(machine: httpx.Client) -> None:
    signals = each_kind(machine)
    assert len({each["kind"] for each in signals}) == 7
    for signal in signals:
        assert machine.post(SIGNALS, json=signal).status_code == 201
    again = machine.post(SIGNALS, json=signals).json()["data"]
    assert (again["accepted"], again["duplicates"], again["refused"]) == (0, 7, 0)
    lines = b"\n".join(msgspec.json.encode({**each, "source": "lines"}) for each in signals)
    taken = post_raw(machine, lines, "application/x-ndjson").json()["data"]
    assert (taken["accepted"], taken["refused"]) == (7, 0)


@pytest.mark.parametrize(
    ("kind", "changes", "code", "field"),
    [
        ("checkpoint_scan", {"tour_id": "T-99"}, "signal.unknown_tour", "$.tour_id"),
        ("checkpoint_scan", {"method": "smell"}, "request.invalid", "$.method"),
        ("checkpoint_scan", {"checkpoint_id": None}, "request.invalid", "$.checkpoint_id"),
        ("phone_activity", {"interactions": -1}, "request.invalid", "$.interactions"),
        ("phone_activity", {"interval_s": 0}, "request.invalid", "$.interval_s"),
        ("task_completion", {"task_id": ""}, "request.invalid", "$.task_id"),
        ("task_completion", {"device_id": "D-999"}, "signal.unknown_device", "$.device_id"),
        ("device_status", {"status": "sulking"}, "request.invalid", "$.status"),
        ("device_status", {"person_id": "G-999"}, "signal.unknown_person", "$.person_id"),
        ("panic", {"latitude": 91}, "request.invalid", "$.latitude"),
        ("panic", {"site_id": "S-99"}, "signal.unknown_site", "$.site_id"),
        ("panic", {"direction": "check_in"}, "request.invalid", "$.direction"),
    ],
)
def test_a_bad_signal_of_any_kind_names_its_field(
    machine: httpx.Client, kind: str, changes: dict[str, Any], code: str, field: str
) -> None:
    (good,) = [each for each in each_kind(machine) if each["kind"] == kind]
    answer = machine.post(SIGNALS, json=[{**good, **changes}, good])
    first, second = answer.json()["data"]["results"]
    assert (first["problem"]["code"], first["problem"]["field"]) == (
        code,
        field.replace("$", "$[0]"),
    )
    assert second["status"] == "accepted"


def test_an_unknown_checkpoint_of_a_known_tour_is_taken(machine: httpx.Client) -> None:
    (scan,) = [each for each in each_kind(machine) if each["kind"] == "checkpoint_scan"]
    answer = machine.post(SIGNALS, json={**scan, "checkpoint_id": "C-replaced"})
    assert answer.status_code == 201, answer.text


def test_what_comes_too_late_to_be_judged_is_taken_and_says_so(machine: httpx.Client) -> None:
    long_ago = datetime.now(UTC) - HORIZON - timedelta(minutes=1)
    signals = [attendance(), attendance(occurred_at=long_ago.isoformat())]
    on_time, late = machine.post(SIGNALS, json=signals).json()["data"]["results"]
    assert "late" not in on_time
    assert (late["status"], late["late"]) == ("accepted", True)


def test_good_items_of_a_bad_batch_are_kept(machine: httpx.Client) -> None:
    good, twin = attendance(), attendance()
    bad = attendance(latitude=91.0)
    unknown = attendance(person_id="G-999")
    answer = machine.post(SIGNALS, json=[good, bad, twin, twin, unknown])
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["accepted"], data["duplicates"], data["refused"]) == (2, 1, 2)
    statuses = [each["status"] for each in data["results"]]
    assert statuses == ["accepted", "refused", "accepted", "duplicate", "refused"]
    assert [each["index"] for each in data["results"]] == [0, 1, 2, 3, 4]
    assert data["results"][1]["problem"]["field"] == "$[1].latitude"
    assert data["results"][3]["position"] == data["results"][2]["position"]
    assert data["results"][4]["problem"]["code"] == "signal.unknown_person"
    assert data["results"][4]["problem"]["field"] == "$[4].person_id"


def test_ndjson_names_the_line(machine: httpx.Client) -> None:
    lines = [
        msgspec.json.encode(attendance()),
        b"",
        b'{"kind": "attendance"',
        msgspec.json.encode(attendance(device_id="D-999")),
        msgspec.json.encode(attendance()) + b"\r",
    ]
    answer = post_raw(machine, b"\n".join(lines), "application/x-ndjson; charset=utf-8")
    assert answer.status_code == 200, answer.text
    results = answer.json()["data"]["results"]
    assert [each["status"] for each in results] == ["accepted", "refused", "refused", "accepted"]
    assert [each["line"] for each in results] == [1, 3, 4, 5]
    assert results[1]["problem"]["code"] == "request.malformed"
    assert results[2]["problem"]["code"] == "signal.unknown_device"
    assert results[2]["problem"]["field"] == "$.device_id"


FUTURE = (datetime.now(UTC) + timedelta(hours=2)).isoformat()


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"latitude": "51.5"}, "request.invalid", "$.latitude"),
        ({"latitude": None}, "request.invalid", "$.latitude"),
        ({"longitude": 181}, "request.invalid", "$.longitude"),
        ({"gps_accuracy_m": -1}, "request.invalid", "$.gps_accuracy_m"),
        ({"biometric_quality": 1.2}, "request.invalid", "$.biometric_quality"),
        ({"biometric_matched": "yes"}, "request.invalid", "$.biometric_matched"),
        ({"phone_signal_dbm": 5}, "request.invalid", "$.phone_signal_dbm"),
        ({"battery_percent": 101}, "request.invalid", "$.battery_percent"),
        ({"direction": "sideways"}, "request.invalid", "$.direction"),
        ({"signal_id": ""}, "request.invalid", "$.signal_id"),
        ({"signal_id": "x" * 65}, "request.invalid", "$.signal_id"),
        ({"person_id": "G 001"}, "request.invalid", "$.person_id"),
        ({"person_id": "G-001\n"}, "request.invalid", "$.person_id"),
        ({"surprise": 1}, "request.invalid", "$.surprise"),
        ({"kind": "seance"}, "request.invalid", "$.kind"),
        ({"occurred_at": "yesterday"}, "request.invalid", "$.occurred_at"),
        ({"occurred_at": "2026-11-22T08:00:00"}, "signal.without_time_zone", "$.occurred_at"),
        ({"occurred_at": "1999-12-31T08:00:00Z"}, "signal.too_old", "$.occurred_at"),
        ({"occurred_at": FUTURE}, "signal.from_the_future", "$.occurred_at"),
        ({"person_id": "G-999"}, "signal.unknown_person", "$.person_id"),
        ({"site_id": "S-99"}, "signal.unknown_site", "$.site_id"),
        ({"device_id": "D-999"}, "signal.unknown_device", "$.device_id"),
    ],
)
def test_a_bad_signal_is_refused_with_its_field_alone_and_in_a_batch(
    machine: httpx.Client, changes: dict[str, Any], code: str, field: str
) -> None:
    signal = attendance(**changes)
    alone = problem_in(machine.post(SIGNALS, json=signal), 422, code)
    assert alone["field"] == field
    batch = machine.post(SIGNALS, json=[attendance(), signal])
    assert batch.status_code == 200, batch.text
    first, second = batch.json()["data"]["results"]
    assert first["status"] == "accepted"
    assert second["problem"]["code"] == code
    assert second["problem"]["field"] == field.replace("$", "$[1]")


def test_a_missing_field_is_named(machine: httpx.Client) -> None:
    signal = attendance()
    del signal["latitude"]
    assert problem_in(machine.post(SIGNALS, json=signal), 422, "request.invalid")["field"] == (
        "$.latitude"
    )


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_not_taken(machine: httpx.Client, number: str) -> None:
    body = msgspec.json.encode(attendance()).replace(b"51.5", number.encode())
    answer = post_raw(machine, body)
    assert answer.status_code in (400, 422), answer.text
    problem_in(answer, answer.status_code, answer.json()["code"])
    batch = post_raw(machine, b"[" + body + b"]")
    assert batch.status_code in (200, 400), batch.text
    if batch.status_code == 200:
        assert batch.json()["data"]["refused"] == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"{", b"nonsense", b'{"kind": "\xff"}', b'[{"kind": "\xff"}]', b"[" * 100_000],
    ids=["empty", "open array", "open object", "no JSON", "no UTF-8", "no UTF-8 batch", "deep"],
)
def test_what_is_not_json_is_malformed(machine: httpx.Client, body: bytes) -> None:
    problem_in(post_raw(machine, body), 400, "request.malformed")


@pytest.mark.parametrize("body", [b"17", b'"text"', b"null"])
def test_what_is_no_object_breaks_the_rule(machine: httpx.Client, body: bytes) -> None:
    assert problem_in(post_raw(machine, body), 422, "request.invalid")["field"] == "$"


def test_an_empty_batch_is_refused(machine: httpx.Client) -> None:
    problem_in(machine.post(SIGNALS, json=[]), 422, "signals.none")
    problem_in(post_raw(machine, b"\n\n", "application/x-ndjson"), 422, "signals.none")


def test_a_batch_has_a_limit_of_items(machine: httpx.Client) -> None:
    largest = [attendance() for _ in range(BATCH_SIGNALS_MAX)]
    answer = machine.post(SIGNALS, json=largest)
    assert answer.json()["data"]["accepted"] == BATCH_SIGNALS_MAX
    too_many = [*largest, attendance()]
    problem_in(machine.post(SIGNALS, json=too_many), 413, "signals.too_many")
    ndjson = b"\n".join(map(msgspec.json.encode, too_many))
    problem_in(post_raw(machine, ndjson, "application/x-ndjson"), 413, "signals.too_many")
    bad = [{"kind": "seance"}] * (BATCH_SIGNALS_MAX + 1)
    problem_in(machine.post(SIGNALS, json=bad), 413, "signals.too_many")


def test_a_body_has_a_limit_of_bytes(machine: httpx.Client) -> None:
    body = b"[" + b" " * BODY_BYTES_MAX + b"]"
    problem_in(post_raw(machine, body), 413, "request.too_large")

    def chunks() -> Any:
        for _ in range(5):
            yield b" " * (BODY_BYTES_MAX // 4)

    streamed = machine.post(SIGNALS, content=chunks())
    problem_in(streamed, 413, "request.too_large")


def test_an_offline_phones_skewed_clock_is_corrected(machine: httpx.Client) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=2)
    signal = attendance(occurred_at=ahead.isoformat(), sent_at=ahead.isoformat())
    assert machine.post(SIGNALS, json=signal).status_code == 201


def test_a_credential_for_some_sites_reports_for_those_alone(live_server: LiveServer) -> None:
    key = live_server.vedette.access.issue_key(
        live_server.tenant,
        name="South only",
        roles=(Role.INTEGRATOR,),
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        site_scope=("S-02",),
        cause=CAUSE,
    )
    with live_server.client(key.text) as scoped:
        found = problem_in(scoped.post(SIGNALS, json=attendance()), 422, "signal.site_out_of_scope")
        assert found["field"] == "$.site_id"


def test_a_signals_fact_names_the_key_that_brought_it(
    machine: httpx.Client, live_server: LiveServer
) -> None:
    position = machine.post(SIGNALS, json=attendance()).json()["position"]
    (fact,) = live_server.vedette.log.read(live_server.tenant, position - 1, 1)
    assert fact.actor.startswith("key:")
