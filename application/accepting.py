"""Accepting: what a signal must be to be one, and why each one that is not is refused.

Whatever a signal means is judged by the followers; here it is only made sure that it can be kept,
ordered, and laid to somebody or something that the directory knows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import get_args

import msgspec
from msgspec import inspect as mi

from application.signals import Signal
from domain.directory.device import device_stream
from domain.directory.person import person_stream
from domain.directory.site import site_stream
from domain.directory.tour import tour_stream
from domain.kernel import Refused
from domain.moments import NEWEST, OLDEST
from domain.signals import SignalEvent, clock_skew_ms, corrected_at

FUTURE_TOLERANCE = timedelta(minutes=5)


class SignalRefused(Refused):
    """A signal breaks a rule of the intake."""

    code = "signal.refused"


class FromTheFuture(SignalRefused):
    """It happened after what our clock says, by more than `FUTURE_TOLERANCE`, or at NEWEST or later."""

    code = "signal.from_the_future"


class TooOld(SignalRefused):
    """It happened before OLDEST, so that no clock can have been right."""

    code = "signal.too_old"


class WithoutTimeZone(SignalRefused):
    """A moment does not say its time zone, so nobody knows when it was."""

    code = "signal.without_time_zone"


class NotANumber(SignalRefused):
    """A measure is infinite or not a number."""

    code = "signal.not_a_number"


class UnknownPerson(SignalRefused):
    """The directory holds no such person."""

    code = "signal.unknown_person"


class UnknownSite(SignalRefused):
    """The directory holds no such site."""

    code = "signal.unknown_site"


class UnknownDevice(SignalRefused):
    """The directory holds no such device."""

    code = "signal.unknown_device"


class UnknownTour(SignalRefused):
    """The directory holds no such tour."""

    code = "signal.unknown_tour"


class SiteOutOfScope(SignalRefused):
    """Whoever hands it in may do so for other sites only."""

    code = "signal.site_out_of_scope"


class Reference(msgspec.Struct, frozen=True):
    """A field that names an entry of the directory, which must exist."""

    field: str
    noun: str
    prefix: str  # of the entry's stream
    refusal: type[SignalRefused]


# Neither a task nor a checkpoint: a guard may have done what nobody assigned, and a tag on the wall
# may have been replaced this morning.
REFERENCES = (
    Reference("person_id", "person", person_stream(""), UnknownPerson),
    Reference("device_id", "device", device_stream(""), UnknownDevice),
    Reference("site_id", "site", site_stream(""), UnknownSite),
    Reference("tour_id", "tour", tour_stream(""), UnknownTour),
)


def measures_of(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the fields of a kind of signal that hold a measured number with a fraction."""
    info = mi.type_info(kind)
    assert isinstance(info, mi.StructType)
    return tuple(field.name for field in info.fields if holds_float(field.type))


def holds_float(info: mi.Type) -> bool:
    match info:
        case mi.Metadata(type=inner):
            return holds_float(inner)
        case mi.UnionType(types=types):
            return any(holds_float(each) for each in types)
        case _:
            return isinstance(info, mi.FloatType)


# Worked out once a kind, since nothing is done as often as taking a signal.
MEASURES: Mapping[type, tuple[str, ...]] = {kind: measures_of(kind) for kind in get_args(Signal)}
REFERENCES_OF: Mapping[type, tuple[Reference, ...]] = {
    kind: tuple(each for each in REFERENCES if each.field in kind.__struct_fields__)
    for kind in get_args(Signal)
}


def accepted(
    signal: Signal, received_at: datetime, unknown: set[str], sites: frozenset[str] | None
) -> tuple[SignalEvent, datetime]:
    """Return the fact that a signal becomes, and when it happened by our clock.

    Raises:
        SignalRefused: one of its kinds; it names the field to blame.
    """
    for field in MEASURES[type(signal)]:
        value = getattr(signal, field)
        if value is not None and not math.isfinite(value):
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
    if happened_at.year <= OLDEST.year and happened_at < OLDEST:
        raise TooOld(
            f"occurred_at, corrected by sent_at, must not be before {OLDEST:%Y-%m-%d}.",
            field="$.occurred_at",
        )
    return fact, happened_at


def require_known(signal: Signal, unknown: set[str]) -> None:
    """Refuse what names an entry that the directory does not hold.

    Raises:
        SignalRefused: one of them is among the unknown streams.
    """
    for reference in REFERENCES_OF[type(signal)]:
        named = getattr(signal, reference.field)
        if named is not None and reference.prefix + named in unknown:
            raise reference.refusal(
                f"There is no {reference.noun} {named}.", field=f"$.{reference.field}"
            )


def require_moment(field: str, moment: datetime) -> None:
    """Refuse a moment that the log could not keep or that nobody could compare.

    Raises:
        SignalRefused: it has no time zone, or lies before OLDEST or not before NEWEST.
    """
    if moment.tzinfo is None:
        raise WithoutTimeZone(f"{field} needs a time zone, such as +00:00.", field=f"$.{field}")
    if OLDEST.year < moment.year < NEWEST.year - 1:
        return  # in whatever time zone, told in a fifth of the time
    if moment < OLDEST:
        raise TooOld(f"{field} must not be before {OLDEST:%Y-%m-%d}.", field=f"$.{field}")
    if moment >= NEWEST:
        raise FromTheFuture(f"{field} must be before {NEWEST:%Y-%m-%d}.", field=f"$.{field}")
