"""The kit of the benchmarks: servers started for the run, rounds by turns, figures with a reference.

Shared machines drift: for seconds at a time everything takes twice as long. So a figure and its
reference are measured by turns in several short rounds, and what is reported is the median of
each, the ratio of the medians, and how far the rounds lay apart.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, TypeAlias

from adapters.embedded.postgres import EmbeddedPostgres
from adapters.postgres.migrating import migrate

Measure: TypeAlias = dict[str, Any]  # value, reference, ratio, unit, and more where there is more

TEMPLATE = "vedette_template"


class Database(NamedTuple):
    """One migrated database: as its owner, and as the application sees it."""

    owner_url: str
    app_url: str


class Servers:
    """The servers of a run, durable as in production, in a directory that is thrown away."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="vedette-bench-"))
        self._postgres: EmbeddedPostgres | None = None
        self._made: dict[str, Database] = {}

    @property
    def postgres(self) -> EmbeddedPostgres:
        if self._postgres is None:
            self._postgres = EmbeddedPostgres.start(self.directory / "postgres")
            self._postgres.create_database(TEMPLATE)
            migrate(self._postgres.owner_url(TEMPLATE))
        return self._postgres

    def database(self) -> Database:
        """Make another database, migrated and empty."""
        name = f"b_{uuid.uuid4().hex[:12]}"
        self.postgres.create_database(name, TEMPLATE)
        return Database(self.postgres.owner_url(name), self.postgres.app_url(name))

    def shared(self, name: str, fill: Callable[[Database], None]) -> Database:
        """Return the database of this name, made and filled when it is asked for first."""
        if name not in self._made:
            database = self.database()
            fill(database)
            self._made[name] = database
        return self._made[name]

    def stop(self) -> None:
        """End the servers and throw their data away."""
        if self._postgres is not None:
            self._postgres.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


@contextmanager
def servers() -> Iterator[Servers]:
    """Lend the servers of one run."""
    lent = Servers()
    try:
        yield lent
    finally:
        lent.stop()


class Rounds(NamedTuple):
    """What two measures gave, by turns."""

    ours: list[float]
    reference: list[float]

    @property
    def noise(self) -> float:
        """Return how far the rounds of a measure lay apart, as a share of their median."""
        return max((max(each) - min(each)) / median(each) for each in self)


def by_turns(ours: Callable[[], float], reference: Callable[[], float], rounds: int = 5) -> Rounds:
    """Measure both by turns; the one that goes first changes, too."""
    done = Rounds([], [])
    for number in range(rounds):
        for measure, results in sorted(
            ((ours, done.ours), (reference, done.reference)),
            key=lambda pair: (pair[0] is reference) is (number % 2 == 0),
        ):
            results.append(measure())
    return done


def compared(rounds: Rounds, unit: str, **more: object) -> Measure:
    """Return the figure of rounds in which more is better."""
    value, reference = median(rounds.ours), median(rounds.reference)
    return {
        "value": rounded(value),
        "reference": rounded(reference),
        "ratio": round(value / reference, 2),
        "unit": unit,
        "noise": round(rounds.noise, 2),
        **more,
    }


def rounded(value: float) -> float:
    """Return a figure without digits that nobody believes."""
    return round(value) if abs(value) >= 100 else round(value, 3)


def say(text: str) -> None:
    """Tell whoever waits what is going on."""
    print(text, file=sys.stderr, flush=True)
