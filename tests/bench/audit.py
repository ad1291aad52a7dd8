"""Audit: seconds of a comprehensive audit of a tenant with 1,000 sites, against reading its signals.

Each site is guarded around the clock in three shifts, with a phone that reports its use and its
place every quarter of an hour, four walks of a tour a day and a task. One guard in twenty does not
come, one hour in fifty a phone is silent, one checkpoint in twenty is missed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from typing import Any

from adapters.followers.projecting import ProjectionHandler
from adapters.followers.runtime import Loop
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database as Connections
from adapters.postgres.plans import READ, PostgresPlans
from adapters.postgres.signals import PostgresSignals
from application.auditing import RunAudit, chunks, request_audit
from application.duty_signals import signals_for
from application.ports import APPEND_EVENTS_MAX, Append, Cause, NewFact, Slice
from domain.directory.shift import ShiftPlanned, ShiftRole, shift_stream
from domain.directory.site import SiteRegistered, site_stream
from domain.directory.task import TaskAssigned, task_stream
from domain.directory.tour import Checkpoint, TourDefined, tour_stream
from domain.finding.facts import AuditCompleted, AuditKind, audit_stream
from domain.finding.planning import duties_due
from domain.kernel import Event
from domain.signals import (
    AttendanceRecorded,
    CheckpointScanRecorded,
    Direction,
    LocationRecorded,
    PhoneActivityRecorded,
    ScanMethod,
    SignalEvent,
    signal_stream,
    signal_uuid,
)
from tests.bench.kit import Measure, Servers, rounded, say

TENANT = "bench-audit"
SITES = 1_000
ROUNDS = 3
DAY = timedelta(days=1)
SHIFT = timedelta(hours=8)
QUARTER = timedelta(minutes=15)
CHECKPOINTS = 5
STARTS = ("01:00", "07:00", "13:00", "19:00")
CAUSE = Cause("system:bench")
LATITUDE, LONGITUDE = 51.5, -0.12

Told = tuple[str, Event, Any]  # stream, fact, its id if it has one


def plan_of(number: int, since: datetime) -> Iterator[Told]:
    """Yield what one site plans for a day."""
    site = f"S-{number:04}"
    yield (
        site_stream(site),
        SiteRegistered(
            site_id=site,
            name=site,
            latitude=LATITUDE,
            longitude=LONGITUDE,
            geofence_radius_m=150.0,
            time_zone="Europe/London",
        ),
        None,
    )
    points = tuple(
        Checkpoint(checkpoint_id=f"C-{each}", name=f"C {each}", due_minutes=each * 10)
        for each in range(CHECKPOINTS)
    )
    tour = TourDefined(
        tour_id=f"T-{number:04}",
        site_id=site,
        name="Round",
        checkpoints=points,
        starts=STARTS,
        grace_minutes=10,
        valid_from=since - DAY,
    )
    yield tour_stream(tour.tour_id), tour, None
    task = TaskAssigned(
        task_id=f"J-{number:04}", site_id=site, name="Gate", due_at=since + 2 * SHIFT
    )
    yield task_stream(task.task_id), task, None
    for turn in range(3):
        shift = ShiftPlanned(
            shift_id=f"N-{number:04}-{turn}",
            site_id=site,
            role=ShiftRole.GUARD,
            person_id=f"G-{number:04}-{turn}",
            starts_at=since + turn * SHIFT,
            ends_at=since + (turn + 1) * SHIFT,
        )
        yield shift_stream(shift.shift_id), shift, None


def day_of(number: int, since: datetime, chance: Random) -> Iterator[SignalEvent]:
    """Yield what one site's guards and phones tell in a day."""
    site = f"S-{number:04}"
    for turn in range(3):
        if chance.random() < 0.05:
            continue
        person, start = f"G-{number:04}-{turn}", since + turn * SHIFT
        about: dict[str, Any] = {"person_id": person, "device_id": f"D-{person}", "source": "bench"}
        place: dict[str, Any] = {
            "latitude": LATITUDE,
            "longitude": LONGITUDE,
            "gps_accuracy_m": 8.0,
        }
        for direction, at in (
            (Direction.CHECK_IN, start - timedelta(minutes=5)),
            (Direction.CHECK_OUT, start + SHIFT + timedelta(minutes=2)),
        ):
            yield AttendanceRecorded(
                **about,
                **place,
                signal_id=f"{person}-{direction}",
                site_id=site,
                direction=direction,
                biometric_quality=0.9,
                biometric_matched=True,
                battery_percent=80,
                occurred_at=at,
            )
        silent = {hour for hour in range(8) if chance.random() < 0.02}
        for quarter in range(32):
            at = start + quarter * QUARTER + timedelta(minutes=1)
            if quarter // 4 in silent:
                continue
            yield PhoneActivityRecorded(
                **about,
                signal_id=f"{person}-a{quarter}",
                interactions=12,
                interval_s=900,
                occurred_at=at,
            )
            yield LocationRecorded(
                **about,
                **place,
                signal_id=f"{person}-l{quarter}",
                site_id=site,
                occurred_at=at,
            )
        hours = range(int(turn * 8), int(turn * 8 + 8))
        for hour in (int(each[:2]) for each in STARTS):
            if hour not in hours:
                continue
            for point in range(CHECKPOINTS):
                if chance.random() < 0.05:
                    continue
                yield CheckpointScanRecorded(
                    **about,
                    signal_id=f"{person}-c{hour}-{point}",
                    site_id=site,
                    tour_id=f"T-{number:04}",
                    checkpoint_id=f"C-{point}",
                    method=ScanMethod.NFC,
                    occurred_at=since + timedelta(hours=hour, minutes=point * 10 + 3),
                )


