"""Timers on the real parts: due moments ring once, late if need be, and never what is not true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from adapters.followers.desk import PolicyHandler
from adapters.followers.runtime import Loop
from adapters.jobs.ringing import Ringer
from adapters.jobs.timing import TimerKeeper
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from application.handling import handle
from application.policies.keep_service_level_whenever_ticket_told import (
    KeepServiceLevelWheneverTicketTold,
)
from application.ports import Append, Cause
from application.timers import CLOCK_TIMER, HOLD_TIMER, Bell, EndHolds, TellServiceLevel
from domain.catalogue import AnyRecorded
from domain.kernel import Event
from domain.ticket import (
    TICKET,
    AssignTicket,
    CancelTicket,
    CommentTicket,
    HoldTicket,
    PrioritiseTicket,
    Priority,
    ResumeTicket,
    ServiceTarget,
    StartTicket,
    TicketCommand,
    TicketCommented,
    TicketHeld,
    TicketResumed,
    TicketSlaAtRisk,
    TicketSlaBreached,
    ticket_stream,
)
from tests.conftest import Database as Migrated
from tests.tickets.desk import opening

CAUSE = Cause("user:tests")


@pytest.fixture
def store(new_database: Callable[[], Migrated]) -> Iterator[Database]:
    """A database of the test's own: a ringer looks at every tenant."""
    opened = Database(new_database().app_url)
    yield opened
    opened.close()


@pytest.fixture
def desk(store: Database, tenant: str) -> Iterator[Desk]:
    with capture_logs():
        log = PostgresLog(store)
        log.open_tenant(tenant)
        yield Desk(store, log, tenant)
        log.close()


class Desk:
    """A tenant with one ticket, a clock that the test sets, and two processes that ring."""

    def __init__(self, store: Database, log: PostgresLog, tenant: str) -> None:
        self.store, self.log, self.tenant = store, log, tenant
        self.ticket_id: UUID = uuid4()
        self.later = timedelta()
        bells: dict[str, Bell] = {
            CLOCK_TIMER: TellServiceLevel(log, self.now),
            HOLD_TIMER: EndHolds(log, self.now),
        }
        self.ringers = [
            Ringer(store, kind, bell, lease_s=0.0) for kind, bell in bells.items() for _ in range(2)
        ]

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def ask(self, *wishes: TicketCommand) -> None:
        for wish in wishes:
            stream = ticket_stream(self.ticket_id)
            handle(self.log, self.tenant, TICKET, stream, wish, CAUSE)

    def follow(self) -> None:
        url = self.store.url
        policy = PolicyHandler(KeepServiceLevelWheneverTicketTold())
        Loop(url, policy, grown=lambda *_: None).catch_up()
        Loop(url, TimerKeeper(), grown=lambda *_: None).catch_up()

    def ring(self, later: timedelta) -> None:
        """Let time go by: the clock goes on, and what is due by then is due now."""
        self.later += later
        due = "UPDATE jobs.timers SET due_at = clock_timestamp() WHERE due_at <= %s"
        with self.store.unit_of_work(self.tenant) as connection:
            connection.execute(due, [self.now()])
        for ringer in self.ringers:
            ringer.ring_due()

    def told(self, *types: type[Event]) -> list[Event]:
        facts = self.log.read_stream(self.tenant, ticket_stream(self.ticket_id))
        return [fact.event for fact in facts if isinstance(fact.event, types)]

    def sla(self) -> list[tuple[str, ServiceTarget]]:
        told = self.told(TicketSlaAtRisk, TicketSlaBreached)
        return [
            (type(each).__name__.removeprefix("TicketSla"), each.target)
            for each in told
            if isinstance(each, TicketSlaAtRisk | TicketSlaBreached)
        ]


ACKNOWLEDGE, RESOLVE = ServiceTarget.ACKNOWLEDGE, ServiceTarget.RESOLVE
MINUTES = timedelta(minutes=1)
WAITING_UNTIL = datetime(2027, 1, 1, tzinfo=UTC)


