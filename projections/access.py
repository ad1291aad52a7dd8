"""Access: users and keys as whoever manages them sees them. Passwords, secrets and hashes are no facts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import assert_never, cast, get_args

import msgspec
from msgspec.structs import asdict, replace

from domain.access import (
    ApiKeyEvent,
    ApiKeyIssued,
    Role,
    UserBound,
    UserEmailChanged,
    UserEnrolled,
    UserEvent,
    UserReinstated,
    UserReleased,
    UserRenamed,
    UserRolesGranted,
    UserScopeLimited,
    UserSuspended,
)
from domain.catalogue import AnyRecorded
from projections.kernel import Projection, key_behind, stamped


class UserStatus(StrEnum):
    """Whether a user may sign in."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    """One user."""

    username: str
    name: str
    roles: tuple[Role, ...]
    site_scope: tuple[str, ...] | None  # null: every site
    status: UserStatus = UserStatus.ACTIVE
    suspended_because: str | None = None
    email: str | None = None  # where the user is told of escalations and breaches
    person_id: str | None = None  # whom of the directory the user is bound to
    enrolled_at: datetime
    updated_at: datetime
    position: int  # of the last fact folded into the row
    version: int


class KeyStatus(StrEnum):
    """Whether a key opens anything."""

    VALID = "VALID"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a machine. That it expires is no fact, so a row does not say whether it has."""

    key_id: str
    name: str
    roles: tuple[Role, ...]
    site_scope: tuple[str, ...] | None  # null: every site
    expires_at: datetime
    revoked: bool = False
    revoked_because: str | None = None
    issued_at: datetime
    issued_by: str
    updated_at: datetime
    position: int  # of the last fact folded into the row
    version: int


class KeyShown(KeyRow, frozen=True, kw_only=True):
    """A key, and whether it opens anything at the moment of the answer."""

    status: KeyStatus


def project_user(row: UserRow | None, fact: AnyRecorded) -> UserRow | None:
    """Fold one fact into its user's row."""
    if not isinstance(fact.event, get_args(UserEvent)):
        return row
    event = cast(UserEvent, fact.event)
    if isinstance(event, UserEnrolled):
        return UserRow(
            **asdict(event),
            enrolled_at=fact.recorded_at,
            updated_at=fact.recorded_at,
            position=fact.position,
            version=fact.version,
        )
    if row is None:
        return None  # its beginning was passed over
    told = stamped(row, fact)
    match event:
        case UserRenamed() | UserEmailChanged() | UserRolesGranted() | UserScopeLimited():
            return replace(told, **asdict(event))
        case UserBound(person_id=person_id):
            return replace(told, person_id=person_id)
        case UserReleased():
            return replace(told, person_id=None)
        case UserSuspended(reason=reason):
            return replace(told, status=UserStatus.SUSPENDED, suspended_because=reason)
        case UserReinstated():
            return replace(told, status=UserStatus.ACTIVE, suspended_because=None)
        case _:
            assert_never(event)


def project_key(row: KeyRow | None, fact: AnyRecorded) -> KeyRow | None:
    """Fold one fact into its key's row."""
    if not isinstance(fact.event, get_args(ApiKeyEvent)):
        return row
    event = cast(ApiKeyEvent, fact.event)
    if isinstance(event, ApiKeyIssued):
        return KeyRow(
            **asdict(event),
            issued_at=fact.recorded_at,
            issued_by=fact.actor,
            updated_at=fact.recorded_at,
            position=fact.position,
            version=fact.version,
        )
    if row is None:
        return None  # its beginning was passed over
    return stamped(replace(row, revoked=True, revoked_because=event.reason), fact)


def key_status(row: KeyRow, now: datetime) -> KeyStatus:
    """Return whether a key opens anything at a moment."""
    if row.revoked:
        return KeyStatus.REVOKED
    return KeyStatus.EXPIRED if row.expires_at <= now else KeyStatus.VALID


def key_shown(row: KeyRow, now: datetime) -> KeyShown:
    """Return a key as it stands at a moment."""
    return KeyShown(**asdict(row), status=key_status(row, now))


USERS = Projection(
    name="users",
    table="users",
    row=UserRow,
    key="username",
    newest_first="enrolled_at",
    facts=get_args(UserEvent),
    key_of=key_behind("user-"),
    project=project_user,
)
KEYS = Projection(
    name="keys",
    table="keys",
    row=KeyRow,
    key="key_id",
    newest_first="issued_at",
    facts=get_args(ApiKeyEvent),
    key_of=key_behind("key-"),
    project=project_key,
)
