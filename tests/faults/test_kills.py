"""Kill -9 under load: the web process, a follower process, PostgreSQL, again and again.

Each test sends signals without a pause, kills its victim `--kills` times, lets the system mend
itself, and then asks the checker.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest

from adapters.embedded.postgres import EmbeddedPostgres
from application.auditing import request_audit
from domain.catalogue import tag_of
from domain.finding.facts import AuditKind, FindingRaised
from domain.signals import SignalEvent
from interfaces import wiring
from tests.conftest import Database
from tests.faults.checker import check, wait_until_caught_up
from tests.faults.driver import Driver
from tests.http.field import within
from tests.live import CAUSE, LiveServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

PAUSE_S = (0.2, 0.7)  # between the end of a repair and the next kill
AT_WORK_S = 5.0  # for a new follower process to get to work


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    """How many times a victim is killed."""
    number: int = request.config.getoption("--kills")
    return number


def torment(server: LiveServer, kill_and_mend: Callable[[], None], times: int) -> Driver:
    """Drive a server while something is killed, and return the driver once all is delivered."""
    driver = Driver(server)
    driver.enrol()
    driver.start()
    chance = random.Random(times)  # the rhythm of the kills, no secret
    try:
        for _ in range(times):
            time.sleep(chance.uniform(*PAUSE_S))
            kill_and_mend()
    finally:
        driver.finish()
    return driver


def assert_nothing_lost(server: LiveServer, owner_url: str, driver: Driver) -> None:
    wait_until_caught_up(owner_url, server.tenant)
    assert driver.ledger.acknowledged
    with closing(wiring.open_application(server.settings)) as auditor:
        facts = check(auditor, server.tenant, driver.ledger)
    stated = {tag_of(fact.event) for fact in facts}
    assert stated >= {"fraud.scored", "alert.raised", "ticket.opened", "incident.opened"}
    assert stated >= {kind.__struct_config__.tag for kind in get_args(SignalEvent)}


def test_a_killed_web_process_loses_nothing_that_it_acknowledged(
    own_server: LiveServer, kills: int
) -> None:
    def kill_and_mend() -> None:
        own_server.web.kill()
        own_server.web.wait()
        own_server.start_web()
        own_server.wait_until_ready()

    driver = torment(own_server, kill_and_mend, kills)
    assert_nothing_lost(own_server, own_server.settings.database_owner_url or "", driver)


def test_a_killed_follower_does_nothing_twice_and_leaves_nothing_out(
    own_server: LiveServer, kills: int
) -> None:
    def kill_and_mend() -> None:
        own_server.follower.kill()
        own_server.follower.wait()
        before = progress(own_server)
        own_server.start_follower()
        # At work, so that the kill hits it there; with nothing left to do it need not be waited for.
        within(AT_WORK_S, lambda: progress(own_server) > before)

    driver = torment(own_server, kill_and_mend, kills)
    # What an audit finds, a follower takes in that is killed at once.
    owner_url = own_server.settings.database_owner_url or ""
    wait_until_caught_up(owner_url, own_server.tenant)
    assert audit(own_server) > 0
    kill_and_mend()
    assert_nothing_lost(own_server, owner_url, driver)


def progress(server: LiveServer) -> int:
    """Return how far all followers of a server's tenant are, together."""
    return sum(each.position for each in server.vedette.operations.followers(server.tenant))


def audit(server: LiveServer) -> int:
    """Do an audit of everything as a worker does it; return how many findings that raised."""
    log, tenant = server.vedette.log, server.tenant
    before = log.head(tenant).position
    kind = AuditKind.COMPREHENSIVE
    audit_id, _, position = request_audit(log, tenant, kind, wiring.now(), CAUSE)
    wiring.use_cases(server.vedette)["audit"](tenant, audit_id, position)
    facts = log.read(tenant, before, 10_000)
    return sum(isinstance(fact.event, FindingRaised) for fact in facts)


def test_a_killed_postgresql_keeps_every_acknowledged_signal(
    postgres: EmbeddedPostgres, redis_url: str, tmp_path: Path, kills: int
) -> None:
    database = Database("vedette", postgres.owner_url(), postgres.app_url())
    server = LiveServer(database, tmp_path / "live", redis_url)

    def kill_and_mend() -> None:
        postgres.kill()
        postgres.restart()

    try:
        server.wait_until_ready()
        driver = torment(server, kill_and_mend, kills)
        assert_nothing_lost(server, postgres.owner_url(), driver)
    finally:
        server.stop()


def test_the_checker_finds_what_it_is_for(own_server: LiveServer) -> None:
    """A ledger that was told of a signal which the log does not hold is a loss."""
    driver = Driver(own_server)
    driver.enrol()
    driver.start()
    time.sleep(0.5)
    ledger = driver.finish()
    wait_until_caught_up(own_server.settings.database_owner_url or "", own_server.tenant)
    check(own_server.vedette, own_server.tenant, ledger)
    ledger.acknowledged["never-sent"] = 1
    with pytest.raises(AssertionError):
        check(own_server.vedette, own_server.tenant, ledger)
