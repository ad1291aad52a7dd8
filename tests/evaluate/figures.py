"""Figures: one seed's results as numbers that can be added up, and the sum over seeds."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import NamedTuple

import msgspec

from domain.severity import Severity
from tests.evaluate.judged import (
    Call,
    Judgement,
    Result,
    false_calls,
    is_about,
    median_minutes,
    results,
)
from tests.evaluate.static import StaticThresholds
from tests.evaluate.truth import Trouble


class Kind(msgspec.Struct, kw_only=True):
    """What became of the troubles of one kind."""

    severity: Severity
    count: int = 0
    seen_after_s: list[float] = []
    called_after_s: list[float] = []


class Level(msgspec.Struct, kw_only=True):
    """What static thresholds of one strictness came to."""

    strictness: float
    tickets: int = 0
    false_tickets: int = 0
    found_after_s: list[float] = []
    found_kinds: dict[str, int] = {}


class Said(msgspec.Struct, kw_only=True):
    """How many judgements of one label there were, and how many were about no trouble."""

    count: int = 0
    false: int = 0


class Figures(msgspec.Struct, kw_only=True):
    """What a seed came to; the sum of several has no seed."""

    seed: int | None
    days: float
    sites: int
    guards: int
    site_hours: float
    signals: int
    seconds: float
    refused: dict[str, int]
    parked: list[str]
    facts: dict[str, int]
    kinds: dict[str, Kind]
    said: dict[str, Said]
    tickets: int
    false_tickets: int
    levels: list[Level]


class Matter(NamedTuple):
    """What is matched: what went wrong, what was said, and whom it called."""

    troubles: list[Trouble]
    judgements: list[Judgement]
    calls: list[Call]


def figures(
    matter: Matter, watchers: list[StaticThresholds], counted_from: datetime
) -> tuple[dict[str, Kind], dict[str, Said], Said, list[Level]]:
    """Match what was said and done with the truth, leaving out what is from before a moment.

    A trouble of the time before still explains what is said of it later.
    """
    judgements = [each for each in matter.judgements if each.at >= counted_from]
    calls = [each for each in matter.calls if each.at >= counted_from]
    counted = [each for each in matter.troubles if each.since >= counted_from]
    kinds: dict[str, Kind] = {}
    for result in results(counted, judgements, calls):
        note(kinds, result)
    said: dict[str, Said] = {}
    for judgement in judgements:
        entry = said.setdefault(f"{judgement.source}: {judgement.label}", Said())
        entry.count += 1
        entry.false += not any(is_about(judgement, trouble) for trouble in matter.troubles)
    levels = []
    for watcher in watchers:
        grouped = [each for each in watcher.calls() if each.at >= counted_from]
        found = [each for each in results(counted, [], grouped) if each.called_after_s is not None]
        levels.append(
            Level(
                strictness=watcher.limits.strictness,
                tickets=len(grouped),
                false_tickets=false_calls(matter.troubles, grouped),
                found_after_s=[each.called_after_s or 0.0 for each in found],
                found_kinds=dict(Counter(each.trouble.kind for each in found)),
            )
        )
    tickets = Said(count=len(calls), false=false_calls(matter.troubles, calls))
    return kinds, said, tickets, levels


def note(kinds: dict[str, Kind], result: Result) -> None:
    trouble = result.trouble
    entry = kinds.setdefault(trouble.kind, Kind(severity=trouble.severity))
    entry.count += 1
    if result.seen_after_s is not None:
        entry.seen_after_s.append(result.seen_after_s)
    if result.called_after_s is not None:
        entry.called_after_s.append(result.called_after_s)


def summed(parts: list[Figures]) -> Figures:
    """Add several seeds up."""
    kinds: dict[str, Kind] = {}
    said: dict[str, Said] = {}
    for part in parts:
        for name, kind in part.kinds.items():
            entry = kinds.setdefault(name, Kind(severity=kind.severity))
            entry.count += kind.count
            entry.seen_after_s += kind.seen_after_s
            entry.called_after_s += kind.called_after_s
        for name, one in part.said.items():
            both = said.setdefault(name, Said())
            both.count += one.count
            both.false += one.false
    levels = []
    for same in zip(*(part.levels for part in parts), strict=True):
        found = Counter[str]()
        for level in same:
            found.update(level.found_kinds)
        levels.append(
            Level(
                strictness=same[0].strictness,
                tickets=sum(level.tickets for level in same),
                false_tickets=sum(level.false_tickets for level in same),
                found_after_s=[time for level in same for time in level.found_after_s],
                found_kinds=dict(found),
            )
        )
    first = parts[0]
    return Figures(
        seed=None,
        days=first.days,
        sites=first.sites,
        guards=first.guards,
        site_hours=sum(part.site_hours for part in parts),
        signals=sum(part.signals for part in parts),
        seconds=round(sum(part.seconds for part in parts), 1),
        refused=dict(sum((Counter(part.refused) for part in parts), Counter())),
        parked=[line for part in parts for line in part.parked],
        facts=dict(sum((Counter(part.facts) for part in parts), Counter())),
        kinds=kinds,
        said=said,
        tickets=sum(part.tickets for part in parts),
        false_tickets=sum(part.false_tickets for part in parts),
        levels=levels,
    )


class Headline(msgspec.Struct, frozen=True, kw_only=True):
    """The figures that are compared."""

    troubles: int
    seen: int
    called: int
    seen_median_minutes: float | None
    called_median_minutes: float | None
    tickets_per_site_day: float
    false_tickets_per_1000_site_hours: float
    wall_items: int  # alerts (each repeat once), findings and incidents
    false_wall_items_per_1000_site_hours: float
    static_for_called: Static | None  # None: not even the strictest finds as much
    static_for_seen: Static | None


class Static(msgspec.Struct, frozen=True, kw_only=True):
    """Static thresholds of the least strictness that finds at least as much."""

    strictness: float
    found: int
    median_minutes: float | None
    tickets_per_site_day: float
    false_tickets_per_1000_site_hours: float


def headline(of: Figures) -> Headline:
    """Work the figures out that are compared."""
    seen = [time for kind in of.kinds.values() for time in kind.seen_after_s]
    called = [time for kind in of.kinds.values() for time in kind.called_after_s]
    site_days, thousands = of.site_hours / 24, of.site_hours / 1_000

    def static(found: int) -> Static | None:
        for level in of.levels:
            if len(level.found_after_s) >= found:
                return Static(
                    strictness=level.strictness,
                    found=len(level.found_after_s),
                    median_minutes=median_minutes([*level.found_after_s]),
                    tickets_per_site_day=round(level.tickets / site_days, 2),
                    false_tickets_per_1000_site_hours=round(level.false_tickets / thousands, 2),
                )
        return None

    return Headline(
        troubles=sum(kind.count for kind in of.kinds.values()),
        seen=len(seen),
        called=len(called),
        seen_median_minutes=median_minutes([*seen]),
        called_median_minutes=median_minutes([*called]),
        tickets_per_site_day=round(of.tickets / site_days, 2),
        false_tickets_per_1000_site_hours=round(of.false_tickets / thousands, 2),
        wall_items=sum(each.count for each in of.said.values()),
        false_wall_items_per_1000_site_hours=round(
            sum(each.false for each in of.said.values()) / thousands, 2
        ),
        static_for_called=static(len(called)),
        static_for_seen=static(len(seen)),
    )
