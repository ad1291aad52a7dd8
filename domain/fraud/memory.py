"""Memories: what judging attendances needs to know of persons, devices, sites and tracks.

Each is one small JSON value per tenant and key. They are sets in disguise: adding the same signals
in any order, any number of times, leaves the same memory, as long as the limits named here are not
exceeded. Moments are microseconds since 1970, UTC, because many thousands of them are compared.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import msgspec

from domain.signals import HORIZON

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

HORIZON_US = HORIZON // timedelta(microseconds=1)
HISTORY_US = 30 * DAY_US  # how far back an attendance's habits reach
HISTORY_VISITS_MAX = 60  # and how many attendances they hold at most

# Whole attendances are kept three days longer than the horizon: a late signal changes the
# attendance at the other end of its shift, and that one looks back a day.
VISITS_KEPT_US = HORIZON_US + 3 * DAY_US
VISITS_MAX = 128  # a person with more within ten days is judged on the newest ones
HABITS_KEPT_US = HISTORY_US + VISITS_KEPT_US
# What a person told on the way is kept for whatever may still come: no signal changes anything that
# is older than the horizon, and an attendance looks no farther back than a shift is long. The days
# around an attendance that is kept are kept with it, however old they are.
TRACKS_KEPT_US = HORIZON_US + 2 * DAY_US
VERDICTS_MAX = 64  # verdicts kept one by one; older ones are only counted
USES_KEPT_US = HORIZON_US + DAY_US
USES_MAX = 256  # attendances on one personal device
REVISIONS_MAX = 16  # of a geofence, of a device's holder, or of a tour
SCANS_MAX = 256  # of one person in one hour; more tell nothing that these do not
TRACK_SLOT_US = MINUTE_US  # one fix per minute is kept: shorter times give no speed
HIGH_RISK_FROM = 0.5  # probability; product rule: such a score is on the high risk board

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Fence(msgspec.Struct, frozen=True, array_like=True):
    """A site's geofence and time zone, in force from a moment on."""

    since_us: int
    latitude: float
    longitude: float
    radius_m: float
    time_zone: str  # IANA


class Holder(msgspec.Struct, frozen=True, array_like=True):
    """Who carries a device, from a moment on."""

    since_us: int
    person_id: str | None


class Use(msgspec.Struct, frozen=True, array_like=True):
    """An attendance on a device."""

    at_us: int
    signal: UUID
    person_id: str


