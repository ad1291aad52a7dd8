"""Reading: what stands behind a lease, proved by the hashes of the log."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from adapters.followers.sharing import SharedFacts, Span
from adapters.log.postgres_log import COLUMNS, recorded
from adapters.postgres.arrays import Array
from adapters.postgres.database import Connection
from domain.catalogue import AnyRecorded

SHARED_WANTED_MIN = 4  # one in so many events must be wanted

# The events of a batch, proved in the database: how many they are, how many of them are wanted,
# the checkpoint's hash as it is now, and the hash of the last one. Positions are unique, so as
# many events as positions means that none is missing.
SPAN = """
SELECT count(*), count(*) FILTER (
           WHERE %(types)s::text[] IS NULL OR type = ANY (%(types)s::text[])),
       (SELECT hash FROM log.events WHERE tenant_id = %(tenant)s AND position = %(after)s),
       (SELECT hash FROM log.events WHERE tenant_id = %(tenant)s AND position = %(upto)s)
FROM log.events
WHERE tenant_id = %(tenant)s AND position > %(after)s AND position <= %(upto)s
"""
WANTED = f"""
SELECT {COLUMNS} FROM log.events
WHERE tenant_id = %(tenant)s AND position > greatest(%(after)s, %(skip_to)s)
  AND position <= %(upto)s AND (%(types)s::text[] IS NULL OR type = ANY (%(types)s::text[]))
ORDER BY position
"""  # noqa: S608  a constant of ours
MISSING = """
SELECT min(expected) FROM generate_series(%(after)s::bigint + 1, %(upto)s) AS expected
WHERE NOT EXISTS (SELECT FROM log.events WHERE tenant_id = %(tenant)s AND position = expected)
"""


class Proof(msgspec.Struct, frozen=True):
    """What the database says of the events behind a checkpoint, to be compared."""

    upto: int  # position of the last one
    events: int
    wanted: int  # of them
    known: bytes | None  # hash of the checkpoint's own event, as it is now
    last: bytes | None  # hash of the last one


class Lease(msgspec.Struct, frozen=True):
    """A tenant that this process may move a follower forward in, until its transaction ends."""

    tenant_id: str
    position: int
    hash: bytes
    skip_to: int
    head: int  # as far as may be read; in the hands of a handler, where its batch ends
    attempts: int
    token: int | None = None  # of whoever handled the last batch; None: nobody looked
    next_token: int | None = None  # that stands once this batch does
    proof: Proof | None = None  # of what stands behind it, if that was asked for already


@lru_cache(maxsize=256)
def array_of(types: frozenset[str]) -> Array:
    """Return types as a parameter."""
    return Array("text", sorted(types))


class Batch(msgspec.Struct, frozen=True):
    """What stands behind a lease: the wanted facts, and where the last event of all stands."""

    facts: list[AnyRecorded]
    position: int
    hash: bytes


def ending(lease: Lease, batch: Batch) -> Lease:
    """Return the lease as a handler sees it: it ends with the batch."""
    return msgspec.structs.replace(lease, head=batch.position)


class ForkFound(Exception):
    """The log is not the one that this follower read before: a restored or failed-over database."""


def read_batch(
    connection: Connection,
    lease: Lease,
    limit: int,
    types: frozenset[str] | None,
    shared: SharedFacts | None = None,
) -> Batch:
    """Return what stands behind a lease: of up to `limit` events the wanted ones, decoded.

    The others are counted where they are, and not even fetched. The checkpoint's own event is
    looked at again: its hash must be the one that the follower remembers, and positions must
    follow one another.

    Raises:
        ForkFound: the log differs from what was read before, or has a hole.
        UnreadableFact: a wanted event cannot be decoded; the caller goes on event by event.
    """
    if lease.head < lease.position:
        raise ForkFound(f"The log ends at {lease.head}, before the checkpoint at {lease.position}.")
    upto = min(lease.position + limit, lease.head)
    span = {
        "tenant": lease.tenant_id,
        "after": lease.position,
        "skip_to": lease.skip_to,
        "upto": upto,
        "types": None if types is None else array_of(types),
    }
    proof = lease.proof
    if proof is None or proof.upto != upto:
        row = connection.execute(SPAN, span, binary=True).fetchone()
        assert row is not None, "Aggregates answer one row."
        proof = Proof(upto, *row)
    if lease.position and proof.known != lease.hash:
        raise ForkFound(f"The event at {lease.position} is not the one that was read before.")
    if proof.events != upto - lease.position:
        missing = connection.execute(MISSING, span).fetchone()
        raise ForkFound(
            f"There is no event at {missing and missing[0]}; the log ends at {lease.head}."
        )
    last = proof.last
    assert last is not None, "It was counted just now."
    facts: list[AnyRecorded] | None = None if proof.wanted else []
    # Who wants most of it reads it for all; who wants little does not fetch the rest.
    if (
        proof.wanted * SHARED_WANTED_MIN > proof.events
        and shared is not None
        and types is not None
        and lease.skip_to <= lease.position
    ):
        read = Span(lease.tenant_id, lease.position, upto, last)
        facts = shared.facts(connection, read, types)
    if facts is None:
        # What a person told this follower to pass over is not even decoded: it may be what cannot be.
        rows = connection.execute(WANTED, span, binary=True).fetchall()
        facts = [recorded(lease.tenant_id, each) for each in rows]
    return Batch(facts, upto, last)
