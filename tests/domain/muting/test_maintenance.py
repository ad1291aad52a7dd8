"""A maintenance has windows on the site's own wall, and a last day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.kernel import Refused
from domain.muting.facts import (
    MaintenanceCancelled,
    MaintenancePlanned,
    MaintenanceWindowClosed,
    Weekday,
)
from domain.muting.maintenance import (
    MAINTENANCE,
    CancelMaintenance,
    CloseMaintenanceWindow,
    MaintenanceCommand,
    MaintenanceDayIsNone,
    MaintenanceHasNoWindow,
    MaintenanceIsTooLong,
    MaintenanceUnknown,
    PlanMaintenance,
)
from tests.given import given

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)  # a Sunday
ID = UUID(int=1)
PLAN = PlanMaintenance(
    window_id=ID,
    site_id="S-1",
    time_zone="Europe/London",
    weekdays=(Weekday.WEDNESDAY, Weekday.MONDAY, Weekday.MONDAY),
    starts_at="22:00",
    duration_minutes=120,
    first_day="2026-11-22",
    last_day="2026-12-31",
    reason="The reader firmware is renewed",
    asked_at=NOW,
    kinds=("finding:GPS_OFF", "alert", "alert"),
)
PLANNED = MaintenancePlanned(
    window_id=ID,
    site_id="S-1",
    kinds=("alert", "finding:GPS_OFF"),
    weekdays=(Weekday.MONDAY, Weekday.WEDNESDAY),
    starts_at="22:00",
    duration_minutes=120,
    first_day="2026-11-22",
    last_day="2026-12-31",
    reason="The reader firmware is renewed",
)
CANCEL = CancelMaintenance(reason="Done early")
CANCELLED = MaintenanceCancelled(reason="Done early")


def closing(day: int) -> CloseMaintenanceWindow:
    began = datetime(2026, 11, day, 22, tzinfo=UTC)
    return CloseMaintenanceWindow(started_at=began, ended_at=began + timedelta(hours=2))


def closed(day: int) -> MaintenanceWindowClosed:
    wish = closing(day)
    return MaintenanceWindowClosed(started_at=wish.started_at, ended_at=wish.ended_at)


def test_a_plan_names_each_weekday_and_kind_once_and_in_order() -> None:
    given(MAINTENANCE).when(PLAN).then(PLANNED)
    given(MAINTENANCE, PLANNED).when(PLAN).then()


@pytest.mark.parametrize(
    ("change", "rule", "field"),
    [
        ({"last_day": "2027-11-24"}, MaintenanceIsTooLong, "$.last_day"),
        ({"first_day": "2026-02-30"}, MaintenanceDayIsNone, "$.first_day"),
        ({"last_day": "2026-13-01"}, MaintenanceDayIsNone, "$.last_day"),
        ({"last_day": "2026-11-21"}, MaintenanceHasNoWindow, "$.last_day"),
        (
            {"first_day": "2026-11-24", "last_day": "2026-11-24"},
            MaintenanceHasNoWindow,
            "$.last_day",
        ),
        (
            {"first_day": "2026-11-01", "last_day": "2026-11-20"},
            MaintenanceHasNoWindow,
            "$.last_day",
        ),
    ],
)
def test_a_plan_that_breaks_a_rule_is_refused(
    change: dict[str, Any], rule: type[Refused], field: str
) -> None:
    given(MAINTENANCE).when(replace(PLAN, **change)).refused(rule, field=field)


def test_a_year_ahead_is_the_latest_last_day() -> None:
    given(MAINTENANCE).when(replace(PLAN, last_day="2027-11-23")).then(
        replace(PLANNED, last_day="2027-11-23")
    )


def test_each_window_is_closed_once_and_no_earlier_one_after_it() -> None:
    given(MAINTENANCE, PLANNED).when(closing(23)).then(closed(23))
    given(MAINTENANCE, PLANNED, closed(23)).when(closing(23)).then()
    given(MAINTENANCE, PLANNED, closed(25)).when(closing(23)).then()
    given(MAINTENANCE, PLANNED, closed(23)).when(closing(25)).then(closed(25))


def test_what_is_left_can_be_cancelled_once() -> None:
    given(MAINTENANCE, PLANNED, closed(23)).when(CANCEL).then(CANCELLED)
    given(MAINTENANCE, PLANNED, CANCELLED).when(CANCEL).then()
    given(MAINTENANCE, PLANNED, CANCELLED).when(closing(23)).then()


@pytest.mark.parametrize("wish", [CANCEL, closing(23)])
def test_there_is_nothing_to_cancel_or_close_before_it_was_planned(
    wish: MaintenanceCommand,
) -> None:
    given(MAINTENANCE).when(wish).refused(MaintenanceUnknown)
