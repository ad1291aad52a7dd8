"""API key: what a machine shows to be let in. It ends by its date or by revocation, and never returns.

The fact says that a key exists and what it may do. Its secret and the hash of it are kept outside
the log, where they can be forgotten.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from domain.access.roles import Roles, SiteScope, in_order, scope_in_order
from domain.kernel import Command, Decider, Event, Identifier, Instant, Refused, ShortText, Unknown


class ApiKeyIssued(Event, frozen=True, tag="api_key.issued"):
    """A machine may call Vedette with this key until it expires. Stated by whoever manages access; the secret was shown once and is not here."""

    key_id: Identifier
    name: ShortText
    roles: Roles
    expires_at: Instant
    site_scope: SiteScope = None


class ApiKeyRevoked(Event, frozen=True, tag="api_key.revoked"):
    """A key opens nothing any more, for ever. What was done with it before stands."""

    reason: ShortText


ApiKeyEvent: TypeAlias = ApiKeyIssued | ApiKeyRevoked


class IssueApiKey(Command, frozen=True):
    """Let a machine in with a key that expires."""

    key_id: Identifier
    name: ShortText
    roles: Roles
    expires_at: Instant
    site_scope: SiteScope = None


class RevokeApiKey(Command, frozen=True):
    """End a key before its date."""

    reason: ShortText


ApiKeyCommand: TypeAlias = IssueApiKey | RevokeApiKey


class ApiKeyUnknown(Unknown):
    """No key was issued under this id."""

    code = "api_key.unknown"


class ApiKeyIsTaken(Refused):
    """A key was issued under this id with other content, or was revoked."""

    code = "api_key.taken"


class ApiKey(msgspec.Struct, frozen=True):
    """What the next decision needs to know."""

    issued: ApiKeyIssued | None = None
    revoked: bool = False


def decide(key: ApiKey, command: ApiKeyCommand) -> list[ApiKeyEvent]:
    """Answer a command with the facts it brings about, or refuse it.

    Raises:
        ApiKeyIsTaken: the id stands for another key, or for one that was revoked.
        ApiKeyUnknown: no key was issued here.
    """
    match command:
        case IssueApiKey():
            return issue(key, command)
        case RevokeApiKey(reason=reason):
            if key.issued is None:
                raise ApiKeyUnknown("There is no key of this id.")
            if key.revoked:
                return []
            return [ApiKeyRevoked(reason=reason)]
        case _:
            assert_never(command)


def issue(key: ApiKey, wanted: IssueApiKey) -> list[ApiKeyEvent]:
    issued = ApiKeyIssued(
        key_id=wanted.key_id,
        name=wanted.name,
        roles=in_order(wanted.roles),
        expires_at=wanted.expires_at,
        site_scope=scope_in_order(wanted.site_scope),
    )
    if key.issued is None:
        return [issued]
    if key.revoked or key.issued != issued:
        raise ApiKeyIsTaken("This id was given to a key before; issue a new one.", field="$.key_id")
    return []


def evolve(key: ApiKey, event: ApiKeyEvent) -> ApiKey:
    """Fold one fact into the state."""
    match event:
        case ApiKeyIssued():
            return ApiKey(issued=event)
        case ApiKeyRevoked():
            return replace(key, revoked=True)
        case _:
            assert_never(event)


API_KEY = Decider(initial=ApiKey(), decide=decide, evolve=evolve)


def key_stream(key_id: str) -> str:
    """Return the stream that tells a key's story."""
    return f"key-{key_id}"
