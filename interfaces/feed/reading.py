"""Reading: public facts out of the log, made into frames that show their subjects."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Protocol

import msgspec

from domain.catalogue import AnyRecorded
from projections.published import PUBLIC_TYPES, Fold, Frame, Row, fold_of, is_critical, publish

READ_FACTS_MAX = 1_000
ROWS_CACHED_MAX = 20_000  # public rows kept in memory per tenant, oldest use dropped first
FAILURE_PAUSE_S = 0.5  # before a log that did not answer is asked again

_encoder = msgspec.json.Encoder()


class Tail(Protocol):
    """What the feed wants from the log; every call may block, so it runs in a thread."""

    def read_types(
        self, tenant_id: str, after: int, types: Sequence[str], limit: int
    ) -> tuple[list[AnyRecorded], int]:
        """Return facts of these types behind `after`, and the position up to which they are all.

        Raises:
            LogUnavailable: the log did not answer.
        """
        ...

    def read_stream(self, tenant_id: str, stream_id: str) -> list[AnyRecorded]:
        """Return a stream's facts, oldest first.

        Raises:
            LogUnavailable: the log did not answer.
        """
        ...


class Told(msgspec.Struct, frozen=True):
    """A frame and its JSON without the opening brace, encoded once for all listeners."""

    frame: Frame
    body: bytes
    critical: bool  # no storm swallows it
    position: int  # the frame's; each listener asks for it

    def after(self, previous: int) -> bytes:
        """Return the bytes for a listener whose frame before this one stood at `previous`."""
        return linked(previous, self.body)


def linked(previous: int, body: bytes) -> bytes:
    """Return a frame's bytes with its link put before its JSON, which lacks the opening brace."""
    return b'{"previous":%d,%s' % (previous, body)


class Read(msgspec.Struct, frozen=True):
    """What one look into the log found."""

    frames: list[Told]
    up_to: int  # nothing public is missing up to here
    full: bool  # there may be more


class Reader:
    """Reads one tenant's log forward, with the rows that its frames show at hand."""

    def __init__(self, tail: Tail, tenant_id: str, rows_max: int = ROWS_CACHED_MAX) -> None:
        self._tail = tail
        self._tenant_id = tenant_id
        self._rows_max = rows_max
        self._rows: OrderedDict[str, tuple[int, Row]] = OrderedDict()  # stream -> version, row

    def read(self, after: int) -> Read:
        """Return the frames behind a position.

        Raises:
            LogUnavailable: the log did not answer.
        """
        facts, up_to = self._tail.read_types(self._tenant_id, after, PUBLIC_TYPES, READ_FACTS_MAX)
        return Read(self.frames(facts), up_to, len(facts) == READ_FACTS_MAX)

    def frames(self, facts: Iterable[AnyRecorded]) -> list[Told]:
        """Return the public frames of facts, each with its subject's row right after that fact."""
        made = []
        for fact in facts:
            fold = fold_of(fact)
            assert fold is not None, f"{fact.event} is not public."
            before = self._row_before(fold, fact)
            after = fold(before, fact)
            self._keep(fact, after)
            frame = publish(fact, before, after)
            if frame is not None:
                body = _encoder.encode(frame)[1:]
                critical = is_critical(before, after)
                made.append(Told(frame, body, critical, frame.position))
        return made

    def _row_before(self, fold: Fold, fact: AnyRecorded) -> Row | None:
        if fact.version == 1:
            return None
        version, row = self._rows.get(fact.stream_id, (0, None))
        if version == fact.version - 1:
            return row
        story = self._tail.read_stream(self._tenant_id, fact.stream_id)
        folded: Row | None = reduce(fold, story[: fact.version - 1], None)
        return folded

    def _keep(self, fact: AnyRecorded, row: Row | None) -> None:
        self._rows.pop(fact.stream_id, None)
        if row is not None:
            self._rows[fact.stream_id] = (fact.version, row)
            if len(self._rows) > self._rows_max:
                self._rows.popitem(last=False)
