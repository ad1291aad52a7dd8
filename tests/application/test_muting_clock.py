"""The clock tells when a silence or a window is over; people wish both from every door alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from application.handling import handle
from application.muting import LOOK_AGAIN_AFTER, CloseWindows, LapseSilences, time_zone
from application.ports import Append, Appended, Cause, StreamMoved
from application.silencing import (
    KindIsUnknown,
    MaintenanceWanted,
    MutedIsUnknown,
    SilenceWanted,
    plan_maintenance,
    start_silence,
    windows_to_come,
)
from application.timers import SOON
from domain.directory.site import SITE, RegisterSite, site_stream
from domain.muting.facts import (
    MaintenanceCancelled,
    MaintenanceWindowClosed,
    Matcher,
    SilenceLapsed,
    Weekday,
    maintenance_stream,
    silence_stream,
)
from domain.muting.maintenance import MAINTENANCE, CancelMaintenance, MaintenanceUnknown
from domain.muting.silence import SILENCE, EndSilence
from tests.memory_log import MemoryLog

CAUSE = Cause("user:eve")
HOUR = timedelta(hours=1)
TENANT = "t"
DAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


class Moved(MemoryLog):
    """A log in which somebody else is always faster."""

    def append(self, tenant_id: str, append: Append) -> Appended:  # noqa: ARG002 - of the port
        raise StreamMoved(append.slices[0].stream_id, 1)


@pytest.fixture
def log() -> MemoryLog:
    log = MemoryLog()
    log.open_tenant(TENANT)
    wish = RegisterSite(
        site_id="S-1",
        name="One",
        latitude=51.5,
        longitude=-0.12,
        geofence_radius_m=100.0,
        time_zone="UTC",
    )
    handle(log, TENANT, SITE, site_stream("S-1"), wish, CAUSE)
    return log


WANTED = SilenceWanted(matcher=Matcher(site_id="S-1"), ends_at=DAY + HOUR, reason="Drill")
PLAN = MaintenanceWanted(
    site_id="S-1",
    weekdays=tuple(Weekday),
    starts_at="12:00",
    duration_minutes=60,
    last_day=(DAY + timedelta(days=3)).date().isoformat(),
    reason="Work",
)


def faster(log: MemoryLog) -> Moved:
    """Return the same log as a loser of every race sees it."""
    moved = Moved()
    moved.__dict__.update(log.__dict__)
    return moved


def test_a_silence_lapses_once_when_its_time_is_over(log: MemoryLog) -> None:
    begun = start_silence(log, TENANT, WANTED, CAUSE, DAY)
    early = LapseSilences(log, lambda: DAY + HOUR / 2)
    assert early(TENANT, begun.id, 1) == DAY + HOUR
    late = LapseSilences(log, lambda: DAY + 9 * HOUR)
    assert LapseSilences(faster(log), lambda: DAY + 9 * HOUR)(TENANT, begun.id, 1) == (
        DAY + 9 * HOUR + SOON
    )
    for _ in range(2):
        assert late(TENANT, begun.id, 1) is None
    story = log.read_stream(TENANT, silence_stream(begun.id))
    assert [type(fact.event) for fact in story[1:]] == [SilenceLapsed]
    assert (story[1].actor, story[1].caused_by) == ("system:timer", begun.position)
    assert late(TENANT, uuid4(), 1) is None


def test_a_silence_that_was_ended_does_not_lapse(log: MemoryLog) -> None:
    begun = start_silence(log, TENANT, WANTED, CAUSE, DAY)
    stream = silence_stream(begun.id)
    handle(log, TENANT, SILENCE, stream, EndSilence(reason="Over"), CAUSE)
    assert LapseSilences(log, lambda: DAY + 9 * HOUR)(TENANT, begun.id, 1) is None
    assert len(log.read_stream(TENANT, stream)) == 2


def test_each_window_is_closed_once_until_the_last(log: MemoryLog) -> None:
    # Planned in a window that began already: its end counts.
    begun = plan_maintenance(log, TENANT, PLAN, CAUSE, DAY)
    stream = maintenance_stream(begun.id)
    at = [DAY + HOUR / 2]
    bell = CloseWindows(log, lambda: at[0])
    assert bell(TENANT, begun.id, 1) == DAY + HOUR
    planned_at = log.read_stream(TENANT, stream)[0].recorded_at
    for days in (1, 1, 2):
        at[0] = DAY + timedelta(days=days) + 2 * HOUR
        assert bell(TENANT, begun.id, 1) == at[0] + LOOK_AGAIN_AFTER
    at[0] = DAY + timedelta(days=9)
    assert CloseWindows(faster(log), lambda: at[0])(TENANT, begun.id, 1) == at[0] + SOON
    assert bell(TENANT, begun.id, 1) is None
    closed = [fact.event for fact in log.read_stream(TENANT, stream)[1:]]
    assert closed == [
        MaintenanceWindowClosed(
            started_at=DAY + timedelta(days=days), ended_at=DAY + timedelta(days=days) + HOUR
        )
        for days in (1, 2, 3)
    ]
    assert planned_at < DAY + timedelta(days=1)


def test_a_maintenance_that_was_cancelled_rings_no_more(log: MemoryLog) -> None:
    begun = plan_maintenance(log, TENANT, PLAN, CAUSE, DAY)
    stream = maintenance_stream(begun.id)
    handle(log, TENANT, MAINTENANCE, stream, CancelMaintenance(reason="Off"), CAUSE)
    bell = CloseWindows(log, lambda: DAY + timedelta(days=2))
    assert bell(TENANT, begun.id, 1) is None
    assert bell(TENANT, uuid4(), 1) is None
    assert isinstance(log.read_stream(TENANT, stream)[-1].event, MaintenanceCancelled)
    assert windows_to_come(log, TENANT, begun.id, DAY) == []


def test_windows_are_shown_in_both_times_over_a_clock_change(log: MemoryLog) -> None:
    """In 2027 London goes to summer time on 28 March, in the very hour of the window."""
    wish = RegisterSite(
        site_id="S-2",
        name="Two",
        latitude=51.5,
        longitude=-0.12,
        geofence_radius_m=100.0,
        time_zone="Europe/London",
    )
    handle(log, TENANT, SITE, site_stream("S-2"), wish, CAUSE)
    sundays = replace(
        PLAN,
        site_id="S-2",
        weekdays=(Weekday.SUNDAY,),
        starts_at="01:30",
        first_day="2027-03-21",
        last_day="2027-04-04",
    )
    began = datetime(2026, 11, 22, 12, tzinfo=UTC)
    begun = plan_maintenance(log, TENANT, sundays, CAUSE, began)
    found = windows_to_come(log, TENANT, begun.id, began)
    assert [each.starts_at.isoformat() for each in found] == [
        "2027-03-21T01:30:00+00:00",
        "2027-03-28T01:30:00+00:00",
        "2027-04-04T00:30:00+00:00",
    ]
    assert [each.local_starts_at.isoformat() for each in found] == [
        "2027-03-21T01:30:00+00:00",
        "2027-03-28T02:30:00+01:00",
        "2027-04-04T01:30:00+01:00",
    ]
    assert all(each.ends_at - each.starts_at == HOUR for each in found)
    assert all(each.local_ends_at == each.ends_at for each in found)


@pytest.mark.parametrize(
    ("matcher", "field"),
    [
        (Matcher(site_id="S-9"), "$.matcher.site_id"),
        (Matcher(site_id="S-1", person_id="G-9"), "$.matcher.person_id"),
        (Matcher(device_id="D-9"), "$.matcher.device_id"),
    ],
)
def test_what_is_not_in_the_directory_cannot_be_silenced(
    log: MemoryLog, matcher: Matcher, field: str
) -> None:
    with pytest.raises(MutedIsUnknown) as refused:
        start_silence(log, TENANT, replace(WANTED, matcher=matcher), CAUSE, DAY)
    assert refused.value.field == field


def test_a_kind_of_trouble_that_there_is_not_cannot_be_silenced(log: MemoryLog) -> None:
    wanted = replace(WANTED, matcher=Matcher(kinds=("finding:SILENT_SITE", "finding:SMOKE")))
    with pytest.raises(KindIsUnknown) as refused:
        start_silence(log, TENANT, wanted, CAUSE, DAY)
    assert refused.value.field == "$.matcher.kinds[1]"
    assert "finding:SILENT_SITE" in str(refused.value)


def test_a_site_that_is_not_in_the_directory_has_no_maintenance(log: MemoryLog) -> None:
    with pytest.raises(MutedIsUnknown):
        plan_maintenance(log, TENANT, replace(PLAN, site_id="S-9"), CAUSE, DAY)
    with pytest.raises(MaintenanceUnknown):
        windows_to_come(log, TENANT, UUID(int=1), DAY)


def test_a_site_that_nobody_registered_keeps_utc(log: MemoryLog) -> None:
    assert time_zone(log, TENANT, "S-9") == "UTC"
    assert time_zone(log, TENANT, "S-1") == "UTC"


def test_a_silence_may_begin_later(log: MemoryLog) -> None:
    later = replace(WANTED, starts_at=DAY + HOUR / 2)
    begun = start_silence(log, TENANT, later, CAUSE, DAY)
    story = log.read_stream(TENANT, silence_stream(begun.id))
    assert story[0].event.starts_at == DAY + HOUR / 2  # type: ignore[union-attr]  # a silence's beginning
