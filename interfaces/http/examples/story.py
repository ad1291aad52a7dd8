"""A story: the log of one tenant, told fact by fact and held in memory, with what is read from it."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from msgspec.structs import asdict

from domain.catalogue import AnyEvent, AnyRecorded, Recorded
from interfaces.http.reading import TimelineEntry, timeline
from projections.kernel import Projection, fold

R = TypeVar("R", bound=msgspec.Struct)
S = TypeVar("S", bound=msgspec.Struct)

TENANT = "demo"


def named(name: str) -> UUID:
    """Return the id of something in the story: the same one each time that the document is made."""
    return uuid5(NAMESPACE_URL, f"urn:vedette:example:{name}")


def moment(text: str) -> datetime:
    """Return a moment in UTC, given as "2026-11-22 21:15:14"."""
    return datetime.fromisoformat(f"{text}+00:00")


class Story:
    """A log in memory that can be told, folded, and read along its causes (the port `Chronicle`)."""

    def __init__(self) -> None:
        self.facts: list[AnyRecorded] = []

    @property
    def position(self) -> int:
        """Return where the log ends."""
        return len(self.facts)

    def tell(  # noqa: PLR0917 - when, where, by whom, what and because of what, in the order of the log
        self,
        at: str,
        stream_id: str,
        actor: str,
        event: AnyEvent,
        caused_by: int | None = None,
        event_id: UUID | None = None,
    ) -> int:
        """Record a fact and return its position."""
        position = len(self.facts) + 1
        happened = getattr(event, "occurred_at", None) or moment(at)
        cause = None if caused_by is None else self.facts[caused_by - 1]
        self.facts.append(
            Recorded(
                tenant_id=TENANT,
                position=position,
                stream_id=stream_id,
                version=1 + sum(fact.stream_id == stream_id for fact in self.facts),
                event_id=event_id or named(f"event/{position}"),
                occurred_at=happened,
                recorded_at=moment(at),
                actor=actor,
                caused_by=caused_by,
                correlation_id=named(f"call/{position}") if cause is None else cause.correlation_id,
                event=event,
            )
        )
        return position

    def at(self, tenant_id: str, positions: Sequence[int]) -> list[AnyRecorded]:
        """Return the facts at these positions, in order."""
        del tenant_id
        return [fact for fact in self.facts if fact.position in positions]

    def of_streams(self, tenant_id: str, stream_ids: Sequence[str]) -> list[AnyRecorded]:
        """Return the facts of these streams, each stream's in order."""
        del tenant_id
        return [fact for fact in self.facts if fact.stream_id in stream_ids]

    def caused_by(self, tenant_id: str, positions: Sequence[int], limit: int) -> list[AnyRecorded]:
        """Return up to `limit` facts that were stated because of these, in order."""
        del tenant_id
        return [fact for fact in self.facts if fact.caused_by in positions][:limit]

    def rows(self, projection: Projection[R]) -> list[R]:
        """Return the rows of a read model, as its list shows them."""
        told = [fact for fact in self.facts if isinstance(fact.event, projection.facts)]
        touched = [(key, fact) for fact in told if (key := projection.key_of(fact))]
        rows = fold(projection, {}, touched).values()
        return sorted(rows, key=attrgetter(projection.newest_first), reverse=True)

    def timeline(self, stream_id: str) -> list[TimelineEntry]:
        """Return what happened in a stream, as the doors show it."""
        return timeline(self.of_streams(TENANT, [stream_id]))

    def with_timeline(self, kind: type[S], row: msgspec.Struct, stream_id: str, **more: Any) -> S:
        """Return a row with everything that happened in its stream."""
        return kind(**asdict(row), timeline=self.timeline(stream_id), **more)
