"""The demo: there after one start, unchanged by the next, and alive until it is told to stop."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from domain.directory.shift import ShiftPlanned
from domain.directory.tour import TourDefined
from domain.finding.facts import AuditKind, AuditRequested
from domain.kernel import Event
from domain.signals import LocationRecorded
from interfaces.cli.demo import CAUSE
from tests.live import LiveServer

pytestmark = pytest.mark.slow

DIRECTORY = "/api/v2/noc/directory"
# The live shifts are planned before anybody works them.
PLAYED: set[type[Event]] = {ShiftPlanned, LocationRecorded}


def demo(server: LiveServer, *arguments: str) -> subprocess.Popen[str]:
    environment = dict(
        os.environ,
        VEDETTE_DATABASE_URL=server.settings.database_url or "",
        VEDETTE_REDIS_URL=server.settings.redis_url or "",
        VEDETTE_SECRET_KEY=server.settings.secret_key or "",
        VEDETTE_DATA_DIRECTORY=str(server.settings.data_directory),
    )
    program = [sys.executable, "-m", "interfaces.cli.main", "demo", "--url", server.url]
    return subprocess.Popen(
        [*program, *arguments], env=environment, stdout=subprocess.PIPE, text=True
    )


def logins(text: str) -> dict[str, str]:
    return dict(re.findall(r"(\w+) +((?:[a-z]{3}-){3}[a-z]{3}) ", text))


def listed(client: httpx.Client, collection: str) -> list[dict[str, Any]]:
    head = client.get(f"{DIRECTORY}/{collection}/", params={"limit": 200})
    assert head.status_code == 200, head.text
    items: list[dict[str, Any]] = head.json()["data"]["items"]
    return items


def kinds(server: LiveServer, after: int) -> set[type[Event]]:
    return {type(fact.event) for fact in server.vedette.log.read("demo", after, 10_000)}


def sources(server: LiveServer) -> set[str]:
    """Return the worlds that signals came from: another one has other habits."""
    head = server.vedette.log.head("demo").position
    return {
        fact.event.source
        for fact in server.vedette.log.read("demo", 0, head)
        if isinstance(fact.event, LocationRecorded)
    }


@pytest.mark.timeout(300)  # it is a story of four processes
def test_the_demo_is_set_up_once_and_plays_on(live_server: LiveServer) -> None:
    first = demo(live_server, "--history-days", "0.05")
    text, _ = first.communicate(timeout=100)
    assert first.returncode == 0, text
    assert live_server.url in text
    assert "Playing 0.05 days of history" in text
    users = logins(text)
    roles = {"operator", "supervisor", "auditor", "data_scientist", "integrator", "administrator"}
    assert set(users) == roles

    again = demo(live_server)
    text, _ = again.communicate(timeout=60)
    assert again.returncode == 0
    assert logins(text) == users
    assert "Playing" not in text

    for username, password in users.items():
        body = {"tenant": "demo", "username": username, "password": password}
        login = httpx.post(f"{live_server.url}/api/v2/auth/login/", json=body, trust_env=False)
        assert login.status_code == 200, login.text
        users[username] = login.json()["data"]["access_token"]
    with live_server.client(users["auditor"]) as client:
        sites = listed(client, "sites")
        assert {site["time_zone"] for site in sites} == {"Europe/London", "America/New_York"}
        assert {site["security_manager"] for site in sites} == {"supervisor"}
        assert len(listed(client, "persons")) == len(listed(client, "devices")) == 40

    log = live_server.vedette.log
    before = log.head("demo").position
    requests = [
        fact.event
        for fact in log.read("demo", 0, before)
        if isinstance(fact.event, AuditRequested) and fact.actor == CAUSE.actor
    ]
    assert [each.kind for each in requests] == [AuditKind.COMPREHENSIVE], "A day, or a part of it."
    live = demo(live_server, "--live")
    try:
        deadline = time.monotonic() + 60
        while not (told := kinds(live_server, before)) >= PLAYED:
            assert live.poll() is None
            assert time.monotonic() < deadline, f"Only {told} were played."
            time.sleep(0.2)
        # What is usual is learned from the history: the present knows the same tours and the same habits.
        assert TourDefined not in told
        assert len(sources(live_server)) == 1
        live.send_signal(signal.SIGTERM)
        live.communicate(timeout=15)
        assert live.returncode == 0
    finally:
        live.kill()
        live.communicate()
