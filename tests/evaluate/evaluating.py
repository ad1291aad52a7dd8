"""Evaluating: one seed from its first signal to its figures, in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from interfaces.simulator import WorldParameters, world
from tests.bench.kit import Database, say
from tests.evaluate.figures import Figures, Matter, figures
from tests.evaluate.month import TENANT_ID, Month
from tests.evaluate.reading import read
from tests.evaluate.static import StaticThresholds

PROGRESS_EVERY_S = 30.0
# A month in which the clocks of Europe and of America are set back.
START = datetime(2026, 10, 10, tzinfo=UTC)
STRICTNESSES = tuple(number / 20 for number in range(21))


Seed = Annotated[int, Meta(ge=0)]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be played."""

    seeds: Annotated[tuple[Seed, ...], Meta(min_length=1)] = (1, 2, 3)
    days: Annotated[float, Meta(gt=0, le=366)] = 30.0
    warm_up_days: Annotated[float, Meta(ge=0)] = 1.0  # at the beginning, nothing is counted
    sites: Annotated[int, Meta(ge=1, le=1_000)] = 20
    guards: Annotated[int, Meta(ge=1, le=10_000)] = 200
    step_minutes: Annotated[float, Meta(ge=1, le=1_440)] = (
        5.0  # followers and schedule look so often
    )
    at_once: Annotated[int, Meta(ge=1, le=64)] = (
        2  # seeds, each in a process and database of its own
    )

    def __post_init__(self) -> None:
        if self.days <= self.warm_up_days:
            raise ValueError("DAYS must be more than WARM_UP_DAYS, or nothing is counted.")


class NotWanted(ValueError):
    """A variable of `make evaluate` holds what cannot be played."""


def wanted_by(environment: Mapping[str, str]) -> Wanted:
    """Read what is wanted from the variables of `make evaluate`.

    Raises:
        NotWanted: one of them cannot be; it is named.
    """
    given: dict[str, object] = {
        name: environment[name.upper()]
        for name in Wanted.__struct_fields__
        if environment.get(name.upper())
    }
    if "seeds" in given:
        given["seeds"] = environment["SEEDS"].replace(",", " ").split()
    try:
        return msgspec.convert(given, Wanted, strict=False)
    except msgspec.ValidationError as error:
        rule, _, path = str(error).partition(" - at `$.")
        name = path.rstrip("`").partition("[")[0].upper()
        raise NotWanted(f"{name}: {rule}" if name else rule) from error


def evaluate(seed: int, wanted: Wanted, database: Database) -> Figures:
    """Play one seed and return what it came to."""
    began = time.monotonic()
    drawn = world(seed, WorldParameters(sites=wanted.sites, guards=wanted.guards))
    end = START + timedelta(days=wanted.days)
    watchers = [StaticThresholds(drawn, START, end, each) for each in STRICTNESSES]
    told_at = began

    def tell(at: datetime) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > PROGRESS_EVERY_S:
            told_at = time.monotonic()
            say(f"seed {seed}: {at:%d %b %H:%M}, {told_at - began:.0f} s")

    month = Month(database, drawn, START, wanted.days, timedelta(minutes=wanted.step_minutes))
    played = month.play(watchers, tell)
    judgements, calls, facts = read(database.owner_url, TENANT_ID)
    counted_from = START + timedelta(days=wanted.warm_up_days)
    kinds, said, tickets, levels = figures(
        Matter(played.troubles, judgements, calls), watchers, counted_from
    )
    return Figures(
        seed=seed,
        days=wanted.days,
        sites=wanted.sites,
        guards=wanted.guards,
        site_hours=wanted.sites * (wanted.days - wanted.warm_up_days) * 24,
        signals=played.signals,
        seconds=round(time.monotonic() - began, 1),
        refused=played.refused,
        parked=played.parked,
        facts=facts,
        kinds=kinds,
        said=said,
        tickets=tickets.count,
        false_tickets=tickets.false,
        levels=levels,
    )
