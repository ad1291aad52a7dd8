"""Escalation and assignment: who gets a ticket, when, by which rule."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.access import USER, ReinstateUser, user_stream
from domain.assignment import (
    ASSIGNMENT_RULES,
    ASSIGNMENT_STREAM,
    AssignmentRule,
    AssignmentRulesLaidDown,
    AssignTo,
    LayDownAssignmentRules,
    RuleNamesNobody,
)
from domain.directory.shift import ShiftCancelled, ShiftRole
from domain.severity import Severity
from domain.ticket import (
    AssignTicket,
    CancelTicket,
    EscalateTicket,
    LeaveAssignment,
    Priority,
    RepeatTicket,
    RequestAssignment,
    ServiceTarget,
    TellTicketAtRisk,
    TellTicketBreached,
    TicketAssigned,
    TicketAssignmentLeft,
    TicketAssignmentRequested,
    TicketEscalated,
    TicketPrioritised,
    TicketSlaAtRisk,
    TicketSlaBreached,
    TicketStatus,
)
from tests.given import given
from tests.memory_desk import BEGAN_AT
from tests.tickets.desk import ONE, TicketDesk, opening

DUE = BEGAN_AT + timedelta(hours=1)
LATER = DUE + timedelta(hours=1)
LAST = LATER + timedelta(hours=1)
MISSED = TellTicketBreached(target=ServiceTarget.ACKNOWLEDGE, due_at=DUE, elapsed_s=3_600.0)
UNDONE = TellTicketBreached(target=ServiceTarget.RESOLVE, due_at=LATER, elapsed_s=7_200.0)
AGAIN = TellTicketBreached(target=ServiceTarget.RESOLVE, due_at=LAST, elapsed_s=3_600.0)
DAY = timedelta(days=1)
USER_RULE = AssignmentRule(
    assign_to=AssignTo.USER, username="ada", severity=Severity.CRITICAL, site_id="S-1"
)


def desk_with(*rules: AssignmentRule) -> TicketDesk:
    desk = TicketDesk()
    wish = LayDownAssignmentRules(rules=rules)
    desk.log.wish(ASSIGNMENT_RULES, ASSIGNMENT_STREAM, wish)
    return desk


def test_a_breach_lifts_the_ticket_to_the_supervisor_on_duty_and_then_as_high_as_it_goes() -> None:
    desk = TicketDesk()
    desk.site(security_manager="mia")
    desk.user("sue")
    desk.shift("sue", BEGAN_AT - DAY, BEGAN_AT + DAY)
    desk.ask(opening(priority=Priority.LOW), MISSED)
    (first,) = desk.told(TicketEscalated)
    assert (first.level, first.priority, first.assignee) == (1, Priority.NORMAL, "sue")
    assert first.reason.startswith("It was to be acknowledged by 2026-11-22")
    assert desk.told(TicketPrioritised) == [TicketPrioritised(priority=Priority.NORMAL)]
    assert desk.told(TicketAssigned) == [TicketAssigned(assignee="sue")]
    desk.ask(UNDONE)
    second = desk.told(TicketEscalated)[1]
    assert (second.level, second.priority, second.assignee) == (2, Priority.URGENT, "sue")
    desk.ask(AGAIN)
    assert len(desk.told(TicketSlaBreached)) == 3
    assert len(desk.told(TicketEscalated)) == 2, "Nothing is higher."
    assert desk.again() == []


def test_without_a_supervisor_the_security_manager_gets_it() -> None:
    desk = TicketDesk()
    desk.site(security_manager="mia")
    desk.user("sue")
    desk.shift("sue", BEGAN_AT - DAY, BEGAN_AT)  # over
    desk.shift("tom", BEGAN_AT - DAY, BEGAN_AT + DAY, shift_id="SH-2")  # no user
    desk.shift("sue", BEGAN_AT - DAY, BEGAN_AT + DAY, shift_id="SH-3", role=ShiftRole.GUARD)
    desk.shift(None, BEGAN_AT - DAY, BEGAN_AT + DAY, shift_id="SH-4")
    desk.ask(opening(), MISSED)
    assert desk.told(TicketAssigned) == [TicketAssigned(assignee="mia")]


def test_where_nobody_is_found_it_still_comes_nearer_to_the_front() -> None:
    desk = TicketDesk()
    desk.ask(opening(site_id=None), MISSED)
    (escalated,) = desk.told(TicketEscalated)
    assert (escalated.assignee, escalated.priority) == (None, Priority.HIGH)
    assert desk.ticket().status is TicketStatus.NEW


def test_a_shift_that_moves_or_is_cancelled_is_no_longer_the_sites() -> None:
    desk = TicketDesk()
    desk.site(security_manager=None)
    desk.user("sue")
    desk.shift("sue", BEGAN_AT - DAY, BEGAN_AT + DAY)
    desk.shift("sue", BEGAN_AT - DAY, BEGAN_AT + DAY, site_id="S-2")
    desk.shift("sue", BEGAN_AT - DAY, BEGAN_AT + DAY, shift_id="SH-2")
    desk.log.state("shift-SH-2", ShiftCancelled())
    desk.log.state("shift-SH-9", ShiftCancelled())
    desk.ask(opening(), MISSED)
    assert desk.told(TicketEscalated)[0].assignee is None
    assert desk.again() == []


def test_who_may_not_sign_in_is_not_on_duty() -> None:
    desk = TicketDesk()
    desk.site(security_manager="mia")
    desk.site(security_manager=None)
    desk.user("sue")
    desk.suspend("sue")
    desk.shift("sue", BEGAN_AT - DAY, BEGAN_AT + DAY)
    desk.ask(opening(), MISSED)
    assert desk.told(TicketAssigned) == []
    desk.log.wish(USER, user_stream("sue"), ReinstateUser())
    desk.site(security_manager="mia")
    desk.ask(RequestAssignment())
    assert desk.told(TicketAssignmentLeft)[0].reason == "No rule fits the ticket."


def test_a_ticket_that_is_over_by_then_is_left_alone() -> None:
    desk = TicketDesk()
    desk.wish(opening())
    desk.wish(MISSED)
    desk.wish(CancelTicket(reason="Opened by mistake"))
    desk.settle()
    assert desk.told(TicketEscalated) == []


def test_one_miss_lifts_once() -> None:
    desk = TicketDesk()
    desk.ask(opening(), MISSED)
    assert desk.wish(EscalateTicket(target=ServiceTarget.ACKNOWLEDGE, due_at=DUE)) == []


def test_a_target_is_told_at_risk_once_and_not_once_it_is_missed() -> None:
    desk = TicketDesk()
    near = TellTicketAtRisk(target=ServiceTarget.RESOLVE, due_at=LATER, elapsed_s=5_760.0)
    desk.ask(opening(), near, near)
    assert desk.told(TicketSlaAtRisk) == [
        TicketSlaAtRisk(target=ServiceTarget.RESOLVE, due_at=LATER, elapsed_s=5_760.0)
    ]
    desk.wish(UNDONE)
    assert desk.wish(near) == []
    assert desk.wish(UNDONE) == []


def test_the_first_rule_that_fits_decides() -> None:
    queue = AssignmentRule(assign_to=AssignTo.QUEUE, severity=Severity.LOW)
    anybody = AssignmentRule(assign_to=AssignTo.SECURITY_MANAGER)
    desk = desk_with(USER_RULE, queue, anybody)
    desk.site(security_manager="mia")
    desk.ask(opening(severity=Severity.CRITICAL))
    assert desk.ticket().assignee == "ada"
    assert desk.again() == []


@pytest.mark.parametrize(
    ("rule", "assignee", "reason"),
    [
        (AssignmentRule(assign_to=AssignTo.QUEUE), None, "The rules leave it in the queue."),
        (AssignmentRule(assign_to=AssignTo.SECURITY_MANAGER), "mia", None),
        (AssignmentRule(assign_to=AssignTo.ON_DUTY_SUPERVISOR), "sue", None),
        (USER_RULE, None, "No rule fits the ticket."),
    ],
)
def test_rules_mean_people_as_they_are_at_that_moment(
    rule: AssignmentRule, assignee: str | None, reason: str | None
) -> None:
    desk = desk_with(rule)
    desk.site(security_manager="mia")
    desk.user("sue")
    desk.shift("sue", BEGAN_AT - DAY, BEGAN_AT + DAY)
    desk.ask(opening())
    assert desk.ticket().assignee == assignee
    desk.ask(RequestAssignment())
    left = desk.told(TicketAssignmentLeft)
    assert [each.reason for each in left] == [reason or "The rules mean the one who has it."]
    assert len(desk.told(TicketAssignmentRequested)) == 1
    assert desk.again() == []


def test_a_rule_may_mean_nobody_and_others_may_be_faster() -> None:
    desk = desk_with(AssignmentRule(assign_to=AssignTo.SECURITY_MANAGER))
    desk.ask(opening(site_id=None), RequestAssignment())
    (left,) = desk.told(TicketAssignmentLeft)
    assert left.reason == "Nobody is there whom the rule means."
    desk = desk_with(USER_RULE)
    desk.wish(opening(severity=Severity.CRITICAL))
    desk.wish(AssignTicket(assignee="eve"))
    desk.settle()
    assert desk.ticket().assignee == "eve"
    desk.ask(RequestAssignment())
    assert desk.ticket().assignee == "ada"
    opened_for = desk_with(USER_RULE)
    opened_for.ask(opening(severity=Severity.CRITICAL, assignee="eve"))
    assert opened_for.ticket().assignee == "eve"


def test_a_ticket_that_got_worse_meets_other_rules() -> None:
    desk = desk_with(USER_RULE)
    worse = RepeatTicket(severity=Severity.CRITICAL, alert_id=ONE, score=0.9)
    desk.ask(opening(), worse, RequestAssignment())
    assert desk.ticket().assignee == "ada"
    assert desk.again() == []


def test_a_request_for_what_is_over_by_then_is_answered_as_well() -> None:
    desk = desk_with(USER_RULE)
    desk.wish(opening())
    desk.wish(RequestAssignment())
    assert desk.wish(RequestAssignment()) == []
    desk.wish(CancelTicket(reason="No"))
    desk.settle()
    assert len(desk.told(TicketAssignmentLeft)) == 1
    assert desk.wish(LeaveAssignment(reason="Twice")) == []


def test_rules_are_laid_down_whole() -> None:
    wish = LayDownAssignmentRules(rules=(USER_RULE,))
    laid_down = AssignmentRulesLaidDown(rules=(USER_RULE,))
    given(ASSIGNMENT_RULES).when(wish).then(laid_down)
    given(ASSIGNMENT_RULES, laid_down).when(wish).then()
    for rule in (
        AssignmentRule(assign_to=AssignTo.USER),
        AssignmentRule(assign_to=AssignTo.QUEUE, username="ada"),
    ):
        odd = LayDownAssignmentRules(rules=(USER_RULE, rule))
        given(ASSIGNMENT_RULES).when(odd).refused(RuleNamesNobody, field="$.rules[1].username")


def test_an_urgent_ticket_stays_urgent_and_still_changes_hands() -> None:
    desk = TicketDesk()
    desk.site(security_manager="mia")
    desk.ask(opening(priority=Priority.URGENT, assignee="eve"), UNDONE)
    assert desk.told(TicketPrioritised) == []
    assert desk.ticket().assignee == "mia"


def test_a_request_that_a_person_answered_needs_no_answer() -> None:
    desk = desk_with()
    desk.wish(opening())
    desk.wish(RequestAssignment())
    desk.wish(AssignTicket(assignee="eve"))
    desk.settle()
    assert desk.told(TicketAssignmentLeft) == []
