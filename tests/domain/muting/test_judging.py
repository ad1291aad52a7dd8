"""What is in force mutes what it names, at the moment at which somebody would be called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.muting.facts import (
    Action,
    ActionMuted,
    MaintenancePlanned,
    Matcher,
    MutedBy,
    SilenceStarted,
    Weekday,
)
from domain.muting.judging import InForce, Muter, Offline, Trouble, muted
from domain.muting.ledger import LEDGER, MuteAction
from domain.severity import Severity

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)  # a Sunday, in winter time
HOUR = timedelta(hours=1)
NO_SHOW = Trouble(
    kind="finding:NO_SHOW",
    severity=Severity.HIGH,
    site_id="S-1",
    person_id="G-1",
    device_id="D-1",
    since=NOON - 3 * HOUR,
    until=NOON - 2 * HOUR,
)


def silence(number: int = 1, hours: float = 2, **matcher: Any) -> SilenceStarted:
    return SilenceStarted(
        silence_id=UUID(int=number),
        matcher=Matcher(**matcher),
        starts_at=NOON - HOUR,
        ends_at=NOON + hours * HOUR,
        reason="Drill",
    )


def work(*kinds: str) -> MaintenancePlanned:
    return MaintenancePlanned(
        window_id=UUID(int=9),
        site_id="S-1",
        kinds=kinds,
        weekdays=(Weekday.SUNDAY,),
        starts_at="06:30",
        duration_minutes=60,
        first_day="2026-11-01",
        last_day="2026-11-30",
        reason="Work",
    )


@pytest.mark.parametrize(
    "matcher",
    [
        {"site_id": "S-1"},
        {"person_id": "G-1"},
        {"device_id": "D-1"},
        {"kinds": ("finding:NO_SHOW",)},
        {"kinds": ("alert", "finding")},
        {"severity_at_most": Severity.HIGH},
        {"severity_at_most": Severity.CRITICAL, "site_id": "S-1", "person_id": "G-1"},
    ],
)
def test_a_silence_mutes_what_agrees_with_each_field_that_it_names(matcher: dict[str, Any]) -> None:
    held = silence(**matcher)
    muter = Muter(MutedBy.SILENCE, held.silence_id, held.ends_at)
    assert muted(InForce(silences=(held,)), NO_SHOW, NOON) == muter


@pytest.mark.parametrize(
    "matcher",
    [
        {"site_id": "S-2"},
        {"person_id": "G-2"},
        {"device_id": "D-2"},
        {"kinds": ("finding:NO",)},
        {"kinds": ("alert",)},
        {"severity_at_most": Severity.MEDIUM},
        {"site_id": "S-1", "person_id": "G-2"},
    ],
)
def test_what_disagrees_with_one_field_is_not_muted(matcher: dict[str, Any]) -> None:
    assert muted(InForce(silences=(silence(**matcher),)), NO_SHOW, NOON) is None


def test_a_silence_holds_from_its_beginning_until_its_end() -> None:
    held = InForce(silences=(silence(site_id="S-1"),))
    assert muted(held, NO_SHOW, NOON - HOUR) is not None
    assert muted(held, NO_SHOW, NOON - HOUR - timedelta(microseconds=1)) is None
    assert muted(held, NO_SHOW, NOON + 2 * HOUR) is None


def test_of_several_silences_the_one_that_ends_last_is_named() -> None:
    held = InForce(
        silences=(
            silence(1, 2, site_id="S-1"),
            silence(2, 5, person_id="G-1"),
            silence(3, 3, site_id="S-1"),
        )
    )
    muter = muted(held, NO_SHOW, NOON)
    assert muter is not None
    assert muter.id == UUID(int=2)


def test_maintenance_holds_on_the_sites_own_wall() -> None:
    """06:30 in New York is 11:30 UTC on that Sunday."""
    held = InForce(maintenance=(work(),), time_zone="America/New_York")
    ends_at = NOON + HOUR / 2
    assert muted(held, NO_SHOW, NOON) == Muter(MutedBy.MAINTENANCE, UUID(int=9), ends_at)
    assert muted(held, NO_SHOW, ends_at) is None
    assert muted(replace(held, time_zone="UTC"), NO_SHOW, NOON) is None
    assert muted(held, replace(NO_SHOW, site_id="S-2"), NOON) is None


def test_maintenance_of_some_kinds_mutes_those() -> None:
    held = InForce(maintenance=(work("alert:tamper"),), time_zone="America/New_York")
    assert muted(held, NO_SHOW, NOON) is None
    assert muted(held, replace(NO_SHOW, kind="alert:tamper"), NOON) is not None


@pytest.mark.parametrize(
    "kind",
    [
        "finding:MISSED_CHECKPOINT",
        "finding:LATE_CHECKPOINT",
        "finding:LOW_PHONE_ACTIVITY",
        "finding:SILENT_DEVICE",
        "finding:GPS_OFF",
        "alert:anomaly",
    ],
)
def test_a_site_that_is_offline_explains_what_its_phones_did_not_say(kind: str) -> None:
    trouble = replace(NO_SHOW, kind=kind)
    offline = Offline(UUID(int=7), trouble.since - HOUR, trouble.since + HOUR / 2)
    muter = Muter(MutedBy.INHIBITION, UUID(int=7), None)
    assert muted(InForce(offline=(offline,)), trouble, NOON) == muter


@pytest.mark.parametrize(
    "kind",
    ["finding:NO_SHOW", "finding:SILENT_SITE", "finding:GEOFENCE_BREACH", "alert:panic"],
)
def test_a_site_that_is_offline_explains_nothing_else(kind: str) -> None:
    trouble = replace(NO_SHOW, kind=kind)
    offline = Offline(UUID(int=7), trouble.since, trouble.until)
    assert muted(InForce(offline=(offline,)), trouble, NOON) is None


def test_a_site_that_was_offline_at_another_time_explains_nothing() -> None:
    trouble = replace(NO_SHOW, kind="finding:GPS_OFF")
    offline = (
        Offline(UUID(int=7), trouble.since - HOUR, trouble.since),
        Offline(UUID(int=8), trouble.until, trouble.until + HOUR),
    )
    assert muted(InForce(offline=offline), trouble, NOON) is None


def test_a_silence_comes_before_maintenance_and_that_before_inhibition() -> None:
    trouble = replace(NO_SHOW, kind="finding:GPS_OFF")
    held = InForce(
        silences=(silence(site_id="S-1"),),
        maintenance=(work(),),
        time_zone="America/New_York",
        offline=(Offline(UUID(int=7), trouble.since, trouble.until),),
    )
    named = []
    for change in ({}, {"silences": ()}, {"maintenance": ()}, {"offline": ()}):
        held = replace(held, **change)
        muter = muted(held, trouble, NOON)
        named.append(None if muter is None else muter.by)
    assert named == [MutedBy.SILENCE, MutedBy.MAINTENANCE, MutedBy.INHIBITION, None]


def test_the_ledger_keeps_every_line() -> None:
    fields: dict[str, Any] = {
        "action": Action.TICKET,
        "subject": "finding:NO_SHOW",
        "subject_id": UUID(int=3),
        "muted_by": MutedBy.SILENCE,
        "muter_id": UUID(int=1),
        "severity": Severity.HIGH,
        "title": "No-show",
        "site_id": "S-1",
        "person_id": None,
        "assignee": "eve",
        "seen_at": NOON,
        "until": NOON + HOUR,
    }
    line = ActionMuted(**fields)
    assert LEDGER.decide(LEDGER.replay([line]), MuteAction(**fields)) == [line]
    assert LEDGER.replay([line, line]) == 2
