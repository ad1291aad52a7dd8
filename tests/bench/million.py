"""A log of a million facts, appended by the log's own function, so that its chains are valid."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.bench.kit import Database, say

TENANTS = ["bench", *(f"bench-{number}" for number in range(1, 16))]
EVENTS_PER_CALL = 5_000
CALLS_PER_TENANT = 13  # 16 tenants: 1.04 million facts

APPEND = """
SELECT count(*) FROM log.append(%(tenant)s,
    (SELECT array_agg(n) FROM generate_series(1, %(events)s) n),
    (SELECT array_agg('signal-' || gen_random_uuid()) FROM generate_series(1, %(events)s)),
    array_fill(1::bigint, ARRAY[%(events)s]), array_fill('location.recorded'::text, ARRAY[%(events)s]),
    (SELECT array_agg(gen_random_uuid()) FROM generate_series(1, %(events)s)),
    array_fill(clock_timestamp(), ARRAY[%(events)s]), array_fill('key:bench'::text, ARRAY[%(events)s]),
    array_fill(0::bigint, ARRAY[%(events)s]),
    (SELECT array_agg(gen_random_uuid()) FROM generate_series(1, %(events)s)),
    (SELECT array_agg(convert_to(format(
        '{"type":"location.recorded","signal_id":"n%%s","source":"bench","person_id":"G-%%s",'
        '"device_id":"D-%%s","latitude":51.5,"longitude":-0.12,"gps_accuracy_m":8.0,'
        '"occurred_at":"2026-11-22T08:00:00Z"}', n, n %% 400, n %% 400), 'UTF8'))
     FROM generate_series(1, %(events)s) n))
"""


def fill(database: Database) -> None:
    """Fill a database's log."""
    say("filling a log with a million facts …")

    def fill_tenant(tenant: str) -> None:
        with psycopg.connect(database.app_url, autocommit=True) as connection:
            connection.execute("SELECT log.open_tenant(%s)", [tenant])
            for _ in range(CALLS_PER_TENANT):
                connection.execute(APPEND.encode(), {"tenant": tenant, "events": EVENTS_PER_CALL})

    with ThreadPoolExecutor(os.cpu_count()) as executor:
        list(executor.map(fill_tenant, TENANTS))
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE log.events")
