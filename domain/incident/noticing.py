"""What is worth correlating: from the facts of a signal, an alert, a finding or an anomaly to an item.

Of signals only those that are trouble by themselves are noticed: panic, and a device that is offline,
tampered with or low on battery. Alerts, findings and anomalies are noticed as long as they stand;
a verdict that there was nothing takes them out, and reopening brings them back.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.alert import (
    AlertEvidenceDropped,
    AlertEvidenceRevised,
    AlertKind,
    AlertRaised,
    AlertReopened,
    AlertRepeated,
    AlertResolved,
    AlertWithdrawn,
    Verdict,
)
from domain.anomaly.facts import AnomalyDetected, AnomalyRevised, AnomalyWithdrawn, Metric
from domain.catalogue import AnyRecorded
from domain.finding.facts import (
    FindingRaised,
    FindingResolved,
    FindingRevised,
    FindingType,
    FindingWithdrawn,
)
from domain.incident.facts import Item, ItemKind, Sign
from domain.incident.matching import SPAN_MAX, words
from domain.severity import Severity
from domain.signals import HORIZON, DeviceStatus, DeviceStatusRecorded, PanicRecorded, corrected_at

STANDS_ON_MAX = 32  # signals that are remembered of one judgement

NOTHING_WAS_WRONG = frozenset(
    {
        Verdict.BENIGN_EXPECTED,
        Verdict.FALSE_POSITIVE_LOGIC,
        Verdict.FALSE_POSITIVE_DATA,
        Verdict.DUPLICATE,
    }
)
STATUS_SIGNS = {
    DeviceStatus.OFFLINE: (Sign.DEVICE_OFFLINE, Severity.MEDIUM),
    DeviceStatus.TAMPER: (Sign.TAMPER, Severity.HIGH),
    DeviceStatus.LOW_BATTERY: (Sign.LOW_BATTERY, Severity.LOW),
}
ALERT_SIGNS = {
    AlertKind.FRAUD: Sign.FRAUD,
    AlertKind.ANOMALY: Sign.UNUSUAL,
    AlertKind.PANIC: Sign.PANIC,
    AlertKind.TAMPER: Sign.TAMPER,
}
FINDING_SIGNS = {type_: Sign(type_.value.lower()) for type_ in FindingType}
#: Of a value that is too low, or too high, where that is a sign of its own.
LOW_SIGNS = {
    Metric.PHONE_INTERACTIONS: Sign.LOW_PHONE_ACTIVITY,
    Metric.LOCATION_UPDATES: Sign.SILENT_DEVICE,
    Metric.TOUR_COMPLETION: Sign.MISSED_CHECKPOINT,
    Metric.SITE_SIGNALS: Sign.SILENT_SITE,
}
HIGH_SIGNS = {Metric.GEOFENCE_DISTANCE: Sign.GEOFENCE_BREACH}

SignalNoticed: TypeAlias = DeviceStatusRecorded | PanicRecorded
AlertNoticed: TypeAlias = (
    AlertRaised
    | AlertRepeated
    | AlertEvidenceRevised
    | AlertEvidenceDropped
    | AlertWithdrawn
    | AlertResolved
    | AlertReopened
)
FindingNoticed: TypeAlias = FindingRaised | FindingRevised | FindingWithdrawn | FindingResolved
AnomalyNoticed: TypeAlias = AnomalyDetected | AnomalyRevised | AnomalyWithdrawn
Noticed: TypeAlias = SignalNoticed | AlertNoticed | FindingNoticed | AnomalyNoticed


class Holder(msgspec.Struct, frozen=True):
    """Who carries a device and where it belongs, for signals that do not say so."""

    person_id: str | None = None
    site_id: str | None = None
    version: int = 0  # of the device's stream; what is not newer was taken in already


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one thing that was noticed."""

    version: int = 0  # of its stream; what is not newer was taken in already
    item: Item | None = None  # as it is known; None: it is none
    stands: bool = False
    why_not: str = ""  # it does not stand
    stands_on: tuple[UUID, ...] = ()
    seen: dict[UUID, datetime] = {}  # evidences of an alert, and when each happened


def item_id_of(fact: AnyRecorded) -> UUID:
    """Return the id of the item that a fact is about: its stream's."""
    return UUID(fact.stream_id.partition("-")[2])


def notice(known: Notice, fact: AnyRecorded, holder: Holder) -> Notice:
    """Fold one fact into what is known of its item; a fact that was taken in changes nothing."""
    if fact.version <= known.version:
        return known
    known = replace(known, version=fact.version)
    item_id = item_id_of(fact)
    match fact.event:
        case DeviceStatusRecorded() | PanicRecorded():
            return signal(known, item_id, fact.event, fact.recorded_at, holder)
        case FindingRaised():
            return finding(known, fact.event)
        case AnomalyDetected():
            return anomaly(known, fact.event)
        case AlertRaised():
            return alert(known, fact.event)
    return known if known.item is None else went_on(known, known.item, fact.event)


