"""Verdicts on anomalies, as the log tells them up to a position."""

from __future__ import annotations

from datetime import datetime

import psycopg

from adapters.log.postgres_log import SELECT, recorded
from adapters.postgres.database import Database
from application.ports import LogUnavailable
from application.tuning import GivenVerdict
from domain.alert.facts import AlertKind, AlertReopened, AlertResolved

# The types stand here as the index `events_verdicts` names them, or it could not be used.
READ = (
    f"{SELECT} AND type IN ('alert.resolved', 'alert.reopened')"
    " AND position <= %s AND recorded_at >= %s ORDER BY position"
)


class PostgresVerdicts:
    """Reads verdicts by an index of their own, from all tenants' logs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standing(
        self, tenant_id: str, since: datetime, until: datetime, up_to: int
    ) -> list[GivenVerdict]:
        try:
            with self._database.unit_of_work(tenant_id) as connection:
                rows = connection.execute(READ, [tenant_id, up_to, since], binary=True).fetchall()
        except psycopg.OperationalError as error:
            raise LogUnavailable("The log cannot be reached.") from error
        latest: dict[str, GivenVerdict] = {}
        for fact in (recorded(tenant_id, row) for row in rows):
            match fact.event:
                case AlertReopened():
                    latest.pop(fact.stream_id, None)
                case AlertResolved(kind=AlertKind.ANOMALY, metric=metric) as given:
                    assert metric is not None, "A verdict on an anomaly names its metric."
                    latest[fact.stream_id] = GivenVerdict(metric, given.reason, fact.recorded_at)
                case _:
                    pass  # verdicts on fraud, panic and tampering move no threshold
        return [each for each in latest.values() if each.given_at < until]
