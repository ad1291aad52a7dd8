"""Who gets the ticket of a finding: the security manager, whoever is on duty, or nobody yet."""

from __future__ import annotations

import pytest

from application.policies.escalate_finding_whenever_raised_high import (
    EscalateFindingWheneverRaisedHigh,
)
from domain.access import UserBound, UserReinstated, UserReleased, UserSuspended, user_stream
from domain.directory.shift import ShiftCancelled, ShiftPlanned, ShiftRole, shift_stream
from domain.finding.facts import FindingType
from domain.ticket import (
    TicketStatus,
)
from tests.application.watchroom import (
    GPS_OFF,
    SILENT_SITE,
    Watchroom,
    at_hours,
)
from tests.memory_desk import Following, settle


@pytest.fixture
def room() -> Watchroom:
    return Watchroom()


def test_without_a_security_manager_the_supervisor_on_duty_gets_it(room: Watchroom) -> None:
    room.site()
    room.supervisor("early", -9, -0.5)
    room.supervisor("sam", -1, 7)
    room.supervisor("late", 6, 14)
    room.supervisor("elsewhere", -1, 7, site="S-2")
    room.found(1)
    room.settle()
    assert [each.assignee for each in room.opened()] == ["sam"]


def test_who_is_bound_to_the_person_on_duty_gets_it(room: Watchroom) -> None:
    room.site()
    room.on_duty("G-7")
    room.user("sam", bound_to="G-7")
    room.found(1)
    room.settle()
    assert [each.assignee for each in room.opened()] == ["sam"]


def test_of_those_who_are_bound_to_a_person_the_last_one_who_may_sign_in_gets_it(
    room: Watchroom,
) -> None:
    room.site()
    room.on_duty("kim")
    room.user("kim")  # whose username is the person's id
    room.user("eve", bound_to="kim")
    room.user("sam", bound_to="kim")
    room.found(1)
    room.settle()
    room.log.state(user_stream("sam"), UserSuspended(reason="Ill"))
    room.found(2, GPS_OFF)
    room.settle()
    room.log.state(user_stream("sam"), UserReinstated())
    room.log.state(user_stream("sam"), UserBound(person_id="G-8"))
    room.log.state(user_stream("eve"), UserReleased())
    room.found(3, FindingType.LOW_PHONE_ACTIVITY)
    room.settle()
    # Somebody else by now, whatever the name says.
    room.log.state(user_stream("kim"), UserBound(person_id="G-9"))
    room.found(4, SILENT_SITE)
    room.settle()
    assert [each.assignee for each in room.opened()] == ["sam", "eve", "kim", None]
    assert room.redeliver() == []


def test_what_duty_remembers_is_the_same_however_it_was_read(room: Watchroom) -> None:
    room.site()
    room.on_duty("G-7")
    room.user("sam", bound_to="G-7")
    room.user("eve", bound_to="G-7")
    room.log.state(user_stream("eve"), UserSuspended(reason="Ill"))
    room.log.state(user_stream("eve"), UserReleased())
    room.settle(batch_facts_max=1)
    again = Following(EscalateFindingWheneverRaisedHigh(), room.log, replaying=True)
    settle(again)
    assert again.kept == room.findings.kept
    assert b"G-7" in room.findings.kept["user-sam"]


def test_a_supervisors_shift_that_moved_or_was_cancelled_is_nobodys(room: Watchroom) -> None:
    room.site()
    for name in ("sam", "kim"):
        room.supervisor(name, -1, 7)
    room.log.state(shift_stream("shift-of-sam"), ShiftCancelled())
    moved = ShiftPlanned(
        shift_id="shift-of-kim",
        site_id="S-1",
        role=ShiftRole.GUARD,
        person_id="kim",
        starts_at=at_hours(-1),
        ends_at=at_hours(7),
    )
    room.log.state(shift_stream("shift-of-kim"), moved)
    room.found(1)
    room.settle()
    assert [each.assignee for each in room.opened()] == [None]


def test_without_anybody_the_ticket_waits_in_the_queue(room: Watchroom) -> None:
    room.found(1)
    room.settle()
    (opened,) = room.opened()
    assert opened.assignee is None
    assert room.ticket(opened.ticket_id).status is TicketStatus.NEW