def went_on(known: Notice, item: Item, event: object) -> Notice:
    """Fold a later fact of an item's story."""
    match event:
        case AlertRepeated(evidence=evidence, seen_at=seen_at, severity=severity):
            return timed(known, {**known.seen, evidence: seen_at}, severity)
        case AlertEvidenceDropped(evidence=evidence, severity=severity, count=count):
            left = {signal: at for signal, at in known.seen.items() if signal != evidence}
            return timed(known, left, severity) if left and count else known
        case AlertEvidenceRevised(severity=severity):
            return timed(known, known.seen, severity)
        case FindingRevised():
            now = replace(
                item,
                severity=event.severity,
                person_id=event.person_id,
                device_id=event.device_id,
            )
            return replace(known, item=now, stands_on=standing_on(item.id, event.evidence.received))
        case AnomalyRevised(severity=severity, measured=measured):
            stands_on = standing_on(item.id, measured.signals)
            return replace(known, item=replace(item, severity=severity), stands_on=stands_on)
        case AlertWithdrawn(reason=why) | FindingWithdrawn(reason=why):
            return replace(known, stands=False, why_not=why)
        case AnomalyWithdrawn(reason=why):
            return replace(known, stands=False, why_not=why)
        case AlertResolved(reason=verdict) | FindingResolved(reason=verdict):
            if verdict in NOTHING_WAS_WRONG:
                return replace(known, stands=False, why_not=f"A person's verdict is {verdict}.")
            return known
        case _:
            assert isinstance(event, AlertReopened), f"{event} is no fact of an item."
            return replace(known, stands=True, why_not="")


def signal(
    known: Notice, item_id: UUID, event: SignalNoticed, recorded_at: datetime, holder: Holder
) -> Notice:
    """Notice a signal that is trouble by itself, unless it comes too late to judge anything."""
    at = corrected_at(event)
    if recorded_at - at > HORIZON:
        return known
    if isinstance(event, PanicRecorded):
        sign, severity = Sign.PANIC, Severity.CRITICAL
    elif event.status in STATUS_SIGNS:
        sign, severity = STATUS_SIGNS[event.status]
    else:
        return known
    item = Item(
        kind=ItemKind.SIGNAL,
        id=item_id,
        sign=sign,
        label=words(sign),
        severity=severity,
        at=at,
        site_id=event.site_id or holder.site_id,
        person_id=event.person_id or holder.person_id,
        device_id=event.device_id,
    )
    return replace(known, item=item, stands=True, stands_on=(item_id,))


def finding(known: Notice, event: FindingRaised) -> Notice:
    sign = FINDING_SIGNS[event.finding_type]
    item = of_window(event, ItemKind.FINDING, event.finding_id, sign, words(sign))
    stands_on = standing_on(event.finding_id, event.evidence.received)
    return replace(known, item=item, stands=True, why_not="", stands_on=stands_on)


def anomaly(known: Notice, event: AnomalyDetected) -> Notice:
    sign = sign_of(event.metric, event.measured.z)
    label = words(sign) if sign is not Sign.UNUSUAL else unusual(event.metric)
    item = of_window(event, ItemKind.ANOMALY, event.anomaly_id, sign, label)
    stands_on = standing_on(event.anomaly_id, event.measured.signals)
    return replace(known, item=item, stands=True, why_not="", stands_on=stands_on)


def of_window(
    event: FindingRaised | AnomalyDetected, kind: ItemKind, id_: UUID, sign: Sign, label: str
) -> Item:
    """Return the item of a judged window; of a long one only its end counts."""
    return Item(
        kind=kind,
        id=id_,
        sign=sign,
        label=label,
        severity=event.severity,
        at=max(event.window_start, event.window_end - SPAN_MAX),
        until=event.window_end,
        site_id=event.site_id,
        person_id=event.person_id,
        device_id=event.device_id,
    )


def alert(known: Notice, event: AlertRaised) -> Notice:
    sign = ALERT_SIGNS[event.kind]
    label = f"{words(sign)} alert"
    if event.metric is not None:
        label = f"{unusual(event.metric)} alert"
    item = Item(
        kind=ItemKind.ALERT,
        id=event.alert_id,
        sign=sign,
        label=label,
        severity=event.severity,
        at=event.seen_at,
        site_id=event.site_id,
        person_id=event.person_id,
        device_id=event.device_id,
    )
    raised = replace(known, item=item, stands=True, why_not="")
    return timed(raised, {event.evidence: event.seen_at}, event.severity)


def timed(known: Notice, seen: dict[UUID, datetime], severity: Severity) -> Notice:
    """Return an alert on these evidences: it lasts from the first to the last of them."""
    assert known.item is not None, "An alert is timed after it was raised."
    first, last = min(seen.values()), max(seen.values())
    item = replace(
        known.item,
        severity=severity,
        at=max(first, last - SPAN_MAX),
        until=None if first == last else last,
    )
    stands_on = standing_on(item.id, sorted(seen, key=lambda each: (seen[each], each)))
    return replace(known, item=item, seen=seen, stands_on=stands_on)


def sign_of(metric: Metric, z: float) -> Sign:
    """Return what a value so far from its baseline is a sign of."""
    return (LOW_SIGNS if z < 0 else HIGH_SIGNS).get(metric, Sign.UNUSUAL)


def unusual(metric: Metric) -> str:
    return f"unusual {metric.value.replace('_', ' ')}"


def standing_on(item_id: UUID, signals: tuple[UUID, ...] | list[UUID]) -> tuple[UUID, ...]:
    """Return what a judgement stands on, itself included."""
    return (item_id, *signals[:STANDS_ON_MAX])