def test_targets_are_told_at_risk_and_breached_once_however_many_ring(desk: Desk) -> None:
    desk.ask(opening(desk.ticket_id))
    desk.follow()
    desk.ring(47 * MINUTES)
    assert desk.sla() == []
    desk.ring(2 * MINUTES)
    desk.ring(timedelta())
    assert desk.sla() == [("AtRisk", ACKNOWLEDGE)]
    desk.ring(12 * MINUTES)
    desk.ring(MINUTES)
    assert desk.sla() == [("AtRisk", ACKNOWLEDGE), ("Breached", ACKNOWLEDGE)]
    (breach,) = desk.told(TicketSlaBreached)
    assert isinstance(breach, TicketSlaBreached)
    assert breach.elapsed_s == pytest.approx(61 * 60, abs=30)
    facts = desk.log.read_stream(desk.tenant, ticket_stream(desk.ticket_id))
    clock = desk.log.read_stream(desk.tenant, f"clock-{desk.ticket_id}")
    assert (facts[-1].actor, facts[-1].caused_by) == ("system:timer", clock[-1].position)


def test_what_was_due_while_nothing_ran_is_told_once_and_late(desk: Desk) -> None:
    desk.ask(opening(desk.ticket_id))
    desk.follow()
    desk.ring(timedelta(days=3))
    desk.ring(timedelta(days=3))
    assert desk.sla() == [("Breached", ACKNOWLEDGE), ("Breached", RESOLVE)]


def test_a_hold_stops_the_timer_and_moves_what_is_due(desk: Desk) -> None:
    held = HoldTicket(reason="Waits", waiting_until=WAITING_UNTIL)
    desk.ask(opening(desk.ticket_id, assignee="eve"), StartTicket(), held)
    desk.follow()
    desk.ring(timedelta(days=3))
    assert desk.sla() == []
    desk.ask(ResumeTicket())
    desk.follow()
    desk.later = timedelta()
    desk.ring(timedelta(hours=19))
    assert desk.sla() == []
    desk.ring(timedelta(minutes=20))
    assert desk.sla() == [("AtRisk", RESOLVE)]


def wait(until: timedelta) -> HoldTicket:
    return HoldTicket(reason="Waits", waiting_until=datetime.now(UTC) + until)


def test_a_hold_ends_by_itself_when_its_moment_has_come_and_the_clock_runs_again(
    desk: Desk,
) -> None:
    desk.ask(opening(desk.ticket_id, assignee="eve"), StartTicket(), wait(timedelta(days=2)))
    desk.follow()
    desk.ring(timedelta(days=1))
    assert desk.told(TicketResumed) == []
    desk.ring(timedelta(days=2))
    desk.ring(timedelta())
    assert desk.told(TicketResumed) == [TicketResumed()]
    story = desk.log.read_stream(desk.tenant, ticket_stream(desk.ticket_id))
    (held,) = (fact for fact in story if isinstance(fact.event, TicketHeld))
    assert (story[-1].actor, story[-1].caused_by) == ("system:timer", held.position)
    desk.follow()
    desk.later = timedelta()
    desk.ring(timedelta(days=2))
    assert desk.sla() == [("Breached", RESOLVE)]


def test_the_last_of_several_holds_counts(desk: Desk) -> None:
    first, second = wait(timedelta(hours=1)), wait(timedelta(hours=5))
    desk.ask(opening(desk.ticket_id, assignee="eve"), StartTicket(), first)
    desk.follow()
    desk.ask(second)
    desk.ring(timedelta(hours=2))  # the book still has the first
    assert desk.told(TicketResumed) == []
    desk.ring(timedelta(hours=4))
    assert desk.told(TicketResumed) == [TicketResumed()]


@pytest.mark.parametrize("over", [ResumeTicket(), CancelTicket(reason="A test")])
def test_a_hold_that_somebody_ended_rings_no_more(desk: Desk, over: TicketCommand) -> None:
    desk.ask(opening(desk.ticket_id, assignee="eve"), StartTicket(), wait(timedelta(hours=1)))
    desk.follow()
    desk.ask(over)
    resumed = desk.told(TicketResumed)
    desk.ring(timedelta(hours=2))
    desk.follow()
    desk.ring(timedelta(hours=2))
    assert desk.told(TicketResumed) == resumed