class Fix(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Where a phone told it was."""

    at_us: int
    latitude: float
    longitude: float
    accuracy_m: float


class Scan(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A tag that a person scanned."""

    at_us: int
    tour_id: str
    checkpoint_id: str
    # Latitude, longitude and accuracy in metres; nothing where one of them is not known.
    place: tuple[float, ...] = ()


class Round(msgspec.Struct, frozen=True, array_like=True):
    """The checkpoints of a tour, in force from a moment on."""

    since_us: int
    checkpoints: list[str]
    # Latitude and longitude of the tags, by checkpoint; left out where nobody said them.
    places: dict[str, tuple[float, float]] = msgspec.field(default_factory=dict)


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """The score of an attendance that stands."""

    version: int  # in the stream of its scores
    position: int  # in the log; 0 until the follower has read it there
    probability: float
    digest: str  # tells whether a new judgement differs


class Visit(msgspec.Struct, array_like=True):
    """An attendance within the horizon, with all that judging it again needs."""

    at_us: int
    signal: UUID
    site_id: str
    device_id: str
    checks_in: bool
    latitude: float
    longitude: float
    accuracy_m: float
    biometric_quality: float  # 0 to 1; 0 where it did not match
    signal_dbm: int | None
    battery_percent: int | None
    local_day: int | None  # proleptic ordinal at the site; None: the site is not known
    local_minute: int | None  # of that day, 0 to 1439
    standing: Standing | None = None
    waiting: list[UUID] = msgspec.field(default_factory=list)  # to be judged anew because of these

    @property
    def violation(self) -> bool:
        """Whether the standing score is on the high risk board."""
        return self.standing is not None and self.standing.probability >= HIGH_RISK_FROM


class Habit(msgspec.Struct, frozen=True, array_like=True):
    """An attendance beyond the horizon: only what later ones are compared with."""

    at_us: int
    checks_in: bool
    local_day: int | None
    local_minute: int | None
    violation: bool


Past: TypeAlias = Visit | Habit


class KnownVerdict(msgspec.Struct, frozen=True, array_like=True):
    """What a person concluded about an alert."""

    at_us: int
    position: int
    alert: str  # stream
    fraud: bool | None  # None: the verdict says nothing about fraud


class PersonMemory(msgspec.Struct, omit_defaults=True):
    """One person: attendances, verdicts, and since when the person's phone tells where it is."""

    visits: list[Visit] = msgspec.field(default_factory=list)  # by (at_us, signal)
    habits: list[Habit] = msgspec.field(default_factory=list)  # by at_us, all before the visits
    first_fix_at_us: int | None = None
    track_days: list[int] = msgspec.field(default_factory=list)  # since 1970, UTC, in order
    verdicts: list[KnownVerdict] = msgspec.field(default_factory=list)  # by position
    frauds_before: int = 0  # verdicts that are only counted any more
    benign_before: int = 0


class DeviceMemory(msgspec.Struct, omit_defaults=True):
    """One device: whose it is, and who attended on it where it is not there for everybody."""

    personal: bool = True  # readers and panels are not: guards queue up at them
    holders: list[Holder] = msgspec.field(default_factory=list)  # by since_us
    uses: list[Use] = msgspec.field(default_factory=list)  # by (at_us, signal)
    position: int = 0  # of the last directory fact taken in


class SiteMemory(msgspec.Struct, omit_defaults=True):
    """One site: its geofence and time zone, and what they were."""

    fences: list[Fence] = msgspec.field(default_factory=list)  # by since_us
    position: int = 0  # of the last directory fact taken in


class TourMemory(msgspec.Struct, omit_defaults=True):
    """One tour: its checkpoints, and what they were."""

    rounds: list[Round] = msgspec.field(default_factory=list)  # by since_us
    position: int = 0  # of the last directory fact taken in


class TrackMemory(msgspec.Struct, omit_defaults=True):
    """One hour of one person on the way: locations, at most one a minute, and scans."""

    fixes: list[Fix] = msgspec.field(default_factory=list)  # by at_us
    scans: list[Scan] = msgspec.field(default_factory=list)  # in their order, each once


Memory: TypeAlias = PersonMemory | DeviceMemory | SiteMemory | TourMemory | TrackMemory


def micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - EPOCH) // _MICROSECOND


def too_late(recorded_at: datetime, at_us: int) -> bool:
    """Return whether a signal came so late that it judges nothing."""
    return micros(recorded_at) - at_us > HORIZON_US


def moment_of(at_us: int) -> datetime:
    """Return the moment that lies so many microseconds after 1970."""
    return EPOCH + at_us * _MICROSECOND


def person_key(person_id: str) -> str:
    return f"person/{person_id}"


def device_key(device_id: str) -> str:
    return f"device/{device_id}"


def site_key(site_id: str) -> str:
    return f"site/{site_id}"


def tour_key(tour_id: str) -> str:
    return f"tour/{tour_id}"


def track_key(person_id: str, at_us: int) -> str:
    return f"track/{person_id}/{at_us // HOUR_US}"


def track_keys_of(person_id: str, day: int) -> list[str]:
    """Return the keys of all hours of a day since 1970, UTC."""
    return track_keys(person_id, day * DAY_US, (day + 1) * DAY_US - 1)


def track_keys(person_id: str, from_us: int, to_us: int) -> list[str]:
    """Return the keys of all hours that touch a time, both ends included."""
    return [f"track/{person_id}/{hour}" for hour in range(from_us // HOUR_US, to_us // HOUR_US + 1)]
