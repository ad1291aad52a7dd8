"""Health, metrics, the document, and what every answer has in common."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec.structs import replace

from adapters.embedded.postgres import EmbeddedPostgres
from interfaces import wiring
from interfaces.http.app import web
from interfaces.http.operations import KEPT_S
from interfaces.settings import Settings
from tests.conftest import Addresses
from tests.http.conftest import Opener
from tests.http.field import SIGNALS, attendance, enrol_field, problem_in
from tests.live import SECRET_KEY, LiveServer, seed_tenant

Doors = TestClient[Litestar]


@pytest.fixture
def anybody(live_server: LiveServer) -> Iterator[httpx.Client]:
    """A client without a credential."""
    with httpx.Client(base_url=live_server.url, trust_env=False, timeout=10) as client:
        yield client


def test_health_names_every_part(anybody: httpx.Client) -> None:
    answer = anybody.get("/health/")
    assert answer.status_code == 200, answer.text
    components = {each["name"]: each for each in answer.json()["components"]}
    assert components["database"]["state"] == "ok"
    assert components["redis"]["state"] == "ok"
    assert components["follower:ticket-board"]["lag_events"] >= 0
    assert answer.json()["status"] in ("ok", "degraded")
    assert anybody.get("/health/live").json() == {"status": "ok", "detail": None}
    assert anybody.get("/health/ready").status_code == 200


def test_health_is_degraded_while_a_follower_waits_for_a_person(
    live_server: LiveServer, anybody: httpx.Client
) -> None:
    with live_server.vedette.database.unit_of_work(live_server.tenant) as connection:
        connection.execute(
            "INSERT INTO log.checkpoints (follower, tenant_id, stopped)"
            " VALUES ('stuck', %s, 'parked')",
            [live_server.tenant],
        )
    with TestClient(web(live_server.vedette)) as doors:
        answer = doors.get("/health/")
        assert answer.status_code == 200
        assert answer.json()["status"] == "degraded"
        stuck = next(x for x in answer.json()["components"] if x["name"] == "follower:stuck")
        assert stuck["state"] == "degraded"
        metrics = doors.get("/metrics").text
        labels = f'{{follower="stuck",tenant="{live_server.tenant}"}}'
        assert f"vedette_follower_stopped{labels} 1.0" in metrics
    with live_server.vedette.database.unit_of_work(live_server.tenant) as connection:
        connection.execute(
            "DELETE FROM log.checkpoints WHERE follower = 'stuck' AND tenant_id = %s",
            [live_server.tenant],
        )


def test_metrics_group_paths_and_tell_of_logs_and_followers(
    anybody: httpx.Client, machine: httpx.Client, live_server: LiveServer
) -> None:
    enrol_field(machine)
    machine.get(f"/api/v2/noc/tickets/{uuid4()}/")
    time.sleep(KEPT_S)  # an answer about followers is used again for so long
    answer = anybody.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert f'vedette_log_head_position{{tenant="{live_server.tenant}"}}' in answer.text
    assert "vedette_follower_lag_seconds{" in answer.text
    assert "vedette_database_up 1.0" in answer.text
    assert 'path="/api/v2/noc/tickets/{ticket_id}"' in answer.text
    assert "G-001" not in answer.text


def test_a_stopped_database_is_said_and_nothing_breaks(postgres: EmbeddedPostgres) -> None:
    settings = Settings(database_url=postgres.app_url(), secret_key=SECRET_KEY)
    vedette = wiring.open_application(settings)
    try:
        field = seed_tenant(vedette, "alone")
        with TestClient(web(vedette)) as doors:
            headers = {"Authorization": f"Bearer {field.key}"}
            assert doors.get("/api/v2/noc/tickets/", headers=headers).status_code == 200
            postgres.stop()
            problem_in(
                doors.get("/api/v2/noc/tickets/", headers=headers),
                503,
                "database.unavailable",
            )
            taken = doors.post(SIGNALS, json=[attendance()], headers=headers)
            problem_in(taken, 503, "database.unavailable")
            assert taken.headers["retry-after"] == "1"
            assert taken.json()["correlation_id"] == taken.headers["x-correlation-id"]
            assert doors.get("/health/live").status_code == 200
            assert doors.get("/health/ready").status_code == 503
            health = doors.get("/health/")
            assert (health.status_code, health.json()["status"]) == (503, "down")
            assert "vedette_database_up 0.0" in doors.get("/metrics").text
    finally:
        vedette.close()


def test_an_unmigrated_database_is_not_ready(addresses: Addresses, live_server: LiveServer) -> None:
    url = addresses.superuser_url.replace("DATABASE", "postgres")
    empty = replace(live_server.settings, database_url=url)
    vedette = wiring.open_application(empty)
    try:
        with TestClient(web(vedette)) as doors:
            answer = doors.get("/health/ready")
            assert answer.status_code == 503
            assert "0001_log.sql" in answer.json()["detail"]
    finally:
        vedette.close()


def test_unknown_addresses_and_methods_are_problems(anybody: httpx.Client) -> None:
    problem_in(anybody.get("/api/v2/noc/nothing/"), 404, "route.unknown")
    problem_in(anybody.delete("/api/v2/noc/tickets/"), 405, "method.not_allowed")
    problem_in(anybody.get("/schema/nothing.json"), 404, "route.unknown")
    problem_in(anybody.get("/assets/../../secret-key"), 404, "route.unknown")


def test_every_answer_carries_the_correlation_id_and_the_security_headers(
    anybody: httpx.Client, machine: httpx.Client, operator: httpx.Client, open_ticket: Opener,
    live_server: LiveServer,
) -> None:  # fmt: skip
    for answer in (
        anybody.get("/health/live"),
        anybody.get("/nothing"),
        anybody.get("/api/v2/auth/me/"),
        machine.get("/api/v2/auth/me/"),
    ):
        assert str(UUID(answer.headers["x-correlation-id"])) == answer.headers["x-correlation-id"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
    mine = uuid4()
    path = f"/api/v2/noc/tickets/{open_ticket()}/comment/"
    said = operator.post(path, json={"text": "x"}, headers={"X-Correlation-Id": str(mine)})
    assert said.headers["x-correlation-id"] == str(mine)
    position = said.json()["position"]
    (fact,) = live_server.vedette.log.read(live_server.tenant, position - 1, 1)
    assert (fact.correlation_id, fact.actor) == (mine, "user:operator")
    odd = anybody.get("/health/live", headers={"X-Correlation-Id": "not-one"})
    assert str(UUID(odd.headers["x-correlation-id"])) == odd.headers["x-correlation-id"]


def test_our_own_fault_shows_nothing_of_our_insides(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret is a shibboleth")

    monkeypatch.setattr(live_server.vedette.views, "page", broken)
    with TestClient(web(live_server.vedette), raise_server_exceptions=False) as doors:
        headers = {"Authorization": f"Bearer {live_server.key}"}
        answer = doors.get("/api/v2/noc/tickets/", headers=headers)
    found = problem_in(answer, 500, "internal")
    assert found["correlation_id"] == answer.headers["x-correlation-id"]
    assert "shibboleth" not in answer.text


def test_other_origins_are_let_in_where_the_settings_name_them(live_server: LiveServer) -> None:
    page = "https://wall.example.org"
    named = replace(
        live_server.vedette, settings=replace(live_server.settings, allowed_origins=(page,))
    )
    with TestClient(web(named)) as doors:
        asked = doors.options(
            "/api/v2/noc/tickets/",
            headers={"Origin": page, "Access-Control-Request-Method": "GET"},
        )
        assert asked.headers["access-control-allow-origin"] == page
        other = doors.get("/health/live", headers={"Origin": "https://evil.example.org"})
        assert "access-control-allow-origin" not in other.headers
