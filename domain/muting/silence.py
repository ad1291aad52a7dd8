"""Silence: for a time, something calls nobody. A person wishes it, with a reason, and it always ends.

    wish \\ status  unheard   running   ended   lapsed
    StartSilence   Started   so        so      so
    EndSilence     unknown   Ended ¹   so      so
    LapseSilence   unknown   Lapsed ²  so      so

"so" is already so: no fact; "unknown" is a refusal. ¹ Also before it began: then it never mutes.
² So while its time is not over. The author of a silence stands in the envelope of its facts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.kernel import Command, Decider, Instant, LongText, Senseless, ShortText, Unknown
from domain.muting.facts import Matcher, SilenceEnded, SilenceLapsed, SilenceStarted

SILENCE_LONGEST = timedelta(days=30)  # product rule: a silence always expires
SILENCE_BEGINS_WITHIN = timedelta(
    days=30
)  # of the wish, so that none is forgotten before it begins

SilenceEvent: TypeAlias = SilenceStarted | SilenceEnded | SilenceLapsed


class StartSilence(Command, frozen=True):
    """Let what matches call nobody for a time."""

    silence_id: UUID
    matcher: Matcher
    starts_at: Instant
    ends_at: Instant
    reason: LongText
    asked_at: Instant  # the clock of the door


class EndSilence(Command, frozen=True):
    """End a silence before its time."""

    reason: ShortText


class LapseSilence(Command, frozen=True):
    """Say that the time of a silence is over, if it is."""

    at: Instant


SilenceCommand: TypeAlias = StartSilence | EndSilence | LapseSilence


class SilenceUnknown(Unknown):
    """No silence was started under this id."""

    code = "silence.unknown"


class SilenceMatchesEverything(Senseless):
    """A silence names at least one thing that it mutes; nobody silences a whole tenant."""

    code = "silence.matches_everything"


class SilenceHasNoTime(Senseless):
    """A silence ends after it begins, and not before it is wished."""

    code = "silence.no_time"


class SilenceIsTooLong(Senseless):
    """A silence ends within 30 days of its beginning."""

    code = "silence.too_long"


class SilenceIsTooFarAway(Senseless):
    """A silence begins within 30 days."""

    code = "silence.too_far_away"


class SilenceStatus(StrEnum):
    """Where a silence stands. One that runs may not have begun yet."""

    RUNNING = "RUNNING"
    ENDED = "ENDED"
    LAPSED = "LAPSED"


class Silence(msgspec.Struct, frozen=True):
    """What the next decision needs to know."""

    status: SilenceStatus | None = None  # None: nobody heard of it
    ends_at: datetime | None = None


def decide(silence: Silence, command: SilenceCommand) -> list[SilenceEvent]:
    """Answer a command with the facts it brings about, or refuse it.

    Raises:
        SilenceMatchesEverything: the matcher names nothing.
        SilenceHasNoTime: it would end before it begins, or before it was wished.
        SilenceIsTooLong: it would last longer than 30 days.
        SilenceIsTooFarAway: it would begin later than in 30 days.
        SilenceUnknown: nothing was started here yet.
    """
    if isinstance(command, StartSilence):
        return start(command) if silence.status is None else []
    if silence.status is None:
        raise SilenceUnknown("There is no silence of this id.")
    if silence.status is not SilenceStatus.RUNNING:
        return []
    match command:
        case EndSilence(reason=reason):
            return [SilenceEnded(reason=reason)]
        case LapseSilence(at=at):
            assert silence.ends_at is not None, "A silence that was started ends."
            return [SilenceLapsed()] if at >= silence.ends_at else []
        case _:
            assert_never(command)


def start(command: StartSilence) -> list[SilenceEvent]:
    if command.matcher == Matcher():
        raise SilenceMatchesEverything(
            "Name at least one thing to mute: a site, a person, a device, a kind or a severity.",
            field="$.matcher",
        )
    if command.ends_at <= max(command.starts_at, command.asked_at):
        raise SilenceHasNoTime(
            "A silence ends after it begins, and in the future.", field="$.ends_at"
        )
    if command.ends_at - command.starts_at > SILENCE_LONGEST:
        raise SilenceIsTooLong(
            f"A silence lasts {SILENCE_LONGEST.days} days at most; renew it if need be.",
            field="$.ends_at",
        )
    if command.starts_at - command.asked_at > SILENCE_BEGINS_WITHIN:
        raise SilenceIsTooFarAway(
            f"A silence begins within {SILENCE_BEGINS_WITHIN.days} days.", field="$.starts_at"
        )
    return [
        SilenceStarted(
            silence_id=command.silence_id,
            matcher=command.matcher,
            starts_at=command.starts_at,
            ends_at=command.ends_at,
            reason=command.reason,
        )
    ]


def evolve(silence: Silence, event: SilenceEvent) -> Silence:
    """Fold one fact into the state."""
    match event:
        case SilenceStarted(ends_at=ends_at):
            return Silence(SilenceStatus.RUNNING, ends_at)
        case SilenceEnded():
            return replace(silence, status=SilenceStatus.ENDED)
        case SilenceLapsed():
            return replace(silence, status=SilenceStatus.LAPSED)
        case _:
            assert_never(event)


SILENCE = Decider(initial=Silence(), decide=decide, evolve=evolve)
