"""Whenever a device tells that it is tampered with, raise an alert, or repeat the one that stands.

What a device tells is no judgement about a window of time, so it is believed however late it comes.
"""

from __future__ import annotations

from collections.abc import Sequence

from application.following import Desk
from application.policies.alerting import OWN_FACTS, Judged, keep_alerts, new_alert_id
from domain.alert import AlertKind, RaiseAlert
from domain.catalogue import AnyRecorded
from domain.severity import Severity
from domain.signals import DeviceStatus, DeviceStatusRecorded, corrected_at

NAME = "raise-alert-whenever-device-tampered"
FAMILY = "tamper"


class RaiseAlertWheneverDeviceTampered:
    """The policy `raise-alert-whenever-device-tampered`."""

    name = NAME
    behind = None
    facts = (DeviceStatusRecorded, *OWN_FACTS)

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        keep_alerts(desk, FAMILY, batch, judge)


def judge(fact: AnyRecorded) -> Judged | None:
    """Return that somebody must look at a device that is tampered with."""
    told = fact.event
    if not isinstance(told, DeviceStatusRecorded) or told.status is not DeviceStatus.TAMPER:
        return None
    where = "" if told.site_id is None else f" at {told.site_id}"
    wish = RaiseAlert(
        alert_id=new_alert_id(NAME, fact),
        kind=AlertKind.TAMPER,
        dedup_key=f"{FAMILY}/{told.device_id}",
        severity=Severity.HIGH,
        score=1.0,
        title=f"Device {told.device_id}{where} is tampered with",
        evidence=fact.event_id,
        seen_at=corrected_at(told),
        site_id=told.site_id,
        person_id=told.person_id,
        device_id=told.device_id,
    )
    return Judged(fact.event_id, wish)
