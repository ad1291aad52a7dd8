"""The port `Plans` on the read models of the directory and of findings."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from adapters.log.postgres_log import read_streams
from adapters.postgres.arrays import Array
from adapters.postgres.database import Connection, Database
from adapters.postgres.views import checkpoint
from application.auditing import AuditMustWait, StandingFinding
from domain.catalogue import AnyRecorded
from domain.directory.shift import ShiftPlanned
from domain.directory.task import TaskAssigned
from domain.directory.tour import TourDefined, TourRetired, tour_stream
from domain.finding.facts import finding_stream
from domain.finding.plan import Fence, SitePlan, TourVersion, tour_versions
from domain.finding.planning import DAY, SHIFTS_AFTER, SHIFTS_BEFORE
from projections.directory import SHIFTS, SITES, TASKS, TOURS
from projections.findings import FINDINGS, FindingShown
from projections.kernel import Projection
from projections.signals import SIGNALS

FINDING_PREFIX = "finding-"
READ: tuple[Projection[Any], ...] = (SIGNALS, FINDINGS, SITES, TOURS, SHIFTS, TASKS)
WAIT_S_MAX = 30.0
WAIT_STEP_S = 0.05


LIVE = (
    "tenant_id = %(tenant)s AND generation = coalesce((SELECT live FROM views.generations"
    " WHERE tenant_id = %(tenant)s AND projection = 'PROJECTION'), 1)"
)


def live(projection: Projection[Any]) -> str:
    """Return the condition on rows of a tenant that readers see."""
    return LIVE.replace("PROJECTION", projection.name)


AT_SITES = "AND site_id = ANY (%(sites)s::text[])"
ALL_SITES = f"SELECT site_id FROM views.sites WHERE {live(SITES)} ORDER BY site_id"  # noqa: S608  names of ours
SITES_SQL = (
    "SELECT site_id, latitude, longitude, geofence_radius_m, time_zone FROM views.sites"  # noqa: S608  names of ours
    f" WHERE {live(SITES)} {AT_SITES} ORDER BY site_id"
)
SHIFTS_SQL = (
    "SELECT shift_id, site_id, role, person_id, starts_at, ends_at FROM views.shifts"  # noqa: S608  names of ours
    f" WHERE {live(SHIFTS)} {AT_SITES} AND NOT cancelled"
    " AND starts_at >= %(since)s AND starts_at <= %(until)s"
)
TASKS_SQL = (
    "SELECT task_id, site_id, name, due_at, person_id FROM views.tasks"  # noqa: S608  names of ours
    f" WHERE {live(TASKS)} {AT_SITES} AND NOT cancelled"
    " AND due_at >= %(since)s AND due_at <= %(until)s"
)
TOURS_SQL = f"SELECT tour_id FROM views.tours WHERE {live(TOURS)} {AT_SITES}"  # noqa: S608  names of ours
STANDING_SQL = (
    "SELECT finding_id, status, judged_up_to FROM views.findings"  # noqa: S608  names of ours
    f" WHERE {live(FINDINGS)} {AT_SITES} AND window_end >= %(since)s"
)


class PostgresPlans:
    """The plan and the findings of a tenant, as the read models tell them."""

    def __init__(self, database: Database, *, wait_s_max: float = WAIT_S_MAX) -> None:
        self._database = database
        self._wait_s_max = wait_s_max

    def wait(self, tenant_id: str, position: int) -> None:
        deadline = time.monotonic() + self._wait_s_max
        for projection in READ:
            while self._reached(tenant_id, projection.name) < position:
                if time.monotonic() >= deadline:
                    raise AuditMustWait(projection.name, position)
                time.sleep(WAIT_STEP_S)

    def _reached(self, tenant_id: str, follower: str) -> int:
        with self._database.unit_of_work(tenant_id) as connection:
            return checkpoint(connection, tenant_id, follower)

    def sites(self, tenant_id: str) -> list[str]:
        with self._database.unit_of_work(tenant_id) as connection:
            rows = connection.execute(ALL_SITES.encode(), {"tenant": tenant_id}).fetchall()
        return [site_id for (site_id,) in rows]

    def plans(
        self, tenant_id: str, site_ids: Sequence[str], since: datetime, until: datetime
    ) -> list[SitePlan]:
        span = {
            "tenant": tenant_id,
            "sites": Array("text", site_ids),
            "since": since - SHIFTS_BEFORE,
            "until": until + SHIFTS_AFTER,
        }
        with self._database.unit_of_work(tenant_id) as connection:
            sites = connection.execute(SITES_SQL.encode(), span, binary=True).fetchall()
            shifts = connection.execute(SHIFTS_SQL.encode(), span, binary=True).fetchall()
            tasks = connection.execute(TASKS_SQL.encode(), span, binary=True).fetchall()
            tours = tours_of(connection, tenant_id, span)
        planned = by_site(shifts, ShiftPlanned)
        assigned = by_site(tasks, TaskAssigned)
        return [
            SitePlan(
                site_id=site_id,
                fence=Fence(latitude, longitude, radius_m),
                time_zone=time_zone,
                tours=tours.get(site_id, ()),
                shifts=tuple(planned.get(site_id, ())),
                tasks=tuple(assigned.get(site_id, ())),
            )
            for site_id, latitude, longitude, radius_m, time_zone in sites
        ]

    def standing(
        self, tenant_id: str, site_ids: Sequence[str], since: datetime
    ) -> list[StandingFinding]:
        parameters = {"tenant": tenant_id, "sites": Array("text", site_ids), "since": since - DAY}
        with self._database.unit_of_work(tenant_id) as connection:
            rows = connection.execute(STANDING_SQL.encode(), parameters, binary=True).fetchall()
        standing = (FindingShown.OPEN, FindingShown.ACKNOWLEDGED)
        return [
            StandingFinding(UUID(finding_id), status in standing, judged_up_to)
            for finding_id, status, judged_up_to in rows
        ]

    def stories(self, tenant_id: str, finding_ids: Sequence[UUID]) -> dict[UUID, list[AnyRecorded]]:
        found: dict[UUID, list[AnyRecorded]] = {}
        if not finding_ids:
            return found
        with self._database.unit_of_work(tenant_id) as connection:
            streams = [finding_stream(each) for each in finding_ids]
            for fact in read_streams(connection, tenant_id, streams):
                id_ = UUID(fact.stream_id.removeprefix(FINDING_PREFIX))
                found.setdefault(id_, []).append(fact)
        return found


def by_site(rows: Sequence[Sequence[Any]], kind: type[Any]) -> dict[str, list[Any]]:
    """Return the facts that rows of their fields, in order, stand for, by site."""
    names = kind.__struct_fields__
    found: dict[str, list[Any]] = {}
    for row in rows:
        fact = msgspec.convert(dict(zip(names, row, strict=True)) | {"type": tag(kind)}, kind)
        found.setdefault(fact.site_id, []).append(fact)
    return found


def tag(kind: type[Any]) -> str:
    return str(kind.__struct_config__.tag)


def tours_of(
    connection: Connection, tenant_id: str, span: dict[str, Any]
) -> dict[str, tuple[TourVersion, ...]]:
    """Return the tours of sites in every version, since a walk is judged by what was in force."""
    tours = [tour_id for (tour_id,) in connection.execute(TOURS_SQL.encode(), span).fetchall()]
    stories = [
        (fact.event, fact.stream_id.removeprefix(tour_stream("")), fact.recorded_at)
        for fact in read_streams(connection, tenant_id, [tour_stream(each) for each in tours])
        if isinstance(fact.event, TourDefined | TourRetired)
    ]
    return tour_versions(stories)
