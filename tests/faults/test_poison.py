"""A poison signal: what a policy cannot digest stops it for one tenant, until a person decides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from application.ports import Append, Expect
from domain.catalogue import tag_of
from domain.signals import LocationRecorded, signal_stream, signal_uuid
from interfaces.http.operations import KEPT_S
from tests.faults.checker import wait_until_caught_up
from tests.http.field import SIGNALS, attendance, enrol_field, within
from tests.live import CAUSE, ROOT, SECRET_KEY, LiveServer, seed_tenant

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

TICKETS = "/api/v2/noc/tickets/"
JUDGE = "judge-baselines-whenever-signals-recorded"
PARKED_S = 60.0  # six attempts, each after twice the time
SOON_S = 60.0
# Of the last moment that there is: nothing can be reckoned from it on. No door takes such a signal.
POISON = LocationRecorded(
    signal_id="poison",
    source="nowhere",
    person_id="G-001",
    device_id="D-001",
    latitude=51.5,
    longitude=-0.12,
    gps_accuracy_m=8.0,
    occurred_at=datetime.max.replace(tzinfo=UTC),
    site_id="S-01",
)


def vedette(server: LiveServer, *arguments: str) -> str:
    """Run `vedette …` as a person does, and return what it printed."""
    environment = dict(
        os.environ,
        VEDETTE_DATABASE_URL=server.settings.database_url or "",
        VEDETTE_REDIS_URL=server.settings.redis_url or "",
        VEDETTE_SECRET_KEY=SECRET_KEY,
        VEDETTE_DATA_DIRECTORY=str(server.settings.data_directory),
    )
    command = [sys.executable, "-m", "interfaces.cli.main", *arguments]
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return ran.stdout


def shown(server: LiveServer) -> dict[str, dict[str, Any]]:
    """Return what `vedette followers` shows of the tenant, by follower."""
    lines = json.loads(vedette(server, "followers", "--tenant", server.tenant, "--json"))
    return {line["follower"]: line for line in lines}


def fraud(client: httpx.Client) -> int:
    """Hand in what becomes a ticket; return the tickets that stood before."""
    before = len(client.get(TICKETS).json()["data"]["items"])
    taken = client.post(SIGNALS, json=[attendance(latitude=53.5)])
    assert taken.json()["data"]["accepted"] == 1, taken.text
    return before


def is_called(client: httpx.Client, before: int) -> bool:
    return len(client.get(TICKETS).json()["data"]["items"]) > before


def degraded(client: httpx.Client) -> set[str]:
    """Return the followers that health says wait for a person's decision."""
    answer = client.get("/health/")
    assert answer.status_code == 200
    return {
        each["name"].removeprefix("follower:")
        for each in answer.json()["components"]
        if "waits for a person" in (each.get("detail") or "")
    }


def test_a_poison_signal_stops_a_policy_for_its_tenant_alone_until_it_is_skipped(
    own_server: LiveServer,
) -> None:
    other = seed_tenant(own_server.vedette, "other")
    with own_server.client() as field, own_server.client(other.key) as elsewhere:
        for client in (field, elsewhere):
            enrol_field(client)
        stream = signal_stream(signal_uuid(POISON.source, POISON.signal_id))
        append = Append.of(stream, Expect.NO_STREAM, [POISON], CAUSE)
        poison = own_server.vedette.log.append(own_server.tenant, append).last

        def parked() -> set[str]:
            waiting = own_server.vedette.operations.parked(own_server.tenant)
            assert {each.position for each in waiting} <= {poison}
            return {each.follower for each in waiting}

        # The other tenant is served all the while.
        before = fraud(elsewhere)
        assert within(SOON_S, lambda: is_called(elsewhere, before))
        assert within(PARKED_S, lambda: JUDGE in parked())
        owner_url = own_server.settings.database_owner_url or ""
        wait_until_caught_up(owner_url, other.tenant)
        # And so is this one, by every policy that could digest it.
        before = fraud(field)
        assert within(SOON_S, lambda: is_called(field, before))
        assert within(KEPT_S * 5, lambda: JUDGE in degraded(field))
        # It is shown with what it stumbled over.
        lines = shown(own_server)
        assert (lines[JUDGE]["state"], lines[JUDGE]["position"]) == ("parked", poison - 1)
        assert "out of range" in lines[JUDGE]["error"]
        followers = [name for name, line in lines.items() if line["state"] == "parked"]
        assert "ticket-board" not in followers

        for follower in followers:
            reason = "No clock will ever show that."
            vedette(
                own_server, "followers", "skip", follower,
                "--tenant", own_server.tenant, "--reason", reason,
            )  # fmt: skip
        wait_until_caught_up(owner_url, own_server.tenant)
        assert parked() == set()
        assert within(KEPT_S * 5, lambda: not degraded(field))
        (skipped,) = own_server.vedette.log.read_stream(own_server.tenant, f"follower-{JUDGE}")
        assert tag_of(skipped.event) == "follower.event_skipped"
        assert skipped.actor.startswith("system:")
