"""Access: what is done to users and keys, by whoever manages them."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import post, put
from litestar.params import SkipValidation

from application.access import PASSWORD_CHARACTERS_MAX
from domain.access import (
    BindUser,
    EnrolUser,
    ReinstateUser,
    ReleaseUser,
    RevokeApiKey,
    SuspendUser,
)
from domain.access.roles import Roles, SiteScope
from domain.kernel import Instant, PersonalEmail, PersonalName, ShortText
from interfaces.http.envelope import Envelope, Reached
from interfaces.http.holders import MANAGE, KeyReading, UserReading
from interfaces.http.parameters import IdentifierPath, TheCaller, TheVedette, body
from interfaces.http.problems import OF_WRITES
from interfaces.http.working import reached

PASSWORD_CHARACTERS_MIN = 12

NewPassword = Annotated[
    str, msgspec.Meta(min_length=PASSWORD_CHARACTERS_MIN, max_length=PASSWORD_CHARACTERS_MAX)
]


class UserContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user shall be; `site_scope` null means every site."""

    name: PersonalName
    roles: Roles
    site_scope: SiteScope = None
    email: PersonalEmail | None = None  # where the user is told of escalations and breaches


class PasswordContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new password."""

    password: NewPassword


class KeyContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a new key shall open, and until when."""

    name: ShortText
    roles: Roles
    expires_at: Instant
    site_scope: SiteScope = None


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new key. Its text is shown here and never again."""

    key_id: str
    key: str
    expires_at: datetime
    position: int | None


class UserController(UserReading):
    @put("/{username:str}/", opt=MANAGE, responses=OF_WRITES, sync_to_thread=True)
    def state_user(
        self,
        *,
        username: IdentifierPath,
        data: Annotated[
            SkipValidation[UserContent], body({"name": "Ada Marsh", "roles": ["operator"]})
        ],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """Make a user known, or bring what is known of one up to this content."""
        command = EnrolUser(username=username, **msgspec.structs.asdict(data))
        position = vedette.access.enrol_user(caller.tenant_id, command, caller.cause())
        return reached(vedette, caller, position)

    @post(
        "/{username:str}/password/",
        opt=MANAGE,
        status_code=200,
        responses=OF_WRITES,
        sync_to_thread=True,
    )
    def set_password(
        self,
        *,
        username: IdentifierPath,
        data: Annotated[
            SkipValidation[PasswordContent], body({"password": "correct horse battery staple"})
        ],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """Give a user this password. Whoever is logged in on the one before is logged out."""
        vedette.access.set_password(caller.tenant_id, username, data.password)
        return reached(vedette, caller, None)

    @post(
        "/{username:str}/suspend/",
        opt=MANAGE,
        status_code=200,
        responses=OF_WRITES,
        sync_to_thread=True,
    )
    def suspend(
        self,
        *,
        username: IdentifierPath,
        data: Annotated[SkipValidation[SuspendUser], body({"reason": "Left the company"})],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """Let a user in no more, open sessions included."""
        position = vedette.access.change_user(caller.tenant_id, username, data, caller.cause())
        return reached(vedette, caller, position)

    @post(
        "/{username:str}/reinstate/",
        opt=MANAGE,
        status_code=200,
        responses=OF_WRITES,
        sync_to_thread=True,
    )
    def reinstate(
        self,
        *,
        username: IdentifierPath,
        data: Annotated[SkipValidation[ReinstateUser], body({})],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """Let a suspended user in again."""
        position = vedette.access.change_user(caller.tenant_id, username, data, caller.cause())
        return reached(vedette, caller, position)

    @post(
        "/{username:str}/bind/",
        opt=MANAGE,
        status_code=200,
        responses=OF_WRITES,
        sync_to_thread=True,
    )
    def bind(
        self,
        *,
        username: IdentifierPath,
        data: Annotated[SkipValidation[BindUser], body({"person_id": "G-007"})],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """Say which person of the directory a user is, who then gets the work of the person's shifts as supervisor."""
        position = vedette.access.change_user(caller.tenant_id, username, data, caller.cause())
        return reached(vedette, caller, position)

    @post(
        "/{username:str}/release/",
        opt=MANAGE,
        status_code=200,
        responses=OF_WRITES,
        sync_to_thread=True,
    )
    def release(
        self,
        *,
        username: IdentifierPath,
        data: Annotated[SkipValidation[ReleaseUser], body({})],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """Let a user be no person of the directory any more."""
        position = vedette.access.change_user(caller.tenant_id, username, data, caller.cause())
        return reached(vedette, caller, position)


class KeyController(KeyReading):
    @post("/", opt=MANAGE, responses=OF_WRITES, sync_to_thread=True)
    def issue(
        self,
        *,
        data: Annotated[
            SkipValidation[KeyContent],
            body(
                {
                    "name": "Gate readers",
                    "roles": ["integrator"],
                    "expires_at": "2027-11-22T00:00:00+00:00",
                }
            ),
        ],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[NewKey]:
        """Issue a key for a machine. Keep the answer: the key is not shown again."""
        issued = vedette.access.issue_key(
            caller.tenant_id,
            name=data.name,
            roles=data.roles,
            expires_at=data.expires_at,
            site_scope=data.site_scope,
            cause=caller.cause(),
        )
        key = NewKey(
            key_id=issued.key_id,
            key=issued.text,
            expires_at=data.expires_at,
            position=issued.position,
        )
        return Envelope(data=key, position=issued.position or 0)

    @post(
        "/{key_id:str}/revoke/",
        opt=MANAGE,
        status_code=200,
        responses=OF_WRITES,
        sync_to_thread=True,
    )
    def revoke(
        self,
        *,
        key_id: IdentifierPath,
        data: Annotated[SkipValidation[RevokeApiKey], body({"reason": "The reader was sold"})],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """End a key before its date."""
        position = vedette.access.revoke_key(caller.tenant_id, key_id, data, caller.cause())
        return reached(vedette, caller, position)
