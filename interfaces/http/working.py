"""Working: what every door that hands commands on has in common."""

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import msgspec
from litestar import post

from application.handling import handle
from application.ports import Cause, EventLog
from domain.access import Capability, user_stream
from domain.directory.site import site_stream
from domain.kernel import Command, Decider
from interfaces.http.credentials import Caller, needs
from interfaces.http.envelope import Envelope, Reached
from interfaces.http.parameters import version_of
from interfaces.http.problems import OF_COMMANDS, Rejected
from interfaces.http.reading import NotFound
from interfaces.wiring import Vedette

C = TypeVar("C", bound=Command)
C_contra = TypeVar("C_contra", bound=Command, contravariant=True)


def commanding(capability: Capability) -> partial[post]:
    """Return the decorator of the routes that hand a command to one thing."""
    return partial(
        post,
        opt=needs(capability),
        status_code=200,
        responses=OF_COMMANDS,
        sync_to_thread=True,
    )


class StoryDoor(msgspec.Struct, Generic[C], frozen=True):
    """Where commands to the things of one kind are handed in: tickets, alerts, findings, incidents."""

    decider: Decider[C, Any, Any]
    stream_of: Callable[[UUID], str]

    def work(
        self,
        vedette: Vedette,
        caller: Caller,
        id_: UUID,
        command: C,
        if_match: str | None = None,
    ) -> Envelope[Reached]:
        """Hand a command to a thing, if the caller may see it.

        Raises:
            NotFound: it is not there for this caller.
            Refused: the command met a rule.
            VersionMismatch: the thing does not stand at `if_match`.
            StreamMoved: somebody else was faster.
        """
        stream = self.stream_of(id_)
        require_visible(vedette, caller, stream)
        position = handle(
            vedette.log,
            caller.tenant_id,
            self.decider,
            stream,
            command,
            caller.cause(),
            if_match=version_of(if_match),
        )
        return reached(vedette, caller, position)


class OnTwo(Protocol[C_contra]):
    """A use case that takes a look at two things of one kind at once."""

    def __call__(
        self,
        log: EventLog,
        tenant_id: str,
        id_: UUID,
        wish: C_contra,
        cause: Cause,
        /,
        *,
        if_match: int | None = None,
    ) -> int | None: ...


class PairDoor(msgspec.Struct, Generic[C], frozen=True):
    """Where a command that takes two things of one kind is handed in: a link, a merge."""

    on_two: OnTwo[C]
    stream_of: Callable[[UUID], str]
    other: str  # the field of the command that names the other thing

    def work(
        self,
        vedette: Vedette,
        caller: Caller,
        id_: UUID,
        command: C,
        if_match: str | None = None,
    ) -> Envelope[Reached]:
        """Hand a command to two things, if the caller may see both.

        Raises:
            NotFound: one of them is not there for this caller.
            Refused: the command met a rule.
            VersionMismatch: the thing of this id does not stand at `if_match`.
            StreamMoved: somebody else was faster.
        """
        require_visible(vedette, caller, self.stream_of(id_))
        other = self.stream_of(getattr(command, self.other))
        require_visible(vedette, caller, other, field=f"$.{self.other}")
        position = self.on_two(
            vedette.log,
            caller.tenant_id,
            id_,
            command,
            caller.cause(),
            if_match=version_of(if_match),
        )
        return reached(vedette, caller, position)


def reached(vedette: Vedette, caller: Caller, position: int | None) -> Envelope[Reached]:
    """Return the answer to a command: where the log stands after it."""
    stands = vedette.log.head(caller.tenant_id).position if position is None else position
    return Envelope(data=Reached(position=position), position=stands)


def require_visible(
    vedette: Vedette, caller: Caller, stream_id: str, *, field: str | None = None
) -> None:
    """Refuse what is not there, and what is at a site that the caller may not see.

    The stream is asked, not a read model: what was opened a moment ago can be worked on now.

    Raises:
        NotFound: it is not there for this caller.
    """
    facts = vedette.log.read_stream(caller.tenant_id, stream_id)
    if not facts or not caller.principal.sees(getattr(facts[0].event, "site_id", None)):
        raise NotFound("There is no such thing here.", field=field)


def require_user(vedette: Vedette, caller: Caller, username: str, *, field: str) -> None:
    """Refuse a username that nobody has.

    Raises:
        Rejected: nobody was enrolled under this name.
    """
    stream = user_stream(username)
    if not vedette.log.first_positions(caller.tenant_id, [stream]):
        raise Rejected(422, "user.unknown", f"There is no user {username}.", field=field)


def require_registered(
    vedette: Vedette, caller: Caller, site_id: str | None, *, field: str
) -> None:
    """Refuse a site that nobody registered.

    Raises:
        Rejected: there is none of this name.
    """
    if site_id is None:
        return
    if not vedette.log.first_positions(caller.tenant_id, [site_stream(site_id)]):
        raise Rejected(422, "site.unknown", f"There is no site {site_id}.", field=field)


def require_site(caller: Caller, site_id: str | None, *, field: str | None = None) -> None:
    """Refuse to touch what is outside the caller's sites.

    Raises:
        NotFound: the site, or its absence, is not theirs.
    """
    if not caller.principal.sees(site_id):
        raise NotFound("There is no such thing here.", field=field)
