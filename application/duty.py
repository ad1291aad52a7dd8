"""Duty: who answers for a site at a moment, as policies remember it from the directory's facts.

A supervisor's shift names a person. Work is given to users: to the one who was bound to the person
last and may sign in, or else to the one whose username is the person's id, unless that one is bound
to somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from application.following import Desk
from domain.access import (
    UserBound,
    UserEnrolled,
    UserReinstated,
    UserReleased,
    UserSuspended,
    user_stream,
)
from domain.catalogue import AnyRecorded
from domain.directory.shift import ShiftCancelled, ShiftPlanned, ShiftRole
from domain.directory.site import (
    SecurityManagerAppointed,
    SecurityManagerRelieved,
    SiteRegistered,
    site_stream,
)
from domain.kernel import Event

DUTY_FACTS: tuple[type[Event], ...] = (
    SiteRegistered,
    SecurityManagerAppointed,
    SecurityManagerRelieved,
    ShiftPlanned,
    ShiftCancelled,
    UserEnrolled,
    UserSuspended,
    UserReinstated,
    UserBound,
    UserReleased,
)
KEPT_FOR = timedelta(days=1)  # after its end a shift is of no use to anybody
TURNS_MAX = 500  # of supervisors remembered of a site, the latest


class Post(msgspec.Struct, frozen=True):
    """Who is security manager of a site."""

    version: int  # of the site's stream
    security_manager: str | None = None


class Turn(msgspec.Struct, frozen=True):
    """A supervisor's shift."""

    shift_id: str
    person_id: str
    starts_at: datetime
    ends_at: datetime


