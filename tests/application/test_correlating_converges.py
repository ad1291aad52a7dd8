"""Any order, duplication, delay and batch cut ends in the same things per open incident, with the
same severities: those that follow from the set of things that stand, worked out from scratch."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from application.policies.correlate_whenever_something_happens import (
    CorrelateWheneverSomethingHappens,
)
from domain.alert import AlertKind
from domain.anomaly.facts import Metric
from domain.finding.facts import FindingType
from domain.incident.correlating import correlate
from domain.incident.matching import Standing
from domain.incident.noticing import Holder, Notice, Noticed, item_id_of, notice
from domain.severity import Severity
from domain.signals import DeviceStatus
from tests.application.control_room import (
    ControlRoom,
    Stated,
    alert,
    alert_repeated,
    alert_withdrawn,
    anomaly,
    anomaly_withdrawn,
    device,
    finding,
    finding_withdrawn,
    panic,
    site,
)
from tests.memory_desk import Following

PERSONS = ["G-1", "G-2", "G-3"]
SITES = ["S-1", "S-2", "S-3"]  # the first two are neighbours
NEIGHBOURS = {"S-1": frozenset({"S-2"}), "S-2": frozenset({"S-1"})}
HOUSES = [site("S-1"), site("S-2", 400), site("S-3", 5_000)]

persons = st.sampled_from(PERSONS)
sites = st.sampled_from(SITES)
minutes = st.integers(0, 150)


@st.composite
def stories(draw: st.DrawFn) -> list[list[Stated]]:
    """Draw what happens: each story is told in its own order, and stories mix in any order."""
    told: list[list[Stated]] = []
    for number in range(draw(st.integers(1, 14))):
        name, person, place = f"n{number}", draw(persons), draw(sites)
        begin, lasts = draw(minutes), draw(st.sampled_from([0, 5, 30, 120]))
        match draw(st.sampled_from(["device", "device", "panic", "finding", "anomaly", "alert"])):
            case "device":
                status = draw(st.sampled_from(list(DeviceStatus)))
                mine = f"D-{person}"
                told.append(
                    [device(name, begin, status, person=person, site=place, device_id=mine)]
                )
            case "panic":
                told.append([panic(name, begin, person=person, site=place)])
            case "finding":
                type_ = draw(st.sampled_from(list(FindingType)))
                severity = draw(st.sampled_from([Severity.LOW, Severity.MEDIUM, Severity.HIGH]))
                raised = finding(
                    name, begin, begin + lasts, type_, severity, person=person, site=place
                )
                told.append(
                    draw(
                        st.sampled_from(
                            [
                                [raised],
                                [raised, finding_withdrawn(name)],
                                [raised, finding_withdrawn(name), raised],
                            ]
                        )
                    )
                )
            case "anomaly":
                metric = draw(st.sampled_from(list(Metric)))
                z = draw(st.sampled_from([-4.0, 4.0]))
                found = anomaly(name, begin, begin + lasts, metric, z, person=person, site=place)
                told.append(draw(st.sampled_from([[found], [found, anomaly_withdrawn(name)]])))
            case _:
                kind = draw(st.sampled_from(list(AlertKind)))
                severity = draw(st.sampled_from([Severity.MEDIUM, Severity.HIGH]))
                raised = alert(name, begin, kind, severity, person=person, site=place)
                repeats = [
                    alert_repeated(name, begin + later, severity)
                    for later in draw(st.lists(st.integers(0, 70), max_size=3))
                ]
                ends = draw(st.sampled_from([[], [alert_withdrawn(name)]]))
                told.append([raised, *repeats, *ends])
    return told


def mixed(draw: st.DrawFn, told: list[list[Stated]]) -> list[Stated]:
    """Draw an order in which each story keeps its own."""
    left = [list(each) for each in told]
    out: list[Stated] = []
    while any(left):
        chosen = draw(st.sampled_from([each for each in left if each]))
        out.append(chosen.pop(0))
    return out


@st.composite
def nights(draw: st.DrawFn) -> tuple[list[Stated], list[Stated]]:
    """Draw two orders of one night."""
    told = draw(stories())
    return mixed(draw, told), mixed(draw, told)


def from_scratch(room: ControlRoom) -> Counter[tuple[frozenset[UUID], Severity]]:
    """Return what the pure function makes of everything that stands."""
    known: dict[UUID, Notice] = {}
    for fact in room.log.facts:
        if isinstance(fact.event, Noticed):
            item_id = item_id_of(fact)
            known[item_id] = notice(known.get(item_id, Notice()), fact, Holder())
    standings = [
        Standing(each.item, each.stands_on) for each in known.values() if each.item and each.stands
    ]
    return Counter(correlate(standings, NEIGHBOURS))


def standing(room: ControlRoom) -> Counter[tuple[frozenset[UUID], Severity]]:
    return Counter((frozenset(each.items), each.severity) for each in room.open().values())


@settings(deadline=None, max_examples=30)
@given(night=nights(), cuts=st.lists(st.integers(1, 4), max_size=40), again=st.integers(0, 5))
def test_any_order_ends_in_what_follows_from_the_set(
    night: tuple[list[Stated], list[Stated]], cuts: list[int], again: int
) -> None:
    whole, pieces = ControlRoom(), ControlRoom(batch_facts_max=2)
    whole.happen(*HOUSES, *night[0])
    pieces.happen(*HOUSES)
    rest = list(night[1])
    for size in [*cuts, len(rest)]:
        now, rest = rest[:size], rest[size:]
        pieces.happen(*now)
        pieces.correlation.take(pieces.log.facts[-again:] if again else [])
    assert standing(whole) == from_scratch(whole)
    assert standing(pieces) == from_scratch(pieces) == standing(whole)


@settings(deadline=None, max_examples=30)
@given(night=nights())
def test_a_replay_ends_in_the_same_memories_and_states_nothing(
    night: tuple[list[Stated], list[Stated]],
) -> None:
    room = ControlRoom(batch_facts_max=3)
    room.happen(*HOUSES, *night[0])
    before = len(room.log.facts)
    again = Following(CorrelateWheneverSomethingHappens(), room.log, replaying=True)
    while again.follow(5):
        pass
    assert len(room.log.facts) == before
    assert again.kept == room.correlation.kept
