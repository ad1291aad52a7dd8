"""The schedule: which jobs the clock asks for, in the time zone of each tenant.

Level-triggered: it looks what is due and asks for what was not asked for yet. The id of a job is
derived from the tenant, the row and the moment it was due, so a second scheduler, or one that was
started again, meets its own request and changes nothing. After a time without any scheduler, the
latest missed moment of each row is made up for, and only that one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim

from application.handling import handle
from application.ports import Cause, EventLog, StreamMoved
from domain.directory.tenant import TENANT_STREAM, TenantFounded
from domain.finding.audit import RequestAudit
from domain.finding.facts import AuditKind
from domain.jobs import AUDIT_JOB, TUNING_JOB, Job
from domain.kernel import Command
from domain.tuning.story import RequestTuning

SCHEDULER = "system:schedule"
NAMESPACE = UUID("6d0cf3a5-6f0b-5e0c-9a54-1d3a1b1e6a77")  # of the ids of jobs; it never changes


class Scheduled(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the schedule."""

    name: str  # part of the ids of its jobs: never rename
    cron: str  # five fields, on the clock of the tenant's wall
    every: timedelta  # longest time between two moments: how far back a missed one is looked for
    job: Job
    wish: Callable[[UUID, datetime], Command]  # of the job's id and the moment it was due


SCHEDULE: tuple[Scheduled, ...] = (
    Scheduled(
        name="weekly-tuning",
        cron="0 3 * * 0",  # Sunday 03:00
        every=timedelta(days=7, hours=2),
        job=TUNING_JOB,
        wish=lambda job_id, due: RequestTuning(tuning_id=job_id, until=due),
    ),
    Scheduled(
        name="heartbeat-audit",
        cron="*/5 * * * *",
        every=timedelta(minutes=5),
        job=AUDIT_JOB,
        wish=lambda job_id, due: RequestAudit(audit_id=job_id, kind=AuditKind.HEARTBEAT, as_of=due),
    ),
    Scheduled(
        name="comprehensive-audit",
        cron="0 * * * *",
        every=timedelta(hours=1),
        job=AUDIT_JOB,
        wish=lambda job_id, due: RequestAudit(
            audit_id=job_id, kind=AuditKind.COMPREHENSIVE, as_of=due
        ),
    ),
)


class Moments(msgspec.Struct, frozen=True):
    """Where a row stands at an instant."""

    latest: datetime | None  # that is due, if any is
    following: datetime  # when to look again


def moments(row: Scheduled, zone: ZoneInfo, now: datetime) -> Moments:
    """Return the latest moment of a row that has come, and the next one.

    On the days when clocks change, a row at a fixed time is due once: a time that is left out is
    due when the clock has jumped, one that comes twice is due the first time. A row by the minute
    goes on by elapsed time.
    """
    latest: datetime | None = None
    coming = CronSim(row.cron, (now - row.every).astimezone(zone))
    while (moment := next(coming).astimezone(UTC)) <= now:
        latest = moment
    return Moments(latest, moment)


def job_id_of(tenant_id: str, row: Scheduled, due: datetime) -> UUID:
    """Return the id of the job that a row asks for at a moment: the same for every scheduler."""
    return uuid5(NAMESPACE, f"{tenant_id}/{row.name}/{due.astimezone(UTC).isoformat()}")


class Schedule:
    """Asks for what is due, tenant by tenant. It remembers only what spares it looking twice."""

    def __init__(self, log: EventLog, rows: Sequence[Scheduled] = SCHEDULE) -> None:
        self._log = log
        self._rows = rows
        self._founded: dict[str, tuple[ZoneInfo, datetime]] = {}
        self._look_at: dict[tuple[str, str], datetime] = {}

    def ask(self, now: datetime) -> list[UUID]:
        """Ask for what has become due and return the jobs that nobody had asked for.

        Raises:
            LogUnavailable: the log did not answer; what was not asked for is due still.
        """
        asked = [
            self._ask_for(tenant_id, row, now)
            for tenant_id in self._log.tenants()
            for row in self._rows
            if now >= self._look_at.get((tenant_id, row.name), now)
        ]
        return [job_id for job_id in asked if job_id is not None]

    def _ask_for(self, tenant_id: str, row: Scheduled, now: datetime) -> UUID | None:
        founded = self._founded_in(tenant_id)
        if founded is None:
            return None
        zone, since = founded
        at = moments(row, zone, now)
        asked: UUID | None = None
        # A tenant owes nothing for the time before it was there.
        if at.latest is not None and at.latest > since:
            asked = self._request(tenant_id, row, at.latest)
        self._look_at[tenant_id, row.name] = at.following
        return asked

    def _request(self, tenant_id: str, row: Scheduled, due: datetime) -> UUID | None:
        job_id = job_id_of(tenant_id, row, due)
        stream, wish = row.job.stream(job_id), row.wish(job_id, due)
        decider: Any = row.job.decider
        try:
            position = handle(self._log, tenant_id, decider, stream, wish, Cause(SCHEDULER))
        except StreamMoved:
            return None  # another scheduler was faster
        return None if position is None else job_id

    def _founded_in(self, tenant_id: str) -> tuple[ZoneInfo, datetime] | None:
        """Return where and when a tenant was founded; None as long as only its log is open."""
        if tenant_id not in self._founded:
            story = self._log.read_stream(tenant_id, TENANT_STREAM)
            if not story:
                return None
            assert isinstance(story[0].event, TenantFounded), "The first fact of the tenant."
            zone = ZoneInfo(story[0].event.time_zone)
            self._founded[tenant_id] = (zone, story[0].recorded_at)
        return self._founded[tenant_id]
