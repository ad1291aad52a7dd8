"""What is muted calls nobody until what mutes it is over, and the ledger says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.alert import (
    AlertEvidenceDropped,
    AlertEvidenceRevised,
    AlertKind,
    AlertReopened,
    AlertResolved,
    AlertWithdrawn,
    Verdict,
    alert_stream,
)
from domain.directory.site import SiteTimeZoneCorrected
from domain.finding.facts import FindingResolved, finding_stream
from domain.kernel import Event, Refused
from domain.muting.facts import (
    Action,
    ActionMuted,
    MaintenanceCancelled,
    MaintenanceWindowClosed,
    MutedBy,
    ledger_stream,
    maintenance_stream,
)
from domain.severity import Severity
from domain.ticket import (
    OPEN_STATUSES,
    TICKET,
    AssignTicket,
    CancelTicket,
    OpenTicket,
    Priority,
    ResolveTicket,
    StartTicket,
    TicketCategory,
    TicketRepeated,
    ticket_stream,
)
from tests.application.watchroom import (
    GPS_OFF,
    NO_SHOW,
    SILENT_SITE,
    Watchroom,
    at_hours,
    finding_id,
)
from tests.memory_desk import BEGAN_AT, Following

CRITICAL, HIGH, MEDIUM = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM


@pytest.fixture
def room() -> Watchroom:
    return Watchroom()


def test_a_silenced_finding_opens_no_ticket_and_stands_in_the_ledger(room: Watchroom) -> None:
    room.site("eve")
    silence_id = room.silence(1)
    found = room.found(1)
    room.settle()
    assert room.opened() == []
    (line,) = room.lines()
    assert line == ActionMuted(
        action=Action.TICKET,
        subject="finding:NO_SHOW",
        subject_id=found,
        muted_by=MutedBy.SILENCE,
        muter_id=silence_id,
        severity=HIGH,
        title="NO_SHOW at S-1",
        site_id="S-1",
        person_id="G-1",
        assignee="eve",
        seen_at=at_hours(-2),
        until=at_hours(2),
    )
    (entry,) = room.log.stream(ledger_stream(found))
    raised = room.log.stream(finding_stream(found))[0]
    assert entry.caused_by == raised.position


@pytest.mark.parametrize("how", ["ended", "lapsed"])
def test_what_still_stands_when_a_silence_is_over_calls_then(room: Watchroom, how: str) -> None:
    room.silence(1)
    stands = room.found(1)
    room.found(2, GPS_OFF)
    room.withdrawn(2)
    room.found(3, SILENT_SITE)
    room.log.state(finding_stream(finding_id(3)), FindingResolved(reason=Verdict.BENIGN_EXPECTED))
    room.found(4, GPS_OFF, hours=40)
    room.revised(4, MEDIUM)
    room.settle()
    assert room.opened() == []
    getattr(room, how)(1)
    room.settle()
    assert [each.finding_id for each in room.opened()] == [stands]
    end = room.log.stream(f"silence-{UUID(int=1)}")[-1]
    opened = room.log.stream(ticket_stream(room.opened()[0].ticket_id))[0]
    assert opened.caused_by == end.position
    room.ended(1)
    room.settle()
    assert len(room.opened()) == 1


def test_two_held_back_of_one_trouble_become_one_ticket(room: Watchroom) -> None:
    room.silence(1)
    room.found(1)
    room.found(2, severity=CRITICAL)
    room.settle()
    room.lapsed(1)
    room.settle()
    (opened,) = room.opened()
    assert room.ticket(opened.ticket_id).repeats == 1
    assert room.ticket(opened.ticket_id).severity is CRITICAL


def test_what_another_silence_mutes_still_goes_on_being_muted(room: Watchroom) -> None:
    room.silence(1, 3)
    room.found(1)
    room.silence(2, 2, kinds=("finding",))
    room.settle()
    room.ended(1)
    room.settle()
    assert room.opened() == []
    assert [line.muter_id for line in room.lines()] == [UUID(int=1), UUID(int=2)]
    room.ended(2)
    room.settle()
    assert len(room.opened()) == 1


def test_the_ledger_has_one_line_for_a_muter_unless_it_gets_worse(room: Watchroom) -> None:
    room.silence(1)
    room.found(1)
    room.settle()
    room.revised(1, HIGH)
    room.found(1)
    room.revised(1, CRITICAL)
    room.revised(1, CRITICAL)
    room.settle()
    assert [line.severity for line in room.lines()] == [HIGH, CRITICAL]
    room.ended(1)
    room.settle()
    assert [each.severity for each in room.opened()] == [CRITICAL]


def test_a_worse_finding_is_muted_like_any_call_and_told_when_that_is_over(
    room: Watchroom,
) -> None:
    room.found(1)
    room.settle()
    room.silence(1)
    room.revised(1, CRITICAL)
    room.settle()
    assert room.log.events(TicketRepeated) == []
    assert [line.severity for line in room.lines()] == [CRITICAL]
    room.ended(1)
    room.settle()
    assert [each.severity for each in room.log.events(TicketRepeated)] == [CRITICAL]
    assert len(room.opened()) == 1


def test_at_the_end_another_silence_may_hold_back_what_a_ticket_would_be_told(
    room: Watchroom,
) -> None:
    room.found(1)
    room.settle()
    room.silence(1, 5)
    room.silence(2, 2)
    room.revised(1, CRITICAL)
    room.settle()
    room.ended(1)
    room.settle()
    assert room.log.events(TicketRepeated) == []
    room.ended(2)
    room.settle()
    assert len(room.log.events(TicketRepeated)) == 1


def test_before_and_after_its_time_a_silence_mutes_nothing(room: Watchroom) -> None:
    room.silence(1, hours=2 / 3_600)  # over at the third fact, a second each
    room.found(1)
    room.found(2, GPS_OFF)
    room.settle()
    assert [each.finding_id for each in room.opened()] == [finding_id(1), finding_id(2)]


def test_maintenance_mutes_on_the_sites_wall_and_lets_go_at_the_end_of_a_window(
    room: Watchroom,
) -> None:
    room.site(zone="Europe/London")
    window_id = room.maintain()
    room.found(1)
    room.settle()
    (line,) = room.lines()
    assert (line.muted_by, line.muter_id) == (MutedBy.MAINTENANCE, window_id)
    assert line.until == BEGAN_AT + timedelta(minutes=30)
    assert line.until is not None
    closed = MaintenanceWindowClosed(
        started_at=line.until - timedelta(hours=1), ended_at=line.until
    )
    room.log.state(maintenance_stream(window_id), closed)
    room.settle()
    assert len(room.opened()) == 1


def test_maintenance_that_was_cancelled_lets_go(room: Watchroom) -> None:
    room.site()
    window_id = room.maintain()
    room.found(1)
    room.settle()
    room.log.state(maintenance_stream(window_id), MaintenanceCancelled(reason="Not needed"))
    room.found(2, GPS_OFF)
    room.settle()
    assert len(room.opened()) == 2


def test_a_zone_that_is_corrected_moves_the_windows(room: Watchroom) -> None:
    room.site(zone="Europe/London")
    room.maintain()
    room.log.state("site-S-1", SiteTimeZoneCorrected(time_zone="America/New_York"))
    room.found(1)
    room.settle()
    assert len(room.opened()) == 1


def test_a_window_that_meets_the_next_one_holds_on(room: Watchroom) -> None:
    """Windows of a whole day: the one ends as the other begins, and the clock of the log decides."""
    room.site(zone="UTC")
    window_id = room.maintain(starts_at="08:00", minutes=1_440)
    room.found(1)
    room.settle()
    closed = MaintenanceWindowClosed(started_at=at_hours(-24), ended_at=at_hours(0))
    room.log.state(maintenance_stream(window_id), closed)
    room.settle()
    assert room.opened() == []
    assert len(room.lines()) == 2
    room.log.state(
        maintenance_stream(window_id),
        MaintenanceWindowClosed(started_at=at_hours(0), ended_at=at_hours(24)),
    )
    room.settle()
    assert room.opened() == []
    assert room.lines()[-1].until == at_hours(48)


def test_a_silent_site_mutes_what_its_phones_did_not_say_until_it_is_found_untrue(
    room: Watchroom,
) -> None:
    silent = room.found(1, SILENT_SITE, person=None)
    gps = room.found(2, GPS_OFF)
    room.found(3, NO_SHOW)
    room.found(4, GPS_OFF, hours=30)
    room.settle()
    assert [each.finding_id for each in room.opened()] == [silent, finding_id(3), finding_id(4)]
    (line,) = room.lines()
    assert (line.subject_id, line.muted_by, line.muter_id) == (gps, MutedBy.INHIBITION, silent)
    room.revised(1, CRITICAL)
    room.settle()
    assert len(room.opened()) == 3
    room.withdrawn(1)
    room.settle()
    assert room.opened()[-1].finding_id == gps


def test_a_silent_site_that_a_person_saw_to_lets_go(room: Watchroom) -> None:
    room.found(1, SILENT_SITE, person=None)
    room.found(2, GPS_OFF)
    room.settle()
    verdict = FindingResolved(reason=Verdict.DEVICE_FAULT)
    room.log.state(finding_stream(finding_id(1)), verdict)
    room.settle()
    assert len(room.opened()) == 2


@pytest.mark.parametrize("kind", [AlertKind.PANIC, AlertKind.TAMPER])
def test_panic_and_tampering_become_tickets_for_security(room: Watchroom, kind: AlertKind) -> None:
    room.alarmed(1, kind, HIGH)
    room.alarmed(2, kind, CRITICAL, site_id=None, dedup_key="another")
    room.alarmed(3, kind, MEDIUM, dedup_key="a third")
    room.settle()
    found = [(each.category, each.severity, each.site_id) for each in room.opened()]
    security = TicketCategory.SECURITY
    assert found == [(security, HIGH, "S-1"), (security, CRITICAL, None)]


def test_an_anomaly_calls_nobody_whatever_becomes_of_it(room: Watchroom) -> None:
    alert_id = room.alarmed(1, AlertKind.ANOMALY, CRITICAL)
    withdrawn = AlertWithdrawn(dedup_key="k", reason="Late signals")
    room.log.state(alert_stream(alert_id), withdrawn)
    room.settle()
    assert room.opened() == []
    assert room.lines() == []


@pytest.mark.parametrize("end", ["resolved", "dropped", "reopened"])
def test_a_silenced_alert_calls_afterwards_if_it_stands_and_is_severe(
    room: Watchroom, end: str
) -> None:
    room.silence(1)
    alert_id = room.alarmed(1, AlertKind.TAMPER, HIGH)
    room.settle()
    assert [line.subject for line in room.lines()] == ["alert:tamper"]
    stream = alert_stream(alert_id)
    resolved = AlertResolved(dedup_key="k", reason=Verdict.DEVICE_FAULT, evidence=())
    if end == "dropped":
        dropped = AlertEvidenceDropped(
            dedup_key="k", evidence=UUID(int=1), reason="Late", severity=MEDIUM, count=1
        )
        room.log.state(stream, dropped)
    else:
        room.log.state(stream, resolved)
    if end == "reopened":
        room.log.state(stream, AlertReopened(dedup_key="k", reason="Too early"))
    room.settle()
    room.ended(1)
    room.settle()
    assert len(room.opened()) == (1 if end == "reopened" else 0)


def test_an_alert_that_turns_out_severe_calls_then(room: Watchroom) -> None:
    alert_id = room.alarmed(1, AlertKind.TAMPER, MEDIUM)
    for severity in (MEDIUM, HIGH):
        revised = AlertEvidenceRevised(
            dedup_key="k",
            evidence=UUID(int=1),
            score=1.0,
            evidence_severity=severity,
            severity=severity,
        )
        room.log.state(alert_stream(alert_id), revised)
    room.settle()
    assert [each.severity for each in room.opened()] == [HIGH]


def test_tickets_that_people_open_and_lines_about_other_actions_are_nobodys(
    room: Watchroom,
) -> None:
    wish = OpenTicket(
        ticket_id=UUID(int=5),
        category=TicketCategory.OPERATIONS,
        title="By hand",
        severity=HIGH,
        priority=Priority.HIGH,
        finding_id=UUID(int=6),
    )
    room.log.wish(TICKET, ticket_stream(UUID(int=5)), wish)
    silence_id = room.silence(1)
    found = room.found(1)
    line = ActionMuted(
        action=Action.MAIL,
        subject="finding:NO_SHOW",
        subject_id=found,
        muted_by=MutedBy.SILENCE,
        muter_id=silence_id,
        severity=HIGH,
        title="Mail",
        site_id=None,
        person_id=None,
        assignee=None,
        seen_at=BEGAN_AT,
    )
    room.log.state(ledger_stream(found), line)
    room.settle()
    room.ended(1)
    room.settle()
    assert len(room.opened()) == 2


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
    return [fact.event for fact in room.log.facts if not fact.stream_id.startswith(called)]


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
