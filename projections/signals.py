"""Signals: one row per signal, found by person, site or device and the time when it happened."""

from __future__ import annotations

from datetime import datetime
from typing import get_args
from uuid import UUID

import msgspec

from domain.catalogue import AnyRecorded, tag_of
from domain.signals import SignalEvent, corrected_at
from projections.kernel import Projection, key_behind


class SignalRow(msgspec.Struct, frozen=True, kw_only=True):
    """One signal, as it was told and as it was taken in."""

    signal: UUID  # derived from source and signal id
    kind: str  # such as attendance
    person_id: str | None
    site_id: str | None
    device_id: str | None
    at: datetime  # when it happened, corrected by the device's clock skew
    recorded_at: datetime
    fact: SignalEvent
    position: int


def project(row: SignalRow | None, fact: AnyRecorded) -> SignalRow | None:
    """Fold one fact: a signal is a stream of one."""
    event = fact.event
    if not isinstance(event, SignalEvent):
        return row
    return SignalRow(
        signal=fact.event_id,
        kind=kind_of(event),
        person_id=event.person_id,
        site_id=event.site_id,
        device_id=event.device_id,
        at=corrected_at(event),
        recorded_at=fact.recorded_at,
        fact=event,
        position=fact.position,
    )


def kind_of(signal: SignalEvent | type[SignalEvent]) -> str:
    """Return the public name of a signal's kind, as it is handed in."""
    return tag_of(signal).partition(".")[0]


SIGNALS = Projection(
    name="signals",
    table="signals",
    row=SignalRow,
    key="signal",
    newest_first="at",
    facts=get_args(SignalEvent),
    key_of=key_behind("signal-"),
    project=project,
    of_one_fact=True,
)
