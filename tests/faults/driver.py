"""A driver for fault tests: sends signals of every kind, sends again until it is answered, and keeps
a ledger of everything that was acknowledged.

What it sends gives every policy something to do: frauds, calls for help, devices that go away,
walks with gaps, phones that hardly move; and half of it comes hours or days late, in no order.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import msgspec

from tests.live import LiveServer

BATCH_SIGNALS = 20
GUARDS = 12
PAUSE_S = 0.05  # between batches: enough for followers to be busy, and to end in time
RETRY_PAUSE_S = 0.05
LATE_MAX = timedelta(days=2)
GIVE_UP_S = 120.0  # on a busy machine
SITE = {
    "name": "Works",
    "latitude": 51.5,
    "longitude": -0.12,
    "geofence_radius_m": 100,
    "time_zone": "Europe/London",
    "security_manager": "supervisor",
}
Fields = dict[str, Any]


class Ledger(msgspec.Struct):
    """What the far side was told: each signal's position, once it was acknowledged."""

    acknowledged: dict[str, int] = {}
    contradictions: list[str] = []  # a signal that was told two positions

    def note(self, signal_id: str, position: int) -> None:
        known = self.acknowledged.setdefault(signal_id, position)
        if known != position:
            self.contradictions.append(f"{signal_id}: {known} and {position}")


class Driver:
    """Plays a small guard force against a live server until it is told to stop."""

    def __init__(self, server: LiveServer) -> None:
        self.ledger = Ledger()
        self.failures: list[str] = []
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="driver")
        self._number = 0
        self._chance = Random(1)  # what comes late, and how late; no secret

    def enrol(self) -> None:
        """Make the site known, what is to be done there, and the guards with their phones."""
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        with self._server.client() as client:
            put(client, "sites/S-1", SITE)
            put(client, "devices/P-1", {"kind": "panel", "site_id": "S-1"})
            put(client, "tours/T-1", tour(hour - LATE_MAX))
            for number in range(GUARDS):
                put(client, f"persons/G-{number}", {"name": f"Guard {number}"})
                device = {"kind": "phone", "person_id": f"G-{number}"}
                put(client, f"devices/D-{number}", device)
                begins = hour - timedelta(hours=4 * number)
                put(client, f"shifts/H-{number}", shift(f"G-{number}", begins))
                due = {"name": "Lock the yard", "site_id": "S-1", "person_id": None}
                put(client, f"tasks/K-{number}", {**due, "due_at": begins.isoformat()})

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def finish(self) -> Ledger:
        """Send the batch under way until it is acknowledged, stop, and return the ledger."""
        self._stop.set()
        self._thread.join()
        assert not self.failures, self.failures
        return self.ledger

    def _run(self) -> None:
        with self._server.client() as client:
            while not self._stop.is_set():
                batch = [self._signal() for _ in range(BATCH_SIGNALS)]
                self._deliver(client, batch)
                self._stop.wait(PAUSE_S)

    def _deliver(self, client: httpx.Client, batch: list[Fields]) -> None:
        """Send the same batch until it is answered: what a field device does."""
        deadline = time.monotonic() + GIVE_UP_S
        while time.monotonic() < deadline:
            try:
                answer = client.post("/api/v2/noc/signals/", json=batch)
            except httpx.TransportError:
                time.sleep(RETRY_PAUSE_S)
                continue
            if answer.status_code == 200:
                for item, result in zip(batch, answer.json()["data"]["results"], strict=True):
                    if result["status"] == "refused":
                        self.failures.append(f"refused: {result}")
                        return
                    self.ledger.note(item["signal_id"], result["position"])
                return
            if answer.status_code < 500:
                self.failures.append(f"{answer.status_code}: {answer.text}")
                return
            time.sleep(RETRY_PAUSE_S)
        self.failures.append("A batch was not answered in time.")

    def _signal(self) -> Fields:
        """Return the next signal; the kinds take turns, and half of all come late."""
        self._number += 1
        kind, of_kind = KINDS[self._number % len(KINDS)]
        late = self._chance.choice([timedelta(0), self._chance.random() * LATE_MAX])
        guard = self._chance.randrange(GUARDS)
        return {
            "kind": kind,
            "signal_id": f"s-{self._number}",
            "source": "faults",
            "occurred_at": (datetime.now(UTC) - late).isoformat(),
            "person_id": f"G-{guard}",
            "device_id": f"D-{guard}",
            **of_kind(self._chance),
        }


def attendance(chance: Random) -> Fields:
    """A check-in or a check-out; every fifth is a plain fraud."""
    fraud = chance.random() < 0.2
    return {
        "site_id": "S-1",
        "direction": chance.choice(["check_in", "check_out"]),
        "latitude": 52.5 if fraud else 51.5,
        "longitude": -0.12,
        "gps_accuracy_m": 8.0,
        "biometric_quality": 0.05 if fraud else 0.95,
        "biometric_matched": not fraud,
    }


def location(chance: Random) -> Fields:
    """A position, mostly a good one."""
    accuracy_m = chance.choice([7.0, 8.0, 9.0, 400.0])
    return {"latitude": 51.5, "longitude": -0.12, "gps_accuracy_m": accuracy_m}


def checkpoint_scan(chance: Random) -> Fields:
    """A checkpoint of the tour, in no order: some walks miss one."""
    checkpoint = f"C-{chance.randrange(2)}"
    return {"site_id": "S-1", "tour_id": "T-1", "checkpoint_id": checkpoint, "method": "nfc"}


def phone_activity(chance: Random) -> Fields:
    """A quarter of an hour, in which the phone may have lain in a drawer."""
    return {"interactions": chance.choice([0, 1, 20]), "interval_s": 900}


def task_completion(chance: Random) -> Fields:
    return {"site_id": "S-1", "task_id": f"K-{chance.randrange(GUARDS)}"}


def device_status(chance: Random) -> Fields:
    """A phone that goes and comes, and a panel that somebody opened."""
    if chance.random() < 0.3:
        return {"device_id": "P-1", "person_id": None, "site_id": "S-1", "status": "tamper"}
    return {"status": chance.choice(["online", "offline", "low_battery"]), "site_id": "S-1"}


def panic(chance: Random) -> Fields:
    del chance
    return {"site_id": "S-1"}


KINDS: tuple[tuple[str, Callable[[Random], Fields]], ...] = (
    ("attendance", attendance),
    ("location", location),
    ("checkpoint_scan", checkpoint_scan),
    ("phone_activity", phone_activity),
    ("task_completion", task_completion),
    ("device_status", device_status),
    ("panic", panic),
)


def tour(valid_from: datetime) -> Fields:
    """A round of two checkpoints, every hour."""
    checkpoints = [
        {"checkpoint_id": f"C-{number}", "name": f"Door {number}", "due_minutes": 5 + 5 * number}
        for number in range(2)
    ]
    return {
        "site_id": "S-1",
        "name": "Round",
        "checkpoints": checkpoints,
        "starts": [f"{hour:02}:00" for hour in range(24)],
        "grace_minutes": 5,
        "valid_from": valid_from.isoformat(),
    }


def shift(person_id: str, begins: datetime) -> Fields:
    """Four hours of a guard."""
    return {
        "site_id": "S-1",
        "person_id": person_id,
        "role": "guard",
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=4)).isoformat(),
    }


def put(client: httpx.Client, path: str, body: Fields) -> None:
    """Put a directory entry."""
    answer = client.put(f"/api/v2/noc/directory/{path}/", json=body)
    assert answer.status_code in (200, 201), answer.text
