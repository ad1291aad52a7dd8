"""Whenever a guard calls for help, raise a CRITICAL alert, or repeat the one that stands.

A call is believed until a person says otherwise, however late it comes: it is no judgement about a
window of time, so the horizon of late signals does not end it.
"""

from __future__ import annotations

from collections.abc import Sequence

from application.following import Desk
from application.policies.alerting import OWN_FACTS, Judged, keep_alerts, new_alert_id
from domain.alert import AlertKind, RaiseAlert
from domain.catalogue import AnyRecorded
from domain.severity import Severity
from domain.signals import PanicRecorded, corrected_at

NAME = "raise-alert-whenever-panic-recorded"
FAMILY = "panic"


class RaiseAlertWheneverPanicRecorded:
    """The policy `raise-alert-whenever-panic-recorded`."""

    name = NAME
    behind = None
    facts = (PanicRecorded, *OWN_FACTS)

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        keep_alerts(desk, FAMILY, batch, judge)


def judge(fact: AnyRecorded) -> Judged | None:
    """Return that somebody must look at a call for help."""
    if not isinstance(fact.event, PanicRecorded):
        return None
    panic = fact.event
    where = "" if panic.site_id is None else f" at {panic.site_id}"
    wish = RaiseAlert(
        alert_id=new_alert_id(NAME, fact),
        kind=AlertKind.PANIC,
        dedup_key=f"{FAMILY}/{panic.person_id}",
        severity=Severity.CRITICAL,
        score=1.0,
        title=f"{panic.person_id} calls for help{where}",
        evidence=fact.event_id,
        seen_at=corrected_at(panic),
        site_id=panic.site_id,
        person_id=panic.person_id,
        device_id=panic.device_id,
    )
    return Judged(fact.event_id, wish)
