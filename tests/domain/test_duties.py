"""Tours, shifts and tasks: stated whole, stated again without effect, ended, and refused where they make no sense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from domain.directory.shift import (
    SHIFT,
    SHIFT_LENGTH_MAX,
    CancelShift,
    PlanShift,
    ShiftCancelled,
    ShiftEndsBeforeItStarts,
    ShiftPlanned,
    ShiftRole,
    ShiftTooLong,
    ShiftUnknown,
    shift_stream,
)
from domain.directory.task import (
    TASK,
    AssignTask,
    CancelTask,
    TaskAssigned,
    TaskCancelled,
    TaskUnknown,
    task_stream,
)
from domain.directory.tour import (
    TOUR,
    Checkpoint,
    CheckpointsOutOfOrder,
    CheckpointTwice,
    DefineTour,
    RetireTour,
    StartTwice,
    TourDefined,
    TourRetired,
    TourUnknown,
    tour_stream,
)
from domain.moments import NEWEST, OLDEST, MomentOutOfRange
from tests.given import given

EVENING = datetime(2026, 11, 22, 20, tzinfo=UTC)

define = DefineTour(
    tour_id="T-1",
    site_id="S-1",
    name="Night round",
    checkpoints=(Checkpoint("C-1", "North door", 5), Checkpoint("C-2", "Boiler room", 20)),
    starts=("22:00", "02:00"),
    grace_minutes=15,
)
defined = TourDefined(
    tour_id="T-1",
    site_id="S-1",
    name="Night round",
    checkpoints=(Checkpoint("C-1", "North door", 5), Checkpoint("C-2", "Boiler room", 20)),
    starts=("22:00", "02:00"),
    grace_minutes=15,
)
plan = PlanShift(
    shift_id="H-1",
    site_id="S-1",
    person_id="G-1",
    starts_at=EVENING,
    ends_at=EVENING + timedelta(hours=8),
)
planned = ShiftPlanned(
    shift_id="H-1",
    site_id="S-1",
    role=ShiftRole.GUARD,
    person_id="G-1",
    starts_at=EVENING,
    ends_at=EVENING + timedelta(hours=8),
)
assign = AssignTask(task_id="K-1", site_id="S-1", name="Lock the yard", due_at=EVENING)
assigned = TaskAssigned(task_id="K-1", site_id="S-1", name="Lock the yard", due_at=EVENING)


def test_what_is_new_is_stated_whole_and_the_same_again_changes_nothing() -> None:
    given(TOUR).when(define).then(defined)
    given(TOUR, defined).when(define).then()
    given(SHIFT).when(plan).then(planned)
    given(SHIFT, planned).when(plan).then()
    given(TASK).when(assign).then(assigned)
    given(TASK, assigned).when(assign).then()


def test_what_differs_is_stated_whole_again() -> None:
    given(TOUR, defined).when(replace(define, starts=())).then(replace(defined, starts=()))
    given(SHIFT, planned).when(replace(plan, person_id=None)).then(replace(planned, person_id=None))
    given(TASK, assigned).when(replace(assign, person_id="G-1")).then(
        replace(assigned, person_id="G-1")
    )


def test_the_same_moment_in_another_zone_is_the_same() -> None:
    tokyo = timezone(timedelta(hours=9))
    given(SHIFT, planned).when(replace(plan, starts_at=EVENING.astimezone(tokyo))).then()
    given(TASK, assigned).when(replace(assign, due_at=EVENING.astimezone(tokyo))).then()


def test_what_was_ended_is_ended_once_and_may_be_stated_again() -> None:
    given(TOUR, defined).when(RetireTour()).then(TourRetired())
    given(TOUR, defined, TourRetired()).when(RetireTour()).then()
    given(TOUR, defined, TourRetired()).when(define).then(defined)
    given(TOUR, defined, TourRetired(), defined).when(RetireTour()).then(TourRetired())
    given(SHIFT, planned).when(CancelShift()).then(ShiftCancelled())
    given(SHIFT, planned, ShiftCancelled()).when(CancelShift()).then()
    given(SHIFT, planned, ShiftCancelled()).when(plan).then(planned)
    given(TASK, assigned).when(CancelTask()).then(TaskCancelled())
    given(TASK, assigned, TaskCancelled()).when(CancelTask()).then()
    given(TASK, assigned, TaskCancelled()).when(assign).then(assigned)


def test_what_was_never_stated_cannot_be_ended() -> None:
    given(TOUR).when(RetireTour()).refused(TourUnknown)
    given(SHIFT).when(CancelShift()).refused(ShiftUnknown)
    given(TASK).when(CancelTask()).refused(TaskUnknown)


def test_a_tour_passes_each_checkpoint_once_and_never_goes_back_in_time() -> None:
    one, two = define.checkpoints
    given(TOUR).when(replace(define, checkpoints=(one, two, one))).refused(
        CheckpointTwice, field="$.checkpoints[2].checkpoint_id"
    )
    given(TOUR, defined).when(replace(define, checkpoints=(two, one))).refused(
        CheckpointsOutOfOrder, field="$.checkpoints[1].due_minutes"
    )
    at_once = (one, Checkpoint("C-3", "Gate", one.due_minutes))
    given(TOUR).when(replace(define, checkpoints=at_once)).then(
        replace(defined, checkpoints=at_once)
    )


def test_a_tour_starts_once_at_a_time_of_the_day() -> None:
    given(TOUR).when(replace(define, starts=("22:00", "02:00", "22:00"))).refused(
        StartTwice, field="$.starts"
    )


def test_a_shift_ends_after_it_starts_and_within_a_day() -> None:
    for ends_at in (EVENING, EVENING - timedelta(hours=1)):
        given(SHIFT).when(replace(plan, ends_at=ends_at)).refused(
            ShiftEndsBeforeItStarts, field="$.ends_at"
        )
    longest = EVENING + SHIFT_LENGTH_MAX
    given(SHIFT).when(replace(plan, ends_at=longest)).then(replace(planned, ends_at=longest))
    given(SHIFT).when(replace(plan, ends_at=longest + timedelta(seconds=1))).refused(
        ShiftTooLong, field="$.ends_at"
    )


@pytest.mark.parametrize("moment", [OLDEST - timedelta(seconds=1), NEWEST])
def test_what_is_planned_lies_in_a_time_that_the_log_keeps(moment: datetime) -> None:
    given(SHIFT).when(replace(plan, starts_at=moment)).refused(
        MomentOutOfRange, field="$.starts_at"
    )
    given(SHIFT).when(replace(plan, ends_at=moment)).refused(MomentOutOfRange, field="$.ends_at")
    given(TASK).when(replace(assign, due_at=moment)).refused(MomentOutOfRange, field="$.due_at")
    given(TOUR).when(replace(define, valid_from=moment)).refused(
        MomentOutOfRange, field="$.valid_from"
    )
    given(TOUR).when(replace(define, valid_from=EVENING)).then(replace(defined, valid_from=EVENING))


def test_streams_are_named_by_the_tenants_own_identifiers() -> None:
    assert (tour_stream("T-1"), shift_stream("H-1"), task_stream("K-1")) == (
        "tour-T-1",
        "shift-H-1",
        "task-K-1",
    )
