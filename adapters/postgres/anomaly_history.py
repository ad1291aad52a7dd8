"""The anomalies that were stated, as the log tells them."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import psycopg

from adapters.log.postgres_log import SELECT, recorded
from adapters.postgres.database import Database
from application.ports import LogUnavailable
from application.simulating import AnomalyFact
from domain.anomaly.facts import AnomalyDetected, Metric

# The types stand here as the index `events_anomalies` names them, or it could not be used.
READ = (
    f"{SELECT} AND type IN ('anomaly.detected', 'anomaly.revised', 'anomaly.withdrawn')"
    " AND recorded_at >= %s ORDER BY position"
)


class PostgresAnomalyHistory:
    """Reads anomalies by an index of their own, from all tenants' logs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stated(self, tenant_id: str, family: Metric, since: datetime) -> list[AnomalyFact]:
        try:
            with self._database.unit_of_work(tenant_id) as connection:
                rows = connection.execute(READ, [tenant_id, since], binary=True).fetchall()
        except psycopg.OperationalError as error:
            raise LogUnavailable("The log cannot be reached.") from error
        facts: list[AnomalyFact] = []
        streams: set[str] = set()
        for row in rows:
            fact = cast(AnomalyFact, recorded(tenant_id, row))
            if isinstance(fact.event, AnomalyDetected) and fact.event.metric is family:
                streams.add(fact.stream_id)
            if fact.stream_id in streams:
                facts.append(fact)
        return facts
