"""The door of the feed: `/ws/noc/dashboard/`, from the handshake to a session.

A browser cannot set a header on a WebSocket, so the credential may also come as a subprotocol
(which, unlike the query string, stands in no access log). Whoever is turned away is accepted first
and then closed with a code that says why, because a refused handshake tells a browser nothing.
"""

from collections.abc import Sequence
from typing import Any, Literal, cast

import psycopg
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import WebsocketRouteHandler
from litestar.types import WebSocketSendEvent

from application.ports import LogUnavailable, NoSuchTenant
from application.principals import InvalidCredentials, Principal
from domain.access import Capability
from interfaces.feed.corking import FRAMES
from interfaces.feed.hub import Hub
from interfaces.feed.listeners import Filter
from interfaces.feed.session import (
    CLOSE_FORBIDDEN,
    CLOSE_MALFORMED,
    CLOSE_UNAUTHENTICATED,
    CLOSE_UNAVAILABLE,
    HEARTBEAT_S,
    AdmissionUnknown,
    Session,
    filter_of,
)
from interfaces.http.credentials import BY_ITSELF, Doorkeeper, bearer, client_of, needs
from interfaces.http.limits import TooManyRequests
from interfaces.http.problems import Rejected

PATH = "/ws/noc/dashboard/"
PROTOCOL = "vedette.v1"
BEARER_PROTOCOL = "vedette.bearer."
POSITION_MAX = 2**63 - 1
POSITION_DIGITS_MAX = 19
PARAMETERS = ("after", "site_id", "token", "types")  # a misspelt one would let everything through
UNAVAILABLE = (
    LogUnavailable,
    psycopg.OperationalError,
)  # the log and the credentials are one database

Socket = WebSocket[Any, Any, Any]


class TurnedAway(Exception):
    """The handshake is not let in."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class SocketWire:
    """A session's wire over one WebSocket. After either side closed it, sending is in vain."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._open = True
        self._together = FRAMES in (socket.scope.get("extensions") or {})

    async def send(self, *frames: bytes) -> None:
        if self._open:
            try:
                await self._send(frames)
            except OSError:
                # The server says so where the client went without a word.
                self._open = False

    async def _send(self, frames: Sequence[bytes]) -> None:
        if self._together:
            message = {"type": "websocket.send", FRAMES: frames}
            await self._socket.send(cast("WebSocketSendEvent", message))
            return
        for frame in frames:
            await self._socket.send_data(frame.decode(), mode="text")

    async def receive(self) -> bytes | None:
        try:
            message = await self._socket.receive()
        except WebSocketDisconnect:
            self._open = False
            return None
        if message["type"] == "websocket.disconnect":
            self._open = False
            return None
        text = message.get("text")
        if isinstance(text, str):
            return text.encode()
        data = message.get("bytes")
        return data if isinstance(data, bytes) else b""

    async def close(self, code: int, reason: str) -> None:
        if self._open:
            self._open = False
            await self._socket.close(code=code, reason=reason)


def feed_route(
    hub: Hub,
    doorkeeper: Doorkeeper,
    allowed_origins: tuple[str, ...],
    *,
    heartbeat_s: float = HEARTBEAT_S,
) -> WebsocketRouteHandler:
    """Return the route of the feed, on this hub."""

    @websocket(PATH, opt=needs(BY_ITSELF))
    async def dashboard(socket: Socket) -> None:
        """Serve one listener."""
        offered = offered_protocols(socket)
        await socket.accept(subprotocols=PROTOCOL if PROTOCOL in offered else None)
        wire = SocketWire(socket)
        try:
            require_origin(socket, allowed_origins)
            wanted, after = wish_of(socket)
            principal = await admit(doorkeeper, socket, offered)

            async def admitted() -> frozenset[str] | Literal["everywhere"] | None:
                try:
                    now = await admit(doorkeeper, socket, offered)
                except TurnedAway:
                    return None
                except (TooManyRequests, *UNAVAILABLE) as error:
                    raise AdmissionUnknown from error
                return "everywhere" if now.site_scope is None else now.site_scope

            session = Session(hub, wire, principal.tenant_id, admitted, heartbeat_s=heartbeat_s)
            await session.run(wanted, after)
        except TurnedAway as turned_away:
            await wire.close(turned_away.code, turned_away.reason)
        except TooManyRequests:
            await wire.close(CLOSE_UNAUTHENTICATED, "Too many failed attempts; try again later.")
        except (AdmissionUnknown, *UNAVAILABLE):
            await wire.close(CLOSE_UNAVAILABLE, "The log does not answer; try again.")
        else:
            await wire.close(1000, "")

    return dashboard


def wish_of(socket: Socket) -> tuple[Filter, int | None]:
    """Return what the query string asks for.

    Raises:
        TurnedAway: it cannot be understood.
    """
    query = socket.query_params
    for name in query:
        if name not in PARAMETERS:
            known = ", ".join(PARAMETERS)
            raise TurnedAway(
                CLOSE_MALFORMED, f"{name[:20]!a}: no such parameter; there are {known}."
            )
    try:
        wanted = filter_of(query.getall("types", []), query.getall("site_id", []))
        return wanted, after_of(query.get("after"))
    except ValueError as error:
        raise TurnedAway(CLOSE_MALFORMED, str(error)) from error


def offered_protocols(socket: Socket) -> list[str]:
    """Return the subprotocols that the client offers."""
    return [name.strip() for name in socket.headers.get("sec-websocket-protocol", "").split(",")]


def require_origin(socket: Socket, allowed_origins: tuple[str, ...]) -> None:
    """Turn away a page of another site that opens the feed in somebody's browser.

    Raises:
        TurnedAway: the Origin is neither ours nor allowed.
    """
    origin = socket.headers.get("origin")
    if origin is None or origin in allowed_origins:
        return
    # Compared as text: an origin that is no address at all is nobody's.
    if origin.partition("://")[2] != socket.headers.get("host"):
        raise TurnedAway(CLOSE_FORBIDDEN, "This origin may not open the feed.")


async def admit(doorkeeper: Doorkeeper, socket: Socket, offered: list[str]) -> Principal:
    """Return who listens.

    Raises:
        TurnedAway: nobody is let in on the credential, or it is not for the feed.
        TooManyRequests: this client showed too many that nobody is let in on.
    """
    token = (
        bearer(socket.headers)
        or next(
            (
                name.removeprefix(BEARER_PROTOCOL)
                for name in offered
                if name.startswith(BEARER_PROTOCOL)
            ),
            None,
        )
        or socket.query_params.get("token")
    )
    try:
        principal = await doorkeeper.admit(token, client_of(socket))
    except (InvalidCredentials, Rejected, NoSuchTenant) as error:
        raise TurnedAway(CLOSE_UNAUTHENTICATED, "No valid credential.") from error
    if Capability.FEED_VIEW not in principal.capabilities:
        raise TurnedAway(CLOSE_FORBIDDEN, "This needs the capability feed:view.")
    return principal


def after_of(text: str | None) -> int | None:
    """Return the position to resume behind.

    Raises:
        ValueError: not a position.
    """
    if text is None:
        return None
    digits = text.isascii() and text.isdigit() and len(text) <= POSITION_DIGITS_MAX
    if not digits or int(text) > POSITION_MAX:
        raise ValueError("after: must be a position of the log, 0 or more.")
    return int(text)
