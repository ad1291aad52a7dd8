"""Listening: a listener comes back by itself, and says once that the database was away."""

from __future__ import annotations

import socket
from queue import Queue

from structlog.testing import capture_logs

from adapters.followers.listening import RECONNECT_PAUSE_S, Listener
from adapters.log.waking import Grown
from adapters.postgres.database import connect
from tests.conftest import Database

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
