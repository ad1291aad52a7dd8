"""Detect: signals a second through windows, baselines and judgements in one follower.

200 guards at 20 sites tell their position every ten minutes and their phone's use every half hour;
one signal in twenty comes hours late, and now and then an hour is unusual. Four days teach; then
each round is another day. The reference is what any reader of the log has to do: the same facts
decoded and written as rows, which is the read model `signals`, measured just before on the same
facts. Log, desk and checkpoints are the real ones; one follower runs at a time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg

from adapters.followers.desk import PolicyHandler
from adapters.followers.projecting import ProjectionHandler
from adapters.followers.runtime import Loop
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database as Connections
from application.policies.judge_baselines_whenever_signals_recorded import (
    JudgeBaselinesWheneverSignalsRecorded,
)
from application.ports import Append, Cause, Expect, NewFact, Slice
from domain.directory.person import PersonEnrolled, person_stream
from domain.directory.site import SiteRegistered, site_stream
from domain.directory.tenant import TENANT_STREAM, TenantFounded
from domain.kernel import Event
from domain.signals import (
    LocationRecorded,
    PhoneActivityRecorded,
    SignalEvent,
    signal_stream,
    signal_uuid,
)
from projections.signals import SIGNALS, SignalRow
from tests.bench.kit import Database, Measure, Rounds, Servers, compared

GUARDS, SITES = 200, 20
TEACHING_DAYS, ROUNDS = 4, 2
HOURS = range(8, 16)
TENANT = "detect"
CAUSE = Cause("user:bench")
APPEND = 500  # facts in one append
LATE = 0.05  # share of signals that come up to six hours late
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def directory() -> Iterator[tuple[str, Event]]:
    """Yield the facts about the tenant, its sites and its guards."""
    yield TENANT_STREAM, TenantFounded(name="Detect", time_zone="Europe/London")
    for number in range(SITES):
        site_id = f"S-{number:02}"
        yield (
            site_stream(site_id),
            SiteRegistered(
                site_id=site_id,
                name=site_id,
                latitude=51.0 + number / 100,
                longitude=0.0,
                geofence_radius_m=100.0,
                time_zone="Europe/London",
            ),
        )
    for number in range(GUARDS):
        person_id, site_id = f"G-{number:03}", f"S-{number % SITES:02}"
        enrolled = PersonEnrolled(person_id=person_id, name=person_id, site_id=site_id)
        yield person_stream(person_id), enrolled


def signals_of(day: int) -> list[SignalEvent]:
    """Return a day's signals in the order in which they come."""
    drawn = random.Random(day)
    began = TODAY - timedelta(days=TEACHING_DAYS + ROUNDS - day)
    told: list[tuple[datetime, SignalEvent]] = []
    for guard in range(GUARDS):
        person_id, site_id = f"G-{guard:03}", f"S-{guard % SITES:02}"
        for hour in HOURS:
            odd = drawn.random() < 0.01
            for number in range(8):
                at = began + timedelta(hours=hour, minutes=7 * number, seconds=drawn.random() * 60)
                signal_id = f"{day}-{guard}-{hour}-{number}"
                signal: SignalEvent
                if number % 4 == 3:
                    signal = PhoneActivityRecorded(
                        signal_id=signal_id,
                        source="bench",
                        occurred_at=at,
                        person_id=person_id,
                        device_id=f"D-{guard}",
                        site_id=site_id,
                        interactions=drawn.randrange(5, 15),
                        interval_s=1_800,
                    )
                else:
                    signal = LocationRecorded(
                        signal_id=signal_id,
                        source="bench",
                        occurred_at=at,
                        person_id=person_id,
                        device_id=f"D-{guard}",
                        site_id=site_id,
                        latitude=51.0 + guard % SITES / 100,
                        longitude=0.0,
                        gps_accuracy_m=abs(drawn.gauss(10, 2)) + 100 * odd,
                    )
                late_h = 6 * drawn.random() if drawn.random() < LATE else 0.0
                told.append((at + timedelta(hours=late_h), signal))
    told.sort(key=lambda each: each[0])
    return [signal for _, signal in told]


def append(log: PostgresLog, facts: list[tuple[str, NewFact]]) -> None:
    """Append facts, each to a stream of its own."""
    for first in range(0, len(facts), APPEND):
        some = facts[first : first + APPEND]
        appends = [
            Append([Slice(stream, Expect.NO_STREAM, [fact], CAUSE)]) for stream, fact in some
        ]
        log.append_each(TENANT, appends)


def happen(log: PostgresLog, day: int) -> int:
    """Append a day's signals; return how many they are."""
    facts = []
    for signal in signals_of(day):
        uuid = signal_uuid(signal.source, signal.signal_id)
        facts.append((signal_stream(uuid), NewFact(signal, uuid)))
    append(log, facts)
    return len(facts)


def took_s(database: Database, handler: ProjectionHandler[SignalRow] | PolicyHandler) -> float:
    """Return how long a follower needs from its checkpoint to the head, in seconds."""
    began = time.perf_counter()
    Loop(database.app_url, handler, grown=lambda *_: None).catch_up()
    return time.perf_counter() - began


def detect(servers: Servers) -> Measure:
    """Measure a day at a time."""
    database = servers.database()
    connections = Connections(database.app_url)
    log = PostgresLog(connections)
    rounds = Rounds([], [])
    try:
        log.open_tenant(TENANT)
        append(log, [(stream, NewFact(event)) for stream, event in directory()])
        for day in range(TEACHING_DAYS + ROUNDS):
            signals = happen(log, day)
            projecting_s = took_s(database, ProjectionHandler(SIGNALS))
            judging_s = took_s(database, PolicyHandler(JudgeBaselinesWheneverSignalsRecorded()))
            if day >= TEACHING_DAYS:
                rounds.ours.append(signals / judging_s)
                rounds.reference.append(signals / projecting_s)
    finally:
        log.close()
        connections.close()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        row = owner.execute(
            "SELECT count(*) FILTER (WHERE type = 'anomaly.detected'),"
            " (SELECT sum(length(value)) / count(*) FROM policy.memories"
            "  WHERE tenant_id = %s AND key LIKE 'baseline/%%')"
            " FROM log.events WHERE tenant_id = %s",
            [TENANT, TENANT],
        ).fetchone()
    assert row is not None
    detected, memory_bytes = row
    assert detected, "Some hours are unusual."
    return compared(
        rounds, "signals/s", anomalies=int(detected), bytes_per_baseline=int(memory_bytes)
    )


BENCHES = {"detect": detect}
