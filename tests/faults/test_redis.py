"""Redis flushed and stopped under load: jobs are done once, telemetry answers, and health tells."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing

import httpx
import pytest
import redis

from adapters.embedded.valkey import EmbeddedValkey
from domain.anomaly.facts import TuningCompleted
from domain.finding.facts import AuditCompleted
from interfaces import wiring
from tests.faults.checker import check, wait_until_caught_up, whole_log
from tests.faults.driver import Driver, put
from tests.http.field import within
from tests.live import LiveServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

SITE = "/api/v2/noc/telemetry/sites/S-1/"
QUIET = "/api/v2/noc/telemetry/signals/G-quiet/"  # of whom nothing is heard while others send
JOBS = "/api/v2/noc/jobs/"
ONCE = Counter({TuningCompleted: 2, AuditCompleted: 2})  # each was asked for twice
SOON_S = 30.0
ANSWERED_S = 100.0  # a message that was lost on its way is sent again after a minute


def redis_is(client: httpx.Client) -> tuple[str, int]:
    """Return what health says of Redis, and the status of its answer."""
    answer = client.get("/health/")
    parts = {each["name"]: each["state"] for each in answer.json()["components"]}
    if parts["redis"] != "ok":
        assert answer.json()["status"] == "degraded"
    return parts["redis"], answer.status_code


def ask(client: httpx.Client, job: str) -> None:
    answer = client.post(f"{JOBS}{job}/", json={})
    assert answer.status_code == 202, answer.text


def is_cached(client: httpx.Client) -> bool:
    """Ask twice for the same telemetry; tell whether the second answer came from the cache."""
    answers = [client.get(path) for path in (SITE, QUIET, QUIET)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    cached: bool = answers[-1].json()["cached"]
    return cached


def test_a_redis_that_forgets_and_goes_away_under_load_costs_nothing_but_the_cache(
    whole_server: LiveServer, own_valkey: EmbeddedValkey
) -> None:
    driver = Driver(whole_server)
    driver.enrol()
    driver.start()
    with whole_server.client() as client:
        try:
            put(client, "persons/G-quiet", {"name": "Quiet"})
            assert within(SOON_S, lambda: client.get(QUIET).status_code == 200)
            assert is_cached(client)
            assert redis_is(client) == ("ok", 200)
            ask(client, "tuning")
            with closing(redis.Redis.from_url(own_valkey.url)) as store:
                for _ in range(5):
                    store.flushall()
                    time.sleep(0.1)
            ask(client, "audit")

            own_valkey.stop()
            ask(client, "tuning")
            ask(client, "audit")
            assert within(SOON_S, lambda: redis_is(client) == ("degraded", 200))
            assert not is_cached(client)

            own_valkey.restart()
            assert within(SOON_S, lambda: redis_is(client) == ("ok", 200))
            assert within(SOON_S, lambda: is_cached(client))
        finally:
            ledger = driver.finish()
        assert within(ANSWERED_S, lambda: answered(whole_server) == ONCE)
    wait_until_caught_up(whole_server.settings.database_owner_url or "", whole_server.tenant)
    with closing(wiring.open_application(whole_server.settings)) as auditor:
        check(auditor, whole_server.tenant, ledger)
    assert answered(whole_server) == ONCE


def answered(server: LiveServer) -> Counter[type]:
    """Count the answers to jobs."""
    answers = (TuningCompleted, AuditCompleted)
    facts = whole_log(server.vedette, server.tenant)
    return Counter(type(fact.event) for fact in facts if isinstance(fact.event, answers))
