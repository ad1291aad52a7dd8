"""Findings on the real log: nights in any order, workers killed mid-audit, memories made again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from adapters.followers.desk import PolicyHandler
from adapters.followers.projecting import ProjectionHandler
from adapters.followers.runtime import Loop
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from adapters.postgres.plans import READ, PostgresPlans
from adapters.postgres.signals import PostgresSignals
from adapters.postgres.views import PostgresViews
from application.auditing import AUDITOR, AuditMustWait, RunAudit, request_audit
from application.policies.keep_findings_right_whenever_signals_come_late import (
    KeepFindingsRightWheneverSignalsComeLate,
)
from application.ports import Append, Cause, Expect, NewFact, Slice
from domain.catalogue import AnyRecorded
from domain.finding.facts import AuditFailed, AuditKind, FindingRaised, audit_stream
from domain.kernel import Event
from domain.signals import SignalEvent, signal_stream, signal_uuid
from projections.findings import AUDITS, FINDINGS, AuditShown, FindingRow, FindingShown
from projections.views import Wanted
from tests.auditing import field
from tests.auditing.field import PREFIXES, STREAMS, at, attendance, shift, site
from tests.auditing.night import Night
from tests.auditing.test_convergence import END, minute_of, plan, signals
from tests.conftest import Database as Migrated
from tests.memory_desk import MemoryLog

CAUSE = Cause("system:tests")


@pytest.fixture(autouse=True)
def last_night(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the night be one that is over and not long ago, by the log's own clock."""
    day = datetime.now(UTC).replace(hour=22, minute=0, second=0, microsecond=0)
    monkeypatch.setattr(field, "NIGHT", day - timedelta(days=2))


@pytest.fixture
def migrated(new_database: Callable[[], Migrated]) -> Migrated:
    """A database of the test's own: followers look at every tenant."""
    return new_database()


class Station:
    """A tenant of a real database, with its followers in hand."""

    def __init__(self, url: str, tenant: str) -> None:
        self.tenant = tenant
        self.database = Database(url)
        self.log = PostgresLog(self.database)
        self.log.open_tenant(tenant)
        policy = PolicyHandler(KeepFindingsRightWheneverSignalsComeLate())
        self.loops = [
            Loop(url, ProjectionHandler(projection), grown=lambda *_: None)
            for projection in (*READ, AUDITS)
        ]
        self.loops.append(Loop(url, policy, grown=lambda *_: None, batch_events_max=40))

    def plan(self, *events: Event) -> None:
        for event in events:
            field = STREAMS[type(event)]
            stream = PREFIXES[field] + getattr(event, field)
            self.log.append(self.tenant, Append.of(stream, Expect.ANY, [event], CAUSE))

    def tell(self, told: list[SignalEvent]) -> None:
        """Record signals, each as its own stream; a second delivery meets the first."""
        seen = set()
        appends = []
        for signal in told:
            uuid = signal_uuid(signal.source, signal.signal_id)
            if uuid not in seen:
                seen.add(uuid)
                fact = NewFact(signal, uuid)
                appends.append(Append([Slice(signal_stream(uuid), 0, [fact], CAUSE)]))
        if appends:
            self.log.append_each(self.tenant, appends)

    def follow(self) -> None:
        """Let every follower catch up, again and again until nobody states anything."""
        head = -1
        while head != (head := self.log.head(self.tenant).position):
            for loop in self.loops:
                loop.catch_up()

    def ask(
        self, minutes: float, kind: AuditKind = AuditKind.COMPREHENSIVE, site_id: str | None = None
    ) -> tuple[UUID, int]:
        now = datetime.now(UTC)
        audit_id, _, position = request_audit(
            self.log, self.tenant, kind, now, CAUSE, site_id=site_id, as_of=at(minutes)
        )
        return audit_id, position

    def run(self, asked: tuple[UUID, int]) -> None:
        """Do an audit as a worker does it."""
        for loop in self.loops[: len(READ)]:
            loop.catch_up()
        plans = PostgresPlans(self.database, wait_s_max=0.2)
        RunAudit(self.log, PostgresSignals(self.database), plans)(self.tenant, *asked)

    def facts(self) -> list[AnyRecorded]:
        return self.log.read(self.tenant, 0, 10_000)

    def mirror(self) -> Night:
        """Return the same log in memory, with what is to be said of it."""
        mirrored = Night.__new__(Night)
        mirrored.log = MemoryLog(self.tenant)
        mirrored.log.facts = self.facts()
        return mirrored

    def rows(self) -> list[FindingRow]:
        return PostgresViews(self.database).page(FINDINGS, self.tenant, Wanted(limit=200)).rows

    def close(self) -> None:
        for loop in self.loops:
            loop.disconnect()
        self.log.close()
        self.database.close()


