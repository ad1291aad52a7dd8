"""Whenever a fraud alert is raised or repeated, see to it that one open ticket is about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from application.escalation.commands import PRIORITIES
from application.policies.open_ticket_whenever_alert_raised import (
    NAME,
    OpenTicketWheneverAlertRaised,
)
from domain.alert import AlertRaised, ResolveAlert, Verdict
from domain.directory.person import PersonEnrolled
from domain.severity import Severity
from domain.ticket import (
    AssignTicket,
    CancelTicket,
    CloseTicket,
    HoldTicket,
    MergeTicket,
    Priority,
    ResolveTicket,
    StartTicket,
    TicketAssigned,
    TicketCancelled,
    TicketCategory,
    TicketCommand,
    TicketEased,
    TicketEvidenceWithdrawn,
    TicketOpened,
    TicketRepeated,
    TicketStarted,
)
from tests.application.guardroom import BUDDY, GPS, MONDAY, Guardroom, scored

ASSIGN = AssignTicket(assignee="eve")
START = StartTicket()
RESOLVE = ResolveTicket(resolution="Seen to")
CANCEL = CancelTicket(reason="Nothing to do")
HOLD = HoldTicket(reason="Waits", waiting_until=datetime(2026, 11, 30, tzinfo=UTC))
FALSE_ALARM = ResolveAlert(reason=Verdict.FALSE_POSITIVE_LOGIC)


def kinds(room: Guardroom, ticket_id: UUID) -> list[type]:
    return [type(event) for event in room.story(ticket_id)]


@pytest.fixture
def room() -> Guardroom:
    return Guardroom()


def test_an_alert_opens_a_ticket_for_the_sites_security_manager(room: Guardroom) -> None:
    room.site("eve")
    room.score(scored(1, 0.9))
    ((alert_id,), (ticket_id,)) = room.alert_ids(), room.ticket_ids()
    raised = room.story(alert_id)[0]
    assert isinstance(raised, AlertRaised)
    assert room.story(ticket_id) == [
        TicketOpened(
            ticket_id=ticket_id,
            category=TicketCategory.SECURITY_FRAUD,
            title=raised.title,
            severity=Severity.HIGH,
            priority=Priority.HIGH,
            site_id="S-1",
            person_id="G-1",
            fraud_type=GPS,
            dedup_key="fraud/G-1/gps_spoofing",
            alert_id=alert_id,
            assignee="eve",
            evidence=UUID(int=1),
            seen_at=MONDAY + timedelta(hours=1),
        ),
        TicketAssigned(assignee="eve"),
    ]
    opened = next(fact for fact in room.log.facts if isinstance(fact.event, TicketOpened))
    cause = next(fact for fact in room.log.facts if fact.event == raised)
    assert (opened.actor, opened.caused_by) == (f"policy:{NAME}", cause.position)
    assert opened.correlation_id == cause.correlation_id == room.log.facts[1].correlation_id


def test_a_critical_alert_comes_first_in_the_queue(room: Guardroom) -> None:
    room.score(scored(1, 0.99))
    opened = room.story(room.ticket_ids()[0])[0]
    assert isinstance(opened, TicketOpened)
    assert opened.priority is Priority.URGENT
    assert set(PRIORITIES) == set(Severity)


@pytest.mark.parametrize("managers", [[], [None], ["eve", None]])
def test_without_a_security_manager_the_ticket_waits_in_the_queue(
    room: Guardroom, managers: list[str | None]
) -> None:
    for manager in managers:
        room.site(manager)
    room.score(scored(1, 0.9))
    assert kinds(room, room.ticket_ids()[0]) == [TicketOpened]


def test_the_security_manager_of_the_moment_gets_the_ticket(room: Guardroom) -> None:
    room.site("eve")
    room.site("mallory")
    room.site("trent", site="S-2")
    room.score(scored(1, 0.9))
    assert TicketAssigned(assignee="mallory") in room.story(room.ticket_ids()[0])


@pytest.mark.parametrize("work", [[], [ASSIGN], [ASSIGN, START]], ids=["new", "assigned", "begun"])
def test_a_ticket_that_is_worked_on_takes_repeats(
    room: Guardroom, work: list[TicketCommand]
) -> None:
    room.score(scored(1, 0.9))
    (ticket_id,) = room.ticket_ids()
    room.ask_ticket(ticket_id, *work)
    room.score(scored(2, 0.97), scored(3, 0.85))
    assert room.ticket_ids() == [ticket_id]
    worse, other = room.story(ticket_id)[-2:]
    assert isinstance(worse, TicketRepeated)
    assert isinstance(other, TicketRepeated)
    assert (worse.severity, worse.count, worse.score) == (Severity.CRITICAL, 1, 0.97)
    assert (other.severity, other.count, other.evidence) == (Severity.CRITICAL, 2, UUID(int=3))


@pytest.mark.parametrize(
    "work",
    [
        [ASSIGN, START, HOLD],
        [ASSIGN, START, RESOLVE],
        [ASSIGN, START, RESOLVE, CloseTicket()],
        [CANCEL],
    ],
    ids=["on hold", "resolved", "closed", "cancelled"],
)
def test_a_ticket_that_nobody_works_on_takes_no_repeats(
    room: Guardroom, work: list[TicketCommand]
) -> None:
    room.score(scored(1, 0.9))
    (ticket_id,) = room.ticket_ids()
    room.ask_ticket(ticket_id, *work)
    before = room.story(ticket_id)
    room.score(scored(2, 0.97))
    assert len(room.ticket_ids()) == 2
    assert room.story(ticket_id) == before
    second = room.story(room.ticket_ids()[1])[0]
    assert isinstance(second, TicketOpened)
    assert (second.severity, second.evidence) == (Severity.CRITICAL, UUID(int=2))


def test_a_repeat_goes_where_the_work_of_a_merged_ticket_goes_on(room: Guardroom) -> None:
    room.score(scored(1, 0.9), scored(2, 0.9, fraud_type=BUDDY))
    gps, buddy = room.ticket_ids()
    room.ask_ticket(gps, MergeTicket(into_ticket_id=buddy))
    room.score(scored(3, 0.9))
    assert room.ticket_ids() == [gps, buddy]
    assert kinds(room, buddy) == [TicketOpened, TicketRepeated]


def test_tickets_merged_in_a_circle_lead_nowhere(room: Guardroom) -> None:
    room.score(scored(1, 0.9), scored(2, 0.9, fraud_type=BUDDY))
    gps, buddy = room.ticket_ids()
    room.ask_ticket(gps, MergeTicket(into_ticket_id=buddy))
    room.ask_ticket(buddy, MergeTicket(into_ticket_id=gps))
    room.score(scored(3, 0.9))
    assert len(room.ticket_ids()) == 3


def test_after_24_hours_a_new_alert_has_a_ticket_of_its_own(room: Guardroom) -> None:
    room.score(scored(1, 0.9, hours=0), scored(2, 0.9, hours=24.5))
    assert len(room.ticket_ids()) == 2


def test_a_new_alert_within_24_hours_is_counted_in_the_open_ticket(room: Guardroom) -> None:
    """The alert was resolved, the ticket was not: its work covers the new alert too."""
    room.score(scored(1, 0.9))
    room.ask_alert(room.alert_ids()[0], FALSE_ALARM)
    room.score(scored(2, 0.9))
    assert len(room.alert_ids()) == 2
    (ticket_id,) = room.ticket_ids()
    repeated = room.story(ticket_id)[-1]
    assert isinstance(repeated, TicketRepeated)
    assert repeated.alert_id == room.alert_ids()[1]


def test_a_late_attendance_is_counted_in_the_ticket_of_its_own_day(room: Guardroom) -> None:
    room.score(scored(1, 0.9, hours=0), scored(2, 0.9, hours=72))
    room.ask_alert(room.alert_ids()[0], FALSE_ALARM)
    room.score(scored(3, 0.9, hours=3))
    assert len(room.ticket_ids()) == 2
    assert kinds(room, room.ticket_ids()[0]) == [TicketOpened, TicketRepeated]


def test_a_worse_score_of_a_counted_attendance_raises_the_severity_and_no_count(
    room: Guardroom,
) -> None:
    room.score(scored(1, 0.85), scored(1, 0.97))
    repeated = room.story(room.ticket_ids()[0])[-1]
    assert isinstance(repeated, TicketRepeated)
    assert (repeated.severity, repeated.count) == (Severity.CRITICAL, 0)


def test_a_milder_score_of_a_counted_attendance_eases_the_ticket_once(room: Guardroom) -> None:
    room.score(scored(1, 0.97), scored(1, 0.85), scored(1, 0.86))
    eased = room.story(room.ticket_ids()[0])[1:]
    assert eased == [
        TicketEased(severity=Severity.HIGH, reason="What is left of an alert is HIGH.")
    ]


def test_a_ticket_is_as_bad_as_the_evidence_that_is_left(room: Guardroom) -> None:
    room.score(scored(1, 0.97), scored(2, 0.85), scored(1, 0.2))
    (ticket_id,) = room.ticket_ids()
    assert kinds(room, ticket_id) == [TicketOpened, TicketRepeated, TicketEased]


def test_a_worse_score_does_not_open_a_resolved_ticket(room: Guardroom) -> None:
    room.score(scored(1, 0.85))
    (ticket_id,) = room.ticket_ids()
    room.ask_ticket(ticket_id, CANCEL)
    room.score(scored(1, 0.97))
    assert kinds(room, ticket_id) == [TicketOpened, TicketCancelled]


@pytest.mark.parametrize("manager", ["eve", None])
def test_a_withdrawn_alert_cancels_a_ticket_that_nobody_touched(
    room: Guardroom, manager: str | None
) -> None:
    room.site(manager)
    room.score(scored(1, 0.9), scored(1, 0.2))
    assert kinds(room, room.ticket_ids()[0])[-2:] == [TicketEvidenceWithdrawn, TicketCancelled]


@pytest.mark.parametrize("work", [[ASSIGN, START], [ASSIGN, START, HOLD]], ids=["begun", "on hold"])
def test_a_withdrawn_alert_only_tells_a_ticket_that_was_begun(
    room: Guardroom, work: list[TicketCommand]
) -> None:
    room.score(scored(1, 0.9))
    (ticket_id,) = room.ticket_ids()
    room.ask_ticket(ticket_id, *work)
    room.score(scored(1, 0.2))
    assert kinds(room, ticket_id)[-1] is TicketEvidenceWithdrawn


def test_a_withdrawn_alert_leaves_a_ticket_that_is_over(room: Guardroom) -> None:
    room.score(scored(1, 0.9))
    (ticket_id,) = room.ticket_ids()
    room.ask_ticket(ticket_id, ASSIGN, START, RESOLVE)
    before = room.story(ticket_id)
    room.score(scored(1, 0.2))
    assert room.story(ticket_id) == before


def test_a_withdrawn_alert_leaves_the_ticket_of_another_day(room: Guardroom) -> None:
    room.score(scored(1, 0.9, hours=0), scored(2, 0.9, hours=72), scored(1, 0.2, hours=0))
    first, second = room.ticket_ids()
    assert kinds(room, first)[-1] is TicketCancelled
    assert kinds(room, second) == [TicketOpened]


def test_a_ticket_that_another_alert_stands_behind_is_not_withdrawn(room: Guardroom) -> None:
    room.score(scored(1, 0.9))
    room.ask_alert(room.alert_ids()[0], ResolveAlert(reason=Verdict.CONFIRMED_FRAUD))
    room.score(scored(2, 0.9), scored(2, 0.2))
    (ticket_id,) = room.ticket_ids()
    assert kinds(room, ticket_id) == [TicketOpened, TicketRepeated]


def test_an_alert_that_outlived_its_first_ticket_withdraws_the_second(room: Guardroom) -> None:
    room.score(scored(1, 0.9))
    room.ask_ticket(room.ticket_ids()[0], ASSIGN, START)
    room.ask_ticket(room.ticket_ids()[0], HOLD)
    room.score(scored(2, 0.9))
    room.ask_ticket(room.ticket_ids()[1], ASSIGN, START)
    room.score(scored(1, 0.2), scored(2, 0.2))
    first, second = room.ticket_ids()
    assert kinds(room, first)[-1] is TicketEvidenceWithdrawn
    assert kinds(room, second)[-2:] == [TicketStarted, TicketEvidenceWithdrawn]


def test_after_a_withdrawal_the_same_trouble_opens_a_ticket_again(room: Guardroom) -> None:
    room.score(scored(1, 0.9), scored(1, 0.2), scored(1, 0.9))
    assert len(room.ticket_ids()) == 2
    assert kinds(room, room.ticket_ids()[1]) == [TicketOpened]


def test_other_facts_are_passed_over(room: Guardroom) -> None:
    fact = room.log.state("person-G-1", PersonEnrolled(person_id="G-1", name="Ada"))
    policy = OpenTicketWheneverAlertRaised()
    policy.handle(None, [fact])  # type: ignore[arg-type]  # no desk is needed for nothing
    assert len(room.log.facts) == 1


def test_the_same_facts_again_open_nothing_more(room: Guardroom) -> None:
    room.site("eve")
    room.score(scored(1, 0.9), scored(2, 0.9), scored(1, 0.97))
    room.site("mallory")
    room.score(scored(2, 0.3), scored(3, 0.9, person="G-2"), scored(3, 0.1, person="G-2"))
    for ticket_id in room.ticket_ids()[:1]:
        room.ask_ticket(ticket_id, START, RESOLVE)
    room.score(scored(4, 0.9))
    assert room.redeliver() == []
    room.score(scored(5, 0.9, person="G-3"))
    assert TicketAssigned(assignee="mallory") in room.story(room.ticket_ids()[-1])
