"""Access: who is let in, what each role opens, and how fast a change of mind bites."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar, get
from litestar.security.jwt import Token
from litestar.testing import TestClient

from application.access import REMEMBERED_FOR_S
from domain.access import CAPABILITIES, Capability, Role, SuspendUser
from interfaces.http.app import web
from interfaces.http.credentials import (
    BY_ITSELF,
    PUBLIC,
    SIGNED_IN,
    Openness,
    RouteWithoutCapability,
    declarations,
)
from interfaces.http.limits import FAILED_LOGINS
from tests.http.field import attendance, problem_in, within
from tests.live import CAUSE, SECRET_KEY, LiveServer

LOGIN = "/api/v2/auth/login/"
ME = "/api/v2/auth/me/"
USERS = "/api/v2/noc/access/users"
KEYS = "/api/v2/noc/access/keys"
Doors = TestClient[Litestar]

AN_ID = "00000000-0000-0000-0000-000000000001"


def credentials(live: LiveServer, role: str = "operator") -> dict[str, str]:
    username, password = live.users[role]
    return {"tenant": live.tenant, "username": username, "password": password}


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def address(path: str) -> str:
    """Return a route's path with something in the place of each parameter."""
    parts = path.strip("/").split("/")
    filled = [AN_ID if part.endswith(":uuid}") else part for part in parts]
    filled = ["x" if part.startswith("{") else part for part in filled]
    return "/" + "/".join(filled)


def test_a_login_tells_who_one_is(doors: Doors, live_server: LiveServer) -> None:
    answer = doors.post(LOGIN, json=credentials(live_server))
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert data["token_type"] == "Bearer"
    left = datetime.fromisoformat(data["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=11.9) < left <= timedelta(hours=12)
    assert data["user"]["username"] == "operator"
    assert data["user"]["roles"] == ["operator"]
    assert data["user"]["site_scope"] is None
    assert set(data["user"]["capabilities"]) == CAPABILITIES[Role.OPERATOR]
    me = doors.get(ME, headers=bearer(data["access_token"])).json()["data"]
    assert me == {**data["user"], "tenant": live_server.tenant}


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "guess"},
        {"username": "nobody"},
        {"tenant": "no-such-tenant"},
        {"tenant": "NO SUCH \x00"},
        {"username": "x\x00"},
        {"tenant": "../log"},
    ],
)
def test_nobody_is_let_in_on_wrong_credentials(
    doors: Doors, live_server: LiveServer, wrong: dict[str, str]
) -> None:
    answer = doors.post(LOGIN, json={**credentials(live_server), **wrong})
    found = problem_in(answer, 401, "credentials.invalid")
    assert found["detail"] == "Nobody is let in on these credentials."


def test_guessing_a_password_is_slowed_down(doors: Doors, live_server: LiveServer) -> None:
    wrong = {**credentials(live_server), "password": "guess"}
    for _ in range(FAILED_LOGINS.burst):
        assert doors.post(LOGIN, json=wrong).status_code == 401
    answer = doors.post(LOGIN, json=wrong)
    problem_in(answer, 429, "rate.exceeded")
    assert 1 <= int(answer.headers["retry-after"]) <= 30
    # The right password waits as well: otherwise the answer would tell a guesser which one it is.
    assert doors.post(LOGIN, json=credentials(live_server)).status_code == 429
    assert doors.post(LOGIN, json=credentials(live_server, "auditor")).status_code == 200


