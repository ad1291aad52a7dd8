"""Ingestion: signals in, facts out, one result an item, and good items of a bad batch are kept.

No rule is decided here beyond what a signal must be to be one; whatever it means is judged by the
followers. A signal is a stream of one fact, so a second delivery is answered with the first one's
position, for ever.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import msgspec

from application.ports import (
    Append,
    Appended,
    Cause,
    EventLog,
    Expect,
    NewFact,
    Outcome,
    Slice,
    StreamMoved,
)
from domain.kernel import Identifier, Latitude, Longitude, Refused
from domain.signals import (
    AttendanceRecorded,
    BatteryPercent,
    Direction,
    GpsAccuracyM,
    LocationRecorded,
    PhoneSignalDbm,
    SignalEvent,
    Unit,
    clock_skew_ms,
    corrected_at,
    signal_stream,
    signal_uuid,
)

BATCH_SIGNALS_MAX = 1_000
FUTURE_TOLERANCE = timedelta(minutes=5)
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)  # before it no phone had a clock worth believing
# A clock may be off by years and is corrected, but what the log keeps must be read again: near the
# year 9999 another time zone is a moment that Python cannot hold.
NEWEST = datetime(2200, 1, 1, tzinfo=UTC)
MEASURES = ("latitude", "longitude", "gps_accuracy_m", "biometric_quality")  # must be finite
KNOWN_CACHE_MAX = 200_000  # directory entries that a process remembers to exist

Clock: TypeAlias = Callable[[], datetime]


class AttendanceSignal(
    msgspec.Struct, frozen=True, kw_only=True, tag="attendance", tag_field="kind",
    forbid_unknown_fields=True,
):  # fmt: skip
    """A guard checks in or out."""

    signal_id: Identifier
    source: Identifier
    occurred_at: datetime
    person_id: Identifier
    site_id: Identifier
    device_id: Identifier
    direction: Direction
    latitude: Latitude
    longitude: Longitude
    gps_accuracy_m: GpsAccuracyM
    biometric_quality: Unit
    biometric_matched: bool
    sent_at: datetime | None = None
    phone_signal_dbm: PhoneSignalDbm | None = None
    battery_percent: BatteryPercent | None = None

    def fact(self, skew_ms: int) -> SignalEvent:
        """Return the fact that this signal becomes."""
        return AttendanceRecorded(
            signal_id=self.signal_id,
            source=self.source,
            person_id=self.person_id,
            site_id=self.site_id,
            device_id=self.device_id,
            direction=self.direction,
            latitude=self.latitude,
            longitude=self.longitude,
            gps_accuracy_m=self.gps_accuracy_m,
            biometric_quality=self.biometric_quality,
            biometric_matched=self.biometric_matched,
            phone_signal_dbm=self.phone_signal_dbm,
            battery_percent=self.battery_percent,
            occurred_at=self.occurred_at,
            sent_at=self.sent_at,
            clock_skew_ms=skew_ms,
        )


class LocationSignal(
    msgspec.Struct, frozen=True, kw_only=True, tag="location", tag_field="kind",
    forbid_unknown_fields=True,
):  # fmt: skip
    """A phone tells where it is."""

    signal_id: Identifier
    source: Identifier
    occurred_at: datetime
    person_id: Identifier
    device_id: Identifier
    latitude: Latitude
    longitude: Longitude
    gps_accuracy_m: GpsAccuracyM
    site_id: Identifier | None = None
    sent_at: datetime | None = None
    phone_signal_dbm: PhoneSignalDbm | None = None
    battery_percent: BatteryPercent | None = None

    def fact(self, skew_ms: int) -> SignalEvent:
        """Return the fact that this signal becomes."""
        return LocationRecorded(
            signal_id=self.signal_id,
            source=self.source,
            person_id=self.person_id,
            device_id=self.device_id,
            site_id=self.site_id,
            latitude=self.latitude,
            longitude=self.longitude,
            gps_accuracy_m=self.gps_accuracy_m,
            phone_signal_dbm=self.phone_signal_dbm,
            battery_percent=self.battery_percent,
            occurred_at=self.occurred_at,
            sent_at=self.sent_at,
            clock_skew_ms=skew_ms,
        )


Signal: TypeAlias = AttendanceSignal | LocationSignal


class SignalRefused(Refused):
    """A signal breaks a rule of the intake."""

    code = "signal.refused"


class FromTheFuture(SignalRefused):
    code = "signal.from_the_future"


class TooOld(SignalRefused):
    code = "signal.too_old"


class WithoutTimeZone(SignalRefused):
    code = "signal.without_time_zone"


class NotANumber(SignalRefused):
    code = "signal.not_a_number"


class UnknownPerson(SignalRefused):
    code = "signal.unknown_person"


class UnknownSite(SignalRefused):
    code = "signal.unknown_site"


class UnknownDevice(SignalRefused):
    code = "signal.unknown_device"


class SiteOutOfScope(SignalRefused):
    code = "signal.site_out_of_scope"


class TakenAs(StrEnum):
    """What became of one signal."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class Taken(msgspec.Struct, frozen=True):
    """The result of one signal: the position of its fact, or why it was refused."""

    status: TakenAs
    position: int | None = None
    refusal: Refused | None = None


