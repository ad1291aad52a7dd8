"""Principals: who is at a door and what they may do there, from the facts and the secret of a holder."""

from __future__ import annotations

import hashlib
import re

import msgspec

from domain.access import Capability, Role, capabilities_of
from domain.access.api_key import ApiKey
from domain.access.user import Standing, User

KEY_PREFIX = "vdt_"
TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
IDENTIFIER = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class InvalidCredentials(Exception):
    """Nobody is let in on this. It does not say what was wrong, so that nobody can search for it."""


class Principal(msgspec.Struct, frozen=True):
    """Who is at the door, and what they may do there."""

    tenant_id: str
    subject: str  # "user:<username>" or "key:<key_id>"; the actor of the facts they bring about
    name: str
    roles: tuple[Role, ...]
    capabilities: frozenset[Capability]
    site_scope: frozenset[str] | None  # None: every site

    @property
    def username(self) -> str:
        return self.subject.partition(":")[2]

    def sees(self, site_id: str | None) -> bool:
        """Tell whether something at this site, or at none, is theirs to see."""
        return self.site_scope is None or (site_id is not None and site_id in self.site_scope)


class Holder(msgspec.Struct, frozen=True):
    """What is known of one subject: the state of its stream, and the hash of its secret."""

    state: User | ApiKey
    hash: str | None


def principal_of(tenant_id: str, subject: str, holder: Holder) -> Principal:
    """Return the holder as the doors know it.

    Raises:
        InvalidCredentials: suspended, revoked or never there.
    """
    match holder.state:
        case User(standing=Standing.ACTIVE, name=name, roles=roles, site_scope=scope):
            pass
        case ApiKey(issued=issued, revoked=False) if issued is not None:
            name, roles, scope = issued.name, issued.roles, issued.site_scope
        case _:
            raise InvalidCredentials
    return Principal(
        tenant_id=tenant_id,
        subject=subject,
        name=name,
        roles=roles,
        capabilities=capabilities_of(roles),
        site_scope=None if scope is None else frozenset(scope),
    )


def key_parts(text: str) -> tuple[str, str, str]:
    """Return tenant, key id and secret of a key's text.

    Raises:
        InvalidCredentials: it is not the text of a key.
    """
    tenant_id, _, rest = text.removeprefix(KEY_PREFIX).partition(".")
    key_id, _, secret = rest.rpartition(".")
    if not (TENANT.fullmatch(tenant_id) and IDENTIFIER.fullmatch(key_id) and secret):
        raise InvalidCredentials
    return tenant_id, key_id, secret


def key_hash(secret: str) -> str:
    """Return the hash of a key's secret. Its 256 random bits need no salt and no slowness."""
    return hashlib.sha256(secret.encode()).hexdigest()


def mark_of(hash_: str) -> str:
    """Return a mark of a password that may stand in a token and tells nothing about it."""
    return hashlib.sha256(hash_.encode()).hexdigest()[:16]
