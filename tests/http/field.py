"""A small field for the tests of the doors: one site, one guard, one phone."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

SITE: dict[str, Any] = {
    "name": "North Gate",
    "latitude": 51.5,
    "longitude": -0.12,
    "geofence_radius_m": 150,
    "time_zone": "Europe/London",
    "security_manager": "supervisor",
}
PERSON: dict[str, Any] = {"name": "Ada Marsh", "phone": "+44 20 7946 0000", "site_id": "S-01"}
DEVICE: dict[str, Any] = {"kind": "phone", "person_id": "G-001", "site_id": "S-01"}
TOUR: dict[str, Any] = {
    "site_id": "S-01",
    "name": "Night round",
    "checkpoints": [
        {
            "checkpoint_id": "C-1",
            "name": "North door",
            "due_minutes": 5,
            "latitude": None,
            "longitude": None,
        },
        {
            "checkpoint_id": "C-2",
            "name": "Boiler room",
            "due_minutes": 20,
            "latitude": 51.5002,
            "longitude": -0.1203,
        },
    ],
    "starts": ["22:00", "02:00"],
    "grace_minutes": 10,
}
SHIFT: dict[str, Any] = {
    "site_id": "S-01",
    "person_id": "G-001",
    "role": "guard",
    "starts_at": "2026-11-22T20:00:00Z",
    "ends_at": "2026-11-23T04:00:00Z",
}
TASK: dict[str, Any] = {
    "site_id": "S-01",
    "name": "Lock the yard",
    "due_at": "2026-11-22T21:00:00Z",
    "person_id": None,
}
NOW = datetime.now(UTC)
DIRECTORY = "/api/v2/noc/directory"
SIGNALS = "/api/v2/noc/signals/"


def enrol_field(client: httpx.Client) -> None:
    """State the site S-01, the person G-001, the device D-001, a tour, a shift and a task."""
    for path, content in (
        ("sites/S-01/", SITE),
        ("persons/G-001/", PERSON),
        ("devices/D-001/", DEVICE),
        ("tours/T-01/", TOUR),
        ("shifts/H-01/", SHIFT),
        ("tasks/K-01/", TASK),
    ):
        answer = client.put(f"{DIRECTORY}/{path}", json=content)
        assert answer.status_code == 200, answer.text


def attendance(**changes: Any) -> dict[str, Any]:
    """Return a check-in of G-001 at S-01, new each time."""
    return {
        "kind": "attendance",
        "signal_id": uuid4().hex,
        "source": "gate-app",
        "occurred_at": datetime.now(UTC).isoformat(),
        "person_id": "G-001",
        "site_id": "S-01",
        "device_id": "D-001",
        "direction": "check_in",
        "latitude": 51.5,
        "longitude": -0.12,
        "gps_accuracy_m": 8.0,
        "biometric_quality": 0.93,
        "biometric_matched": True,
        **changes,
    }


def problem_in(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the problem of an answer after proving that it is one, in every respect."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    found: dict[str, Any] = answer.json()
    assert found["code"] == code, found
    assert found["status"] == status
    assert found["type"] == f"urn:vedette:problem:{code}"
    assert found["title"]
    assert found["detail"]
    return found


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Tell whether something comes to hold within some seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False
