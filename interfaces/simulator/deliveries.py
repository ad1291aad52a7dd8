"""Deliveries: a signal on its way, and the truth about it that only the truth file is told."""

from __future__ import annotations

import msgspec

from interfaces.simulator.shifts import Plan
from interfaces.simulator.signals import Signal, timestamp
from interfaces.simulator.tactics import Moment


class Truth(msgspec.Struct, frozen=True):
    """What a fraudulent signal really is. `occurred_at` is true time, whatever the phone's clock says."""

    signal_id: str
    source: str
    kind: str
    tactic: str
    person_id: str
    site_id: str
    device_id: str
    shift_id: str
    occurred_at: str
    accomplice_id: str | None = None


class Delivery(msgspec.Struct, frozen=True):
    """One signal on its way: `deliver_at` is true time in seconds since 1970."""

    deliver_at: float
    signal: Signal
    occurred_at: float  # true time, seconds since 1970
    skew_s: float | None  # of the clock that stamps `sent_at`; None where the phone does not stamp
    duplicate: bool = False
    truth: Truth | None = None  # on the first delivery of a fraudulent signal


def delivery(
    deliver_at: float,
    moment: Moment,
    written: Signal,
    *,
    duplicate: bool,
    truth: Truth | None = None,
) -> Delivery:
    phone = moment.phone
    if phone.stamps:
        written = {**written, "sent_at": timestamp(deliver_at, phone, moment.site)}
    return Delivery(
        deliver_at=deliver_at,
        signal=written,
        occurred_at=moment.at,
        skew_s=phone.skew_s if phone.stamps else None,
        duplicate=duplicate,
        truth=truth,
    )


def truth_of(planned: Plan, moment: Moment, written: Signal) -> Truth:
    phone = msgspec.structs.replace(moment.phone, skew_s=0.0, local_time=False)
    return Truth(
        signal_id=str(written["signal_id"]),
        source=str(written["source"]),
        kind=str(written["kind"]),
        tactic=planned.tactic or "",
        person_id=planned.shift.guard.person_id,
        site_id=moment.site.site_id,
        device_id=moment.phone.device_id,
        shift_id=planned.shift.shift_id,
        occurred_at=timestamp(moment.at, phone, moment.site),
        accomplice_id=planned.accomplice.person_id if planned.accomplice else None,
    )
