"""Listening: a listener comes back by itself, says once that the database was away, and hears others."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import closing
from queue import Queue

from structlog.testing import capture_logs

from adapters.followers.listening import RECONNECT_PAUSE_S, Listener
from adapters.log.postgres_log import PostgresLog
from adapters.log.waking import Grown
from adapters.postgres.database import Database as Store
from adapters.postgres.database import connect
from tests.conftest import Database
from tests.followers.workshop import fill

PATIENCE_S = 30.0
CUT = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE application_name = 'vedette-listener' AND datname = current_database()"
)


def test_a_listener_that_was_cut_off_listens_again_and_everybody_looks_once(
    database: Database,
) -> None:
    woken: Queue[Grown | None] = Queue()
    with capture_logs() as journal:
        listener = Listener(database.app_url, woken.put)
        listener.start()
        assert woken.get(timeout=PATIENCE_S) is None
        with connect(database.app_url, "tests") as connection:
            connection.execute(CUT)
        assert woken.get(timeout=PATIENCE_S) is None
        listener.stop()
    assert [entry["event"] for entry in journal] == [
        "listener_lost_database",
        "listener_found_database",
    ]


def test_a_database_that_is_away_for_long_is_told_of_once() -> None:
    with socket.socket() as nobody:  # bound, and listening to nobody
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://vedette_app@127.0.0.1:{nobody.getsockname()[1]}/none"
        with capture_logs() as journal:
            listener = Listener(url, lambda _: None)
            listener.start()
            listener._stop.wait(3 * RECONNECT_PAUSE_S)
            listener.stop()
    assert [entry["event"] for entry in journal] == ["listener_lost_database"]


def test_a_listener_hears_others_and_passes_over_its_own_process(
    store: Store, log: PostgresLog, tenant: str
) -> None:
    theirs = f"{tenant}-2"
    for each in (tenant, theirs):
        log.open_tenant(each)
    here: list[Grown | None] = []
    elsewhere: list[Grown | None] = []
    own = Listener(store.url, here.append, passes_over=log.said)
    other = Listener(store.url, elsewhere.append)
    with closing(PostgresLog(store)) as their_log:
        own.start()
        other.start()
        try:
            until(lambda: None in here and None in elsewhere)
            fill(log, tenant, 1)
            until(lambda: told(tenant) in elsewhere)
            fill(their_log, theirs, 1)
            until(lambda: told(theirs) in here and told(theirs) in elsewhere)
        finally:
            own.stop()
            other.stop()
    assert told(tenant) not in here


def told(tenant: str) -> Grown:
    return {tenant: frozenset({"location.recorded"})}


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "It was not heard in time."
        time.sleep(0.01)
