"""Auth: where people get a token, and where whoever holds a credential sees what it opens."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from application.access import PASSWORD_CHARACTERS_MAX
from application.principals import Principal
from domain.access import Capability, Role
from interfaces.http.credentials import (
    PUBLIC,
    SIGNED_IN,
    Caller,
    Doorkeeper,
    client_of,
    needs,
)
from interfaces.http.envelope import Envelope
from interfaces.http.parameters import body
from interfaces.http.problems import problems
from interfaces.wiring import Vedette

CredentialText = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=PASSWORD_CHARACTERS_MAX)]


class LoginBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who wants in."""

    tenant: CredentialText
    username: CredentialText
    password: Password


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a credential stands for; `site_scope` null means every site."""

    username: str
    name: str
    roles: list[Role]
    capabilities: list[Capability]
    site_scope: list[str] | None


class SignedInHere(SignedIn, frozen=True, kw_only=True):
    """The same, with the tenant."""

    tenant: str


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A token to send as `Authorization: Bearer …`."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme of RFC 6750
    expires_at: str
    user: SignedIn


def signed_in(principal: Principal) -> SignedIn:
    scope = principal.site_scope
    return SignedIn(
        username=principal.username,
        name=principal.name,
        roles=list(principal.roles),
        capabilities=sorted(principal.capabilities),
        site_scope=None if scope is None else sorted(scope),
    )


class AuthController(Controller):
    path = "/api/v2/auth"
    tags = ("Auth",)

    @post(
        "/login/",
        status_code=200,
        opt=needs(PUBLIC),
        security=[{}],
        responses=problems(400, 401, 413, 422, 429, 500, 503),
        summary="Log in",
    )
    async def log_in(
        self,
        *,
        request: Request[Any, Any, Any],
        data: Annotated[
            SkipValidation[LoginBody],
            body({"tenant": "demo", "username": "operator", "password": "…"}),
        ],
        doorkeeper: NamedDependency[SkipValidation[Doorkeeper]],
        vedette: NamedDependency[SkipValidation[Vedette]],
    ) -> Envelope[Session]:
        """Trade a password for a token that opens the doors for twelve hours."""
        login = await doorkeeper.log_in(
            data.tenant, data.username, data.password, client_of(request)
        )
        token = doorkeeper.token_for(login)
        session = Session(
            access_token=token.text,
            expires_at=token.expires_at.isoformat(),
            user=signed_in(login.principal),
        )
        head = await sync_to_thread(vedette.log.head, login.principal.tenant_id)
        return Envelope(data=session, position=head.position)

    @get(
        "/me/",
        opt=needs(SIGNED_IN),
        responses=problems(400, 401, 429, 500, 503),
        sync_to_thread=True,
        summary="Who am I",
    )
    def me(
        self,
        *,
        caller: NamedDependency[SkipValidation[Caller]],
        vedette: NamedDependency[SkipValidation[Vedette]],
    ) -> Envelope[SignedInHere]:
        """Tell whom this credential stands for, and what it opens at this moment."""
        fields = msgspec.structs.asdict(signed_in(caller.principal))
        return Envelope(
            data=SignedInHere(tenant=caller.tenant_id, **fields),
            position=vedette.log.head(caller.tenant_id).position,
        )