class Turns(msgspec.Struct, frozen=True):
    """The supervisors' shifts of a site."""

    turns: tuple[Turn, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """Where a shift stands among the supervisors' shifts, if it does."""

    version: int  # of the shift's stream
    site_id: str | None


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a user may sign in, and which person the user is bound to."""

    version: int  # of the user's stream
    active: bool
    person_id: str | None = None


class Bound(msgspec.Struct, frozen=True):
    """The users who are bound to a person, in the order in which they were."""

    usernames: tuple[str, ...] = ()


def fetch_duty(desk: Desk, batch: Sequence[AnyRecorded], site_ids: Sequence[str]) -> None:
    """Have in hand what `learn_duty` and the questions below will ask for."""
    told = [fact for fact in batch if isinstance(fact.event, DUTY_FACTS)]
    by_prefix: dict[str, list[str]] = {"site": [], "shift": [], "user": []}
    for fact in told:
        by_prefix[fact.stream_id.partition("-")[0]].append(fact.stream_id)
    desk.memories([*by_prefix["site"], *map(site_stream, site_ids)], Post)
    accounts = desk.memories(by_prefix["user"], Account)
    places = desk.memories(by_prefix["shift"], Place)
    sites = [place.site_id for place in places.values() if place.site_id is not None]
    sites += [fact.event.site_id for fact in told if isinstance(fact.event, ShiftPlanned)]
    turns = desk.memories([turns_key(site_id) for site_id in (*sites, *site_ids)], Turns)
    persons = [turn.person_id for each in turns.values() for turn in each.turns]
    persons += [each.person_id for each in accounts.values() if each.person_id is not None]
    persons += [fact.event.person_id for fact in told if isinstance(fact.event, UserBound)]
    bound = desk.memories([bound_key(person_id) for person_id in persons], Bound)
    usernames = [name for each in bound.values() for name in each.usernames]
    desk.memories([user_stream(name) for name in (*persons, *usernames)], Account)


def learn_duty(desk: Desk, fact: AnyRecorded) -> None:
    """Take a fact of the directory in; one that was taken in before changes nothing."""
    match fact.event:
        case (
            SiteRegistered(security_manager=name) | SecurityManagerAppointed(security_manager=name)
        ):
            learn_post(desk, fact, name)
        case SecurityManagerRelieved():
            learn_post(desk, fact, None)
        case ShiftPlanned() as planned:
            learn_shift(desk, fact, planned)
        case ShiftCancelled():
            learn_shift(desk, fact, None)
        case UserEnrolled() | UserReinstated():
            learn_account(desk, fact, active=True)
        case UserSuspended():
            learn_account(desk, fact, active=False)
        case UserBound(person_id=person_id):
            learn_binding(desk, fact, person_id)
        case _:
            assert isinstance(fact.event, UserReleased), f"{fact.event} is not the directory's."
            learn_binding(desk, fact, None)


def learn_post(desk: Desk, fact: AnyRecorded, security_manager: str | None) -> None:
    known = desk.memories([fact.stream_id], Post).get(fact.stream_id)
    if known is None or fact.version > known.version:
        desk.remember(fact.stream_id, Post(fact.version, security_manager))


def learn_account(desk: Desk, fact: AnyRecorded, *, active: bool) -> None:
    known = desk.memories([fact.stream_id], Account).get(fact.stream_id)
    if known is None or fact.version > known.version:
        person_id = None if known is None else known.person_id
        desk.remember(fact.stream_id, Account(fact.version, active, person_id))


def learn_binding(desk: Desk, fact: AnyRecorded, person_id: str | None) -> None:
    """Take a user from the person whom the user was, and put the user with the one whom it is now."""
    known = desk.memories([fact.stream_id], Account)[fact.stream_id]
    if fact.version <= known.version:
        return
    username = fact.stream_id.removeprefix(user_stream(""))
    if known.person_id is not None:
        others = tuple(each for each in bound_to(desk, known.person_id) if each != username)
        desk.remember(bound_key(known.person_id), Bound(others))
    if person_id is not None:
        desk.remember(bound_key(person_id), Bound((*bound_to(desk, person_id), username)))
    desk.remember(fact.stream_id, Account(fact.version, known.active, person_id))


def learn_shift(desk: Desk, fact: AnyRecorded, planned: ShiftPlanned | None) -> None:
    """Put a supervisor's shift among those of its site, and take it from where it was before."""
    known = desk.memories([fact.stream_id], Place).get(fact.stream_id)
    if known is not None and fact.version <= known.version:
        return
    shift_id = fact.stream_id.removeprefix("shift-")
    if known is not None and known.site_id is not None:
        kept = (turn for turn in turns_of(desk, known.site_id) if turn.shift_id != shift_id)
        desk.remember(turns_key(known.site_id), Turns(tuple(kept)))
    site_id = None
    if (
        planned is not None
        and planned.role is ShiftRole.SUPERVISOR
        and planned.person_id is not None
    ):
        site_id = planned.site_id
        turn = Turn(shift_id, planned.person_id, planned.starts_at, planned.ends_at)
        useful_from = fact.recorded_at - KEPT_FOR
        turns = [each for each in turns_of(desk, site_id) if each.ends_at >= useful_from]
        turns = sorted([*turns, turn], key=lambda each: (each.starts_at, each.shift_id))
        desk.remember(turns_key(site_id), Turns(tuple(turns[-TURNS_MAX:])))
    if known is not None or site_id is not None:
        desk.remember(fact.stream_id, Place(fact.version, site_id))


def security_manager(desk: Desk, site_id: str | None) -> str | None:
    """Return who is security manager of a site."""
    if site_id is None:
        return None
    post = desk.memories([site_stream(site_id)], Post).get(site_stream(site_id))
    return None if post is None else post.security_manager


def supervisor_on_duty(desk: Desk, site_id: str | None, at: datetime) -> str | None:
    """Return the user whose supervisor's shift covers a moment, the one that began last."""
    if site_id is None:
        return None
    for turn in reversed(turns_of(desk, site_id)):
        if turn.starts_at <= at < turn.ends_at:
            username = user_of(desk, turn.person_id)
            if username is not None:
                return username
    return None


def user_of(desk: Desk, person_id: str) -> str | None:
    """Return the user who gets the work of a person, if one may sign in."""
    names = [*reversed(bound_to(desk, person_id)), person_id]
    accounts = desk.memories([user_stream(name) for name in names], Account)
    for name in names:
        account = accounts.get(user_stream(name))
        if account is not None and account.active and account.person_id in {None, person_id}:
            return name
    return None


def bound_to(desk: Desk, person_id: str) -> tuple[str, ...]:
    key = bound_key(person_id)
    known = desk.memories([key], Bound).get(key)
    return () if known is None else known.usernames


def bound_key(person_id: str) -> str:
    return f"bound-{person_id}"


def turns_of(desk: Desk, site_id: str) -> tuple[Turn, ...]:
    key = turns_key(site_id)
    known = desk.memories([key], Turns).get(key)
    return () if known is None else known.turns


def turns_key(site_id: str) -> str:
    return f"turns-{site_id}"
