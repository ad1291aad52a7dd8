"""Working: what the commands share that change one thing of a tenant, list such things, or show a story."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from application.handling import handle
from domain.catalogue import Recorded, tag_of
from domain.kernel import Command, Decider
from interfaces.cli.answering import by_hand, opened, require_site, require_user, said
from projections.views import Wanted

C = TypeVar("C", bound=Command)


class StoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of a thing's story, as a line."""

    position: int
    recorded_at: datetime
    type: str
    actor: str
    caused_by: int | None


def work(
    tenant: str,
    decider: Decider[C, Any, Any],
    stream: str,
    command: C,
    what: str,
    *,
    users: Iterable[str] = (),
    sites: Iterable[str] = (),
    as_json: bool,
) -> None:
    """Hand a command to one thing, if the users and sites that it names are there, and say what it
    came to.

    Raises:
        CommandFailed: a user or a site is not there, or somebody was faster.
        Refused: the command met a rule.
    """
    with opened(tenant) as vedette:
        for username in users:
            require_user(vedette, tenant, username)
        for site_id in sites:
            require_site(vedette, tenant, site_id)
        position = handle(vedette.log, tenant, decider, stream, command, by_hand())
    said(position, what, as_json=as_json)


def wanted(limit: int, **equal: object) -> Wanted:
    """Return which rows of a board are wanted; a field that is compared with None is left out."""
    given = {name: str(value) for name, value in equal.items() if value is not None}
    return Wanted(equal=given, limit=limit)


def story_of(facts: Sequence[Recorded[Any]]) -> list[StoryLine]:
    """Return the facts of a stream as lines."""
    return [
        StoryLine(
            position=fact.position,
            recorded_at=fact.recorded_at,
            type=tag_of(fact.event),
            actor=fact.actor,
            caused_by=fact.caused_by,
        )
        for fact in facts
    ]
