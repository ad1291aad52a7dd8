"""A month: a drawn world played into Vedette as fast as the machine goes, hour after hour.

Signals go through the real intake into the real log; the real followers and the real audits judge
them. What is left out, and why, stands in ADR 0040.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import groupby
from threading import Event as Stop
from typing import cast
from uuid import UUID

import msgspec

from adapters.followers.runtime import Loop
from application.directory import (
    DEVICE_ENTRIES,
    PERSON_ENTRIES,
    SHIFT_ENTRIES,
    SITE_ENTRIES,
    TASK_ENTRIES,
    TOUR_ENTRIES,
    Entries,
    state_each,
)
from application.handling import handle
from application.ingestion import Giver, SignalIntake, TakenAs
from application.ports import Cause
from application.schedule import SCHEDULE, Schedule
from application.signals import Signal
from domain.directory.tenant import TENANT, TENANT_STREAM, FoundTenant
from domain.finding.facts import audit_stream
from domain.jobs import AUDIT_JOB
from domain.kernel import Command
from domain.ticket import (
    TICKET,
    AssignTicket,
    CloseTicket,
    ResolveTicket,
    StartTicket,
    TicketIsOver,
)
from interfaces import wiring
from interfaces.settings import Settings
from interfaces.simulator import Delivery, Truth, World, mishaps, play
from interfaces.simulator.enrolment import enrol
from interfaces.simulator.far_side import FarSide
from interfaces.simulator.roster import Roster
from tests.bench.kit import Database
from tests.evaluate.clock import MovedClock
from tests.evaluate.static import StaticThresholds
from tests.evaluate.truth import Trouble, of_frauds, of_mishap

TENANT_ID = "month"
CAUSE = Cause("system:evaluation")
BATCH_SIGNALS = 1_000
# Whoever works in the control room is done with a ticket by then. Without an end, one ticket would
# count what goes wrong a whole day long. An assumption.
TICKET_WORK = timedelta(hours=1)
WORK = (
    AssignTicket(assignee="operator"),
    StartTicket(),
    ResolveTicket(resolution="Looked at."),
    CloseTicket(),
)
OPENED = "ticket.opened"
ENTRIES: dict[str, Entries] = {
    "sites": SITE_ENTRIES,
    "persons": PERSON_ENTRIES,
    "devices": DEVICE_ENTRIES,
    "tours": TOUR_ENTRIES,
    "shifts": SHIFT_ENTRIES,
    "tasks": TASK_ENTRIES,
}
# Boards, mail and service levels are behind what is judged here; nobody looks at them.
LEFT_OUT = frozenset(
    {
        "alert-board",
        "audits",
        "fraud-scores",
        "incidents",
        "job-board",
        "keep-service-level-whenever-ticket-told",
        "keep-timer-whenever-due",
        "dispatch-job-whenever-requested",
        "escalate-ticket-whenever-sla-breached",
        "send-mail-whenever-escalated",
        "ledger",
        "mails",
        "maintenance-plans",
        "silences",
        "threshold-board",
        "ticket-board",
        "ticket-clocks",
    }
)


decoder: msgspec.json.Decoder[Signal] = msgspec.json.Decoder(Signal)


class Directory:
    """Where the simulator states its directory, instead of over HTTP: the same wishes, in batches."""

    def __init__(self, vedette: wiring.Vedette) -> None:
        self._vedette = vedette
        self._waiting: dict[str, list[Command]] = {}

    async def enrol(self, collection: str, item_id: str, content: dict[str, object]) -> None:
        """Take one entry, as the HTTP interface does."""
        entries = ENTRIES[collection]
        fields = {entries.key: item_id, **content}
        statement: Command = msgspec.convert(fields, entries.statement)
        self._waiting.setdefault(collection, []).append(statement)

    def flush(self) -> None:
        """State what was taken."""
        for collection, entries in ENTRIES.items():
            statements = self._waiting.pop(collection, [])
            for stated in state_each(self._vedette.log, TENANT_ID, entries, statements, CAUSE):
                assert stated.refusal is None, f"The directory refused: {stated.refusal}"


class Followers:
    """The followers, each moved on by hand until nothing is left to do."""

    def __init__(self, vedette: wiring.Vedette) -> None:
        wanted = [each for each in wiring.handlers() if each.name not in LEFT_OUT]
        # Who must stay behind another comes after it, so one round mostly does.
        ordered = sorted(wanted, key=lambda each: each.behind is not None)
        self._loops = [Loop(vedette.database.url, each, grown=self._grown) for each in ordered]
        self._awake = {loop.handler.name for loop in self._loops}

    def settle(self) -> None:
        """Follow until nobody has anything left to do."""
        self._awake = {loop.handler.name for loop in self._loops}
        while self._awake:
            awake, self._awake = self._awake, set()
            for loop in self._loops:
                if loop.handler.name in awake:
                    self._drain(loop)

    def _drain(self, loop: Loop) -> None:
        loop._enrol()
        while loop.step():
            pass

    def close(self) -> None:
        for loop in self._loops:
            loop.disconnect()

    def _grown(self, _tenant_id: str, types: frozenset[str]) -> None:
        for loop in self._loops:
            wanted = loop.handler.types
            if wanted is None or not wanted.isdisjoint(types):
                self._awake.add(loop.handler.name)


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What a month came to."""

    troubles: list[Trouble]
    signals: int  # that were accepted
    refused: dict[str, int]  # by the code of the refusal
    parked: list[str]  # followers that stopped, and why


