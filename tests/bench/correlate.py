"""Correlate: things a second that a tenant with 10,000 open things joins, against one with none.

Lost, tampered and empty devices and findings of 2,000 guards at 200 sites: 10,000 of the last day
stand open, and 1,000 more happen in each further hour. Both tenants get the same new things; each
is looked up among those of its guard, its device and its site, and joined. The log, the desk and
the checkpoint are the real ones, on one server; the policy runs in this process alone.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid5

import psycopg

from adapters.followers.desk import PolicyHandler
from adapters.followers.runtime import Loop
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database as Connections
from application.policies.correlate_whenever_something_happens import (
    CorrelateWheneverSomethingHappens,
)
from application.ports import Append, Cause, Expect, NewFact, Slice
from domain.finding.facts import Evidence, FindingRaised, FindingType, finding_stream
from domain.kernel import Event
from domain.severity import Severity
from domain.signals import DeviceStatus, DeviceStatusRecorded, signal_stream, signal_uuid
from tests.bench.kit import Database, Measure, Servers, by_turns, compared

OPEN, NEW = 10_000, 1_000  # things
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BEGAN_AT = datetime.now(UTC) - DAY  # the end of the day whose things are open
GUARDS, SITES = 2_000, 200
APPEND = 500  # things in one append
FULL = "full"
SPACE = UUID("6f0e4f0e-0000-4000-8000-000000000002")
CAUSE = Cause("user:bench")
TROUBLES: list[DeviceStatus | FindingType] = [
    *(DeviceStatus.OFFLINE, DeviceStatus.OFFLINE, DeviceStatus.LOW_BATTERY, DeviceStatus.TAMPER),
    *(FindingType.LOW_PHONE_ACTIVITY, FindingType.MISSED_CHECKPOINT, FindingType.GEOFENCE_BREACH),
]

INCIDENTS = """
SELECT count(*) FILTER (WHERE type = 'incident.opened'),
       count(*) FILTER (WHERE type LIKE 'incident.%%')
FROM log.events WHERE tenant_id = %s
"""


def things(
    number: int, amount: int, since: datetime, until: datetime
) -> Iterator[tuple[str, Event]]:
    """Yield what happens in a time, drawn from the seed of this number."""
    drawn = random.Random(number)
    for each in range(amount):
        at = since + (until - since) * drawn.random()
        guard = drawn.randrange(GUARDS)
        person_id, site_id = f"G-{guard:04}", f"S-{guard % SITES:03}"
        kind = drawn.choice(TROUBLES)
        if isinstance(kind, DeviceStatus):
            signal_id = f"{number}-{each}"
            yield (
                signal_stream(signal_uuid("bench", signal_id)),
                DeviceStatusRecorded(
                    signal_id=signal_id,
                    source="bench",
                    occurred_at=at,
                    device_id=f"D-{guard:04}",
                    status=kind,
                    person_id=person_id,
                    site_id=site_id,
                ),
            )
        else:
            finding_id = uuid5(SPACE, f"{number}-{each}")
            yield (
                finding_stream(finding_id),
                FindingRaised(
                    finding_id=finding_id,
                    finding_type=kind,
                    severity=Severity.MEDIUM,
                    site_id=site_id,
                    person_id=person_id,
                    device_id=None,
                    subject_id=f"shift-{guard}",
                    title="Short of what was expected",
                    window_start=at - timedelta(minutes=30),
                    window_end=at,
                    evidence=Evidence(
                        expected=(), received=(), explanation="too little", judged_up_to=0
                    ),
                ),
            )


def happen(log: PostgresLog, tenant: str, number: int, amount: int) -> None:
    """Append things to a tenant's log: those of a day for number 0, else those of an hour behind it."""
    since = BEGAN_AT - DAY if number == 0 else BEGAN_AT + HOUR * (number - 1)
    every = list(things(number, amount, since, BEGAN_AT + HOUR * number))
    for first in range(0, amount, APPEND):
        slices = [
            Slice(stream, Expect.NO_STREAM, [NewFact(event)], CAUSE)
            for stream, event in every[first : first + APPEND]
        ]
        log.append(tenant, Append(slices))


def follow(database: Database) -> float:
    """Let the policy catch up with every tenant; return the seconds."""
    handler = PolicyHandler(CorrelateWheneverSomethingHappens())
    began = time.perf_counter()
    Loop(database.app_url, handler, grown=lambda *_: None).catch_up()
    return time.perf_counter() - began


def measures(
    database: Database, log: PostgresLog
) -> tuple[Callable[[], float], Callable[[], float]]:
    """Return the measure on the full tenant, and the one on an empty tenant each time."""

    full_hours, empty_hours = count(1), count(1)

    def full() -> float:
        happen(log, FULL, next(full_hours), NEW)
        return NEW / follow(database)

    def empty() -> float:
        number = next(empty_hours)
        log.open_tenant(f"empty-{number}")
        happen(log, f"empty-{number}", number, NEW)
        return NEW / follow(database)

    return full, empty


def correlate(servers: Servers) -> Measure:
    """Measure by turns."""
    database = servers.database()
    connections = Connections(database.app_url)
    log = PostgresLog(connections)
    try:
        log.open_tenant(FULL)
        happen(log, FULL, 0, OPEN)
        follow(database)
        rounds = by_turns(*measures(database, log))
    finally:
        log.close()
        connections.close()
    with psycopg.connect(database.owner_url) as owner:
        row = owner.execute(INCIDENTS, [FULL]).fetchone()
    assert row is not None
    return compared(
        rounds,
        "items/s",
        open_items=OPEN,
        incidents_opened=row[0],
        facts_stated=row[1],
        note="reference: the same with no open items",
    )


BENCHES = {"correlate": correlate}
