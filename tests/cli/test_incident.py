"""Incidents at the command line."""

from __future__ import annotations

from uuid import uuid4

from adapters.followers.desk import PolicyHandler
from adapters.followers.projecting import ProjectionHandler
from adapters.followers.runtime import Loop
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database as Connections
from application.policies.correlate_whenever_something_happens import (
    CorrelateWheneverSomethingHappens,
)
from application.ports import Append, Cause
from projections.incidents import INCIDENTS
from tests.application.control_room import device, finding
from tests.cli.conftest import Vedette
from tests.conftest import Database


def correlate(database: Database, tenant: str) -> None:
    """Let two things happen, and the followers answer them."""
    connections = Connections(database.app_url)
    log = PostgresLog(connections)
    try:
        for stream, event in (finding("low", 0, 10), device("off", 5)):
            log.append(tenant, Append.of(stream, 0, [event], Cause("system:tests")))
    finally:
        log.close()
        connections.close()
    for handler in (
        PolicyHandler(CorrelateWheneverSomethingHappens()),
        ProjectionHandler(INCIDENTS),
    ):
        Loop(database.app_url, handler, grown=lambda *_: None).catch_up()


def test_incidents_are_listed_and_shown(vedette: Vedette, founded: str, database: Database) -> None:
    correlate(database, founded)
    (row,) = vedette("incident", "list", "--tenant", founded, "--json").json
    assert row["severity"] == "HIGH"
    assert row["title"] in vedette("incident", "list", "--tenant", founded, "--status", "OPEN").out
    assert (
        vedette("incident", "list", "--tenant", founded, "--status", "MERGED", "--json").json == []
    )
    shown = vedette("incident", "show", row["incident_id"], "--tenant", founded)
    assert shown.code == 0, shown.err
    for words in ("device offline", "the same guard G-1", "incident.opened", "lost device"):
        assert words in shown.out
    again = vedette("incident", "show", row["incident_id"], "--tenant", founded, "--json").json
    assert again == row
    at = ("--tenant", founded)
    seen = ("incident", "acknowledge", row["incident_id"], *at)
    assert "is acknowledged (position" in vedette(*seen).out
    assert "is acknowledged already" in vedette(*seen).out
    why = ("--reason", "Nothing to do with it")
    item = row["items"][0]["item"]["id"]
    off = vedette("incident", "split", row["incident_id"], "--item", item, *why, *at, "--json").json
    pair = (row["incident_id"], off["new_incident_id"])
    nobody = vedette("incident", "link", row["incident_id"], str(uuid4()), *why, *at)
    assert (nobody.code, "There is no incident" in nobody.err) == (1, True), nobody.err
    assert "They are linked (position" in vedette("incident", "link", *pair, *why, *at).out
    assert "They are linked already" in vedette("incident", "link", *pair, *why, *at).out
    assert "is merged (position" in vedette("incident", "merge", *pair[::-1], *why, *at).out
    settled = ("incident", "resolve", row["incident_id"], "--resolution", "Found it", *at)
    assert "is resolved (position" in vedette(*settled).out
    unknown = vedette("incident", "show", str(uuid4()), "--tenant", founded)
    assert unknown.code == 1
    assert "There is no incident" in unknown.err
