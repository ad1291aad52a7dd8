"""A stranger's verifier: written from docs/log-format.md alone, with the standard library.

It imports nothing of ours and takes rows as any client would read them from `log.events`.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

GENESIS = bytes(32)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
SELECT = (
    "SELECT tenant_id, position, stream_id, version, type, event_id, occurred_at, recorded_at,"
    " actor, caused_by, correlation_id, data, hash FROM log.events"
)


class Event(NamedTuple):
    """A row of `log.events`, column by column."""

    tenant_id: str
    position: int
    stream_id: str
    version: int
    type: str
    event_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    caused_by: int | None
    correlation_id: UUID
    data: bytes
    hash: bytes


def leaf(event: Event) -> bytes:
    """Return the bytes of an event that its hash covers."""
    return b"".join(
        [
            b"\x01",
            integer(event.position),
            integer(event.version),
            integer(microseconds(event.occurred_at)),
            integer(microseconds(event.recorded_at)),
            integer(event.caused_by or 0),
            event.event_id.bytes,
            event.correlation_id.bytes,
            sized(event.tenant_id.encode("utf-8")),
            sized(event.stream_id.encode("utf-8")),
            sized(event.type.encode("utf-8")),
            sized(event.actor.encode("utf-8")),
            sized(event.data),
        ]
    )


def integer(value: int) -> bytes:
    return struct.pack(">q", value)


def sized(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def link(previous: bytes, event: Event) -> bytes:
    """Return the hash of an event behind the one with the previous hash."""
    return hashlib.sha256(previous + leaf(event)).digest()


def first_bad_position(events: Iterable[Event]) -> int | None:
    """Return where a log in order of position first is not what was chained; None if nowhere."""
    previous = GENESIS
    for position, event in enumerate(events, 1):
        if event.position != position or event.hash != link(previous, event):
            return position
        previous = event.hash
    return None