class Giver(msgspec.Struct, frozen=True):
    """Who hands signals in, and for which sites they may."""

    tenant_id: str
    actor: str
    sites: frozenset[str] | None = None  # None: every site of the tenant


class SignalIntake:
    """Takes batches of signals into the log of their giver's tenant."""

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._known: dict[str, set[str]] = {}  # tenant -> directory streams that exist

    def take(self, giver: Giver, signals: Sequence[Signal]) -> list[Taken]:
        """Record what is acceptable and answer one result a signal, in the same order.

        All accepted signals of the call are recorded in one go. Taken twice, a signal is answered
        as a duplicate with the position of the first.

        Raises:
            LogUnavailable: nothing is known about any item; sending all again is safe.
        """
        received_at = self._clock()
        unknown = self._unknown(giver.tenant_id, signals)
        results: list[Taken | None] = [None] * len(signals)
        facts: dict[UUID, SignalEvent] = {}
        places: list[UUID | None] = []
        for index, signal in enumerate(signals):
            try:
                fact = accepted(signal, received_at, unknown, giver.sites)
            except SignalRefused as refusal:
                results[index] = Taken(TakenAs.REFUSED, refusal=refusal)
                places.append(None)
            else:
                identity = signal_uuid(signal.source, signal.signal_id)
                # A second delivery inside the batch waits for the outcome of the first.
                facts.setdefault(identity, fact)
                places.append(identity)
        taken = self._record(giver, facts)
        answered: set[UUID] = set()
        for index, place in enumerate(places):
            if place is None:
                continue
            first = taken[place]
            again = place in answered
            results[index] = Taken(TakenAs.DUPLICATE, first.position) if again else first
            answered.add(place)
        return [result for result in results if result is not None]

    def _record(self, giver: Giver, facts: dict[UUID, SignalEvent]) -> dict[UUID, Taken]:
        appends = [signal_append(giver.actor, identity, fact) for identity, fact in facts.items()]
        outcomes = self._outcomes(giver.tenant_id, appends)
        taken: dict[UUID, Taken] = {}
        met: list[UUID] = []
        for identity, outcome in zip(facts, outcomes, strict=True):
            if isinstance(outcome, Appended):
                taken[identity] = Taken(TakenAs.ACCEPTED, outcome.first)
            else:
                met.append(identity)
        if met:
            streams = [signal_stream(identity) for identity in met]
            first = self._log.first_positions(giver.tenant_id, streams)
            for identity in met:
                taken[identity] = Taken(TakenAs.DUPLICATE, first[signal_stream(identity)])
        return taken

    def _outcomes(self, tenant_id: str, appends: list[Append]) -> list[Outcome]:
        """Record the appends; one alone rides in the same commit as its neighbours from other calls."""
        if len(appends) != 1:
            return self._log.append_each(tenant_id, appends)
        try:
            return [self._log.append(tenant_id, appends[0])]
        except StreamMoved as moved:
            return [moved]

    def _unknown(self, tenant_id: str, signals: Sequence[Signal]) -> set[str]:
        """Return the directory streams that these signals name and that do not exist."""
        known = self._known.setdefault(tenant_id, set())
        named: set[str] = set()
        for signal in signals:
            named.add(f"person-{signal.person_id}")
            named.add(f"device-{signal.device_id}")
            if signal.site_id is not None:
                named.add(f"site-{signal.site_id}")
        missing = named - known
        if missing:
            if len(known) > KNOWN_CACHE_MAX:
                known.clear()
            # What exists in an append-only log exists for ever; what is missing is asked again.
            found = set(self._log.first_positions(tenant_id, sorted(missing)))
            known |= found
            missing -= found
        return missing


