"""What people say of incidents is respected by whatever is correlated later."""

from __future__ import annotations

from uuid import UUID

import pytest

from application import incidents
from application.handling import VersionMismatch
from application.incidents import Merge, Split, SplitOff
from application.policies.correlate_whenever_something_happens import (
    CorrelateWheneverSomethingHappens,
)
from application.ports import Append, Appended, Cause
from domain.alert import AlertReopened, AlertResolved, Verdict, alert_stream
from domain.directory.device import DeviceIssued, DeviceKind, DevicePlaced, DeviceRegistered
from domain.incident.facts import IncidentAcknowledged, IncidentResolved, incident_stream
from domain.incident.lifecycle import IncidentIsOver, IncidentUnknown
from domain.incident.state import IncidentStatus
from domain.incident.wishes import AcknowledgeIncident, LinkIncident, ResolveIncident
from domain.severity import Severity
from domain.signals import DeviceStatus, signal_uuid
from tests.application.control_room import (
    ControlRoom,
    alert,
    alert_repeated,
    alert_withdrawn,
    device,
    finding,
    finding_withdrawn,
    id_of,
    panic,
    site,
    site_moved,
)
from tests.memory_desk import Following, MemoryLog, settle

PERSON = Cause("user:t/ada")
OFF, LOW, FRAUD = signal_uuid("t", "off"), id_of("low"), id_of("fraud")


class Appending:
    """A memory log as the port that use cases append to."""

    def __init__(self, log: MemoryLog) -> None:
        self.log = log

    def read_stream(self, _: str, stream_id: str) -> object:
        return self.log.stream(stream_id)

    def append(self, _: str, append: Append) -> Appended:
        first = len(self.log.facts) + 1
        for slice_ in append.slices:
            for fact in slice_.facts:
                self.log.state(slice_.stream_id, fact.event, slice_.cause)
        return Appended(first, len(self.log.facts))


def ask_to_split(
    room: ControlRoom, incident_id: UUID, wish: Split, if_match: int | None = None
) -> SplitOff:
    return incidents.split(Appending(room.log), "t", incident_id, wish, PERSON, if_match=if_match)  # type: ignore[arg-type]  # as much of the port as is asked


def split(room: ControlRoom, incident_id: UUID, *item_ids: UUID) -> UUID:
    wish = Split(item_ids=item_ids, reason="Another story")
    return ask_to_split(room, incident_id, wish).new_incident_id


def merge(room: ControlRoom, incident_id: UUID, into: UUID) -> None:
    wish = Merge(into_incident_id=into, reason="One story")
    incidents.merge(Appending(room.log), "t", incident_id, wish, PERSON)  # type: ignore[arg-type]  # as much of the port as is asked


def things(room: ControlRoom) -> dict[UUID, set[UUID]]:
    return {id_: set(each.items) for id_, each in room.open().items()}


@pytest.fixture
def room() -> ControlRoom:
    """A room with one incident of three things."""
    room = ControlRoom()
    room.one_by_one(finding("low", 0, 10), device("off", 5), alert("fraud", 8))
    return room


def one(room: ControlRoom) -> UUID:
    (incident_id,) = room.open()
    return incident_id


@pytest.mark.parametrize("batch", [1, 1_000])
def test_what_was_split_stays_apart_and_later_things_join_the_side_they_match_best(
    room: ControlRoom, batch: int
) -> None:
    room.batch_facts_max = batch
    first = one(room)
    made = split(room, first, FRAUD)
    room.happen()
    assert things(room) == {first: {LOW, OFF}, made: {FRAUD}}
    assert room.open()[first].severity is Severity.HIGH
    tampered = device("tampered", 8, DeviceStatus.TAMPER, device_id="D-9")
    room.happen(tampered)
    assert things(room) == {first: {LOW, OFF}, made: {FRAUD, signal_uuid("t", "tampered")}}
    room.happen(finding_withdrawn("low"), finding("low", 0, 10))
    assert things(room)[first] == {LOW, OFF}


def test_what_is_left_of_a_split_is_rated_anew(room: ControlRoom) -> None:
    first = one(room)
    room.happen(panic("help", 6))
    assert room.open()[first].severity is Severity.CRITICAL
    split(room, first, signal_uuid("t", "help"), FRAUD)
    room.happen()
    assert room.open()[first].severity is Severity.HIGH


