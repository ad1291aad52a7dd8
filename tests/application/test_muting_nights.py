"""Random nights of muting: nothing is stated twice, nothing judged changes, no call is lost for good."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.alert import (
    AlertKind,
    Verdict,
    alert_stream,
)
from domain.finding.facts import FindingResolved, FindingTakenUp, finding_stream
from domain.kernel import Event, Refused
from domain.muting.facts import (
    MaintenanceCancelled,
    MaintenanceWindowClosed,
    maintenance_stream,
)
from domain.severity import Severity
from domain.ticket import (
    OPEN_STATUSES,
    AssignTicket,
    CancelTicket,
    ResolveTicket,
    StartTicket,
)
from tests.application.watchroom import (
    GPS_OFF,
    NO_SHOW,
    SILENT_SITE,
    Watchroom,
    finding_id,
)
from tests.memory_desk import Following

CRITICAL, HIGH, MEDIUM = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM
# Random nights: the memories are those of a replay, nothing is stated twice, and at the end
# whatever stands and is not muted has called somebody.

KINDS = [NO_SHOW, GPS_OFF, SILENT_SITE]
SEVERITIES = [CRITICAL, HIGH, MEDIUM]
numbers = st.integers(0, 3)
happenings = st.one_of(
    st.tuples(st.just("found"), numbers, st.sampled_from(SEVERITIES)),
    st.tuples(st.just("revised"), numbers, st.sampled_from(SEVERITIES)),
    st.tuples(st.sampled_from(["withdrawn", "resolved"]), numbers, st.none()),
    st.tuples(st.just("alarmed"), numbers, st.sampled_from(SEVERITIES)),
    st.tuples(st.sampled_from(["silence", "ended", "lapsed"]), numbers, st.none()),
    st.tuples(st.sampled_from(["maintain", "closed", "cancelled"]), numbers, st.none()),
    st.tuples(st.sampled_from(["work", "drop"]), numbers, st.none()),
)


def happen(room: Watchroom, told: set[int], what: str, number: int, severity: Any) -> None:
    """Let something happen, if it can."""
    plan = maintenance_stream(UUID(int=50 + number))
    match what:
        case "found":
            told.add(number)
            room.found(number, KINDS[number % 3], severity, hours=-2 + number / 4)
        case "revised" if number in told:
            room.revised(number, severity)
        case "withdrawn" if number in told:
            room.withdrawn(number)
        case "resolved" if number in told:
            event = FindingResolved(reason=Verdict.BENIGN_EXPECTED)
            room.log.state(finding_stream(finding_id(number)), event)
        case "alarmed" if not room.log.stream(alert_stream(room_alert(number))):
            room.alarmed(number, AlertKind.TAMPER, severity)
        case "silence" if not room.log.stream(f"silence-{UUID(int=number)}"):
            kinds = {"kinds": ("finding:NO_SHOW", "alert")} if number else {"site_id": "S-1"}
            room.silence(number, **kinds)
        case "ended" | "lapsed" if room.log.stream(f"silence-{UUID(int=number)}"):
            getattr(room, what)(number)
        case "maintain" if not room.log.stream(plan):
            room.maintain(50 + number)
        case "closed" if room.log.stream(plan):
            at = room.log.facts[-1].recorded_at
            room.log.state(plan, MaintenanceWindowClosed(started_at=at, ended_at=at))
        case "cancelled" if room.log.stream(plan):
            room.log.state(plan, MaintenanceCancelled(reason="Off"))
        case "work" | "drop":
            work(room, what, number)


def room_alert(number: int) -> UUID:
    return Watchroom().alarmed(number, AlertKind.TAMPER, HIGH)


def work(room: Watchroom, what: str, number: int) -> None:
    opened = room.opened()
    if number >= len(opened):
        return
    begin = [AssignTicket(assignee="eve"), StartTicket(), ResolveTicket(resolution="Done")]
    wishes = [CancelTicket(reason="Known")] if what == "drop" else begin
    try:
        room.ask(opened[number].ticket_id, *wishes)
    except Refused:
        return


@settings(max_examples=25, deadline=None)
@given(st.lists(happenings, max_size=25), st.integers(1, 6), st.integers(1, 4))
def test_memories_are_a_function_of_the_facts_and_nothing_is_stated_twice(
    story: list[tuple[str, int, Any]], batch_facts_max: int, pause: int
) -> None:
    room = Watchroom()
    room.site("eve")
    told: set[int] = set()
    for count, (what, number, severity) in enumerate(story):
        happen(room, told, what, number, severity)
        if count % pause == 0:
            room.settle(batch_facts_max)
    room.settle(batch_facts_max)
    stated = len(room.log.facts)
    assert room.redeliver() == []
    for live in (room.findings, room.alerts):
        again = Following(live.policy, room.log, replaying=True)
        while again.follow(batch_facts_max):
            pass
        assert again.kept == live.kept
    assert len(room.log.facts) == stated


def judged(room: Watchroom) -> list[Event]:
    """Return what was judged: everything but what mutes and what calls."""
    called = ("ticket-", "ledger-", "silence-", "maintenance-")
    return [
        fact.event
        for fact in room.log.facts
        if not fact.stream_id.startswith(called) and not isinstance(fact.event, FindingTakenUp)
    ]


@settings(max_examples=25, deadline=None)
@given(st.lists(happenings, max_size=25))
def test_muting_changes_nothing_of_what_is_judged_and_loses_no_call_for_good(
    story: list[tuple[str, int, Any]],
) -> None:
    """Two things are left out since they are meant to differ: a verdict that was given while the
    call was held back, and a site whose silence was known by the time of the call.
    """
    story = [
        each for each in story if each[0] != "resolved" and each[1] != KINDS.index(SILENT_SITE)
    ]
    muters = ("silence", "ended", "lapsed", "maintain", "closed", "cancelled")
    rooms = []
    for with_muting in (True, False):
        room, told = Watchroom(), set[int]()
        room.site("eve")
        for what, number, severity in story:
            if what not in {"work", "drop"} and (with_muting or what not in muters):
                happen(room, told, what, number, severity)
                room.settle()
        for number in range(4):
            if room.log.stream(f"silence-{UUID(int=number)}"):
                room.lapsed(number)
            if room.log.stream(maintenance_stream(UUID(int=50 + number))):
                cancelled = MaintenanceCancelled(reason="Off")
                room.log.state(maintenance_stream(UUID(int=50 + number)), cancelled)
        room.settle()
        rooms.append(room)
    muted_room, loud_room = rooms
    assert judged(muted_room) == judged(loud_room)
    assert standing_calls(muted_room) == standing_calls(loud_room)


def standing_calls(room: Watchroom) -> set[str]:
    """Return the dedup keys of the tickets that are open at the end."""
    open_ = [each for each in room.opened() if room.ticket(each.ticket_id).status in OPEN_STATUSES]
    return {each.dedup_key or "" for each in open_}
