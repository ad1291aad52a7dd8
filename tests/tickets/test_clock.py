"""The clock of a ticket: which time counts, when it is due, and what moves that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st

from domain.directory.tenant import TENANT, TENANT_STREAM, FoundTenant
from domain.service_level.clock import begun, elapsed_s, moved, next_moment
from domain.service_level.clock import timed as timed_by
from domain.service_level.facts import Hours, ServiceLevelSet, TicketTimed
from domain.service_level.hours import counted_s, moment_after
from domain.service_level.levels import (
    DEFAULTS,
    SERVICE_LEVELS,
    SERVICE_LEVELS_STREAM,
    PriorityRunsAlways,
    ResolveBeforeAcknowledge,
    SetServiceLevel,
)
from domain.ticket import (
    TICKET,
    AssignTicket,
    CancelTicket,
    CommentTicket,
    EscalateTicket,
    HoldTicket,
    PrioritiseTicket,
    Priority,
    ReopenTicket,
    ResolveTicket,
    ResumeTicket,
    ServiceTarget,
    StartTicket,
    TellTicketBreached,
    TicketCommand,
    TicketCommented,
    TicketHeld,
    TicketOpened,
    TicketResumed,
)
from tests.given import given
from tests.memory_desk import BEGAN_AT
from tests.strategies import forall
from tests.tickets.desk import TicketDesk, opening

LONDON = "Europe/London"
HOUR = 3_600
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
BUSINESS = SetServiceLevel(
    priority=Priority.NORMAL, acknowledge_s=HOUR, resolve_s=10 * HOUR, hours=Hours.BUSINESS
)


def wall(day: str, zone: str = LONDON) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        ("2026-11-23T09:00", "2026-11-23T12:30", 3.5),  # within a Monday
        ("2026-11-20T17:00", "2026-11-23T09:00", 2),  # over a weekend
        ("2026-11-21T10:00", "2026-11-22T10:00", 0),  # on one
        ("2026-11-23T18:00", "2026-11-24T08:00", 0),  # over a night
        ("2026-11-23T12:00", "2026-11-23T12:00", 0),
        ("2026-11-23T12:00", "2026-11-23T11:00", 0),
        ("2026-10-23T17:00", "2026-10-26T09:00", 2),  # the clocks go back in between
        ("2026-03-27T17:00", "2026-03-30T09:00", 2),  # and forward
    ],
)
def test_business_hours_are_those_on_the_sites_wall(since: str, until: str, hours: float) -> None:
    assert counted_s(Hours.BUSINESS, LONDON, wall(since), wall(until)) == hours * HOUR


def test_a_day_whose_clock_is_put_back_counts_as_long_as_it_lasts() -> None:
    since, until = wall("2026-10-25T00:00"), wall("2026-10-26T00:00")
    assert counted_s(Hours.ALWAYS, LONDON, since, until) == 25 * HOUR


@pytest.mark.parametrize(
    ("since", "hours", "due"),
    [
        ("2026-11-23T09:00", 2, "2026-11-23T11:00"),
        ("2026-11-20T17:00", 2, "2026-11-23T09:00"),
        ("2026-11-21T12:00", 10, "2026-11-23T18:00"),
        ("2026-11-23T20:00", 1, "2026-11-24T09:00"),
        ("2026-10-23T17:30", 1, "2026-10-26T08:30"),
        ("2026-11-21T12:00", 0, "2026-11-21T12:00"),
        ("2026-11-21T12:00", -1, "2026-11-21T12:00"),
    ],
)
def test_so_many_hours_later_on_the_sites_wall(since: str, hours: float, due: str) -> None:
    assert moment_after(Hours.BUSINESS, LONDON, wall(since), hours * HOUR) == wall(due)


@forall(
    st.sampled_from(Hours),
    st.sampled_from([LONDON, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - given a zone below
    st.integers(1, 400 * HOUR),
)
def test_the_moment_after_is_where_as_much_has_counted(
    hours: Hours, zone: str, since: datetime, seconds: int
) -> None:
    since = since.replace(tzinfo=UTC)
    due = moment_after(hours, zone, since, seconds)
    assert counted_s(hours, zone, since, due) == pytest.approx(seconds, abs=1e-3)


def test_levels_are_set_once_and_held_to_their_rules() -> None:
    chosen = ServiceLevelSet(
        priority=Priority.NORMAL, acknowledge_s=HOUR, resolve_s=10 * HOUR, hours=Hours.BUSINESS
    )
    given(SERVICE_LEVELS).when(BUSINESS).then(chosen)
    given(SERVICE_LEVELS, chosen).when(BUSINESS).then()
    assert [each.priority for each in SERVICE_LEVELS.replay([chosen]).all()] == list(Priority)
    default = DEFAULTS[Priority.HIGH]
    same = SetServiceLevel(
        priority=Priority.HIGH,
        acknowledge_s=default.acknowledge_s,
        resolve_s=default.resolve_s,
    )
    given(SERVICE_LEVELS).when(same).then()
    weekend = SetServiceLevel(
        priority=Priority.HIGH, acknowledge_s=60, resolve_s=60, hours=Hours.BUSINESS
    )
    given(SERVICE_LEVELS).when(weekend).refused(PriorityRunsAlways, field="$.hours")
    backwards = SetServiceLevel(priority=Priority.HIGH, acknowledge_s=61, resolve_s=60)
    given(SERVICE_LEVELS).when(backwards).refused(ResolveBeforeAcknowledge, field="$.resolve_s")


def timed(desk: TicketDesk) -> TicketTimed:
    found: TicketTimed = desk.told(TicketTimed)[-1]
    return found


def test_a_new_ticket_is_due_by_the_level_of_its_priority() -> None:
    desk = TicketDesk()
    desk.ask(opening())
    found = timed(desk)
    opened_at = desk.log.facts[0].recorded_at
    assert found.acknowledge is not None
    assert found.resolve is not None
    assert found.acknowledge.due_at == opened_at + timedelta(hours=1)
    assert found.acknowledge.at_risk_at == opened_at + timedelta(minutes=48)
    assert found.resolve.due_at == opened_at + timedelta(hours=24)
    assert next_moment(found) == found.acknowledge.at_risk_at
    assert next_moment(found, found.acknowledge.due_at) == found.resolve.at_risk_at
    assert desk.again() == []


def test_taking_it_on_reaches_the_first_target() -> None:
    desk = TicketDesk()
    desk.ask(opening(), AssignTicket(assignee="eve"), StartTicket())
    assert timed(desk).acknowledge is None
    assert timed(desk).resolve is not None
    assert timed(desk).version == 3


def test_a_hold_moves_the_due_moment_by_itself() -> None:
    desk = TicketDesk()
    desk.ask(opening(assignee="eve"), StartTicket())
    before = timed(desk).resolve
    desk.ask(HoldTicket(reason="Waits", waiting_until=UNTIL))
    held = timed(desk)
    assert held.paused
    assert held.resolve is not None
    assert held.resolve.due_at is None
    assert next_moment(held) is None
    assert elapsed_s(held, held.resolve, UNTIL) == held.resolve.counted_s
    desk.ask(PrioritiseTicket(priority=Priority.LOW), PrioritiseTicket(priority=Priority.NORMAL))
    desk.ask(ResumeTicket())
    after = timed(desk).resolve
    assert before is not None
    assert after is not None
    assert before.due_at is not None
    assert after.due_at == before.due_at + (desk.when(TicketResumed) - desk.when(TicketHeld))


def test_its_end_stops_the_clock_and_reopening_begins_anew() -> None:
    desk = TicketDesk()
    desk.ask(opening(assignee="eve"), StartTicket(), ResolveTicket(resolution="Done"))
    assert next_moment(timed(desk)) is None
    desk.ask(ReopenTicket(reason="Not so"))
    reopened_at = desk.log.facts[-2].recorded_at
    found = timed(desk)
    assert found.acknowledge is None  # it has an assignee
    assert found.resolve is not None
    assert found.resolve.due_at == reopened_at + timedelta(hours=24)


def test_a_ticket_that_nobody_had_is_to_be_taken_on_again() -> None:
    desk = TicketDesk()
    desk.ask(opening(), CancelTicket(reason="No"), ReopenTicket(reason="Yes"))
    assert timed(desk).acknowledge is not None


def test_another_priority_keeps_what_was_counted() -> None:
    desk = TicketDesk()
    desk.ask(opening(), PrioritiseTicket(priority=Priority.URGENT))
    found = timed(desk)
    assert found.resolve is not None
    assert found.resolve.due_at == desk.log.facts[0].recorded_at + timedelta(hours=1)
    assert found.priority is Priority.URGENT


def test_an_escalation_begins_anew() -> None:
    desk = TicketDesk()
    desk.ask(opening(assignee="eve"))
    due_at = BEGAN_AT + timedelta(hours=24)
    desk.ask(TellTicketBreached(target=ServiceTarget.RESOLVE, due_at=due_at, elapsed_s=86_400.0))
    escalated = desk.log.facts[-2]
    found = timed(desk)
    assert found.resolve is not None
    assert found.priority is Priority.HIGH
    assert found.resolve.due_at == escalated.recorded_at + timedelta(hours=4)
    again = EscalateTicket(target=ServiceTarget.RESOLVE, due_at=due_at)
    assert desk.wish(again) == []


def test_a_comment_leaves_the_targets_as_they_are() -> None:
    clock = begun(opening_fact(), BEGAN_AT, SERVICE_LEVELS.initial, LONDON)
    hour = timedelta(hours=1)
    later = moved(clock, TicketCommented(text="x"), BEGAN_AT + hour, SERVICE_LEVELS.initial, LONDON)
    assert timed_by(later).resolve != timed_by(clock).resolve
    before, after = timed_by(clock).resolve, timed_by(later).resolve
    assert before is not None
    assert after is not None
    assert after.due_at == before.due_at
    assert elapsed_s(timed_by(clock), before, BEGAN_AT + hour) == after.counted_s == HOUR


def opening_fact() -> TicketOpened:
    (fact,) = TICKET.decide(TICKET.initial, opening())
    assert isinstance(fact, TicketOpened)
    return fact


def test_what_does_not_move_the_clock_states_nothing() -> None:
    desk = TicketDesk()
    desk.ask(opening())
    before = len(desk.told(TicketTimed))
    desk.ask(CommentTicket(text="Looked"))
    assert len(desk.told(TicketTimed)) == before


def test_business_hours_count_on_the_wall_of_the_site_or_of_the_tenant() -> None:
    desk = TicketDesk()
    desk.log.wish(TENANT, TENANT_STREAM, FoundTenant(name="T", time_zone="Asia/Tokyo"))
    desk.log.wish(SERVICE_LEVELS, SERVICE_LEVELS_STREAM, BUSINESS)
    desk.ask(opening())
    assert (timed(desk).hours, timed(desk).time_zone) == (Hours.BUSINESS, "Asia/Tokyo")
    desk.site(time_zone="America/New_York")
    desk.ask(PrioritiseTicket(priority=Priority.LOW))
    assert (timed(desk).hours, timed(desk).time_zone) == (Hours.ALWAYS, "America/New_York")
    desk.ask(PrioritiseTicket(priority=Priority.NORMAL))
    found = timed(desk)
    assert found.acknowledge is not None
    assert found.acknowledge.due_at is not None
    # It is Sunday: the first hour that counts begins on Monday at eight in New York.
    due = wall("2026-11-23T09:00", "America/New_York")
    assert timedelta(0) <= due - found.acknowledge.due_at < timedelta(minutes=1)
    assert desk.again() == []


@forall(st.integers(1, 5))
def test_batches_may_be_cut_anywhere(size: int) -> None:
    whole, cut = TicketDesk(), TicketDesk()
    wishes: list[TicketCommand] = [
        opening(),
        AssignTicket(assignee="eve"),
        StartTicket(),
        HoldTicket(reason="Waits", waiting_until=UNTIL),
        ResumeTicket(),
    ]
    for desk in (whole, cut):
        for wish in wishes:
            desk.wish(wish)
    whole.settle()
    cut.settle(size)
    assert timed(whole).resolve == timed(cut).resolve
    assert timed(whole).version == timed(cut).version