class Month:
    """One world in one database, from its first minute to its last."""

    def __init__(
        self, database: Database, drawn: World, start: datetime, days: float, step: timedelta
    ) -> None:
        self._world, self._start, self._step = drawn, start, step
        self._end = start + timedelta(days=days)
        self._clock = MovedClock(database.owner_url, start)
        # No cache is asked: nothing here reads through a door.
        self._vedette = wiring.open_application(
            Settings(database_url=database.app_url, redis_url="redis://127.0.0.1:1/0")
        )
        self._intake = SignalIntake(self._vedette.log, self._clock)
        self._directory = Directory(self._vedette)
        self._audit = wiring.use_cases(self._vedette)[AUDIT_JOB.name]
        rows = [row for row in SCHEDULE if row.job is AUDIT_JOB]
        self._schedule = Schedule(self._vedette.log, rows)
        self._followers = Followers(self._vedette)
        self._read_tickets_to = 0
        self._open_tickets: list[tuple[datetime, str]] = []
        self._refused: dict[str, int] = {}
        self._signals = 0
        self._frauds: list[Truth] = []

    def play(self, watchers: list[StaticThresholds], tell: Callable[[datetime], None]) -> Played:
        """Play everything; `watchers` are handed the same signals and the same plan."""
        with closing(self._vedette), closing(self._clock), closing(self._followers):
            self._found()
            far_side = cast("FarSide", self._directory)
            start, end = self._start.timestamp(), self._end.timestamp()
            roster = Roster(far_side, self._world, start, end, 1)
            stop = Stop()
            for until, deliveries in self._steps(start, end):
                asyncio.run(roster.reach(until.timestamp(), stop))
                self._directory.flush()
                self._deliver(deliveries)
                for watcher in watchers:
                    watcher.take(deliveries, until)
                self._clock.move(until)
                self._work(until)
                asked = self._schedule.ask(until)
                self._followers.settle()
                self._run_audits(asked)
                tell(until)
            self._followers.settle()
            wrong = [of_mishap(told) for _, told in mishaps(self._world, start, end)]
            parked = [
                f"{each.follower}: {each.error}"
                for each in self._vedette.operations.followers(TENANT_ID)
                if each.error is not None
            ]
        return Played(
            troubles=wrong + of_frauds(self._frauds),
            signals=self._signals,
            refused=self._refused,
            parked=parked,
        )

    def _found(self) -> None:
        log = self._vedette.log
        log.open_tenant(TENANT_ID)
        founding = FoundTenant(name="A month", time_zone="Europe/London")
        handle(log, TENANT_ID, TENANT, TENANT_STREAM, founding, CAUSE)
        far_side = cast("FarSide", self._directory)
        asyncio.run(enrol(far_side, self._world, security_manager=None, concurrency=1, stop=Stop()))
        self._directory.flush()

    def _steps(self, start: float, end: float) -> Iterator[tuple[datetime, list[Delivery]]]:
        step_s = self._step.total_seconds()
        found = play(self._world, start, end)
        groups = groupby(found, key=lambda each: int((each.deliver_at - start) // step_s))
        coming = next(groups, None)
        steps = int((end - start) // step_s)
        for number in range(steps):
            deliveries: list[Delivery] = []
            if coming is not None and coming[0] == number:
                deliveries = list(coming[1])
                coming = next(groups, None)
            yield datetime.fromtimestamp(start + (number + 1) * step_s, UTC), deliveries

    def _deliver(self, deliveries: list[Delivery]) -> None:
        """Hand signals in, minute by minute: the log's time is right to a minute."""
        self._frauds += [each.truth for each in deliveries if each.truth is not None]
        giver = Giver(TENANT_ID, "key:evaluation")
        for minute, group in groupby(deliveries, key=lambda each: each.deliver_at // 60):
            self._clock.move(datetime.fromtimestamp((minute + 1) * 60, UTC))
            # Written and read as on the way over HTTP, so the same fields are looked at.
            signals = [decoder.decode(msgspec.json.encode(each.signal)) for each in group]
            for first in range(0, len(signals), BATCH_SIGNALS):
                for taken in self._intake.take(giver, signals[first : first + BATCH_SIGNALS]):
                    self._signals += taken.status is TakenAs.ACCEPTED
                    if taken.refusal is not None:
                        code = taken.refusal.code
                        self._refused[code] = self._refused.get(code, 0) + 1

    def _run_audits(self, asked: list[UUID]) -> None:
        for audit_id in asked:
            request = self._vedette.log.read_stream(TENANT_ID, audit_stream(audit_id))[0]
            self._audit(TENANT_ID, audit_id, request.position)

    def _work(self, now: datetime) -> None:
        """Be the person who works the tickets off: each is done an hour after it was opened."""
        self._open_tickets += self._opened()
        due = [ticket for opened_at, ticket in self._open_tickets if opened_at <= now - TICKET_WORK]
        self._open_tickets = [
            (opened_at, ticket)
            for opened_at, ticket in self._open_tickets
            if opened_at > now - TICKET_WORK
        ]
        for stream in due:
            self._close(stream)

    def _close(self, stream: str) -> None:
        """Take a ticket through its life, unless it was taken back meanwhile."""
        log = self._vedette.log
        for wish in WORK:
            try:
                handle(log, TENANT_ID, TICKET, stream, wish, CAUSE)
            except TicketIsOver:
                return

    def _opened(self) -> Iterator[tuple[datetime, str]]:
        with self._vedette.database.unit_of_work(TENANT_ID) as connection:
            rows = connection.execute(
                "SELECT position, recorded_at, stream_id FROM log.events"
                " WHERE tenant_id = %s AND position > %s AND type = %s ORDER BY position",
                [TENANT_ID, self._read_tickets_to, OPENED],
            ).fetchall()
        for position, recorded_at, stream_id in rows:
            self._read_tickets_to = position
            yield recorded_at, stream_id
