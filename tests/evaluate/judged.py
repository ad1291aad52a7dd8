"""Judgements: what the system said of whom, about which time, and when it could have said so."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median

import msgspec

from tests.evaluate.truth import Trouble

# A judgement may be about an hour in which a trouble only began, or be anchored to a duty near it.
TOLERANCE = timedelta(minutes=30)


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """One thing said about a person, or about a whole site."""

    source: str  # finding, alert, incident, or the baseline's rule
    label: str
    site_id: str | None
    person_id: str | None
    since: datetime  # the time that it is about
    until: datetime
    at: datetime  # when what it is judged on was delivered


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket: somebody is to get up, because of one or more judgements."""

    site_id: str | None
    at: datetime
    about: tuple[Judgement, ...]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one trouble."""

    trouble: Trouble
    seen_after_s: float | None  # from its beginning to the first judgement; None: missed
    called_after_s: float | None  # to the first ticket; None: nobody was called


def is_about(judgement: Judgement, trouble: Trouble) -> bool:
    """Whether a judgement is about a trouble: same site or person, overlapping time, not before it began."""
    if judgement.site_id not in {None, trouble.site_id} and not trouble.persons:
        return False
    if judgement.person_id is None:
        same = judgement.site_id == trouble.site_id
    elif trouble.persons:
        same = judgement.person_id in trouble.persons
    else:
        same = judgement.site_id == trouble.site_id
    return (
        same
        and judgement.since <= trouble.until + TOLERANCE
        and judgement.until >= trouble.since - TOLERANCE
        and judgement.at >= trouble.since
    )


def results(
    troubles: list[Trouble], judgements: list[Judgement], calls: list[Call]
) -> list[Result]:
    """Match every trouble with what was said about it."""
    return [
        Result(
            trouble=trouble,
            seen_after_s=first_after_s(trouble, judgements),
            called_after_s=first_after_s(
                trouble, [judgement for call in calls for judgement in call.about]
            ),
        )
        for trouble in troubles
    ]


def first_after_s(trouble: Trouble, judgements: list[Judgement]) -> float | None:
    found = [each.at for each in judgements if is_about(each, trouble)]
    return (min(found) - trouble.since).total_seconds() if found else None


def false_calls(troubles: list[Trouble], calls: list[Call]) -> int:
    """How many tickets are about no trouble at all."""
    return sum(
        not any(is_about(each, trouble) for each in call.about for trouble in troubles)
        for call in calls
    )


def recall(found: list[Result], *, called: bool) -> float:
    times = [each.called_after_s if called else each.seen_after_s for each in found]
    return sum(time is not None for time in times) / len(times) if times else 0.0


def median_minutes(times: list[float | None]) -> float | None:
    known = [time for time in times if time is not None]
    return round(median(known) / 60, 1) if known else None
