"""Verify: events a second of the chain's verification, against bare SHA-256 over the same bytes."""

from __future__ import annotations

import time
from hashlib import sha256

from adapters.log.verifying import HASH_BYTES, Verifier, chunks
from adapters.postgres.database import bind, connect
from application.ports import GENESIS_HASH
from tests.bench import million
from tests.bench.kit import Database, Measure, Servers, by_turns, compared

TENANT = million.TENANTS[0]
EVENTS = million.EVENTS_PER_CALL * million.CALLS_PER_TENANT


def verify(servers: Servers) -> Measure:
    """One tenant's part of a log of a million facts, from the first event to the head."""
    database = servers.shared("million", million.fill)
    verifier = Verifier(database.app_url)
    hashed = inputs(database)

    def ours() -> float:
        began = time.perf_counter()
        verdict = verifier.verify(TENANT)
        took_s = time.perf_counter() - began
        assert verdict.fault is None, verdict.fault
        return verdict.events / took_s

    def reference() -> float:
        began = time.perf_counter()
        for each in hashed:
            sha256(each).digest()
        return len(hashed) / (time.perf_counter() - began)

    measured = compared(by_turns(ours, reference), "events/s")
    return measured | {"bytes_per_event": len(hashed[-1])}


def inputs(database: Database) -> list[bytes]:
    """Return what the chain hashes: for each event the hash before it and its leaf."""
    found: list[bytes] = []
    previous = GENESIS_HASH
    with connect(database.app_url, "bench") as connection, connection.transaction():
        bind(connection, TENANT)
        for lengths, leaves in chunks(connection, TENANT):
            at = 0
            for length in lengths:
                found.append(previous + leaves[at : at + length])
                previous = leaves[at + length : at + length + HASH_BYTES]
                at += length + HASH_BYTES
    assert len(found) >= EVENTS
    return found


BENCHES = {"verify": verify}
