"""The whole set at once: judges every attendance from all signals, without memories or increments.

Slow and plain on purpose: the fold has to end where this ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from domain.fraud.contradictions import contradictions
from domain.fraud.facts import Features
from domain.fraud.features import Known, Walked, features, shift_of
from domain.fraud.memory import DAY_US, MINUTE_US, Fence, Fix, Scan, Standing, Use, Visit, micros
from domain.fraud.score import RULES, Judgement
from domain.signals import (
    AttendanceRecorded,
    CheckpointScanRecorded,
    Direction,
    LocationRecorded,
    SignalEvent,
)
from tests.domain.fraud.field import MONDAY, PLACES, TAGS, tag_place, uuid_of


def fence_of(site: str) -> Fence:
    return Fence(0, *PLACES[site], 100.0, "Europe/London")


def visit_of(signal: AttendanceRecorded) -> Visit:
    moment = signal.occurred_at  # in winter London keeps UTC
    assert MONDAY.month in (11, 12)
    return Visit(
        micros(moment),
        uuid_of(signal),
        signal.site_id,
        signal.device_id,
        signal.direction is Direction.CHECK_IN,
        signal.latitude,
        signal.longitude,
        signal.gps_accuracy_m,
        signal.biometric_quality if signal.biometric_matched else 0.0,
        signal.phone_signal_dbm,
        signal.battery_percent,
        moment.toordinal(),
        moment.hour * 60 + moment.minute,
    )


def scan_place(signal: CheckpointScanRecorded) -> tuple[float, ...]:
    if signal.latitude is None or signal.longitude is None or signal.gps_accuracy_m is None:
        return ()
    return signal.latitude, signal.longitude, signal.gps_accuracy_m


def judge_all(signals: Iterable[SignalEvent]) -> dict[UUID, tuple[Features, Judgement, list[UUID]]]:
    """Return the features, the judgement and the witnesses of every attendance."""
    unique = {uuid_of(signal): signal for signal in signals}
    judged = {}
    places = {tag: tag_place(tag) for tag in TAGS}
    attendances = [one for one in unique.values() if isinstance(one, AttendanceRecorded)]
    for person in sorted({one.person_id for one in attendances}):
        visits = sorted(
            (visit_of(one) for one in attendances if one.person_id == person),
            key=lambda visit: (visit.at_us, visit.signal),
        )
        raw = sorted(
            Fix(micros(one.occurred_at), one.latitude, one.longitude, one.gps_accuracy_m)
            for one in unique.values()
            if isinstance(one, LocationRecorded) and one.person_id == person
        )
        fixes = list({fix.at_us // MINUTE_US: fix for fix in reversed(raw)}.values())[::-1]
        scans = sorted(
            {
                Scan(micros(one.occurred_at), one.tour_id, one.checkpoint_id, scan_place(one))
                for one in unique.values()
                if isinstance(one, CheckpointScanRecorded) and one.person_id == person
            }
        )
        for index, visit in enumerate(visits):
            earlier = [past for past in visits[:index] if past.at_us >= visit.at_us - 30 * DAY_US]
            after = visits[index + 1].at_us if index + 1 < len(visits) else None
            shift = shift_of(visit, visits[index - 1] if index else None, after)
            its_scans = [each for each in scans if shift and shift[0] <= each.at_us <= shift[1]]
            known = Known(
                person_id=person,
                fence=fence_of(visit.site_id),
                fences_nearby={
                    past.site_id: fence_of(past.site_id)
                    for past in earlier
                    if past.at_us >= visit.at_us - 10 * MINUTE_US
                },
                earlier=earlier[-60:],
                next_at_us=after,
                fixes_before=[
                    fix for fix in fixes if visit.at_us - 60 * MINUTE_US <= fix.at_us <= visit.at_us
                ],
                fixes_after=[
                    fix for fix in fixes if visit.at_us < fix.at_us <= visit.at_us + 10 * MINUTE_US
                ],
                shift_fixes=[
                    fix for fix in fixes if shift is not None and shift[0] <= fix.at_us <= shift[1]
                ],
                tracked=bool(shift and fixes and raw[0].at_us < shift[0]),
                walked=[Walked(list(TAGS), its_scans, places)] if its_scans else [],
                uses=[
                    Use(micros(one.occurred_at), uuid_of(one), one.person_id)
                    for one in attendances
                    if one.person_id != person
                    and one.device_id == visit.device_id
                    and abs(micros(one.occurred_at) - visit.at_us) <= 10 * MINUTE_US
                ],
            )
            its_features, found = features(visit, known), contradictions(visit, known)
            judgement = RULES.score(its_features, found, 100.0)
            visit.standing = Standing(1, 0, judgement.probability, "")
            judged[visit.signal] = (
                its_features,
                judgement,
                list(dict.fromkeys(one for each in found for one in each.witnesses)),
            )
    return judged
