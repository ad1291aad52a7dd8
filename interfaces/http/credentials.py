"""Credentials at the door: bearer tokens in, principals out, and the one guard of every route.

Every route declares the capability that it asks for, or that it asks for none. The application
does not start with a route that declares nothing, so a forgotten guard cannot exist.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Litestar, Request
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation
from litestar.security.jwt import Token

from application.access import Access, Login
from application.ports import Cause
from application.principals import KEY_PREFIX, InvalidCredentials, Principal, key_parts
from domain.access import Capability
from interfaces.http.correlation import correlation_of
from interfaces.http.limits import (
    COMMANDS,
    FAILED_KEYS,
    FAILED_LOGINS,
    LOGINS,
    PASSWORD_CHECKS_MAX,
    READINGS,
    Buckets,
    Limit,
)
from interfaces.http.problems import Rejected

ALGORITHM = "HS256"
TOKEN_LIFETIME = timedelta(hours=12)
USERNAME_SHOWN_MAX = 64

AnyConnection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
AnyRequest: TypeAlias = Request[Any, Any, Any]


class Openness(Enum):
    """What a route may declare instead of a capability."""

    PUBLIC = auto()  # anybody
    SIGNED_IN = auto()  # anybody with a valid credential
    BY_ITSELF = auto()  # the handler admits its callers, as a WebSocket has to after accepting


PUBLIC = Openness.PUBLIC
SIGNED_IN = Openness.SIGNED_IN
BY_ITSELF = Openness.BY_ITSELF

CAPABILITY = "capability"
LIMIT = "limit"


def needs(capability: Capability | Openness, limit: Limit | None = None) -> dict[str, Any]:
    """Declare what a route asks for, as its `opt`."""
    return {CAPABILITY: capability} if limit is None else {CAPABILITY: capability, LIMIT: limit}


class RouteWithoutCapability(Exception):
    """A route declares neither a capability nor that it needs none. The application must not start."""


def declarations(app: Litestar) -> dict[tuple[str, str], Capability | Openness]:
    """Return what each route asks for, by method and path.

    Raises:
        RouteWithoutCapability: one declares nothing.
    """
    declared: dict[tuple[str, str], Capability | Openness] = {}
    for route in app.routes:
        for handler in getattr(route, "route_handlers", None) or [getattr(route, "route_handler")]:  # noqa: B009
            methods = sorted(getattr(handler, "http_methods", None) or ["WEBSOCKET"])
            if methods == ["OPTIONS"]:  # the framework's own answer, which names methods only
                continue
            wanted = handler.opt.get(CAPABILITY)
            if not isinstance(wanted, Capability | Openness):
                raise RouteWithoutCapability(
                    f"{'/'.join(methods)} {route.path} declares no capability."
                )
            declared |= {(method, route.path): wanted for method in methods}
    return declared


class Caller(msgspec.Struct, frozen=True):
    """Who calls, and the id of this call."""

    principal: Principal
    correlation_id: UUID

    @property
    def tenant_id(self) -> str:
        return self.principal.tenant_id

    def cause(self) -> Cause:
        """Return the envelope of what this call brings about."""
        return Cause(actor=self.principal.subject, correlation_id=self.correlation_id)


def caller_of(
    request: AnyRequest,
    vedette: NamedDependency[SkipValidation[Any]],
) -> Caller:
    """Return who the guard let in (a dependency of the doors).

    It asks for what nearly every door asks for as well, and so comes after it: the framework would
    resolve the two at once, in a task for each, which costs more than both.
    """
    del vedette
    return Caller(request.user, correlation_of(request.scope))


class IssuedToken(msgspec.Struct, frozen=True):
    """A session as its bearer gets it."""

    text: str
    expires_at: datetime


class Doorkeeper:
    """Lets people and machines in, or not."""

    def __init__(
        self, access: Access, secret_key: str, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._access = access
        self._secret_key = secret_key
        self._clock = clock or (lambda: datetime.now(UTC))
        self.buckets = Buckets()
        self._passwords = ThreadPoolExecutor(PASSWORD_CHECKS_MAX, thread_name_prefix="passwords")

    async def log_in(self, tenant_id: str, username: str, password: str, client: str) -> Login:
        """Return who this is; guessing is slowed down for each username and each client address.

        Raises:
            InvalidCredentials: nobody is let in on this.
            TooManyRequests: too many attempts failed lately.
        """
        user = f"{tenant_id[:USERNAME_SHOWN_MAX]}/{username[:USERNAME_SHOWN_MAX]}"
        self.buckets.take(LOGINS, client)
        # Taken before the check and given back after it, so that guesses at once count all.
        self.buckets.take(FAILED_LOGINS, user)
        loop = asyncio.get_running_loop()
        guessed_wrong = False
        try:
            return await loop.run_in_executor(
                self._passwords, self._access.log_in, tenant_id, username, password
            )
        except InvalidCredentials:
            guessed_wrong = True
            raise
        finally:
            if not guessed_wrong:
                self.buckets.give_back(FAILED_LOGINS, user)

    def token_for(self, login: Login) -> IssuedToken:
        """Return the token of a session that begins now."""
        expires_at = (self._clock() + TOKEN_LIFETIME).replace(microsecond=0)
        token = Token(
            exp=expires_at,
            sub=login.principal.username,
            aud=login.principal.tenant_id,
            extras={"password": login.password_mark},
        )
        return IssuedToken(token.encode(self._secret_key, ALGORITHM), expires_at)

    async def admit(self, credential: str | None, client: str) -> Principal:
        """Return who a token or a key stands for, as they stand now.

        Raises:
            Rejected: there is no credential at all.
            InvalidCredentials: nobody is let in on it.
            TooManyRequests: this client showed too many that nobody is let in on.
        """
        if not credential:
            raise Rejected(
                401,
                "credentials.missing",
                "Send a token or a key as `Authorization: Bearer …`.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        self.buckets.require_room(FAILED_KEYS, client)
        try:
            if credential.startswith(KEY_PREFIX):
                return await self._by_key(credential)
            return await self._by_token(credential)
        except InvalidCredentials:
            self.buckets.take(FAILED_KEYS, client)
            raise

    async def _by_key(self, text: str) -> Principal:
        tenant_id, key_id, _ = key_parts(text)
        if self._access.is_remembered(tenant_id, f"key:{key_id}"):
            return self._access.authenticate_key(text)
        return await sync_to_thread(self._access.authenticate_key, text)

    async def _by_token(self, text: str) -> Principal:
        try:
            token = Token.decode(text, self._secret_key, ALGORITHM)
        except NotAuthorizedException as error:
            raise InvalidCredentials from error
        mark = token.extras.get("extras", token.extras).get("password")
        if not isinstance(token.aud, str) or not isinstance(mark, str):
            raise InvalidCredentials
        if self._access.is_remembered(token.aud, f"user:{token.sub}"):
            return self._access.session(token.aud, token.sub, mark)
        return await sync_to_thread(self._access.session, token.aud, token.sub, mark)

    def close(self) -> None:
        """Let the threads go."""
        self._passwords.shutdown()


def bearer(headers: Mapping[str, str]) -> str | None:
    """Return the credential of the Authorization header, if it is a bearer one."""
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else None


def client_of(connection: AnyConnection) -> str:
    """Return the address to count attempts by."""
    return connection.client.host if connection.client else "unknown"


async def guard(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Let a request through to its handler, or turn it away.

    Raises:
        Rejected: no credential, or one without the capability that the route declares.
        InvalidCredentials: nobody is let in on the credential.
        TooManyRequests: the credential used up what it may ask for.
    """
    wanted = handler.opt[CAPABILITY]
    if wanted in (PUBLIC, BY_ITSELF):
        return
    doorkeeper: Doorkeeper = connection.app.state.doorkeeper
    principal = await doorkeeper.admit(bearer(connection.headers), client_of(connection))
    connection.scope["user"] = principal
    reads = connection.scope.get("method") in ("GET", "HEAD")
    limit = handler.opt.get(LIMIT) or (READINGS if reads else COMMANDS)
    doorkeeper.buckets.take(limit, f"{principal.tenant_id}/{principal.subject}")
    if wanted is not SIGNED_IN and wanted not in principal.capabilities:
        raise lacking(wanted)


def lacking(capability: Capability) -> Rejected:
    """Return what turns away a caller who does not carry a capability."""
    return Rejected(403, "capability.missing", f"This asks for the capability {capability.value}.")


def require_every_site(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Keep out whoever is limited to some sites: they could let themselves in everywhere.

    Raises:
        Rejected: the credential has a site scope.
    """
    if connection.user.site_scope is not None:
        raise Rejected(
            403,
            "site_scope.limited",
            "Who is limited to some sites does not manage what holds for all of them.",
        )
