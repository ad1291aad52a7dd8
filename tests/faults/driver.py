"""A driver for fault tests: sends signals without a pause, sends again until it is answered, and
keeps a ledger of everything that was acknowledged."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from tests.live import LiveServer

BATCH_SIGNALS = 20
GUARDS = 12
RETRY_PAUSE_S = 0.05
GIVE_UP_S = 60.0
SITE = {
    "name": "Works",
    "latitude": 51.5,
    "longitude": -0.12,
    "geofence_radius_m": 100,
    "time_zone": "Europe/London",
    "security_manager": "supervisor",
}


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

    def enrol(self) -> None:
        """Make the site, the guards and their phones known."""
        with self._server.client() as client:
            put(client, "sites/S-1", SITE)
            for number in range(GUARDS):
                put(client, f"persons/G-{number}", {"name": f"Guard {number}"})
                device = {"kind": "phone", "person_id": f"G-{number}"}
                put(client, f"devices/D-{number}", device)

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

    def _deliver(self, client: httpx.Client, batch: list[dict[str, Any]]) -> None:
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

    def _signal(self) -> dict[str, Any]:
        """Return the next signal: every fourth an attendance, every fifth of those a plain fraud."""
        self._number += 1
        guard = self._number % GUARDS
        fraud = self._number % 20 == 0
        common = {
            "signal_id": f"s-{self._number}",
            "source": "faults",
            "occurred_at": datetime.now(UTC).isoformat(),
            "person_id": f"G-{guard}",
            "device_id": f"D-{guard}",
            "latitude": 52.5 if fraud else 51.5,
            "longitude": -0.12,
            "gps_accuracy_m": 8.0,
        }
        if self._number % 4:
            return {"kind": "location", **common}
        return {
            "kind": "attendance",
            "site_id": "S-1",
            "direction": "check_in",
            "biometric_quality": 0.05 if fraud else 0.95,
            "biometric_matched": not fraud,
            **common,
        }


def put(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    """Put a directory entry."""
    answer = client.put(f"/api/v2/noc/directory/{path}/", json=body)
    assert answer.status_code in (200, 201), answer.text
