"""Resting: nobody gets up for what is only taken note of, and what nobody got up for is not forgotten."""

from __future__ import annotations

import threading
import time

from adapters.followers.process import FollowerProcess
from adapters.followers.resting import NOTED, gets_up_for
from adapters.followers.runtime import AT_ONCE, Handler
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from application.policies import raise_alert_whenever_fraud_scored_high as raising_fraud
from application.policies import raise_alert_whenever_panic_recorded as raising_panic
from domain.catalogue import tag_of
from domain.fraud.facts import FraudScored
from domain.signals import PanicRecorded
from interfaces.wiring import handlers
from tests.followers.workshop import NoteTaker, fill, noted

WITHIN_S = 20.0


def test_what_a_follower_takes_note_of_is_part_of_what_it_wants() -> None:
    wanted = {each.name: each.types for each in handlers()}
    for name, facts in NOTED.items():
        types = wanted[name]
        assert types is not None
        assert types > {tag_of(fact) for fact in facts}


def test_who_raises_alerts_gets_up_for_what_it_judges_and_not_for_what_it_did() -> None:
    by_name = {each.name: each for each in handlers()}
    assert gets_up_for(by_name[raising_fraud.NAME]) == frozenset({tag_of(FraudScored)})
    assert gets_up_for(by_name[raising_panic.NAME]) == frozenset({tag_of(PanicRecorded)})


def test_all_others_get_up_for_all_that_they_want() -> None:
    for each in handlers():
        assert each.name in NOTED or gets_up_for(each) == each.types


def test_what_nobody_got_up_for_is_found(store: Database, log: PostgresLog, tenant: str) -> None:
    log.open_tenant(tenant)

    def only_in_its_dreams(_: Handler) -> frozenset[str]:
        return frozenset({"person.enrolled"})

    process = FollowerProcess(
        store.url,
        [NoteTaker("sleeper")],
        grown=lambda *_: None,
        said=lambda _: False,
        rests=lambda _: AT_ONCE,
        gets_up_for=only_in_its_dreams,
    )
    thread = threading.Thread(target=process.run)
    thread.start()
    try:
        fill(log, tenant, 3)
        deadline = time.monotonic() + WITHIN_S
        while noted(store, tenant, "sleeper") != [1, 2, 3]:
            assert time.monotonic() < deadline, "What nobody got up for was not found."
            time.sleep(0.02)
    finally:
        process.stop()
        thread.join()
