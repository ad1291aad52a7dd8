"""Duty: who answers for a site at a moment, as policies remember it from the directory's facts.

A supervisor's shift names a person. Work is given to users, so the supervisor is found where the
person's id is also the username of a user who may sign in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from application.following import Desk
from domain.access import UserEnrolled, UserReinstated, UserSuspended
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


class Account(msgspec.Struct, frozen=True):
    """Whether a user may sign in."""

    version: int  # of the user's stream
    active: bool


def fetch_duty(desk: Desk, batch: Sequence[AnyRecorded], site_ids: Sequence[str]) -> None:
    """Have in hand what `learn_duty` and the questions below will ask for."""
    told = [fact for fact in batch if isinstance(fact.event, DUTY_FACTS)]
    by_prefix: dict[str, list[str]] = {"site": [], "shift": [], "user": []}
    for fact in told:
        by_prefix[fact.stream_id.partition("-")[0]].append(fact.stream_id)
    desk.memories([*by_prefix["site"], *map(site_stream, site_ids)], Post)
    desk.memories(by_prefix["user"], Account)
    places = desk.memories(by_prefix["shift"], Place)
    sites = [place.site_id for place in places.values() if place.site_id is not None]
    sites += [fact.event.site_id for fact in told if isinstance(fact.event, ShiftPlanned)]
    turns = desk.memories([turns_key(site_id) for site_id in (*sites, *site_ids)], Turns)
    desk.memories(
        [f"user-{turn.person_id}" for each in turns.values() for turn in each.turns], Account
    )


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
        case _:
            assert isinstance(fact.event, UserSuspended), f"{fact.event} is not the directory's."
            learn_account(desk, fact, active=False)


def learn_post(desk: Desk, fact: AnyRecorded, security_manager: str | None) -> None:
    known = desk.memories([fact.stream_id], Post).get(fact.stream_id)
    if known is None or fact.version > known.version:
        desk.remember(fact.stream_id, Post(fact.version, security_manager))


def learn_account(desk: Desk, fact: AnyRecorded, *, active: bool) -> None:
    known = desk.memories([fact.stream_id], Account).get(fact.stream_id)
    if known is None or fact.version > known.version:
        desk.remember(fact.stream_id, Account(fact.version, active))


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
            key = f"user-{turn.person_id}"
            account = desk.memories([key], Account).get(key)
            if account is not None and account.active:
                return turn.person_id
    return None


def turns_of(desk: Desk, site_id: str) -> tuple[Turn, ...]:
    key = turns_key(site_id)
    known = desk.memories([key], Turns).get(key)
    return () if known is None else known.turns


def turns_key(site_id: str) -> str:
    return f"turns-{site_id}"
