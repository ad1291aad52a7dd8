"""The doors of telemetry: pages, summaries, the cache and what makes it stale."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import httpx
import pytest
from litestar.testing import TestClient
from msgspec.structs import replace

from adapters.answers import REST_S, NoAnswers, RedisAnswers
from adapters.postgres.telemetry import MARK_KEPT_S, PostgresTelemetry
from domain.signals import SignalEvent
from interfaces.http.app import web
from projections.signals import kind_of
from projections.telemetry import SignalKind, TelemetrySubject
from tests.http.field import SIGNALS, attendance, enrol_field, problem_in, within
from tests.live import LiveServer

PERSON = "/api/v2/noc/telemetry/signals/G-001/"
SITE = "/api/v2/noc/telemetry/sites/S-01/"
KEYS = "/api/v2/noc/access/keys/"
NOW = datetime.now(UTC).replace(microsecond=0)


def test_every_kind_of_signal_can_be_asked_for() -> None:
    assert {kind.value for kind in SignalKind} == {
        kind_of(signal) for signal in get_args(SignalEvent)
    }


def location(minutes: float, **changes: Any) -> dict[str, Any]:
    told = {
        "kind": "location",
        "signal_id": f"L-{minutes}",
        "source": "app",
        "occurred_at": (NOW - timedelta(minutes=minutes)).isoformat(),
        "person_id": "G-001",
        "device_id": "D-001",
        "site_id": "S-01",
        "latitude": 51.5,
        "longitude": -0.12,
        "gps_accuracy_m": 8.0,
    }
    return {name: value for name, value in (told | changes).items() if value is not None}


@pytest.fixture
def field(machine: httpx.Client) -> httpx.Client:
    """A client, and a person that is known wherever it is asked for."""
    enrol_field(machine)
    assert within(20, lambda: machine.get(PERSON).status_code == 200)
    assert within(20, lambda: machine.get(SITE).status_code == 200)
    return machine


def hand_in(client: httpx.Client, *signals: dict[str, Any]) -> int:
    """Hand signals in, and return the position from which on they are to be seen."""
    answer = client.post(SIGNALS, json=list(signals))
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["refused"] == 0, answer.text
    position: int = answer.json()["position"]
    return position


def test_a_persons_signals_come_newest_first_in_pages(field: httpx.Client) -> None:
    empty = field.get(PERSON).json()["data"]
    nothing: dict[str, Any] = {
        "counts": {},
        "last_seen_at": None,
        "counted_since": None,
        "complete": True,
    }
    assert empty == {"summary": nothing, "items": [], "next_cursor": None}
    late = location(90)
    position = hand_in(field, location(1), location(3), location(2), late)
    position = hand_in(field, attendance(occurred_at=(NOW - timedelta(minutes=4)).isoformat()))
    first = field.get(PERSON, params={"wait_for": position, "limit": 2}).json()
    assert first["position"] >= position
    data = first["data"]
    assert [item["fact"]["signal_id"] for item in data["items"]] == ["L-1", "L-2"]
    assert data["items"][0]["kind"] == "location"
    assert data["items"][0]["fact"]["gps_accuracy_m"] == 8.0
    assert data["summary"]["counts"] == {"attendance": 1, "location": 4}
    assert datetime.fromisoformat(data["summary"]["last_seen_at"]) == NOW - timedelta(minutes=1)
    assert datetime.fromisoformat(data["summary"]["counted_since"]) == NOW - timedelta(minutes=90)
    rest = field.get(PERSON, params={"limit": 200, "cursor": data["next_cursor"]}).json()["data"]
    assert [item["kind"] for item in rest["items"]] == ["location", "attendance", "location"]
    assert rest["next_cursor"] is None
    at_site = field.get(SITE).json()["data"]
    assert at_site["summary"]["counts"] == {"attendance": 1, "location": 4}


def test_signals_are_filtered_by_kind_and_time(field: httpx.Client) -> None:
    position = hand_in(field, location(1), location(2), location(3), attendance())
    at = {"wait_for": position}
    told = field.get(PERSON, params={**at, "kind": "attendance"}).json()["data"]
    assert [item["kind"] for item in told["items"]] == ["attendance"]
    assert told["summary"]["counts"] == {"attendance": 1}
    span = {
        "from": (NOW - timedelta(minutes=3)).isoformat(),
        "to": (NOW - timedelta(minutes=1)).isoformat(),
    }
    told = field.get(PERSON, params={**at, **span}).json()["data"]
    assert [item["fact"]["signal_id"] for item in told["items"]] == ["L-2", "L-3"]
    assert told["summary"]["counts"] == {"location": 2}


@pytest.mark.parametrize(
    ("parameters", "field_to_blame"),
    [
        ({"from": "2026-11-22T08:00:00"}, "from"),
        ({"to": "9999-01-01T00:00:00Z"}, "to"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-11-22T08:00:00Z", "to": "2026-11-22T07:00:00Z"}, "from"),
        ({"kind": "rumour"}, "kind"),
        ({"limit": "0"}, "limit"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(
    field: httpx.Client, parameters: dict[str, str], field_to_blame: str
) -> None:
    answer = field.get(PERSON, params=parameters)
    assert problem_in(answer, 400, "request.invalid")["field"] == field_to_blame


def test_an_answer_is_cached_until_the_subject_has_a_newer_signal(field: httpx.Client) -> None:
    position = hand_in(field, location(5))
    at = {"wait_for": position}
    first = field.get(PERSON, params=at)
    again = field.get(PERSON, params=at)
    assert (first.json()["cached"], again.json()["cached"]) == (False, True)
    assert again.json()["data"] == first.json()["data"]
    assert again.headers["etag"] == first.headers["etag"]
    # What happens to somebody else makes it no older, and it stands on the later position.
    answer = field.put("/api/v2/noc/directory/persons/G-002/", json={"name": "Bo"})
    moved = answer.json()["position"]
    other = field.get(PERSON, params={"wait_for": moved})
    assert other.json()["cached"] is True
    assert other.json()["position"] >= moved
    # A signal of its own does, however late it comes.
    position = hand_in(field, location(500))
    later = field.get(PERSON, params={"wait_for": position})
    assert later.json()["cached"] is False
    assert later.json()["data"]["summary"]["counts"] == {"location": 2}
    assert later.headers["etag"] != first.headers["etag"]
    # Other questions have answers of their own.
    assert field.get(PERSON, params={"limit": 1}).json()["cached"] is False


def test_how_a_subject_stands_is_asked_some_times_a_second_and_whenever_somebody_waited(
    field: httpx.Client, live_server: LiveServer
) -> None:
    now = [100.0]
    telemetry = PostgresTelemetry(live_server.vedette.database, clock=lambda: now[0])

    def person(at_least: int = 0) -> int:
        subject = TelemetrySubject.PERSON
        return telemetry.mark(live_server.tenant, subject, "G-001", at_least).newest

    def told(minutes: float) -> int:
        position = hand_in(field, location(minutes))
        assert field.get(PERSON, params={"wait_for": position}).status_code == 200
        return position

    assert person() == 0
    first = told(5)
    assert person() == 0  # of a moment ago
    assert person(first) == first
    second = told(4)
    assert person() == first
    # Whoever waited, be it for another subject, is never told less after it.
    site = telemetry.mark(live_server.tenant, TelemetrySubject.SITE, "S-01", second)
    assert (site.newest, person()) == (second, second)
    third = told(3)
    assert person() == second
    now[0] += MARK_KEPT_S
    assert person() == third


def test_who_is_not_there_is_asked_for_each_time(
    field: httpx.Client, live_server: LiveServer
) -> None:
    telemetry = PostgresTelemetry(live_server.vedette.database, clock=lambda: 100.0)
    asked = (live_server.tenant, TelemetrySubject.PERSON, "G-009", 0)
    assert not telemetry.mark(*asked).known
    answer = field.put("/api/v2/noc/directory/persons/G-009/", json={"name": "Cy"})
    at = {"wait_for": answer.json()["position"]}
    assert field.get("/api/v2/noc/directory/persons/", params=at).status_code == 200
    assert telemetry.mark(*asked).known


def test_what_a_client_has_already_is_not_sent_again(field: httpx.Client) -> None:
    position = hand_in(field, location(5))
    tag = field.get(PERSON, params={"wait_for": position}).headers["etag"]
    assert tag.startswith('W/"')
    for named in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
        same = field.get(PERSON, headers={"If-None-Match": named})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["etag"] == tag
    position = hand_in(field, location(4))
    newer = field.get(PERSON, params={"wait_for": position}, headers={"If-None-Match": tag})
    assert newer.status_code == 200


def test_who_and_what_is_not_there_is_unknown(field: httpx.Client) -> None:
    problem_in(field.get("/api/v2/noc/telemetry/signals/G-999/"), 404, "item.unknown")
    problem_in(field.get("/api/v2/noc/telemetry/sites/S-99/"), 404, "item.unknown")
    problem_in(field.get(PERSON, params={"cursor": "zz"}), 400, "cursor.malformed")


def test_whoever_is_limited_to_sites_sees_what_happened_there(
    field: httpx.Client, live_server: LiveServer
) -> None:
    field.put(
        "/api/v2/noc/directory/sites/S-02/",
        json={
            "name": "South",
            "latitude": 51.4,
            "longitude": -0.1,
            "geofence_radius_m": 150,
            "time_zone": "Europe/London",
        },
    )
    wanted = {"roles": ["operator"], "expires_at": "2126-11-22T00:00:00+00:00"}
    keys = {}
    for site in ("S-01", "S-02"):
        answer = field.post(KEYS, json={**wanted, "name": site, "site_scope": [site]})
        keys[site] = answer.json()["data"]["key"]
    position = hand_in(field, location(5), location(4, site_id=None))
    everything = field.get(PERSON, params={"wait_for": position}).json()["data"]
    assert len(everything["items"]) == 2
    with live_server.client(keys["S-01"]) as north, live_server.client(keys["S-02"]) as south:
        items = north.get(PERSON).json()["data"]["items"]
        assert [item["fact"]["signal_id"] for item in items] == ["L-5"]
        assert north.get(SITE).status_code == 200
        problem_in(south.get(PERSON), 404, "item.unknown")
        problem_in(south.get(SITE), 404, "item.unknown")
        position = hand_in(field, location(3, site_id="S-02"))
        items = south.get(PERSON, params={"wait_for": position}).json()["data"]["items"]
        assert [item["fact"]["signal_id"] for item in items] == ["L-3"]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where somebody listens and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_redis_that_is_away_costs_nothing_but_the_cache(
    field: httpx.Client, live_server: LiveServer, silent_port: int
) -> None:
    headers = {"Authorization": f"Bearer {live_server.key}"}
    for url in ("redis://127.0.0.1:1/0", f"redis://127.0.0.1:{silent_port}/0"):
        answers = RedisAnswers(url)
        with TestClient(web(replace(live_server.vedette, answers=answers))) as client:
            began = datetime.now(UTC)
            for _ in range(5):
                answer = client.get(PERSON, headers=headers)
                assert (answer.status_code, answer.json()["cached"]) == (200, False)
            assert datetime.now(UTC) - began < timedelta(seconds=REST_S)
        answers.close()


def ask(answers: RedisAnswers, *, keeps: bool) -> None:
    if keeps:
        answers.keep("x", b"1", 60)
    else:
        assert answers.get("x") is None


def test_answers_are_kept_for_a_while_and_redis_is_left_alone_after_a_failure(
    redis_url: str, silent_port: int
) -> None:
    answers = RedisAnswers(redis_url)
    assert answers.get("tests/answers/none") is None
    answers.keep("tests/answers/one", b"1", 60)
    assert answers.get("tests/answers/one") == b"1"
    answers.close()
    now = [100.0]
    for keeps in (False, True):
        answers = RedisAnswers(f"redis://127.0.0.1:{silent_port}/0", clock=lambda: now[0])
        ask(answers, keeps=keeps)
        began = datetime.now(UTC)
        for _ in range(100):
            assert answers.get("x") is None
            answers.keep("x", b"1", 60)
        assert datetime.now(UTC) - began < timedelta(seconds=1)
        now[0] += REST_S
        ask(answers, keeps=keeps)  # it is asked again, and rests again
        answers.close()
    nothing = NoAnswers()
    nothing.keep("x", b"1", 60)
    assert nothing.get("x") is None
    nothing.close()
