"""Any order, duplication and delay of a night's signals ends in the same standing findings."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from application.policies.keep_findings_right_whenever_signals_come_late import (
    KeepFindingsRightWheneverSignalsComeLate,
)
from domain.directory.shift import ShiftCancelled
from domain.directory.site import GeofenceResized
from domain.finding.facts import AuditKind
from domain.kernel import Event
from domain.signals import DeviceStatus, Direction, SignalEvent
from tests.auditing.field import (
    activity,
    attendance,
    completion,
    location,
    scan,
    shift,
    site,
    status,
    task,
    tour,
)
from tests.auditing.night import Night
from tests.memory_desk import Following, settle

PERSONS = ["G-1", "G-2", "G-3"]
Wanted = tuple[int, AuditKind, str | None]  # as of, kind, site
END = 11 * 60  # the final audit, after the last duty of the night


def plan(chance: Random) -> list[Event]:
    """Return a night's plan: one or two sites, some shifts, a tour and a task."""
    events: list[Event] = [site("S-1"), site("S-2"), tour(), task(due=chance.randint(30, 300))]
    events.append(shift("N-1", chance.choice([*PERSONS, None]), hours=chance.choice([3, 4.5])))
    events.append(shift("N-2", chance.choice(PERSONS), start=180, hours=3))
    if chance.random() < 0.5:
        events.append(shift("N-3", chance.choice(PERSONS), start=60, hours=4, site="S-2"))
    return events


def signals(chance: Random) -> list[SignalEvent]:
    """Return what a night's guards and phones tell, with gaps and misdeeds."""
    told = [each for person in PERSONS for each in signals_of(chance, person)]
    for start in (60, 240):
        late = [(number, chance.choice([-3, 5, 12, 24, 45])) for number in range(3)]
        told += [
            scan(start + minutes, f"C-{number}")
            for number, minutes in late
            if chance.random() < 0.7
        ]
    if chance.random() < 0.5:
        told.append(completion(chance.randint(-60, 500)))
    return told


def signals_of(chance: Random, person: str) -> list[SignalEvent]:
    """Return a guard's night: comes or not, wanders off, sleeps, loses the phone's battery."""
    told: list[SignalEvent] = []
    where = chance.choice(["S-1", "S-1", "S-2"])
    for start in (0, 180):
        if chance.random() < 0.7:
            minutes = start + chance.choice([-10, 2, 14, 16, 40, 100])
            told.append(attendance(minutes, person, site=where))
        if chance.random() < 0.3:
            told.append(attendance(start + chance.choice([90, 170]), person, Direction.CHECK_OUT))
    away = chance.randint(0, 300) if chance.random() < 0.5 else -100
    for minute in range(0, 360, 6):
        if chance.random() < 0.5:
            far = 900.0 if away <= minute < away + 20 else 0.0
            told.append(location(minute, person, north_m=far))
    told += [
        activity(minute + 1, chance.choice([0, 0, 3, 20]), person)
        for minute in range(0, 360, 20)
        if chance.random() < 0.6
    ]
    if chance.random() < 0.4:
        told.append(status(chance.randint(0, 360), chance.choice(list(DeviceStatus)), person))
    quiet = chance.randint(0, 300) if chance.random() < 0.5 else 1_000
    return [each for each in told if not quiet <= minute_of(each) < quiet + 130]


def minute_of(signal: SignalEvent) -> float:
    return float(signal.signal_id.rpartition("-")[2])


def audits_of(chance: Random) -> list[Wanted]:
    """Return what the schedule and people ask for in a night."""
    moments = sorted(chance.randint(20, 500) for _ in range(chance.randint(0, 4)))
    return [
        (moment, chance.choice(list(AuditKind)), chance.choice([None, None, "S-1"]))
        for moment in moments
    ]


def play(
    chance: Random, plan_: list[Event], told: list[SignalEvent], audits: list[Wanted]
) -> Night:
    """Play signals in this order with audits in between, workers that are slow or killed."""
    night = Night(*plan_)
    marks = sorted(chance.randint(0, len(told)) for _ in audits)
    waiting = []
    for number, signal in enumerate([*told, None]):
        while marks and marks[0] <= number:
            marks.pop(0)
            waiting.append(night.ask(*audits.pop(0)))
        if waiting and chance.random() < 0.2:
            night.run(waiting[0], kill_after=chance.choice([None, 1, 3]))
            night.run(waiting.pop(0))
        if signal is not None:
            night.tell(signal)
        if chance.random() < 0.2:
            night.follow(chance.choice([1, 7, 1_000]))
    for asked in waiting:
        night.run(asked)
    return night


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_a_night_in_any_order_ends_in_the_same_findings(seed: int) -> None:
    chance = Random(seed)
    plan_, told = plan(chance), signals(chance)
    audits = audits_of(chance)
    told.sort(key=minute_of)
    in_order = play(chance, plan_, told, list(audits))
    in_order.audit(END)
    shuffled = [*told, *chance.sample(told, len(told) // 5)]
    chance.shuffle(shuffled)
    other = play(chance, plan_, shuffled, list(audits))
    other.audit(END)
    assert in_order.standing() == in_order.expected()
    assert other.standing() == other.expected()
    assert other.standing() == in_order.standing()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_the_plan_may_change_at_any_time(seed: int) -> None:
    chance = Random(seed)
    told = signals(chance)
    night = play(chance, plan(chance), told, audits_of(chance))
    night.audit(END)
    changes: list[tuple[Event, str]] = [
        (shift("N-1", chance.choice(PERSONS), start=30, hours=5), "shift-N-1"),
        (shift("N-2", "G-2", start=180, hours=5, site="S-2"), "shift-N-2"),
        (ShiftCancelled(), "shift-N-1"),
        (shift("N-1", "G-3", hours=3), "shift-N-1"),
        (GeofenceResized(geofence_radius_m=1_000.0), "site-S-1"),
        (task(due=200), "task-J-1"),
    ]
    for event, stream in chance.sample(changes, 4):
        night.plan(event, stream)
        if chance.random() < 0.5:
            night.follow()
    night.follow()
    assert night.standing() == night.expected()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_memories_are_the_same_when_they_are_made_again(seed: int) -> None:
    chance = Random(seed)
    night = play(chance, plan(chance), signals(chance), audits_of(chance))
    night.follow()
    again = Following(KeepFindingsRightWheneverSignalsComeLate(), night.log, replaying=True)
    facts = len(night.log.facts)
    settle(again, batch_facts_max=chance.choice([1, 13, 1_000]))
    assert len(night.log.facts) == facts
    assert again.kept == night.policy.kept
