"""When the schedule asks: on the tenant's wall clock, once, also when clocks change or nobody looked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from application.handling import handle
from application.ports import Append, Appended, Cause
from application.schedule import (
    SCHEDULE,
    Moments,
    Schedule,
    Scheduled,
    job_id_of,
    moments,
)
from domain.anomaly.facts import TuningRequested
from domain.directory.tenant import TENANT, TENANT_STREAM, FoundTenant
from domain.jobs import TUNING_JOB
from domain.tuning.story import RequestTuning
from tests.memory_log import MemoryLog

LONDON = ZoneInfo("Europe/London")
WEEKLY = next(row for row in SCHEDULE if row.name == "weekly-tuning")
TENANT_ID = "t-schedule"
CAUSE = Cause("system:tests")


def row(cron: str, every: timedelta) -> Scheduled:
    return msgspec.structs.replace(WEEKLY, cron=cron, every=every)


DAILY = row("30 1 * * *", timedelta(days=1, hours=2))
OFTEN = row("*/5 * * * *", timedelta(minutes=10))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def all_due(one: Scheduled, since: str, until: str, step: timedelta) -> list[str]:
    """Every moment that a scheduler which looks at the clock in steps finds due, once."""
    found: list[str] = []
    now = utc(since)
    while now <= utc(until):
        latest = moments(one, LONDON, now).latest
        assert latest is not None
        text = f"{latest:%d %H:%M}"
        if text not in found:
            found.append(text)
        now += step
    return found


@pytest.mark.parametrize(
    ("now", "latest", "following"),
    [
        ("2026-11-22T02:59:59", "2026-11-15T03:00", "2026-11-22T03:00"),  # winter: UTC
        ("2026-11-22T03:00:00", "2026-11-22T03:00", "2026-11-29T03:00"),
        ("2026-07-05T02:00:00", "2026-07-05T02:00", "2026-07-12T02:00"),  # summer: UTC+1
        ("2026-03-29T01:59:59", "2026-03-22T03:00", "2026-03-29T02:00"),  # the clock jumps ahead
        ("2026-10-25T03:00:00", "2026-10-25T03:00", "2026-11-01T03:00"),  # and back
    ],
)
def test_the_weekly_tuning_is_due_on_sunday_at_three_on_the_wall_clock(
    now: str, latest: str, following: str
) -> None:
    assert moments(WEEKLY, LONDON, utc(now)) == Moments(utc(latest), utc(following))


def test_a_time_that_a_spring_day_leaves_out_is_due_when_the_clock_has_jumped() -> None:
    due = all_due(DAILY, "2026-03-28T02:00", "2026-03-30T03:00", timedelta(minutes=7))
    assert due == ["28 01:30", "29 01:00", "30 00:30"]


def test_a_time_that_an_autumn_day_has_twice_is_due_the_first_time() -> None:
    due = all_due(DAILY, "2026-10-24T02:00", "2026-10-26T03:00", timedelta(minutes=7))
    assert due == ["24 00:30", "25 00:30", "26 01:30"]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_row_by_the_minute_goes_on_by_elapsed_time_when_clocks_change(day: str) -> None:
    due = all_due(OFTEN, f"{day}T00:30", f"{day}T02:30", timedelta(minutes=1))
    assert len(due) == 25


def founded(time_zone: str = "Europe/London") -> MemoryLog:
    log = MemoryLog()
    log.open_tenant(TENANT_ID)
    founding = FoundTenant(name="Night Guards", time_zone=time_zone)
    handle(log, TENANT_ID, TENANT, TENANT_STREAM, founding, CAUSE)
    return log


def later(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def requests(log: MemoryLog) -> list[TuningRequested]:
    facts = [fact.event for fact in log.read(TENANT_ID, 0, 100)]
    return [event for event in facts if isinstance(event, TuningRequested)]


def test_what_was_missed_is_asked_for_once_and_only_the_latest_of_it() -> None:
    log = founded()
    now = later(30)
    (asked,) = Schedule(log, [WEEKLY]).ask(now)
    (request,) = requests(log)
    assert request.until == moments(WEEKLY, LONDON, now).latest
    assert asked == request.tuning_id == job_id_of(TENANT_ID, WEEKLY, request.until)
    assert log.read_stream(TENANT_ID, TUNING_JOB.stream(asked))[0].actor == "system:schedule"


def test_a_second_scheduler_and_one_started_again_change_nothing() -> None:
    log = founded()
    first = Schedule(log, [WEEKLY])
    assert len(first.ask(later(30))) == 1
    assert first.ask(later(30)) == []
    assert Schedule(log, [WEEKLY]).ask(later(30)) == []
    assert len(first.ask(later(37))) == 1
    assert len(requests(log)) == 2


def test_a_tenant_owes_nothing_for_the_time_before_it_was_founded() -> None:
    log = founded()
    assert Schedule(log, [WEEKLY]).ask(later(0)) == []


def test_a_tenant_that_is_not_founded_yet_is_looked_at_again() -> None:
    log = MemoryLog()
    log.open_tenant(TENANT_ID)
    schedule = Schedule(log, [WEEKLY])
    assert schedule.ask(later(30)) == []
    founding = FoundTenant(name="Night Guards", time_zone="Asia/Tokyo")
    handle(log, TENANT_ID, TENANT, TENANT_STREAM, founding, CAUSE)
    assert len(schedule.ask(later(30))) == 1
    (request,) = requests(log)
    assert f"{request.until.astimezone(ZoneInfo('Asia/Tokyo')):%a %H:%M}" == "Sun 03:00"


class RacedLog(MemoryLog):
    """A log in which another scheduler asks between a reading and the append that stands on it."""

    raced = False

    def append(self, tenant_id: str, append: Append) -> Appended:
        if self.raced:
            self.raced = False
            stream = append.slices[0].stream_id
            (fact,) = append.slices[0].facts
            assert isinstance(fact.event, TuningRequested)
            wish = RequestTuning(tuning_id=fact.event.tuning_id, until=fact.event.until)
            handle(self, tenant_id, TUNING_JOB.decider, stream, wish, CAUSE)
        return super().append(tenant_id, append)


def test_of_two_schedulers_at_the_same_moment_one_asks() -> None:
    log = RacedLog()
    log.open_tenant(TENANT_ID)
    founding = FoundTenant(name="Night Guards", time_zone="Europe/London")
    handle(log, TENANT_ID, TENANT, TENANT_STREAM, founding, CAUSE)
    log.raced = True
    assert Schedule(log, [WEEKLY]).ask(later(30)) == []
    assert len(requests(log)) == 1


def test_every_row_finds_its_latest_moment_at_any_time_of_the_year() -> None:
    now = utc("2026-01-01T00:00")
    while now < utc("2027-01-01T00:00"):
        for one in SCHEDULE:
            latest = moments(one, LONDON, now).latest
            assert latest is not None
            assert now - latest <= one.every
        now += timedelta(hours=11)