@contextmanager
def station(migrated: Migrated, tenant: str) -> Iterator[Station]:
    opened = Station(migrated.app_url, tenant)
    try:
        yield opened
    finally:
        opened.close()


def test_nights_end_the_same_on_the_real_log(migrated: Migrated, audited_nights: int) -> None:
    """In order and shuffled, followed in between or not, with audits in between."""
    for seed in range(audited_nights):
        chance = Random(seed)
        plan_, told = plan(chance), signals(chance)
        told.sort(key=minute_of)
        shuffled = [*told, *chance.sample(told, len(told) // 5)]
        chance.shuffle(shuffled)
        ends = []
        audits = [(chance.randint(60, 400), chance.choice([None, "S-1"])) for _ in range(2)]
        for name, order in (("order", told), ("shuffled", shuffled)):
            with station(migrated, f"t-{name}-{seed}") as opened:
                opened.plan(*plan_)
                third = len(order) // 3
                for number in range(3):
                    last = number == 2
                    opened.tell(order[number * third : None if last else (number + 1) * third])
                    if not last:
                        minutes, where = audits[number]
                        asked = opened.ask(minutes, site_id=where)
                        if chance.random() < 0.5:
                            opened.follow()
                        opened.run(asked)
                        if chance.random() < 0.5:
                            opened.follow()
                opened.run(opened.ask(END))
                opened.follow()
                mirror = opened.mirror()
                assert mirror.standing() == mirror.expected()
                ends.append(mirror.standing())
                shown = {row.finding_id for row in opened.rows() if row.status is FindingShown.OPEN}
                assert shown == set(ends[-1])
        assert ends[0] == ends[1]


def test_an_audit_waits_for_what_it_reads(migrated: Migrated, tenant: str) -> None:
    with station(migrated, tenant) as opened:
        opened.plan(site(), shift())
        asked = opened.ask(600)
        plans = PostgresPlans(opened.database, wait_s_max=0.05)
        with pytest.raises(AuditMustWait):
            RunAudit(opened.log, PostgresSignals(opened.database), plans)(tenant, *asked)
        opened.run(asked)
        opened.follow()
        (row,) = PostgresViews(opened.database).page(AUDITS, tenant, Wanted()).rows
        raised = 2 + 16  # a no-show, an uncovered shift, and half hours of silence
        assert (row.status, row.raised, row.sites) == (AuditShown.COMPLETED, raised, 1)


def test_an_audit_of_a_site_that_nobody_registered_fails(migrated: Migrated, tenant: str) -> None:
    with station(migrated, tenant) as opened:
        asked = opened.ask(600, site_id="S-9")
        opened.run(asked)
        _, answer = opened.log.read_stream(tenant, audit_stream(asked[0]))
        assert isinstance(answer.event, AuditFailed)
        opened.follow()
        (row,) = PostgresViews(opened.database).page(AUDITS, tenant, Wanted()).rows
        assert (row.status, row.reason) == (AuditShown.FAILED, "There is no site S-9.")


def test_a_worker_killed_in_the_middle_of_an_audit_does_nothing_twice(
    migrated: Migrated, tenant: str
) -> None:
    """A process is killed by SIGKILL with some of the findings stated; another one goes on."""
    with station(migrated, tenant) as opened, capture_logs():
        for number in range(60):
            name = f"S-{number:02}"
            opened.plan(site(name), shift(f"N-{number}", f"G-{number}", site=name, hours=4))
        opened.tell([attendance(5, f"G-{number}", site=f"S-{number:02}") for number in (0, 55)])
        asked = opened.ask(600)
        for loop in opened.loops:
            loop.catch_up()
        program = Path(__file__).parent / "killed_program.py"
        words = [
            sys.executable,
            str(program),
            migrated.app_url,
            tenant,
            str(asked[0]),
            str(asked[1]),
        ]
        killed = subprocess.run(words, check=False, timeout=60)
        assert killed.returncode == -9
        raised = [fact for fact in opened.facts() if isinstance(fact.event, FindingRaised)]
        assert 0 < len(raised) < 400
        opened.run(asked)
        opened.run(asked)  # a second message finds the answer
        opened.follow()
        raised = [fact for fact in opened.facts() if isinstance(fact.event, FindingRaised)]
        assert len(raised) == len({fact.stream_id for fact in raised})
        mirror = opened.mirror()
        assert mirror.standing() == mirror.expected()
        (row,) = PostgresViews(opened.database).page(AUDITS, tenant, Wanted()).rows
        by_audit = [fact for fact in raised if fact.actor == AUDITOR]
        assert (row.status, row.raised) == (AuditShown.COMPLETED, len(by_audit))