def test_what_was_merged_stays_together_although_nothing_matches(room: ControlRoom) -> None:
    room.happen(panic("help", 600, person="G-7", site="S-9"))
    first, second = room.open()
    merge(room, first, second)
    room.happen()
    assert things(room) == {second: {LOW, OFF, FRAUD, signal_uuid("t", "help")}}
    assert room.incidents()[first].status is IncidentStatus.MERGED
    room.happen(device("again", 6, device_id="D-5"))
    assert signal_uuid("t", "again") in things(room)[second]
    room.happen(finding_withdrawn("low"))
    room.happen(finding("low", 0, 10))
    assert LOW in things(room)[second]


def test_a_merge_heals_a_split_and_a_split_breaks_a_merge(room: ControlRoom) -> None:
    first = one(room)
    made = split(room, first, FRAUD)
    room.happen()
    merge(room, made, first)
    room.happen()
    assert things(room) == {first: {LOW, OFF, FRAUD}}
    again = split(room, first, FRAUD, OFF)
    room.happen()
    assert things(room) == {first: {LOW}, again: {FRAUD, OFF}}


def test_a_split_is_for_the_version_that_was_seen_and_is_made_once(room: ControlRoom) -> None:
    first, made = one(room), UUID(int=5)
    wish = Split(item_ids=(FRAUD,), reason="Another story", new_incident_id=made)
    seen = len(room.story(first))
    room.happen(panic("help", 9))
    with pytest.raises(VersionMismatch) as mismatch:
        ask_to_split(room, first, wish, if_match=seen)
    assert (mismatch.value.wanted, mismatch.value.version) == (seen, seen + 1)
    assert made not in room.incidents()
    done = ask_to_split(room, first, wish, if_match=seen + 1)
    assert done.position == len(room.log.facts)
    assert ask_to_split(room, first, wish) == SplitOff(made, None)
    assert len(room.story(made)) == 1


def test_nothing_is_merged_into_what_is_unknown_or_over(room: ControlRoom) -> None:
    first = one(room)
    with pytest.raises(IncidentUnknown) as unknown:
        merge(room, first, UUID(int=404))
    room.happen(panic("help", 600, person="G-7", site="S-9"))
    other = list(room.open())[-1]
    room.ask(other, ResolveIncident(resolution="Seen to"))
    with pytest.raises(IncidentIsOver) as over:
        merge(room, first, other)
    assert unknown.value.field == over.value.field == "$.into_incident_id"
    assert things(room) == {first: {LOW, OFF, FRAUD}}


@pytest.mark.parametrize("batch", [1, 1_000])
def test_what_was_withdrawn_while_a_person_merged_it_comes_back_merged(batch: int) -> None:
    room = ControlRoom(batch)
    apart = [
        alert("a", 0, severity=Severity.CRITICAL),
        alert("b", 600, severity=Severity.CRITICAL, person="G-2", site="S-2"),
    ]
    room.happen(*apart)
    older, younger = room.open()
    for name in ("a", "b"):
        room.log.state(*alert_withdrawn(name))
    merge(room, younger, older)
    room.happen()
    assert room.open() == {}
    room.happen(*apart)
    assert things(room)[one(room)] == {id_of("a"), id_of("b")}


def test_what_was_withdrawn_before_its_incident_was_resolved_stays_out_of_the_next(
    room: ControlRoom,
) -> None:
    first = one(room)
    room.log.state(*finding_withdrawn("low"))
    room.ask(first, ResolveIncident(resolution="Seen to"))
    room.happen(finding("low", 0, 10))
    assert room.open() == {}
    room.happen(panic("help", 9))
    assert things(room)[one(room)] == {signal_uuid("t", "help")}


def test_a_resolved_incident_takes_in_nothing_and_what_comes_makes_a_new_one(
    room: ControlRoom,
) -> None:
    first = one(room)
    room.ask(first, AcknowledgeIncident(), ResolveIncident(resolution="Seen to"))
    assert room.open() == {}
    room.happen(finding_withdrawn("low"))
    room.happen(device("again", 9), panic("help", 9))
    assert one(room) != first
    assert things(room)[one(room)] == {signal_uuid("t", "again"), signal_uuid("t", "help")}
    assert room.incidents()[first].status is IncidentStatus.RESOLVED


