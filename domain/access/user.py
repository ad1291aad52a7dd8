"""User: a person who signs in to Vedette, with roles and, where wanted, only some of the sites.

A user who leaves is suspended, never deleted: the log goes on naming who did what.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from domain.access.roles import Role, Roles, SiteScope, in_order, scope_in_order
from domain.kernel import (
    Command,
    Decider,
    Event,
    Identifier,
    PersonalEmail,
    PersonalName,
    ShortText,
    Unknown,
)


class UserEnrolled(Event, frozen=True, tag="user.enrolled"):
    """A user may sign in from here on. Stated by whoever manages access; the password is kept elsewhere."""

    username: Identifier
    name: PersonalName
    roles: Roles
    site_scope: SiteScope = None


class UserRenamed(Event, frozen=True, tag="user.renamed"):
    """A user's name was corrected or has changed. The username stays."""

    name: PersonalName


class UserEmailChanged(Event, frozen=True, tag="user.email_changed"):
    """A user is told of escalations and breaches at this address from here on; null means by no mail."""

    email: PersonalEmail | None


class UserRolesGranted(Event, frozen=True, tag="user.roles_granted"):
    """A user has exactly these roles from here on; those that are not named are gone."""

    roles: Roles


class UserScopeLimited(Event, frozen=True, tag="user.scope_limited"):
    """A user sees exactly these sites from here on; null means every site."""

    site_scope: SiteScope


class UserSuspended(Event, frozen=True, tag="user.suspended"):
    """A user may not sign in any more, until reinstated. What the user did before stands."""

    reason: ShortText


class UserReinstated(Event, frozen=True, tag="user.reinstated"):
    """A suspended user may sign in again, with the roles and sites as they stand."""


class UserBound(Event, frozen=True, tag="user.bound"):
    """A user is this person of the directory from here on, and gets the work of the person's shifts as supervisor. Of several users of one person the one who was bound last, and may sign in, gets it."""

    person_id: Identifier


class UserReleased(Event, frozen=True, tag="user.released"):
    """A user is no person of the directory any more, except one whose identifier is the username."""


UserEvent: TypeAlias = (
    UserEnrolled
    | UserRenamed
    | UserEmailChanged
    | UserRolesGranted
    | UserScopeLimited
    | UserSuspended
    | UserReinstated
    | UserBound
    | UserReleased
)


class EnrolUser(Command, frozen=True):
    """Make a user known, or bring what is known of one up to this content. It does not reinstate."""

    username: Identifier
    name: PersonalName
    roles: Roles
    site_scope: SiteScope = None
    email: PersonalEmail | None = None


class SuspendUser(Command, frozen=True):
    """Let a user sign in no more."""

    reason: ShortText


class ReinstateUser(Command, frozen=True):
    """Let a suspended user sign in again."""


class BindUser(Command, frozen=True):
    """Say which person of the directory a user is; whoever the user was before is let go."""

    person_id: Identifier


class ReleaseUser(Command, frozen=True):
    """Let a user be no person of the directory any more."""


#: What is done to a user who is known, one thing at a time.
UserChange: TypeAlias = SuspendUser | ReinstateUser | BindUser | ReleaseUser
UserCommand: TypeAlias = EnrolUser | UserChange


class UserUnknown(Unknown):
    """Nobody was enrolled under this username."""

    code = "user.unknown"


class Standing(Enum):
    """Whether a user may sign in."""

    UNHEARD_OF = auto()
    ACTIVE = auto()
    SUSPENDED = auto()


class User(msgspec.Struct, frozen=True):
    """What the next decision needs to know."""

    standing: Standing = Standing.UNHEARD_OF
    name: str = ""
    roles: tuple[Role, ...] = ()
    site_scope: tuple[str, ...] | None = None
    email: str | None = None
    person_id: str | None = None


def decide(user: User, command: UserCommand) -> list[UserEvent]:
    """Answer a command with the facts it brings about, or refuse it.

    Raises:
        UserUnknown: nobody was enrolled here.
    """
    match command:
        case EnrolUser():
            return enrolment(user, command)
        case SuspendUser(reason=reason):
            require_known(user)
            if user.standing is Standing.SUSPENDED:
                return []
            return [UserSuspended(reason=reason)]
        case ReinstateUser():
            require_known(user)
            if user.standing is Standing.ACTIVE:
                return []
            return [UserReinstated()]
        case BindUser(person_id=person_id):
            require_known(user)
            return [] if user.person_id == person_id else [UserBound(person_id=person_id)]
        case ReleaseUser():
            require_known(user)
            return [] if user.person_id is None else [UserReleased()]
        case _:
            assert_never(command)


def enrolment(user: User, wanted: EnrolUser) -> list[UserEvent]:
    roles = in_order(wanted.roles)
    site_scope = scope_in_order(wanted.site_scope)
    facts: list[UserEvent] = []
    if user.standing is Standing.UNHEARD_OF:
        facts.append(
            UserEnrolled(
                username=wanted.username, name=wanted.name, roles=roles, site_scope=site_scope
            )
        )
        if wanted.email is not None:
            facts.append(UserEmailChanged(email=wanted.email))
        return facts
    if wanted.name != user.name:
        facts.append(UserRenamed(name=wanted.name))
    if roles != user.roles:
        facts.append(UserRolesGranted(roles=roles))
    if site_scope != user.site_scope:
        facts.append(UserScopeLimited(site_scope=site_scope))
    if wanted.email != user.email:
        facts.append(UserEmailChanged(email=wanted.email))
    return facts


def require_known(user: User) -> None:
    if user.standing is Standing.UNHEARD_OF:
        raise UserUnknown("There is no user of this name.")


def evolve(user: User, event: UserEvent) -> User:
    """Fold one fact into the state."""
    match event:
        case UserEnrolled(name=name, roles=roles, site_scope=site_scope):
            return User(Standing.ACTIVE, name, roles, site_scope)
        case UserRenamed(name=name):
            return replace(user, name=name)
        case UserEmailChanged(email=email):
            return replace(user, email=email)
        case UserRolesGranted(roles=roles):
            return replace(user, roles=roles)
        case UserScopeLimited(site_scope=site_scope):
            return replace(user, site_scope=site_scope)
        case UserSuspended():
            return replace(user, standing=Standing.SUSPENDED)
        case UserReinstated():
            return replace(user, standing=Standing.ACTIVE)
        case UserBound(person_id=person_id):
            return replace(user, person_id=person_id)
        case UserReleased():
            return replace(user, person_id=None)
        case _:
            assert_never(event)


USER = Decider(initial=User(), decide=decide, evolve=evolve)


def user_stream(username: str) -> str:
    """Return the stream that tells a user's story."""
    return f"user-{username}"
