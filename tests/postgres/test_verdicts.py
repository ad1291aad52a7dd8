"""Verdicts on anomalies are read from the log: those that stood at a position, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from adapters.postgres.verdicts import READ, PostgresVerdicts
from application.ports import Append, Cause, Expect, LogUnavailable
from application.tuning import GivenVerdict
from domain.alert.facts import AlertKind, AlertReopened, AlertResolved, Verdict
from domain.anomaly.facts import Metric
from tests.conftest import Database as Migrated

CAUSE = Cause("user:operator")
AGES = timedelta(days=30)


@pytest.fixture
def store(database: Migrated) -> Iterator[Database]:
    opened = Database(database.app_url)
    yield opened
    opened.close()


@pytest.fixture
def log(store: Database, tenant: str) -> Iterator[PostgresLog]:
    opened = PostgresLog(store)
    opened.open_tenant(tenant)
    yield opened
    opened.close()


def resolved(
    verdict: Verdict, metric: Metric | None = Metric.GPS_ACCURACY, kind: AlertKind | None = None
) -> AlertResolved:
    return AlertResolved(
        dedup_key="anomaly/gps_accuracy/device/D-1",
        reason=verdict,
        evidence=(UUID(int=1),),
        kind=kind or AlertKind.ANOMALY,
        metric=metric,
    )


reopened = AlertReopened(dedup_key="anomaly/gps_accuracy/device/D-1", reason="Not so.")


def test_verdicts_stand_as_they_did_at_a_position(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    one, two = (f"alert-{uuid4()}" for _ in range(2))

    def state(stream: str, fact: AlertResolved | AlertReopened) -> None:
        log.append(tenant, Append.of(stream, Expect.ANY, [fact], CAUSE))

    state(one, resolved(Verdict.FALSE_POSITIVE_LOGIC))  # 1
    state(two, resolved(Verdict.DUPLICATE, Metric.SITE_SIGNALS))  # 2
    state(f"alert-{uuid4()}", resolved(Verdict.CONFIRMED_FRAUD, None, AlertKind.FRAUD))  # 3
    state(one, reopened)  # 4
    state(one, resolved(Verdict.CONFIRMED_NEGLIGENCE))  # 5
    now = datetime.now(UTC)
    verdicts = PostgresVerdicts(store)

    def standing(up_to: int) -> list[tuple[Metric, Verdict]]:
        given: list[GivenVerdict] = verdicts.standing(tenant, now - AGES, now + AGES, up_to)
        return [(each.family, each.verdict) for each in given]

    second = (Metric.SITE_SIGNALS, Verdict.DUPLICATE)
    assert standing(0) == []
    assert standing(3) == [(Metric.GPS_ACCURACY, Verdict.FALSE_POSITIVE_LOGIC), second]
    assert standing(4) == [second]
    assert standing(5) == [second, (Metric.GPS_ACCURACY, Verdict.CONFIRMED_NEGLIGENCE)]
    assert verdicts.standing(tenant, now - AGES, now - AGES, 5) == []
    assert verdicts.standing(tenant, now + AGES, now + AGES, 5) == []


def test_they_are_found_by_their_own_index(
    database: Migrated, store: Database, log: PostgresLog, tenant: str
) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("SET enable_seqscan = off")
        rows = connection.execute(
            f"EXPLAIN {READ}", [tenant, 9, datetime.now(UTC) - AGES]
        ).fetchall()
    assert "events_verdicts" in "\n".join(row[0] for row in rows)


def test_a_database_that_is_away_is_a_log_that_does_not_answer(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(tenant_id: str) -> None:
        raise psycopg.OperationalError("The connection is gone.")

    monkeypatch.setattr(store, "unit_of_work", away)
    now = datetime.now(UTC)
    with pytest.raises(LogUnavailable):
        PostgresVerdicts(store).standing("t", now, now, 1)