def test_nothing_is_judged_around_what_a_person_wrote_and_nobody_read_yet(
    room: ControlRoom,
) -> None:
    first = one(room)
    read = room.correlation.read
    stream_id, event = device("again", 9, device_id="D-5")
    room.log.state(stream_id, event)
    room.log.state(incident_stream(first), IncidentAcknowledged())
    room.log.state(incident_stream(first), IncidentResolved(resolution="Seen to"))
    room.correlation.follow(1)
    assert room.correlation.read == read + 1
    assert room.log.facts[-1].event == IncidentResolved(resolution="Seen to")
    settle(room.correlation)
    assert room.open() == {}
    room.happen(panic("help", 9))
    assert things(room)[one(room)] == {signal_uuid("t", "again"), signal_uuid("t", "help")}


def test_the_id_of_a_resolved_incident_is_not_used_again(room: ControlRoom) -> None:
    help_, more = signal_uuid("t", "a"), signal_uuid("t", "b")
    room.happen(panic("a", 900, person="G-4", site=None), panic("b", 901, person="G-4", site=None))
    second = list(room.open())[-1]
    split(room, second, more)
    room.happen()
    assert {frozenset(each) for each in things(room).values()} >= {
        frozenset({help_}),
        frozenset({more}),
    }
    made = list(room.open())[-1]
    room.ask(second, ResolveIncident(resolution="x"))
    room.ask(made, LinkIncident(other_incident_id=second, reason="Look there"))
    assert list(room.open())[-1] == made


def test_a_verdict_that_nothing_was_wrong_takes_an_alert_out_until_it_is_reopened(
    room: ControlRoom,
) -> None:
    first = one(room)
    stream = alert_stream(FRAUD)
    resolved = AlertResolved(
        dedup_key="fraud", reason=Verdict.FALSE_POSITIVE_LOGIC, evidence=(), person_id="G-1"
    )
    room.happen((stream, resolved))
    assert things(room) == {first: {LOW, OFF}}
    room.happen((stream, AlertReopened(dedup_key="fraud", reason="A mistake")))
    assert things(room) == {first: {LOW, OFF, FRAUD}}


def test_whoever_carries_a_device_is_whom_its_signals_are_about() -> None:
    room = ControlRoom()
    room.happen(
        ("device-D-1", DeviceRegistered(device_id="D-1", kind=DeviceKind.PHONE, site_id="S-4")),
        ("device-D-1", DeviceIssued(person_id="G-1")),
        ("device-D-1", DevicePlaced(site_id="S-1")),
        finding("low", 0, 10),
        device("off", 5, person=None, site=None),
    )
    (incident,) = room.open().values()
    assert incident.severity is Severity.HIGH
    item, _ = incident.items[OFF]
    assert (item.person_id, item.site_id) == ("G-1", "S-1")
    kept = dict(room.correlation.kept)
    room.correlation.take(list(room.log.facts))
    assert room.correlation.kept == kept


def test_a_site_that_moved_has_other_neighbours() -> None:
    room = ControlRoom()
    room.happen(site("S-1"), site("S-2", 400), site_moved("S-2", 4_000), site_moved("S-2", 300))
    room.happen(alert("a", 0, person=None), alert("b", 0, person=None, site="S-2"))
    assert things(room)[one(room)] == {id_of("a"), id_of("b")}
    room.happen(site_moved("S-2", 40_000))
    room.happen(alert("c", 300, person=None), alert("d", 300, person=None, site="S-2"))
    assert len(things(room)) == 1


def test_a_storm_lets_the_worst_of_a_crowd_take_part() -> None:
    room = ControlRoom()
    storm = [device(f"d{n}", n * 0.1, device_id=f"D-{n}", person=f"G-{n}") for n in range(40)]
    room.happen(*storm)
    assert len(room.only().items) == 32
    first = one(room)
    room.happen(panic("help", 5))
    assert len(room.only().items) == 32
    assert room.only().severity is Severity.CRITICAL
    room.happen(alert("a", 1), alert("b", 1, person="G-2"))
    assert {id_of("a"), id_of("b")} < things(room)[first]
    room.happen(alert("low", 1, severity=Severity.LOW))
    told = len(room.story(first))
    room.happen(alert_repeated("low", 2, Severity.LOW))
    assert id_of("low") not in things(room)[first]
    assert len(room.story(first)) == told


def test_a_replay_with_people_ends_in_the_same_memories(room: ControlRoom) -> None:
    first = one(room)
    made = split(room, first, FRAUD)
    room.happen(panic("help", 600, person="G-7", site="S-9"))
    merge(room, made, first)
    room.happen(device("again", 9))
    room.ask(first, ResolveIncident(resolution="x"))
    again = Following(CorrelateWheneverSomethingHappens(), room.log, replaying=True)
    while again.follow(3):
        pass
    assert again.kept == room.correlation.kept
