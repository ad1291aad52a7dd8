"""Which signals are refused: every refusal names its field and its rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from math import inf, nan
from typing import Annotated, Any

import msgspec
import pytest
from msgspec.structs import replace

from adapters.log.postgres_log import PostgresLog
from application.accepting import (
    FUTURE_TOLERANCE,
    MEASURES,
    FromTheFuture,
    NotANumber,
    SignalRefused,
    TooOld,
    UnknownDevice,
    UnknownPerson,
    UnknownSite,
    UnknownTour,
    WithoutTimeZone,
    measures_of,
)
from application.ingestion import Giver, SignalIntake
from application.signals import Signal
from domain.moments import NEWEST, OLDEST
from tests.application.door import (
    ATTENDANCE,
    DIRECTORY,
    EACH_KIND,
    NOW,
    accepted,
    refusal_of,
)


@pytest.mark.parametrize("signal", EACH_KIND, ids=lambda signal: type(signal).__name__)
def test_whatever_a_signal_measures_is_a_number(
    intake: SignalIntake, giver: Giver, signal: Signal
) -> None:
    for field in MEASURES[type(signal)]:
        for value in (nan, inf, -inf):
            bad: Signal = replace(signal, **{field: value})
            refusal = refusal_of(intake.take(giver, [bad]))
            assert (type(refusal), refusal.field) == (NotANumber, f"$.{field}")


class Weighed(msgspec.Struct):
    """A kind of signal with a number however a field can be written down."""

    plain: float
    absent: float | None
    bounded: Annotated[float, msgspec.Meta(ge=0.0)]
    explained: Annotated[float, msgspec.Meta(description="kg", extra_json_schema={"examples": [1]})]
    explained_or_absent: Annotated[float | None, msgspec.Meta(extra={"unit": "kg"})]
    counted: int
    named: str


def test_a_measure_is_found_however_its_field_is_written_down() -> None:
    assert measures_of(Weighed) == (
        "plain",
        "absent",
        "bounded",
        "explained",
        "explained_or_absent",
    )


@pytest.mark.parametrize("signal", EACH_KIND, ids=lambda signal: type(signal).__name__)
@pytest.mark.parametrize(
    ("field", "rule"),
    [
        ("person_id", UnknownPerson),
        ("device_id", UnknownDevice),
        ("site_id", UnknownSite),
        ("tour_id", UnknownTour),
    ],
)
def test_whatever_a_signal_names_must_be_in_the_directory(
    intake: SignalIntake, giver: Giver, signal: Signal, field: str, rule: type[SignalRefused]
) -> None:
    if field not in signal.__struct_fields__:
        return
    bad: Signal = replace(signal, **{field: "nobody"})
    refusal = refusal_of(intake.take(giver, [bad]))
    assert (type(refusal), refusal.field) == (rule, f"$.{field}")


@pytest.mark.parametrize(
    ("changed", "rule", "field"),
    [
        ({"latitude": nan}, NotANumber, "$.latitude"),
        ({"longitude": inf}, NotANumber, "$.longitude"),
        ({"gps_accuracy_m": -inf}, NotANumber, "$.gps_accuracy_m"),
        ({"biometric_quality": nan}, NotANumber, "$.biometric_quality"),
        ({"occurred_at": NOW.replace(tzinfo=None)}, WithoutTimeZone, "$.occurred_at"),
        ({"sent_at": NOW.replace(tzinfo=None)}, WithoutTimeZone, "$.sent_at"),
        ({"occurred_at": OLDEST - timedelta(seconds=1)}, TooOld, "$.occurred_at"),
        ({"sent_at": OLDEST - timedelta(seconds=1)}, TooOld, "$.sent_at"),
        ({"occurred_at": datetime.min.replace(tzinfo=UTC)}, TooOld, "$.occurred_at"),
        ({"occurred_at": NEWEST, "sent_at": NOW}, FromTheFuture, "$.occurred_at"),
        ({"sent_at": NEWEST}, FromTheFuture, "$.sent_at"),
        (
            {"sent_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))},
            FromTheFuture,
            "$.sent_at",
        ),
        ({"person_id": "G-2"}, UnknownPerson, "$.person_id"),
        ({"device_id": "D-2"}, UnknownDevice, "$.device_id"),
        ({"site_id": "S-2"}, UnknownSite, "$.site_id"),
        (
            {"occurred_at": NOW + FUTURE_TOLERANCE + timedelta(microseconds=1)},
            FromTheFuture,
            "$.occurred_at",
        ),
        (
            # The clock is right, the attendance is of tomorrow.
            {"occurred_at": NOW + timedelta(days=1), "sent_at": NOW},
            FromTheFuture,
            "$.occurred_at",
        ),
        (
            # Corrected by a clock that is a century ahead, it lies before all phones.
            {"occurred_at": OLDEST, "sent_at": NEWEST - timedelta(seconds=1)},
            TooOld,
            "$.occurred_at",
        ),
    ],
)
def test_what_is_no_signal_is_refused_by_its_field(
    intake: SignalIntake,
    giver: Giver,
    log: PostgresLog,
    *,
    changed: dict[str, Any],
    rule: type[SignalRefused],
    field: str,
) -> None:
    refusal = refusal_of(intake.take(giver, [replace(ATTENDANCE, **changed)]))
    assert type(refusal) is rule
    assert refusal.field == field
    assert log.head(giver.tenant_id).position == DIRECTORY


def test_each_refusal_has_a_code_of_its_own() -> None:
    rules = SignalRefused.__subclasses__()
    assert len({rule.code for rule in rules} | {SignalRefused.code}) == len(rules) + 1


def test_five_minutes_ahead_is_now(intake: SignalIntake, giver: Giver) -> None:
    ahead = replace(ATTENDANCE, occurred_at=NOW + FUTURE_TOLERANCE)
    assert intake.take(giver, [ahead]) == [accepted(5)]
