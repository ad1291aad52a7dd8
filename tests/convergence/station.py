"""A real database with every policy in hand, where nights are played in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from typing import Any, TypeVar
from uuid import UUID, uuid4

import msgspec

from adapters.followers.desk import PolicyHandler
from adapters.followers.projecting import ProjectionHandler
from adapters.followers.runtime import Handler, Loop
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from adapters.postgres.plans import READ, PostgresPlans
from adapters.postgres.signals import PostgresSignals
from adapters.postgres.views import PostgresViews
from application.auditing import RunAudit, request_audit
from application.policies import POLICIES
from application.ports import Append, Cause, Expect, NewFact, Slice
from application.watching.showing import POLICY as WATCH
from domain.anomaly.family import Family
from domain.anomaly.lending import Lending
from domain.catalogue import AnyRecorded
from domain.finding.facts import AuditKind
from domain.fraud.facts import FraudScored
from domain.incident.state import IncidentStatus
from domain.signals import SignalEvent, signal_stream, signal_uuid
from domain.ticket import OPEN_STATUSES
from projections.alert_board import ALERT_BOARD, AlertShown
from projections.anomalies import ANOMALIES, AnomalyShown
from projections.findings import FINDINGS, FindingShown
from projections.fraud_scores import FRAUD_SCORES
from projections.incidents import INCIDENTS
from projections.kernel import Projection
from projections.ticket_board import TICKET_BOARD
from projections.views import Wanted
from tests.convergence.force import END_MINUTES, Asked, Night, at

R = TypeVar("R", bound=msgspec.Struct)
CAUSE = Cause("system:tests")
SHOWN: tuple[Projection[Any], ...] = (
    FRAUD_SCORES,
    ANOMALIES,
    ALERT_BOARD,
    INCIDENTS,
    TICKET_BOARD,
)
Request = tuple[UUID, int]
BASELINES = (
    "SELECT key, value FROM policy.memories WHERE tenant_id = %(tenant)s"
    " AND policy = %(policy)s AND key LIKE %(prefix)s"
)


class Station:
    """Followers of one database, moved by hand: no process, no clock, no waiting."""

    def __init__(self, url: str, handlers: Iterable[Handler] | None = None) -> None:
        self.database = Database(url)
        self.log = PostgresLog(self.database)
        self.views = PostgresViews(self.database)
        self._stated: set[str] = set()  # types of facts that followers stated, of late
        self.read = self._loops(url, map(ProjectionHandler, READ))
        self.shown = self._loops(url, map(ProjectionHandler, SHOWN))
        policies = [PolicyHandler(policy()) for policy in POLICIES]
        self.policies = self._loops(url, policies if handlers is None else handlers)

    def _loops(self, url: str, handlers: Iterable[Handler]) -> list[Loop]:
        return [Loop(url, handler, grown=self._grown) for handler in handlers]

    @property
    def loops(self) -> list[Loop]:
        return [*self.read, *self.shown, *self.policies]

    def open(self, tenant: str) -> None:
        """Open a tenant, and let every follower know of it."""
        self.log.open_tenant(tenant)
        with self.database.connection() as connection:
            for loop in self.loops:
                connection.execute("SELECT log.enrol_follower(%s)", [loop.handler.name])

    def catch_up(self, loops: Sequence[Loop]) -> None:
        """Let followers go on until none of them has anything to do.

        Who wants nothing of what was stated is not asked: asking is most of what it costs.
        """
        ahead = {loop.handler.behind for loop in loops}
        due = list(loops)
        while due:
            self._stated.clear()
            for loop in due:
                while loop.step():
                    pass
            due = [
                loop
                for loop in loops
                if self._stated
                and (
                    loop.handler.name in ahead
                    or not self._stated.isdisjoint(loop.handler.types or ())
                )
            ]

    def _grown(self, tenant: str, types: frozenset[str]) -> None:
        del tenant
        self._stated |= types

    def close(self) -> None:
        for loop in self.loops:
            loop.disconnect()
        self.log.close()
        self.database.close()


@contextmanager
def opened(url: str) -> Iterator[Station]:
    station = Station(url)
    try:
        yield station
    finally:
        station.close()


class Play:
    """A night as it comes in at one tenant, the days before it in order."""

    def __init__(
        self, station: Station, night: Night, tenant: str = "", *, at_once: bool = False
    ) -> None:
        self.station = station
        self.tenant = tenant or f"t-{uuid4().hex[:12]}"
        self.night = night
        tenant = self.tenant
        station.open(tenant)
        appends = [Append.of(stream, Expect.ANY, [event], CAUSE) for stream, event in night.plan]
        station.log.append_each(tenant, appends)
        self.tell(night.before)
        if not at_once:
            self.follow()

    def deliver(self, signals: Sequence[SignalEvent], chance: Random, pieces: int) -> None:
        """Deliver signals in this order in so many pieces; somebody audits in between, and the
        audit's worker and the followers are slow or quick as it happens."""
        cuts = sorted(chance.randint(0, len(signals)) for _ in range(pieces - 1))
        audits = list(self.night.audits)
        waiting: list[Request] = []
        for begin, end in pairwise([0, *cuts, len(signals)]):
            self.tell(signals[begin:end])
            if audits and chance.random() < 0.6:
                waiting.append(self.ask(audits.pop(0)))
            if chance.random() < 0.7:
                self.follow()
            if waiting and chance.random() < 0.6:
                self.run(waiting.pop(0))
        waiting += [self.ask(audit) for audit in audits]
        waiting.append(self.ask(Asked(END_MINUTES, AuditKind.COMPREHENSIVE, None)))
        for request in waiting:
            self.run(request)
        self.follow()

    def tell(self, told: Sequence[SignalEvent]) -> None:
        """Record signals, each as its own stream; a second delivery meets the first."""
        appends: dict[UUID, Append] = {}
        for signal in told:
            uuid = signal_uuid(signal.source, signal.signal_id)
            appends[uuid] = Append([Slice(signal_stream(uuid), 0, [NewFact(signal, uuid)], CAUSE)])
        if appends:
            self.station.log.append_each(self.tenant, list(appends.values()))

    def follow(self) -> None:
        self.station.catch_up([*self.station.read, *self.station.policies])

    def ask(self, asked: Asked) -> Request:
        audit_id, _, position = request_audit(
            self.station.log,
            self.tenant,
            asked.kind,
            datetime.now(UTC),
            CAUSE,
            site_id=asked.site_id,
            as_of=at(asked.minutes),
        )
        return audit_id, position

    def run(self, request: Request) -> None:
        """Do an audit as a worker does it."""
        self.station.catch_up(self.station.read)
        database = self.station.database
        run = RunAudit(self.station.log, PostgresSignals(database), PostgresPlans(database))
        run(self.tenant, *request)

    def facts(self) -> list[AnyRecorded]:
        return self.station.log.read(self.tenant, 0, 100_000)

    def rows(self, projection: Projection[R]) -> list[R]:
        """Return all rows of a read model."""
        found: list[R] = []
        cursor: str | None = None
        while True:
            page = self.station.views.page(
                projection, self.tenant, Wanted(limit=200, cursor=cursor)
            )
            found += page.rows
            cursor = page.next_cursor
            if cursor is None:
                return found

    def standing(self) -> dict[str, Any]:
        """Return everything that stands, told without ids and positions that tell of the way here."""
        self.station.catch_up(self.station.shown)
        alerts = {row.alert_id: row for row in self.rows(ALERT_BOARD)}
        keys = {alert_id: row.dedup_key for alert_id, row in alerts.items()}
        return {
            "scores": {
                row.attendance: (
                    row.fraud_type,
                    row.probability,
                    row.features,
                    row.reasons,
                    row.contradictions,
                )
                for row in self.rows(FRAUD_SCORES)
            },
            "anomalies": {
                row.anomaly_id: (row.metric, row.subject_id, row.severity, row.measured)
                for row in self.rows(ANOMALIES)
                if row.status is AnomalyShown.STANDING
            },
            "findings": {
                row.finding_id: (
                    row.finding_type,
                    row.severity,
                    row.title,
                    row.person_id,
                    row.device_id,
                    row.expected,
                    sorted(row.received),
                    row.explanation,
                )
                for row in self.rows(FINDINGS)
                if row.status is FindingShown.OPEN
            },
            "alerts": sorted(
                (row.dedup_key, row.status, row.severity, row.count, sorted(row.evidence))
                for row in alerts.values()
                if row.status is not AlertShown.WITHDRAWN
            ),
            "incidents": sorted(
                (
                    sorted(
                        (each.item.sign, str(keys.get(each.item.id, each.item.id)))
                        for each in row.items
                    ),
                    row.severity,
                )
                for row in self.rows(INCIDENTS)
                if row.status is IncidentStatus.OPEN
            ),
            "tickets": sorted(
                (str(row.dedup_key), row.category, row.severity)
                for row in self.rows(TICKET_BOARD)
                if row.status in OPEN_STATUSES
            ),
            "baselines": self.baselines(),
        }

    def baselines(self) -> dict[str, Any]:
        """Return what is normal, and what was last said of it, without how often it was said."""
        found: dict[str, Any] = {}
        for key, value in self._remembered("baseline/%"):
            family = msgspec.json.decode(value, type=Family)
            told = {
                start: msgspec.structs.replace(each, version=0)
                for start, each in family.told.items()
                if each.stands
            }
            found[key] = msgspec.structs.replace(family, told=told)
        for key, value in self._remembered("lending/%"):
            found[key] = msgspec.json.decode(value, type=Lending)
        return found

    def _remembered(self, prefix: str) -> list[tuple[str, bytes]]:
        values = {"tenant": self.tenant, "policy": WATCH, "prefix": prefix}
        rows = self.station.database.fetch(self.tenant, BASELINES, values)
        return [(key, bytes(value)) for key, value in rows]

    def check_history(self) -> None:
        """Every judgement is still there: no stream has a hole, every score names the one before."""
        versions: dict[str, int] = {}
        scores: dict[UUID, int] = {}
        for number, fact in enumerate(self.facts(), start=1):
            assert fact.position == number
            assert fact.version == versions.get(fact.stream_id, 0) + 1
            versions[fact.stream_id] = fact.version
            if isinstance(fact.event, FraudScored):
                assert fact.event.supersedes == scores.get(fact.event.attendance)
                scores[fact.event.attendance] = fact.position


def shuffled(night: Night, chance: Random) -> list[SignalEvent]:
    """Return a night's signals in any order, some of them twice."""
    told = [*night.signals, *chance.sample(night.signals, len(night.signals) // 5)]
    chance.shuffle(told)
    return told


def difference(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return in what two ends of a night differ, small enough to be read."""
    found: dict[str, Any] = {}
    for part, mine in one.items():
        theirs = other[part]
        if mine == theirs:
            continue
        if isinstance(mine, dict):
            found[part] = {
                key: (mine.get(key), theirs.get(key))
                for key in {**mine, **theirs}
                if mine.get(key) != theirs.get(key)
            }
        else:
            found[part] = {
                "only here": [each for each in mine if each not in theirs],
                "only there": [each for each in theirs if each not in mine],
            }
    return found
