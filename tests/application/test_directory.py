"""The directory: what an entry names must be there, and many are stated as well as one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from msgspec.structs import replace

from application.directory import (
    DEVICE_ENTRIES,
    PERSON_ENTRIES,
    SHIFT_ENTRIES,
    SITE_ENTRIES,
    TASK_ENTRIES,
    TOUR_ENTRIES,
    Entries,
    NamedEntryUnknown,
    Stated,
    state,
    state_each,
)
from application.ports import Append, Cause, StreamMoved
from domain.directory.device import DeviceKind, RegisterDevice
from domain.directory.person import EnrolPerson
from domain.directory.shift import PlanShift, ShiftEndsBeforeItStarts, ShiftPlanned
from domain.directory.site import RegisterSite
from domain.directory.task import AssignTask
from domain.directory.tour import Checkpoint, DefineTour
from domain.kernel import Command, Refused
from tests.memory_log import MemoryLog
from tests.strategies import forall

TENANT = "t-directory"
CAUSE = Cause("user:test")
EVENING = datetime(2026, 11, 22, 20, tzinfo=UTC)

SITE = RegisterSite(
    site_id="S-1",
    name="Depot",
    latitude=51.5,
    longitude=-0.1,
    geofence_radius_m=150,
    time_zone="Europe/London",
)
PERSON = EnrolPerson(person_id="G-1", name="Ada", site_id="S-1")
DEVICE = RegisterDevice(device_id="D-1", kind=DeviceKind.PHONE, person_id="G-1", site_id="S-1")
TOUR = DefineTour(
    tour_id="T-1", site_id="S-1", name="Round", checkpoints=(Checkpoint("C-1", "Door", 5),)
)
SHIFT = PlanShift(
    shift_id="H-1",
    site_id="S-1",
    person_id="G-1",
    starts_at=EVENING,
    ends_at=EVENING + timedelta(hours=8),
)
TASK = AssignTask(task_id="K-1", site_id="S-1", person_id="G-1", name="Lock up", due_at=EVENING)


@pytest.fixture
def log() -> MemoryLog:
    return opened_log()


def opened_log(log: MemoryLog | None = None) -> MemoryLog:
    """Open a log with one site and one guard."""
    log = log or MemoryLog()
    log.open_tenant(TENANT)
    state(log, TENANT, SITE_ENTRIES, SITE, CAUSE)
    state(log, TENANT, PERSON_ENTRIES, PERSON, CAUSE)
    return log


def test_an_entry_is_stated_once(log: MemoryLog) -> None:
    for number, (entries, statement) in enumerate(
        (
            (DEVICE_ENTRIES, DEVICE),
            (TOUR_ENTRIES, TOUR),
            (SHIFT_ENTRIES, SHIFT),
            (TASK_ENTRIES, TASK),
        ),
        start=3,
    ):
        assert state(log, TENANT, entries, statement, CAUSE) == number
        assert state(log, TENANT, entries, statement, CAUSE) is None


@pytest.mark.parametrize(
    ("entries", "statement", "fields"),
    [
        (PERSON_ENTRIES, PERSON, ["site_id"]),
        (DEVICE_ENTRIES, DEVICE, ["site_id", "person_id"]),
        (TOUR_ENTRIES, TOUR, ["site_id"]),
        (SHIFT_ENTRIES, SHIFT, ["site_id", "person_id"]),
        (TASK_ENTRIES, TASK, ["site_id", "person_id"]),
    ],
)
def test_what_an_entry_names_must_be_there(
    log: MemoryLog, entries: Entries, statement: Command, fields: list[str]
) -> None:
    head = log.head(TENANT).position
    for field in fields:
        wrong = replace(statement, **{field: "X-9"})
        with pytest.raises(NamedEntryUnknown, match="X-9") as caught:
            state(log, TENANT, entries, wrong, CAUSE)
        assert caught.value.field == f"$.{field}"
        (one,) = state_each(log, TENANT, entries, [wrong], CAUSE)
        assert isinstance(one.refusal, NamedEntryUnknown)
    assert log.head(TENANT).position == head


def test_good_statements_stand_beside_refused_ones(log: MemoryLog) -> None:
    backwards = replace(SHIFT, shift_id="H-2", ends_at=EVENING)
    nobody = replace(SHIFT, shift_id="H-3", person_id="G-9")
    later = replace(SHIFT, person_id=None)
    each = state_each(log, TENANT, SHIFT_ENTRIES, [SHIFT, backwards, nobody, SHIFT, later], CAUSE)
    assert [one.changed for one in each] == [True, False, False, False, True]
    assert [type(one.refusal) for one in each] == [
        type(None),
        ShiftEndsBeforeItStarts,
        NamedEntryUnknown,
        type(None),
        type(None),
    ]
    facts = [fact.event for fact in log.read_stream(TENANT, "shift-H-1")]
    assert [fact.person_id for fact in facts if isinstance(fact, ShiftPlanned)] == ["G-1", None]
    again = state_each(log, TENANT, SHIFT_ENTRIES, [later], CAUSE)
    assert again == [Stated(changed=False)]
    assert state_each(log, TENANT, SHIFT_ENTRIES, [], CAUSE) == []


class Contested(MemoryLog):
    """A log in which somebody else plans the shift right after it was looked for."""

    def first_positions(self, tenant_id: str, stream_ids: Sequence[str]) -> dict[str, int]:
        found = super().first_positions(tenant_id, stream_ids)
        if list(stream_ids) == ["shift-H-1"]:
            facts = SHIFT_ENTRIES.decider.decide(SHIFT_ENTRIES.decider.initial, SHIFT)
            self.append(tenant_id, Append.of("shift-H-1", 0, facts, CAUSE))
        return found


def test_somebody_elses_statement_in_between_is_a_race() -> None:
    log = opened_log(Contested())
    with pytest.raises(StreamMoved):
        state_each(log, TENANT, SHIFT_ENTRIES, [replace(SHIFT, person_id=None)], CAUSE)


shifts = st.builds(
    lambda number, person, hours: replace(
        SHIFT,
        shift_id=f"H-{number}",
        person_id=person,
        ends_at=EVENING + timedelta(hours=hours),
    ),
    st.integers(0, 3),
    st.sampled_from(["G-1", None, "G-9"]),
    st.sampled_from([0, 8, 12, 30]),
)


def state_alone(log: MemoryLog, statement: PlanShift) -> Stated:
    try:
        position = state(log, TENANT, SHIFT_ENTRIES, statement, CAUSE)
    except Refused as refusal:
        return Stated(changed=False, refusal=refusal)
    return Stated(changed=position is not None)


def kind_of(stated: Stated) -> tuple[bool, type]:
    return stated.changed, type(stated.refusal)


@forall(st.lists(st.lists(shifts, max_size=6), max_size=4))
def test_many_at_once_are_what_they_are_one_by_one(batches: list[list[PlanShift]]) -> None:
    together, apart = opened_log(), opened_log()
    for batch in batches:
        each = state_each(together, TENANT, SHIFT_ENTRIES, batch, CAUSE)
        for statement, one in zip(batch, each, strict=True):
            assert kind_of(one) == kind_of(state_alone(apart, statement))
    for number in range(4):
        stream = f"shift-H-{number}"
        assert [fact.event for fact in together.read_stream(TENANT, stream)] == [
            fact.event for fact in apart.read_stream(TENANT, stream)
        ]