def test_who_logs_in_rightly_is_not_slowed_down(doors: Doors, live_server: LiveServer) -> None:
    for _ in range(FAILED_LOGINS.burst + 2):
        assert doors.post(LOGIN, json=credentials(live_server)).status_code == 200


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "credentials.missing"),
        ("Basic b3A6b3A=", "credentials.missing"),
        ("Bearer ", "credentials.missing"),
        ("Bearer nonsense", "credentials.invalid"),
        ("Bearer vdt_", "credentials.invalid"),
        ("Bearer vdt_demo.key.secret", "credentials.invalid"),
        ("Bearer vdt_NO TENANT.key.secret", "credentials.invalid"),
        ("Bearer a.b.c", "credentials.invalid"),
    ],
)
def test_a_door_wants_a_valid_credential(doors: Doors, header: str | None, code: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = doors.get("/api/v2/noc/tickets/", headers=headers)
    problem_in(answer, 401, code)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_forged_or_expired_token_opens_nothing(doors: Doors, live_server: LiveServer) -> None:
    answer = doors.post(LOGIN, json=credentials(live_server))
    text = answer.json()["data"]["access_token"]
    genuine = Token.decode(text, SECRET_KEY, "HS256")
    hour = timedelta(hours=1)
    forged = [
        genuine.encode("another-key-of-more-than-32-characters", "HS256"),
        Token(
            exp=datetime.now(UTC) + hour, sub="operator", aud=live_server.tenant, extras={}
        ).encode(SECRET_KEY, "HS256"),
        Token(
            exp=datetime.now(UTC) + hour,
            sub="administrator",
            aud=live_server.tenant,
            extras=genuine.extras,
        ).encode(SECRET_KEY, "HS256"),
        text[:-4] + "AAAA",
    ]
    expired = Token(exp=datetime.now(UTC) + hour, sub="operator", aud=live_server.tenant)
    expired.exp = datetime.now(UTC) - hour
    for each in (*forged, expired.encode(SECRET_KEY, "HS256")):
        denied = doors.get(ME, headers=bearer(each))
        problem_in(denied, 401, "credentials.invalid")


def test_suspending_a_user_ends_open_sessions_within_seconds(live_server: LiveServer) -> None:
    token = live_server.token("operator")
    with live_server.client(token) as person, live_server.client() as administrator:
        assert person.get(ME).status_code == 200
        suspended = administrator.post(f"{USERS}/operator/suspend/", json={"reason": "Left"})
        assert suspended.status_code == 200, suspended.text
        assert within(REMEMBERED_FOR_S + 2, lambda: person.get(ME).status_code == 401)
        login = administrator.post(LOGIN, json=credentials(live_server))
        problem_in(login, 401, "credentials.invalid")
        administrator.post(f"{USERS}/operator/reinstate/", json={})
        assert within(REMEMBERED_FOR_S + 2, lambda: person.get(ME).status_code == 200)


def test_a_change_by_another_process_bites_within_seconds(live_server: LiveServer) -> None:
    """The web process remembers for a moment; here the fact comes from this process."""
    with live_server.client(live_server.token("auditor")) as person:
        assert person.get(ME).status_code == 200
        command = SuspendUser(reason="Left")
        live_server.vedette.access.change_user(live_server.tenant, "auditor", command, CAUSE)
        assert within(REMEMBERED_FOR_S + 3, lambda: person.get(ME).status_code == 401)


def test_a_role_that_is_taken_away_opens_nothing_any_more(live_server: LiveServer) -> None:
    with (
        live_server.client(live_server.token("operator")) as person,
        live_server.client() as administrator,
    ):
        path = f"/api/v2/noc/tickets/{AN_ID}/start/"
        assert person.post(path, json={}).status_code == 404
        content = {"name": "Operator", "roles": ["auditor"]}
        assert administrator.put(f"{USERS}/operator/", json=content).status_code == 200
        assert within(REMEMBERED_FOR_S + 2, lambda: person.post(path, json={}).status_code == 403)


def test_a_user_is_bound_to_a_person_that_is_there(
    machine: httpx.Client, live_server: LiveServer
) -> None:
    sam = f"{USERS}/sam"
    machine.put(f"{sam}/", json={"name": "Sam", "roles": ["supervisor"]})
    bind = {"person_id": "G-001"}
    found = problem_in(
        machine.post(f"{sam}/bind/", json=bind), 422, "directory.named_entry_unknown"
    )
    assert found["field"] == "$.person_id"
    machine.put("/api/v2/noc/directory/persons/G-001/", json={"name": "Sam Vane"})
    problem_in(machine.post(f"{USERS}/nobody/bind/", json=bind), 404, "user.unknown")
    problem_in(machine.post(f"{sam}/bind/", json={"person_id": "no one"}), 422, "request.invalid")
    bound = machine.post(f"{sam}/bind/", json=bind).json()["data"]
    assert bound["position"] == live_server.vedette.log.head(live_server.tenant).position
    assert machine.post(f"{sam}/bind/", json=bind).json()["data"]["position"] is None
    assert machine.post(f"{sam}/release/", json={}).json()["data"]["position"] is not None
    problem_in(machine.post(f"{USERS}/nobody/release/", json={}), 404, "user.unknown")


def test_a_new_password_logs_the_old_sessions_out(live_server: LiveServer) -> None:
    with (
        live_server.client(live_server.token("operator")) as person,
        live_server.client() as administrator,
    ):
        short = administrator.post(f"{USERS}/operator/password/", json={"password": "short"})
        assert problem_in(short, 422, "request.invalid")["field"] == "$.password"
        new = {"password": "correct horse battery staple"}
        assert administrator.post(f"{USERS}/operator/password/", json=new).status_code == 200
        assert within(REMEMBERED_FOR_S + 2, lambda: person.get(ME).status_code == 401)
        live_server.users["operator"] = ("operator", new["password"])
        assert live_server.token("operator")
        nobody = administrator.post(f"{USERS}/nobody/password/", json=new)
        problem_in(nobody, 404, "user.unknown")


def test_a_key_is_shown_once_works_and_is_revoked(live_server: LiveServer) -> None:
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    content = {"name": "Readers", "roles": ["integrator"], "expires_at": until}
    with live_server.client() as administrator:
        issued = administrator.post(f"{KEYS}/", json=content)
        assert issued.status_code == 201, issued.text
        data = issued.json()["data"]
        with live_server.client(data["key"]) as machine:
            me = machine.get(ME).json()["data"]
            assert (me["name"], me["roles"]) == ("Readers", ["integrator"])
            problem_in(machine.put(f"{USERS}/x/", json={}), 403, "capability.missing")
            with live_server.client(data["key"][:-1] + "!") as thief:
                problem_in(thief.get(ME), 401, "credentials.invalid")
            path = f"{KEYS}/{data['key_id']}/revoke/"
            assert administrator.post(path, json={"reason": "Sold"}).status_code == 200
            assert within(REMEMBERED_FOR_S + 2, lambda: machine.get(ME).status_code == 401)
        unknown = administrator.post(f"{KEYS}/nothing/revoke/", json={"reason": "x"})
        problem_in(unknown, 404, "api_key.unknown")


def test_an_expired_key_opens_nothing(live_server: LiveServer) -> None:
    issued = live_server.vedette.access.issue_key(
        live_server.tenant,
        name="Short",
        roles=(Role.INTEGRATOR,),
        expires_at=datetime.now(UTC) + timedelta(seconds=1),
        site_scope=None,
        cause=CAUSE,
    )
    with live_server.client(issued.text) as machine:
        assert machine.get(ME).status_code == 200
        assert within(3, lambda: machine.get(ME).status_code == 401)


def test_a_credential_that_asks_too_much_is_told_when_to_go_on(
    doors: Doors, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    doorkeeper = doors.app.state.doorkeeper
    monkeypatch.setattr(doorkeeper.buckets, "_clock", lambda: 0.0)  # nothing fills again
    answers: list[Any] = []
    for _ in range(2_000):
        answers.append(doors.get(ME, headers=bearer(live_server.key)))
        if answers[-1].status_code == 429:
            break
    problem_in(answers[-1], 429, "rate.exceeded")
    assert int(answers[-1].headers["retry-after"]) >= 1
    # Another kind of use has a bucket of its own.
    reported = doors.post(
        "/api/v2/noc/signals/", json=[attendance()], headers=bearer(live_server.key)
    )
    assert reported.status_code == 200


def test_each_role_opens_what_its_capabilities_say_and_nothing_else(
    live_server: LiveServer,
) -> None:
    declared = declarations(web(live_server.vedette))
    wanted = {route: need for route, need in declared.items() if isinstance(need, Capability)}
    assert len(wanted) > 30
    for role in Role:
        with live_server.client(live_server.token(role.value)) as client:
            for (method, path), capability in wanted.items():
                if method == "WEBSOCKET":
                    continue
                answer = client.request(method, address(path), content=b"nonsense")
                may = capability in CAPABILITIES[role]
                assert (answer.status_code != 403) == may, (role, method, path, answer.text)
                if not may:
                    problem_in(answer, 403, "capability.missing")
                assert answer.status_code < 500, (role, method, path, answer.text)


def test_only_the_named_routes_are_open_to_anybody(live_server: LiveServer) -> None:
    declared = declarations(web(live_server.vedette))
    opened = {path for (_, path), need in declared.items() if isinstance(need, Openness)}
    assert {path for (_, path), need in declared.items() if need is BY_ITSELF} == {
        "/ws/noc/dashboard"
    }
    assert {path for (_, path), need in declared.items() if need is SIGNED_IN} == {
        "/api/v2/auth/me"
    }
    public = {path for (_, path), need in declared.items() if need is PUBLIC}
    assert {path for path in public if path.startswith("/api/")} == {"/api/v2/auth/login"}
    assert opened


def test_a_route_without_a_declaration_keeps_the_application_from_starting(
    live_server: LiveServer,
) -> None:
    @get("/forgotten", sync_to_thread=False)
    def forgotten() -> str:
        return "open"

    with pytest.raises(RouteWithoutCapability, match="GET /forgotten"):
        web(live_server.vedette, forgotten)


def test_every_door_but_the_open_ones_wants_a_credential(live_server: LiveServer) -> None:
    declared = declarations(web(live_server.vedette))
    with httpx.Client(base_url=live_server.url, trust_env=False) as anybody:
        for (method, path), need in declared.items():
            if need in (PUBLIC, BY_ITSELF):
                continue
            answer = anybody.request(method, address(path), content=b"{}")
            problem_in(answer, 401, "credentials.missing")


def test_whoever_is_limited_to_sites_lets_nobody_in_beyond_them(
    machine: httpx.Client, live_server: LiveServer
) -> None:
    wanted = {
        "name": "One site",
        "roles": ["administrator"],
        "site_scope": ["S-01"],
        "expires_at": "2126-11-22T00:00:00+00:00",
    }
    limited = machine.post(f"{KEYS}/", json=wanted).json()["data"]["key"]
    with live_server.client(limited) as client:
        for method, path, content in (
            ("PUT", f"{USERS}/mole/", {"name": "Mole", "roles": ["administrator"]}),
            ("POST", f"{USERS}/administrator/password/", {"password": "x" * 20}),
            ("POST", f"{USERS}/administrator/suspend/", {"reason": "x"}),
            ("POST", f"{USERS}/administrator/reinstate/", {}),
            ("POST", f"{USERS}/administrator/bind/", {"person_id": "G-001"}),
            ("POST", f"{USERS}/administrator/release/", {}),
            ("POST", f"{KEYS}/", wanted | {"site_scope": None}),
            ("POST", f"{KEYS}/some-key/revoke/", {"reason": "x"}),
        ):
            problem_in(client.request(method, path, json=content), 403, "site_scope.limited")
