"""Memories of the watch: small values by key, loaded and kept a batch at a time.

What every signal needs (the hour that goes on) stands apart from what only every hour needs (the
baselines), so that most signals load a few hundred bytes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec

from application.following import Desk
from domain.anomaly.facts import Metric, SubjectKind
from domain.anomaly.tally import Tally
from domain.baseline.thresholds import Ruling
from domain.directory.time_zone import zone_named
from domain.fraud.memory import moment_of

K = TypeVar("K")
M = TypeVar("M", bound=msgspec.Struct)

DEFAULT_ZONE = "UTC"  # of a tenant that was never founded
REVISIONS_MAX = 64  # of a threshold, a home, a tour


class Home(msgspec.Struct, frozen=True, array_like=True):
    """Where a person belongs, from a moment on."""

    since_us: int
    site_id: str | None


class Watched(msgspec.Struct, omit_defaults=True):
    """What is known of the window that goes on, for a person or a site."""

    position: int = 0  # of the last fact taken in
    above: dict[Metric, float] = msgspec.field(default_factory=dict)  # here an anomaly begins
    standing: list[Metric] = msgspec.field(default_factory=list)  # anomalies of this window

    def forget(self, metric: Metric) -> None:
        """Begin a new window of a metric."""
        self.above.pop(metric, None)
        if metric in self.standing:
            self.standing.remove(metric)

    def in_order(self) -> None:
        """Bring what has no order into one, so that equal memories are equal bytes."""
        self.above = dict(sorted(self.above.items()))
        self.standing.sort()


class PersonWatched(Watched, omit_defaults=True):
    """A person: the hour that goes on, and where the person belongs."""

    homes: list[Home] = msgspec.field(default_factory=list)  # by since_us
    hour: Tally | None = None
    walking_us: int = 0  # the last scan of a walk that may go on


class SiteWatched(Watched, omit_defaults=True):
    """A site: the hour and the day that go on."""

    hour_us: int = -1
    signals: int = 0
    day_us: int = -1
    day_until_us: int = -1
    tasks: int = 0


class Zone(msgspec.Struct, frozen=True):
    """The tenant's clock."""

    name: str


class Rulings(msgspec.Struct):
    """What was said of a family's threshold, and since when."""

    position: int = 0
    rulings: list[Ruling] = msgspec.field(default_factory=list)


class Scan(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A checkpoint that was scanned."""

    at_us: int
    tour_id: str
    checkpoint_id: str
    site_id: str


class Walks(msgspec.Struct):
    """The scans of a person, of the days that are not settled."""

    scans: list[Scan] = msgspec.field(default_factory=list)  # in order


class Round(msgspec.Struct, frozen=True, array_like=True):
    """What has to be scanned on a tour, from a moment on."""

    since_us: int
    checkpoints: tuple[str, ...]


class TourKnown(msgspec.Struct):
    """A tour, as it is and as it was."""

    position: int = 0
    rounds: list[Round] = msgspec.field(default_factory=list)


class FraudAlert(msgspec.Struct):
    """An alert about fraud: whom it is about, and when its evidences happened."""

    person_id: str
    evidences: dict[UUID, int] = msgspec.field(default_factory=dict)  # at_us


class Place(msgspec.Struct, frozen=True):
    """Where an anomaly belongs."""

    metric: Metric
    subject_kind: SubjectKind
    subject_id: str
    start_us: int


class Subject(NamedTuple):
    """Whose baselines they are."""

    kind: SubjectKind
    id: str


def person_key(person_id: str) -> str:
    return f"person/{person_id}"


def site_key(site_id: str) -> str:
    return f"site/{site_id}"


def place_key(site_id: str) -> str:
    return f"place/{site_id}"


def walks_key(person_id: str) -> str:
    return f"walks/{person_id}"


def tour_key(tour_id: str) -> str:
    return f"tour/{tour_id}"


def rulings_key(metric: Metric) -> str:
    return f"rulings/{metric.value}"


def family_key(subject: Subject, metric: Metric) -> str:
    """Return the key of the baseline of a subject and metric."""
    prefix, suffix = families_of(subject.kind, metric)
    return f"{prefix}{subject.id}{suffix}"


def families_of(kind: SubjectKind, metric: Metric) -> tuple[str, str]:
    """Return how the keys of all baselines of a metric begin and end."""
    return f"baseline/{kind.value}/", f"/{metric.value}"


def subject_of(key: str, kind: SubjectKind, metric: Metric) -> Subject:
    """Return whose baseline stands under a key."""
    prefix, suffix = families_of(kind, metric)
    return Subject(kind, key.removeprefix(prefix).removesuffix(suffix))


def lending_key(site_id: str, metric: Metric) -> str:
    """Return the key of what a site lends to newcomers."""
    return f"lending/{site_id}/{metric.value}"


ZONE_KEY = "zone"


def have(desk: Desk, in_hand: dict[K, M], keys: dict[K, str], type_: type[M]) -> None:
    """Have memories in hand by name, in one question; what is not remembered begins empty."""
    found = desk.memories(list(keys.values()), type_) if keys else {}
    for name, key in keys.items():
        in_hand[name] = found[key] if key in found else type_()


def home_at(person: PersonWatched, at_us: int) -> str | None:
    """Return where a person belonged; the first home also before its time."""
    for home in reversed(person.homes):
        if home.since_us <= at_us:
            return home.site_id
    return person.homes[0].site_id if person.homes else None


def ruling_at(rulings: Rulings | None, at_us: int) -> Ruling | None:
    """Return what was said of a threshold before a window began."""
    if rulings is not None:
        for ruling in reversed(rulings.rulings):
            if ruling.since_us <= at_us:
                return ruling
    return None


@lru_cache(maxsize=4_096)
def local_hour(start_us: int, zone: str) -> tuple[int, int]:
    """Return the local day (proleptic ordinal) and hour of the week of an hour."""
    local = moment_of(start_us).astimezone(zone_named(zone))
    return local.toordinal(), local.weekday() * 24 + local.hour
