"""Signals in, facts out: one result an item, each signal once, whatever is delivered again."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import nan
from typing import get_args
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.log.postgres_log import PostgresLog
from application import ingestion
from application.accepting import SiteOutOfScope, UnknownPerson
from application.ingestion import Giver, SignalIntake, TakenAs
from application.ports import Append, Cause
from application.signals import Signal
from domain.directory.person import PersonEnrolled
from domain.signals import HORIZON, AttendanceRecorded, SignalEvent, signal_uuid
from tests.application.door import (
    ATTENDANCE,
    COMPLETION,
    DIRECTORY,
    EACH_KIND,
    LOCATION,
    NOW,
    PANIC,
    SCAN,
    accepted,
    duplicate,
    open_directory,
    refusal_of,
)


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
