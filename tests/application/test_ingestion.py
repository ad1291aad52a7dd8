"""Signals in, facts out: one result an item, and every refusal names its field."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from math import inf, nan
from typing import Annotated, Any, get_args
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.log.postgres_log import PostgresLog
from application import ingestion
from application.accepting import (
    FUTURE_TOLERANCE,
    MEASURES,
    FromTheFuture,
    NotANumber,
    SignalRefused,
    SiteOutOfScope,
    TooOld,
    UnknownDevice,
    UnknownPerson,
    UnknownSite,
    UnknownTour,
    WithoutTimeZone,
    measures_of,
)
from application.ingestion import Giver, SignalIntake, Taken, TakenAs
from application.ports import Append, Cause
from application.signals import (
    AttendanceSignal,
    CheckpointScanSignal,
    DeviceStatusSignal,
    LocationSignal,
    PanicSignal,
    PhoneActivitySignal,
    Signal,
    TaskCompletionSignal,
)
from domain.directory.device import DeviceKind, DeviceRegistered
from domain.directory.person import PersonEnrolled
from domain.directory.site import SiteRegistered
from domain.directory.tour import Checkpoint, TourDefined
from domain.moments import NEWEST, OLDEST
from domain.signals import (
    HORIZON,
    AttendanceRecorded,
    DeviceStatus,
    Direction,
    ScanMethod,
    SignalEvent,
    signal_uuid,
)

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DIRECTORY = 4  # facts that the directory takes

ATTENDANCE = AttendanceSignal(
    signal_id="a-1",
    source="test",
    occurred_at=NOW,
    person_id="G-1",
    site_id="S-1",
    device_id="D-1",
    direction=Direction.CHECK_IN,
    latitude=51.5,
    longitude=-0.12,
    gps_accuracy_m=8.0,
    biometric_quality=0.93,
    biometric_matched=True,
)
LOCATION = LocationSignal(
    signal_id="l-1",
    source="test",
    occurred_at=NOW,
    person_id="G-1",
    device_id="D-1",
    latitude=51.5,
    longitude=-0.12,
    gps_accuracy_m=8.0,
)
TOLD: dict[str, Any] = {"source": "test", "occurred_at": NOW}
SCAN = CheckpointScanSignal(
    **TOLD,
    signal_id="c-1",
    person_id="G-1",
    site_id="S-1",
    device_id="D-1",
    tour_id="T-1",
    checkpoint_id="C-1",
    method=ScanMethod.NFC,
    latitude=51.5,
    longitude=-0.12,
    gps_accuracy_m=8.0,
)
ACTIVITY = PhoneActivitySignal(
    **TOLD, signal_id="p-1", person_id="G-1", device_id="D-1", interactions=3, interval_s=900
)
COMPLETION = TaskCompletionSignal(
    **TOLD, signal_id="t-1", person_id="G-1", site_id="S-1", task_id="K-1"
)
STATUS = DeviceStatusSignal(
    **TOLD, signal_id="d-1", device_id="D-1", status=DeviceStatus.LOW_BATTERY, battery_percent=4
)
PANIC = PanicSignal(**TOLD, signal_id="x-1", person_id="G-1", device_id="D-1")
EACH_KIND: list[Signal] = [ATTENDANCE, LOCATION, SCAN, ACTIVITY, COMPLETION, STATUS, PANIC]


def open_directory(log: PostgresLog, tenant: str) -> None:
    """Open a tenant with one site, one person, one device and one tour."""
    log.open_tenant(tenant)
    site = SiteRegistered(
        site_id="S-1",
        name="One",
        latitude=51.5,
        longitude=-0.12,
        geofence_radius_m=100.0,
        time_zone="Europe/London",
    )
    tour = TourDefined(
        tour_id="T-1",
        site_id="S-1",
        name="Night round",
        checkpoints=(Checkpoint("C-1", "North door", 5),),
        starts=("22:00",),
        grace_minutes=10,
    )
    for stream_id, fact in (
        ("site-S-1", site),
        ("tour-T-1", tour),
        ("person-G-1", PersonEnrolled(person_id="G-1", name="Ada")),
        ("device-D-1", DeviceRegistered(device_id="D-1", kind=DeviceKind.PHONE)),
    ):
        log.append(tenant, Append.of(stream_id, 0, [fact], Cause("user:test")))


@pytest.fixture
def intake(log: PostgresLog) -> SignalIntake:
    return SignalIntake(log, lambda: NOW)


@pytest.fixture
def giver(log: PostgresLog, tenant: str) -> Giver:
    open_directory(log, tenant)
    return Giver(tenant, "key:test")


def accepted(position: int) -> Taken:
    return Taken(TakenAs.ACCEPTED, position)


def duplicate(position: int) -> Taken:
    return Taken(TakenAs.DUPLICATE, position)


def refusal_of(taken: Sequence[Taken]) -> SignalRefused:
    (result,) = taken
    assert result.status is TakenAs.REFUSED
    assert result.position is None
    assert isinstance(result.refusal, SignalRefused)
    assert str(result.refusal).endswith("."), "A refusal is a sentence for people."
    return result.refusal


def test_signals_of_each_kind_become_facts_as_they_were_told(
    intake: SignalIntake, giver: Giver, log: PostgresLog
) -> None:
    assert {type(signal) for signal in EACH_KIND} == set(get_args(Signal))
    assert {signal.becomes for signal in EACH_KIND} == set(get_args(SignalEvent))
    first = DIRECTORY + 1
    assert intake.take(giver, EACH_KIND) == [accepted(first + n) for n in range(len(EACH_KIND))]
    facts = log.read(giver.tenant_id, DIRECTORY, 10)
    for signal, fact in zip(EACH_KIND, facts, strict=True):
        assert fact.event == signal.becomes(**msgspec.structs.asdict(signal))
        assert fact.event_id == fact.correlation_id == signal_uuid("test", signal.signal_id)
        assert fact.stream_id == f"signal-{fact.event_id}"
        assert (fact.actor, fact.occurred_at) == ("key:test", NOW)
    again = intake.take(giver, EACH_KIND)
    assert again == [duplicate(first + n) for n in range(len(EACH_KIND))]


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


def test_a_checkpoint_or_a_task_that_nobody_knows_is_recorded_as_it_is(
    intake: SignalIntake, giver: Giver
) -> None:
    new_tag = replace(SCAN, checkpoint_id="C-new")
    unasked = replace(COMPLETION, task_id="K-unasked")
    assert intake.take(giver, [new_tag, unasked]) == [
        accepted(DIRECTORY + 1),
        accepted(DIRECTORY + 2),
    ]


def test_what_comes_after_the_horizon_is_taken_and_said_to_be_late(
    intake: SignalIntake, giver: Giver
) -> None:
    on_time = replace(ATTENDANCE, occurred_at=NOW - HORIZON)
    late = replace(PANIC, occurred_at=NOW - HORIZON - timedelta(seconds=1))
    # Its clock is ten days ahead, so what it tells of today happened ten days ago.
    ahead = replace(LOCATION, sent_at=NOW + timedelta(days=10))
    taken = intake.take(giver, [on_time, late, late, ahead])
    assert [each.late for each in taken] == [False, True, False, True]
    assert taken[2] == duplicate(DIRECTORY + 2)


def test_nothing_handed_in_is_nothing_taken(intake: SignalIntake, giver: Giver) -> None:
    assert intake.take(giver, []) == []


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


@pytest.mark.parametrize(
    ("sent_at", "skew_ms"),
    [
        (None, 0),
        (NOW + timedelta(seconds=30), 0),
        (NOW - timedelta(seconds=30), 0),
        (NOW + timedelta(hours=1), 3_600_000),
        (NOW - timedelta(seconds=30.001), -30_001),
    ],
)
def test_a_clock_that_is_off_is_measured_and_kept(
    intake: SignalIntake,
    giver: Giver,
    log: PostgresLog,
    sent_at: datetime | None,
    skew_ms: int,
) -> None:
    occurred_at = NOW + timedelta(milliseconds=skew_ms) - timedelta(minutes=2)
    signal = replace(ATTENDANCE, occurred_at=occurred_at, sent_at=sent_at)
    assert intake.take(giver, [signal]) == [accepted(5)]
    (fact,) = log.read(giver.tenant_id, DIRECTORY, 10)
    assert isinstance(fact.event, AttendanceRecorded)
    assert fact.event.clock_skew_ms == skew_ms
    assert fact.event.occurred_at == occurred_at


def test_a_duplicate_is_answered_with_the_position_of_the_first(
    intake: SignalIntake, giver: Giver, log: PostgresLog
) -> None:
    other = replace(ATTENDANCE, signal_id="a-2")
    bad = replace(ATTENDANCE, signal_id="a-3", person_id="nobody")
    taken = intake.take(giver, [ATTENDANCE, ATTENDANCE, bad, other])
    assert [result.status for result in taken] == ["accepted", "duplicate", "refused", "accepted"]
    assert (taken[0], taken[1], taken[3]) == (accepted(5), duplicate(5), accepted(6))
    changed = replace(ATTENDANCE, latitude=10.0, source="test")
    elsewhere = replace(ATTENDANCE, source="elsewhere")
    again = SignalIntake(log, lambda: NOW).take(giver, [other, changed, changed, elsewhere])
    assert again == [duplicate(6), duplicate(5), duplicate(5), accepted(7)]


def test_a_good_delivery_of_a_signal_that_was_refused_is_taken(
    intake: SignalIntake, giver: Giver
) -> None:
    bad = replace(ATTENDANCE, latitude=nan)
    assert [result.status for result in intake.take(giver, [bad, ATTENDANCE])] == [
        TakenAs.REFUSED,
        TakenAs.ACCEPTED,
    ]


def test_a_scoped_giver_hands_in_for_its_sites_only(intake: SignalIntake, giver: Giver) -> None:
    scoped = replace(giver, sites=frozenset({"S-1"}))
    assert intake.take(scoped, [ATTENDANCE]) == [accepted(5)]
    for signal in (LOCATION, replace(ATTENDANCE, signal_id="a-2")):
        stranger = replace(giver, sites=frozenset({"S-9"}))
        refusal = refusal_of(intake.take(stranger, [signal]))
        assert type(refusal) is SiteOutOfScope
        assert refusal.field == "$.site_id"
    assert intake.take(scoped, [replace(LOCATION, site_id="S-1")]) == [accepted(6)]


def test_what_is_missing_is_asked_again_and_what_exists_is_not(
    intake: SignalIntake, giver: Giver, log: PostgresLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = replace(ATTENDANCE, person_id="G-9")
    assert type(refusal_of(intake.take(giver, [late]))) is UnknownPerson
    enrolled = PersonEnrolled(person_id="G-9", name="Nine")
    log.append(giver.tenant_id, Append.of("person-G-9", 0, [enrolled], Cause("user:test")))
    assert intake.take(giver, [late]) == [accepted(6)]
    # A full memory is emptied and filled anew; nothing that exists is refused for it.
    monkeypatch.setattr(ingestion, "KNOWN_CACHE_MAX", 0)
    enrolled = PersonEnrolled(person_id="G-10", name="Ten")
    log.append(giver.tenant_id, Append.of("person-G-10", 0, [enrolled], Cause("user:test")))
    newest = [replace(ATTENDANCE, signal_id=name, person_id="G-10") for name in ("b", "c")]
    assert intake.take(giver, newest) == [accepted(8), accepted(9)]
    assert intake.take(giver, [replace(ATTENDANCE, signal_id="d")]) == [accepted(10)]


def test_one_tenants_directory_is_unknown_to_another(
    intake: SignalIntake, giver: Giver, log: PostgresLog
) -> None:
    intake.take(giver, [ATTENDANCE])
    other = f"{giver.tenant_id}-b"
    log.open_tenant(other)
    refusal = refusal_of(intake.take(Giver(other, "key:test"), [ATTENDANCE]))
    assert type(refusal) is UnknownPerson


signals: st.SearchStrategy[Signal] = st.one_of(
    st.builds(
        lambda number, person: replace(ATTENDANCE, signal_id=f"a-{number}", person_id=person),
        st.integers(0, 5),
        st.sampled_from(["G-1", "G-1", "nobody"]),
    ),
    st.builds(
        lambda number, person: replace(COMPLETION, signal_id=f"t-{number}", person_id=person),
        st.integers(0, 5),
        st.sampled_from(["G-1", "G-1", "nobody"]),
    ),
    st.builds(
        lambda number, latitude: replace(LOCATION, signal_id=f"l-{number}", latitude=latitude),
        st.integers(0, 5),
        st.sampled_from([51.5, 51.5, nan]),
    ),
)


@settings(max_examples=40, deadline=None)
@given(batches=st.lists(st.lists(signals, max_size=12), max_size=5))
def test_any_deliveries_leave_each_signal_once_and_results_line_up(
    log: PostgresLog, batches: list[list[Signal]]
) -> None:
    tenant = f"t-{uuid4().hex[:12]}"
    open_directory(log, tenant)
    intake = SignalIntake(log, lambda: NOW)
    first: dict[str, int] = {}
    for batch in batches:
        taken = intake.take(Giver(tenant, "key:test"), batch)
        assert len(taken) == len(batch)
        for signal, result in zip(batch, taken, strict=True):
            good = signal.person_id == "G-1" and getattr(signal, "latitude", 51.5) == 51.5
            if not good:
                assert result.status is TakenAs.REFUSED
            elif signal.signal_id in first:
                assert result == duplicate(first[signal.signal_id])
            else:
                assert result.status is TakenAs.ACCEPTED
                assert result.position is not None
                first[signal.signal_id] = result.position
    facts = log.read(tenant, DIRECTORY, 1_000)
    stored = {fact.event.signal_id: fact.position for fact in facts}  # type: ignore[union-attr]
    assert stored == first
    assert len(facts) == len(first)


def test_the_wire_names_the_kinds() -> None:
    decoder = msgspec.json.Decoder(Signal)
    for signal in EACH_KIND:
        assert decoder.decode(msgspec.json.encode(signal)) == signal
