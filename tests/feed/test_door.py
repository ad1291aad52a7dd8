"""The door of the feed: who is let in, how, and with which words the others are turned away."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import uvicorn
from litestar import Litestar
from structlog.testing import capture_logs
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from domain.access import Role, SuspendUser
from domain.ticket import TicketOpened
from interfaces import wiring
from interfaces.feed.corking import CorkedWebSocket
from interfaces.feed.endpoint import BEARER_PROTOCOL, PATH, PROTOCOL, feed_route
from interfaces.feed.hub import Hub
from interfaces.http.app import web
from interfaces.http.credentials import Doorkeeper
from interfaces.settings import Settings
from tests.conftest import Database as Migrated
from tests.feed.stage import SOON_S, Stage, chained
from tests.live import CAUSE, SECRET_KEY, Field, cheap_access, enrol, seed_tenant

ALLOWED = "https://wall.example"


class Served:
    """An application behind a real port, in a thread of this process."""

    def __init__(
        self, app: Litestar, protocol: type[WebSocketsSansIOProtocol] = CorkedWebSocket
    ) -> None:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            log_config=None,
            timeout_graceful_shutdown=1,
            ws=protocol,
            ws_max_size=64 * 1024,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([listener],))
        self.thread.start()
        deadline = time.monotonic() + SOON_S
        while not self.server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture(scope="module")
def vedette(
    database: Migrated, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[wiring.Vedette]:
    settings = Settings(
        database_url=database.app_url,
        secret_key=SECRET_KEY,
        data_directory=tmp_path_factory.mktemp("door"),
        allowed_origins=(ALLOWED,),
    )
    opened = wiring.open_application(settings)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def served(vedette: wiring.Vedette) -> Iterator[Served]:
    """The whole application."""
    with capture_logs():
        server = Served(web(vedette))
        yield server
        server.stop()


@pytest.fixture
def field(vedette: wiring.Vedette, tenant: str) -> Field:
    return seed_tenant(vedette, tenant)


@pytest.fixture
def stage(vedette: wiring.Vedette, field: Field) -> Stage:
    return Stage(vedette.log, field.tenant)


def at(served: Served, **query: Any) -> str:
    return f"ws://{served.host}{PATH}?{urlencode(query, doseq=True)}"


async def hear(client: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(SOON_S):
        frame: dict[str, Any] = json.loads(await client.recv())
        return frame


async def turned_away(url: str, **options: Any) -> tuple[int, str]:
    """Open a socket that is closed without a frame; return the code and the reason."""
    async with connect(url, proxy=None, **options) as client:
        return await closing(client)


async def deaf(client: ClientConnection) -> None:
    """Read until the socket is closed."""
    async with asyncio.timeout(SOON_S):
        while True:
            await client.recv()


async def closing(client: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as caught:
        await hear(client)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


@pytest.mark.parametrize("way", ["query", "header", "subprotocol"])
@pytest.mark.parametrize("kind", ["key", "token"])
async def test_a_credential_is_shown_in_three_ways(
    served: Served, vedette: wiring.Vedette, field: Field, way: str, kind: str
) -> None:
    credential = field.key if kind == "key" else token_of(vedette, field, "operator")
    url, options = at(served), dict[str, Any]()
    if way == "query":
        url = at(served, token=credential)
    elif way == "header":
        options["additional_headers"] = {"Authorization": f"Bearer {credential}"}
    else:
        offered = [PROTOCOL, f"{BEARER_PROTOCOL}{credential}"]
        options["subprotocols"] = [Subprotocol(name) for name in offered]
    async with connect(url, proxy=None, **options) as client:
        assert client.subprotocol == (PROTOCOL if way == "subprotocol" else None)
        head = vedette.log.head(field.tenant).position
        assert await hear(client) == {"type": "snapshot", "position": head}


def token_of(vedette: wiring.Vedette, field: Field, role: str) -> str:
    doorkeeper = Doorkeeper(vedette.access, SECRET_KEY)
    username, password = field.users[role]
    login = cheap_access(vedette).log_in(field.tenant, username, password)
    try:
        return doorkeeper.token_for(login).text
    finally:
        doorkeeper.close()


async def test_frames_come_from_the_log_by_type_site_and_position(
    served: Served, stage: Stage, field: Field
) -> None:
    start = stage.ticket("S-1")
    stage.ticket("S-2")
    third, fourth = stage.ticket("S-1"), stage.ticket("S-3")
    url = at(served, token=field.key, after=start, site_id=["S-1", "S-3"], types="ticket,alert")
    async with connect(url, proxy=None) as client:
        assert await hear(client) == {"type": "snapshot", "position": start}
        frames = [await hear(client), await hear(client)]
        assert [frame["position"] for frame in frames] == [third, fourth]
        assert chained(start, frames)
        opened = stage.log.read(stage.tenant, third - 1, 1)[0]
        assert isinstance(opened.event, TicketOpened)
        assert frames[0]["data"]["ticket_id"] == str(opened.event.ticket_id)
        # The listener is woken, not found by the next poll.
        last = stage.ticket("S-1")
        assert (await hear(client))["position"] == last
        await client.send(json.dumps({"type": "ping"}))
        assert await hear(client) == {"type": "pong"}
        await client.send(b'{"type":"ping"}')
        assert await hear(client) == {"type": "pong"}
        await client.send(" " * (16 * 1024 + 1))
        assert (await hear(client))["code"] == "message.too_large"


async def test_a_server_that_takes_no_frames_together_is_given_each_by_itself(
    vedette: wiring.Vedette, stage: Stage, field: Field
) -> None:
    start = stage.ticket()
    told = [stage.ticket() for _ in range(3)]
    with capture_logs():
        plain = Served(web(vedette), WebSocketsSansIOProtocol)
        try:
            async with connect(at(plain, token=field.key, after=start), proxy=None) as client:
                assert (await hear(client))["type"] == "snapshot"
                assert [(await hear(client))["position"] for _ in told] == told
        finally:
            plain.stop()


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"after": "-1"}, "after:"),
        ({"after": "soon"}, "after:"),
        ({"after": ""}, "after:"),
        ({"after": "٣"}, "after:"),
        ({"after": str(2**63)}, "after:"),
        ({"after": "9" * 5_000}, "after:"),
        ({"types": "weather"}, "types:"),
        ({"type": "ticket"}, "'type': no such parameter; there are after, site_id, token, types."),
        ({"types": "é" * 100}, "types:"),
    ],
)
async def test_a_query_that_cannot_be_understood_is_4400(
    served: Served, field: Field, query: dict[str, Any], says: str
) -> None:
    code, reason = await turned_away(at(served, token=field.key, **query))
    assert code == 4400
    assert reason.startswith(says)


@pytest.mark.parametrize(
    "token",
    [None, "", "nonsense", "a.b.c", "vdt_", "vdt_nobody.key.secret", "vdt_a.b.c" * 300],
)
async def test_nobody_is_let_in_without_a_valid_credential(
    served: Served, token: str | None
) -> None:
    url = at(served) if token is None else at(served, token=token)
    code, reason = await turned_away(url)
    assert (code, reason) == (4401, "No valid credential.")


async def test_a_page_of_another_site_may_not_open_the_feed(served: Served, field: Field) -> None:
    url = at(served, token=field.key)
    for origin in (
        "https://evil.example",
        "null",
        "http://[::1",
        f"http://{served.host}.evil.example",
    ):
        code, _ = await turned_away(url, additional_headers={"Origin": origin})
        assert code == 4403
    for origin in (ALLOWED, f"http://{served.host}"):
        async with connect(url, proxy=None, additional_headers={"Origin": origin}) as client:
            assert (await hear(client))["type"] == "snapshot"


async def test_a_position_ahead_of_the_log_is_4409(served: Served, field: Field) -> None:
    async with connect(at(served, token=field.key, after=10_000), proxy=None) as client:
        assert await hear(client) == {"type": "resync_required", "position": 10_000}
        assert (await closing(client))[0] == 4409


async def test_another_tenants_frames_stay_where_they_are(
    served: Served, vedette: wiring.Vedette, stage: Stage, field: Field
) -> None:
    other = seed_tenant(vedette, f"{field.tenant}-b")
    async with (
        connect(at(served, token=field.key), proxy=None) as mine,
        connect(at(served, token=other.key), proxy=None) as theirs,
    ):
        await hear(mine)
        await hear(theirs)
        stage.ticket("mine")
        Stage(vedette.log, other.tenant).ticket("theirs")
        assert (await hear(mine))["site_id"] == "mine"
        assert (await hear(theirs))["site_id"] == "theirs"


async def test_a_scoped_user_hears_of_its_sites(
    served: Served, vedette: wiring.Vedette, stage: Stage, field: Field
) -> None:
    access = cheap_access(vedette)
    password = enrol(access, field.tenant, "scoped", (Role.OPERATOR,), ("S-2",))
    field.users["scoped"] = ("scoped", password)
    token = token_of(vedette, field, "scoped")
    async with connect(at(served, token=token), proxy=None) as client:
        await hear(client)
        stage.ticket("S-1")
        head = stage.ticket("S-2")
        assert (await hear(client))["position"] == head


async def test_a_user_that_is_suspended_hears_no_more(
    vedette: wiring.Vedette, stage: Stage, field: Field
) -> None:
    """The credential is asked again with each heartbeat, here a quick one."""
    doorkeeper = Doorkeeper(vedette.access, SECRET_KEY)
    hub = Hub(vedette.log, lambda tenant_id: vedette.log.head(tenant_id).position)
    route = feed_route(hub, doorkeeper, (), heartbeat_s=0.05)
    server = Served(Litestar([route], openapi_config=None, on_shutdown=[hub.close]))
    try:
        token = token_of(vedette, field, "operator")
        async with connect(at(server, token=token), proxy=None) as client:
            await hear(client)
            assert (await hear(client))["type"] == "heartbeat"
            suspend = SuspendUser(reason="Left the company")
            vedette.access.change_user(field.tenant, "operator", suspend, CAUSE)
            with pytest.raises(ConnectionClosed) as caught:
                await deaf(client)
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 4401
    finally:
        server.stop()
        doorkeeper.close()
