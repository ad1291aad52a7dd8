"""Verification of a tenant's chain, from the raw columns and nothing else that is stored.

The leaves are concatenated by an expression in this module's own query (built-in functions of
`pg_catalog` alone), so a forged `log.leaf` deceives nobody. The server sends some hundreds of events as
one value, which costs a quarter of a row for each: the hashing here is what takes the time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import TypeAlias

import psycopg
from psycopg import sql

from adapters.log.postgres_log import read_head
from adapters.log.wire import EPOCH
from adapters.postgres.database import Connection, connect
from application.ports import GENESIS_HASH, Head, LogUnavailable
from application.verification import Fault, FaultKind, Verdict

CHUNK_EVENTS = 250  # positions in one value: the server fills the next while this one is hashed
STATEMENT_TIMEOUT_MS = 6 * 60 * 60 * 1000  # a long log takes its time

# docs/log-format.md says the same field by field. In a session whose client encoding is UTF-8,
# textsend answers UTF-8 for less than convert_to takes.
LEAF = """
    '\\x01'::bytea || int8send(position) || int8send(version)
    || timestamptz_send(occurred_at) || timestamptz_send(recorded_at)
    || int8send(coalesce(caused_by, 0)) || uuid_send(event_id) || uuid_send(correlation_id)
    || int4send(octet_length(tenant_id)) || textsend(tenant_id)
    || int4send(octet_length(stream_id)) || textsend(stream_id)
    || int4send(octet_length(type)) || textsend(type)
    || int4send(octet_length(actor)) || textsend(actor)
    || int4send(octet_length(data)) || data
