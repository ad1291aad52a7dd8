"""One signal of each kind, as the documentation shows them."""

from typing import Any

ABOUT: dict[str, Any] = {
    "source": "gate-app",
    "person_id": "G-007",
    "site_id": "S-01",
    "device_id": "D-007",
}

EXAMPLES: list[dict[str, Any]] = [
    {
        "kind": "attendance",
        "signal_id": "8f14e45f",
        **ABOUT,
        "occurred_at": "2026-11-22T08:00:00+00:00",
        "sent_at": "2026-11-22T08:00:02+00:00",
        "direction": "check_in",
        "latitude": 48.1771,
        "longitude": 11.5563,
        "gps_accuracy_m": 8.0,
        "biometric_quality": 0.93,
        "biometric_matched": True,
        "phone_signal_dbm": -71,
        "battery_percent": 83,
    },
    {
        "kind": "location",
        "signal_id": "9bf31c7f",
        **ABOUT,
        "occurred_at": "2026-11-22T08:05:00+00:00",
        "latitude": 48.1772,
        "longitude": 11.5564,
        "gps_accuracy_m": 12.0,
    },
    {
        "kind": "checkpoint_scan",
        "signal_id": "45c48cce",
        **ABOUT,
        "occurred_at": "2026-11-22T08:10:00+00:00",
        "tour_id": "T-night",
        "checkpoint_id": "C-1",
        "method": "nfc",
    },
    {
        "kind": "phone_activity",
        "signal_id": "d3d94468",
        **ABOUT,
        "occurred_at": "2026-11-22T08:15:00+00:00",
        "interactions": 14,
        "interval_s": 900,
    },
    {
        "kind": "task_completion",
        "signal_id": "6512bd43",
        **ABOUT,
        "occurred_at": "2026-11-22T08:20:00+00:00",
        "task_id": "K-0815",
    },
    {
        "kind": "device_status",
        "signal_id": "c20ad4d7",
        **ABOUT,
        "occurred_at": "2026-11-22T08:25:00+00:00",
        "status": "low_battery",
        "battery_percent": 9,
    },
    {
        "kind": "panic",
        "signal_id": "c51ce410",
        **ABOUT,
        "occurred_at": "2026-11-22T08:30:00+00:00",
        "latitude": 48.1772,
        "longitude": 11.5564,
        "gps_accuracy_m": 12.0,
    },
]