def test_who_is_overtaken_while_a_hold_ends_rings_again_soon(desk: Desk) -> None:
    desk.ask(opening(desk.ticket_id, assignee="eve"), StartTicket(), wait(timedelta(hours=1)))
    racing = Races(desk.store)
    racing.rival = desk
    desk.later = timedelta(hours=2)
    again_at = EndHolds(racing, desk.now)(desk.tenant, desk.ticket_id, 1)
    racing.close()
    assert again_at is not None
    assert again_at - desk.now() < timedelta(seconds=2)
    assert desk.told(TicketResumed) == []


def test_a_timer_waits_for_a_clock_that_is_behind_its_ticket(desk: Desk) -> None:
    desk.ask(opening(desk.ticket_id))
    desk.follow()
    desk.ask(AssignTicket(assignee="eve"), CommentTicket(text="On my way"))
    desk.ring(timedelta(days=3))
    assert desk.sla() == [], "Whoever rings knows that its moments are out of date."
    desk.follow()
    desk.later = timedelta()
    desk.ring(timedelta(days=3))
    assert desk.sla() == [("Breached", RESOLVE)]


def test_another_priority_is_another_due_moment(desk: Desk) -> None:
    desk.ask(opening(desk.ticket_id, assignee="eve"))
    desk.follow()
    desk.ring(timedelta(hours=2))
    assert desk.sla() == []
    desk.later = timedelta(hours=2)
    desk.ask(PrioritiseTicket(priority=Priority.URGENT))
    desk.follow()
    desk.ring(timedelta(hours=2))
    assert desk.sla() == [("Breached", RESOLVE)]


def test_a_timer_for_nothing_rings_no_more(desk: Desk) -> None:
    bell = TellServiceLevel(desk.log, desk.now)
    assert bell(desk.tenant, uuid4(), 1) is None


class Races(PostgresLog):
    """A log in which somebody else writes to the ticket just before we do."""

    rival: Desk

    def append(self, tenant_id: str, append: Append):  # type: ignore[no-untyped-def]  # as it is
        self.rival.ask(CommentTicket(text="Faster"))
        return super().append(tenant_id, append)


def test_who_loses_a_race_rings_again_soon(desk: Desk) -> None:
    desk.ask(opening(desk.ticket_id))
    desk.follow()
    racing = Races(desk.store)
    racing.rival = desk
    desk.later = timedelta(days=3)
    again_at = TellServiceLevel(racing, desk.now)(desk.tenant, desk.ticket_id, 1)
    racing.close()
    assert again_at is not None
    assert again_at - desk.now() < timedelta(seconds=2)
    assert desk.told(TicketCommented) == [TicketCommented(text="Faster")]
    assert desk.sla() == []


class Overtaken(PostgresLog):
    """A log in which somebody puts the ticket on hold after we looked at it."""

    rival: Desk
    looks = 0

    def read_stream(self, tenant_id: str, stream_id: str) -> list[AnyRecorded]:
        if stream_id == ticket_stream(self.rival.ticket_id):
            self.looks += 1
            if self.looks == 2:
                self.rival.ask(HoldTicket(reason="Waits", waiting_until=WAITING_UNTIL))
        return super().read_stream(tenant_id, stream_id)


def test_what_is_not_true_any_more_is_not_told(desk: Desk) -> None:
    desk.ask(opening(desk.ticket_id, assignee="eve"), StartTicket())
    desk.follow()
    overtaken = Overtaken(desk.store)
    overtaken.rival = desk
    desk.later = timedelta(days=3)
    TellServiceLevel(overtaken, desk.now)(desk.tenant, desk.ticket_id, 1)
    overtaken.close()
    assert overtaken.looks == 2
    assert desk.sla() == []


def test_a_ringer_is_a_thread_that_can_be_stopped(desk: Desk) -> None:
    ringer = desk.ringers[0]
    assert not ringer.is_running()
    ringer.start()
    assert ringer.is_running()
    ringer.stop()
    assert not ringer.is_running()