"""
# One row for each chunk of positions: the lengths of the leaves, and each leaf with its stored
# hash behind it. So the hash of an event stands right before the leaf of the next, which is what
# the chain hashes. The event at a position of the chunk that is missing is just not there.
CHAIN = f"""
COPY (
    SELECT chunk.lengths, chunk.bytes FROM generate_series(0::bigint, (
        SELECT coalesce(max(position), 0) FROM log.events WHERE tenant_id = {{tenant}}
    ), {CHUNK_EVENTS}) AS first, LATERAL (
        SELECT string_agg(int4send(octet_length(leaf)), ''::bytea) AS lengths,
               string_agg(leaf || hash, ''::bytea) AS bytes
        FROM (
            SELECT {LEAF} AS leaf, substr(hash || decode(repeat('00', 32), 'hex'), 1, 32) AS hash
            FROM log.events
            WHERE tenant_id = {{tenant}}
              AND position > first AND position <= first + {CHUNK_EVENTS}
            ORDER BY position
        ) AS events
    ) AS chunk WHERE chunk.bytes IS NOT NULL
) TO STDOUT (FORMAT binary)
"""  # noqa: S608  our own constants; the tenant is a quoted literal
# The unique index is the proof that no version stands twice; most streams have one event only.
VERSIONS = """
SELECT e.position, e.stream_id, e.version FROM log.events e
WHERE e.tenant_id = %(tenant)s AND e.version <> 1 AND NOT EXISTS (
    SELECT FROM log.events p
    WHERE p.tenant_id = %(tenant)s AND p.stream_id = e.stream_id AND p.version = e.version - 1
      AND p.position < e.position
) ORDER BY e.position LIMIT 1
"""

# From the leaf: position and recorded_at; layout, version and occurred_at are passed over.
ITEM = struct.Struct(">xq16xq")
HASH_BYTES = 32
BEFORE_TIME = -(2**63)

Chunk: TypeAlias = tuple[tuple[int, ...], bytes]  # lengths of the leaves; leaves and hashes


class Verifier:
    """Verifies over one connection of its own, in one snapshot, without locking anybody."""

    def __init__(self, url: str) -> None:
        self._url = url

    def verify(self, tenant_id: str, remembered: Head | None = None) -> Verdict:
        """Answer `application.verification.LogVerifier`."""
        try:
            with (
                connect(self._url, "vedette-verifier") as connection,
                connection.transaction(),
            ):
                connection.execute(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;"
                    "SET LOCAL search_path = pg_catalog;"
                    "SET LOCAL client_encoding = 'UTF8';"
                    f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}"
                )
                connection.execute("SELECT set_config('vedette.tenant', %s, true)", [tenant_id])
                return verified(connection, tenant_id, remembered)
        except psycopg.OperationalError as error:
            raise LogUnavailable("The log did not answer.") from error


def verified(connection: Connection, tenant_id: str, remembered: Head | None) -> Verdict:
    """Return the verdict on what this transaction sees."""
    head = read_head(connection, tenant_id)
    walk = Walk(remembered)
    fault = walk.through(chunks(connection, tenant_id)) or walk.end(head)
    hole = version_hole(connection, tenant_id)
    if hole is not None and (fault is None or hole.position < fault.position):
        fault = hole
    right = walk.right()
    return Verdict(tenant_id=tenant_id, events=right.position, head=right, fault=fault)


def chunks(connection: Connection, tenant_id: str) -> Iterator[Chunk]:
    """Yield the events of a tenant in order, many at a time."""
    statement = sql.SQL(CHAIN).format(tenant=sql.Literal(tenant_id))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["bytea", "bytea"])
        for lengths, leaves in copy.rows():
            yield struct.unpack(f">{len(lengths) // 4}I", lengths), leaves


class Walk:
    """A walk along the chain; it stops at the first event that is wrong."""

    def __init__(self, remembered: Head | None) -> None:
        self.position = 0
        self.hash = GENESIS_HASH
        self.recorded_at = BEFORE_TIME
        self._remembered = remembered

    def through(self, chunks: Iterator[Chunk]) -> Fault | None:
        """Look at every event and return what is wrong with the first that is."""
        fault = self._against_memory()
        for lengths, leaves in chunks:
            if fault is None:
                fault = self._through(lengths, self.hash + leaves)
        return fault

    def _through(self, lengths: tuple[int, ...], links: bytes) -> Fault | None:
        # The whole cost of a verification is this loop, so it works on local names.
        position, recorded_at, at = self.position, self.recorded_at, 0
        goal = self._remembered.position if self._remembered is not None else 0
        unpack, hash_ = ITEM.unpack_from, sha256
        fault = None
        for length in lengths:
            leaf = at + HASH_BYTES
            stop = leaf + length
            found, now = unpack(links, leaf)
            same = hash_(links[at:stop]).digest() == links[stop : stop + HASH_BYTES]
            if not same or found != position + 1 or now < recorded_at:
                fault = wrong(position + 1, found, same=same)
                break
            position, recorded_at, at = found, now, stop
            if position == goal:
                self.position, self.hash = position, links[at : at + HASH_BYTES]
                fault = self._against_memory()
                if fault is not None:
                    break
        self.position, self.recorded_at = position, recorded_at
        self.hash = links[at : at + HASH_BYTES]
        return fault

    def end(self, head: Head) -> Fault | None:
        """Compare the end of the walk with the head row and with what is remembered."""
        ours, known = self.position, self._remembered
        if known is not None and known.position > ours:
            return Fault(
                ours + 1,
                FaultKind.CUT,
                f"The log ends at {ours}, and the remembered head is at {known.position}.",
            )
        if head.position != ours:
            return Fault(
                min(head.position, ours) + 1,
                FaultKind.HEAD,
                f"The last event is at {ours}, and the head row says {head.position}.",
            )
        if head.hash != self.hash:
            return Fault(ours, FaultKind.HEAD, "The head row has another hash than the last event.")
        return None

    def right(self) -> Head:
        """Return where the part ends that is right."""
        recorded_at = None
        if self.recorded_at != BEFORE_TIME:
            recorded_at = EPOCH + timedelta(microseconds=self.recorded_at)
        return Head(self.position, self.hash, recorded_at)

    def _against_memory(self) -> Fault | None:
        known = self._remembered
        if known is None or known.position != self.position or known.hash == self.hash:
            return None
        return Fault(
            self.position,
            FaultKind.FORK,
            "Another event stands here than when the head was remembered.",
        )


def wrong(expected: int, found: int, *, same: bool) -> Fault:
    """Say what is wrong with the event that stands where `expected` should."""
    if found != expected:
        return Fault(expected, FaultKind.GAP, f"Position {expected} is missing; {found} follows.")
    if not same:
        return Fault(
            expected, FaultKind.HASH, "What is stored here is not what was chained at the time."
        )
    return Fault(expected, FaultKind.TIME, "It was recorded before the event that precedes it.")


def version_hole(connection: Connection, tenant_id: str) -> Fault | None:
    """Return the first event whose stream misses the version before it."""
    row = connection.execute(VERSIONS, {"tenant": tenant_id}).fetchone()
    if row is None:
        return None
    position, stream_id, version = row
    return Fault(
        position,
        FaultKind.VERSION,
        f"The stream {stream_id} has a version {version}, but none before it.",
    )