def accepted(
    signal: Signal, received_at: datetime, unknown: set[str], sites: frozenset[str] | None
) -> SignalEvent:
    """Return the fact that a signal becomes.

    Raises:
        SignalRefused: one of its kinds; it names the field to blame.
    """
    for field in MEASURES:
        if not math.isfinite(getattr(signal, field, 0.0)):
            raise NotANumber(f"{field} must be a finite number.", field=f"$.{field}")
    require_moment("occurred_at", signal.occurred_at)
    if signal.sent_at is not None:
        require_moment("sent_at", signal.sent_at)
    # Before the directory, so that nobody learns which sites of others exist.
    if sites is not None and signal.site_id not in sites:
        raise SiteOutOfScope("Your credential is for other sites.", field="$.site_id")
    if unknown:
        require_known(signal, unknown)
    fact = signal.fact(clock_skew_ms(signal.sent_at, received_at))
    happened_at = corrected_at(fact)
    if happened_at > received_at + FUTURE_TOLERANCE:
        raise FromTheFuture(
            "occurred_at is more than 5 minutes ahead of our clock, corrected by sent_at.",
            field="$.occurred_at",
        )
    if happened_at < OLDEST:
        raise TooOld(
            f"occurred_at, corrected by sent_at, must not be before {OLDEST:%Y-%m-%d}.",
            field="$.occurred_at",
        )
    return fact


def require_known(signal: Signal, unknown: set[str]) -> None:
    """Refuse what names a person, a device or a site that the directory does not hold.

    Raises:
        SignalRefused: one of them is among the unknown streams.
    """
    if f"person-{signal.person_id}" in unknown:
        raise UnknownPerson(f"There is no person {signal.person_id}.", field="$.person_id")
    if f"device-{signal.device_id}" in unknown:
        raise UnknownDevice(f"There is no device {signal.device_id}.", field="$.device_id")
    if signal.site_id is not None and f"site-{signal.site_id}" in unknown:
        raise UnknownSite(f"There is no site {signal.site_id}.", field="$.site_id")


def require_moment(field: str, moment: datetime) -> None:
    """Refuse a moment that the log could not keep or that nobody could compare.

    Raises:
        SignalRefused: it has no time zone, or lies before OLDEST or not before NEWEST.
    """
    if moment.tzinfo is None:
        raise WithoutTimeZone(f"{field} needs a time zone, such as +00:00.", field=f"$.{field}")
    if moment < OLDEST:
        raise TooOld(f"{field} must not be before {OLDEST:%Y-%m-%d}.", field=f"$.{field}")
    if moment >= NEWEST:
        raise FromTheFuture(f"{field} must be before {NEWEST:%Y-%m-%d}.", field=f"$.{field}")


def signal_append(actor: str, identity: UUID, fact: SignalEvent) -> Append:
    """Return the append of a signal's one fact; the story it begins bears its id."""
    cause = Cause(actor=actor, correlation_id=identity)
    new = NewFact(fact, event_id=identity, occurred_at=fact.occurred_at)
    return Append([Slice(signal_stream(identity), Expect.NO_STREAM, [new], cause)])