def fill(log: PostgresLog, since: datetime) -> int:
    """Record the plan and the day of every site; return how many signals that are."""
    chance = Random(1)
    log.open_tenant(TENANT)
    signals = 0
    waiting: list[Slice] = []

    def flush() -> None:
        log.append(TENANT, Append(waiting))
        waiting.clear()

    for number in range(SITES):
        told = list(plan_of(number, since))
        for signal in day_of(number, since, chance):
            uuid = signal_uuid(signal.source, signal.signal_id)
            told.append((signal_stream(uuid), signal, uuid))
            signals += 1
        if len(waiting) + len(told) > APPEND_EVENTS_MAX:
            flush()
        for stream, event, uuid in told:
            fact = NewFact(event) if uuid is None else NewFact(event, uuid)
            waiting.append(Slice(stream, 0, [fact], CAUSE))
    flush()
    return signals


def audit(servers: Servers) -> Measure:
    """From the request to the answer; the read models stand, as they do in a system that runs."""
    database = servers.database()
    connections = Connections(database.app_url)
    log = PostgresLog(connections)
    now = datetime.now(UTC)
    since = now.replace(hour=0, minute=0, second=0, microsecond=0) - DAY
    as_of = min(since + DAY + timedelta(minutes=30), now)
    say("  a day of 1,000 sites …")
    signals = fill(log, since)
    plans, known = PostgresPlans(connections), PostgresSignals(connections)
    loops = [
        Loop(database.app_url, ProjectionHandler(projection), grown=lambda *_: None)
        for projection in READ
    ]
    took: list[float] = []
    answers: list[AuditCompleted] = []
    try:
        for _ in range(ROUNDS):
            id_, _, position = request_audit(
                log, TENANT, AuditKind.COMPREHENSIVE, now, CAUSE, as_of=as_of
            )
            for loop in loops:
                loop.catch_up()
            began = time.perf_counter()
            RunAudit(log, known, plans)(TENANT, id_, position)
            took.append(time.perf_counter() - began)
            answer = log.read_stream(TENANT, audit_stream(id_))[-1].event
            assert isinstance(answer, AuditCompleted)
            answers.append(answer)
        reading = read_only(plans, known, as_of, answers[-1].judged_up_to)
    finally:
        for loop in loops:
            loop.disconnect()
        log.close()
        connections.close()
    return {
        "value": rounded(median(took)),
        "reference": rounded(reading),
        "ratio": round(median(took) / reading, 2),
        "unit": "s",
        "reference_unit": "s to read plan and signals",
        "first": rounded(took[0]),
        "signals": signals,
        "windows": answers[0].windows,
        "raised": answers[0].raised,
    }


def read_only(
    plans: PostgresPlans, known: PostgresSignals, as_of: datetime, position: int
) -> float:
    """Return the seconds that it takes to look up the same plans and signals."""
    began = time.perf_counter()
    for part in chunks(plans.sites(TENANT)):
        duties = [
            duty
            for plan in plans.plans(TENANT, part, as_of - DAY, as_of)
            for duty in duties_due(plan, as_of - DAY, as_of)
        ]
        signals_for(duties, lambda windows: known.signals(TENANT, windows, position))
    return time.perf_counter() - began


BENCHES = {"audit": audit}
