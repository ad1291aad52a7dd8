"""A tiny month: the whole way from a drawn world to figures, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from interfaces.simulator import WorldParameters, world
from tests.bench.kit import Database as BenchDatabase
from tests.conftest import Database
from tests.evaluate.evaluating import START
from tests.evaluate.figures import Matter, figures
from tests.evaluate.month import TENANT_ID, Month
from tests.evaluate.reading import read
from tests.evaluate.static import StaticThresholds


@pytest.mark.slow
@pytest.mark.timeout(600)  # a day of two sites, hour after hour
def test_a_day_of_two_sites_is_played_judged_and_matched(
    new_database: Callable[[], Database], pytestconfig: pytest.Config
) -> None:
    days = pytestconfig.getoption("--played-days")
    if not days:
        pytest.skip("It takes minutes; --played-days 1 plays a day.")
    made = new_database()
    database = BenchDatabase(made.owner_url, made.app_url)
    drawn = world(
        101,
        WorldParameters(
            sites=2, guards=10, fraud_rate=0.2, neglect_rate=0.4, location_interval_s=900.0
        ),
    )
    end = START + timedelta(days=days)
    watcher = StaticThresholds(drawn, START, end, 0.8)
    month = Month(database, drawn, START, float(days), timedelta(hours=1))
    played = month.play([watcher], lambda _: None)
    assert played.signals > 100
    assert not played.refused
    assert not played.parked
    assert played.troubles

    with psycopg.connect(made.owner_url) as owner:
        recorded = owner.execute(
            "SELECT min(recorded_at), max(recorded_at) FROM log.events WHERE tenant_id = %s",
            [TENANT_ID],
        ).fetchone()
    assert recorded == (START, end), "The log's time is the played one."

    judgements, calls, facts = read(made.owner_url, TENANT_ID)
    assert facts["audit.completed"] == facts["audit.requested"] == 2 * 24 * days
    assert all(START <= each.at <= end for each in judgements)
    kinds, said, tickets, (level,) = figures(
        Matter(played.troubles, judgements, calls), [watcher], START
    )
    assert sum(kind.count for kind in kinds.values()) == len(played.troubles)
    assert any(kind.seen_after_s for kind in kinds.values()), "Something of it was found."
    assert sum(each.count for each in said.values()) == len(judgements)
    assert tickets.count == facts.get("ticket.opened", 0) >= tickets.false
    assert level.found_after_s, "Strict limits find something as well."
