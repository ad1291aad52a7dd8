"""Reading: pages, single rows and timelines, within the tenant and the sites of the caller."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar.concurrency import sync_to_thread

from domain.catalogue import AnyRecorded, tag_of
from domain.kernel import Unknown
from interfaces.http.credentials import Caller
from interfaces.http.envelope import Envelope, Items
from interfaces.http.parameters import wait_until
from interfaces.wiring import Vedette
from projections.kernel import Projection
from projections.views import Found, Wanted

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T", bound=msgspec.Struct)


class NotFound(Unknown):
    """There is no such thing in this tenant, or none that the caller may see: the same answer."""

    code = "item.unknown"


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of a story, as the log holds it."""

    position: int
    type: str
    recorded_at: datetime
    actor: str
    caused_by: int | None  # position of the fact that brought this one about
    correlation_id: UUID
    data: dict[str, Any]


class Shown(msgspec.Struct, frozen=True):
    """A row that is there, and the position that it stands on."""

    row: Any
    position: int


def filters(**given: Enum | str | None) -> dict[str, str]:
    """Return the filters that were given, as the views want them."""
    return {
        name: str(value.value if isinstance(value, Enum) else value)
        for name, value in given.items()
        if value is not None
    }


def wanted_by(
    caller: Caller,
    equal: Mapping[str, str],
    *,
    limit: int,
    cursor: str | None,
    at_least: Mapping[str, float] | None = None,
    above: Mapping[str, datetime] | None = None,
    below: Mapping[str, datetime] | None = None,
    holding: Mapping[str, str] | None = None,
) -> Wanted:
    """Return what a list shall hold for a caller: never more than the caller's sites."""
    scope = caller.principal.site_scope
    return Wanted(
        equal=equal,
        at_least=at_least or {},
        above=above or {},
        below=below or {},
        holding=holding or {},
        sites=None if scope is None else sorted(scope),
        limit=limit,
        cursor=cursor,
    )


async def page_of(
    vedette: Vedette,
    projection: Projection[R],
    caller: Caller,
    equal: Mapping[str, str],
    *,
    limit: int,
    cursor: str | None,
    above: Mapping[str, datetime] | None = None,
    below: Mapping[str, datetime] | None = None,
    holding: Mapping[str, str] | None = None,
    wait_for: int | None = None,
) -> Envelope[Items[R]]:
    """Return one page of what the caller may see.

    Raises:
        ReadModelBehind: the read model did not reach `wait_for` in time.
    """
    await wait_until(vedette.views, projection.name, caller.tenant_id, wait_for)
    wanted = wanted_by(
        caller, equal, limit=limit, cursor=cursor, above=above, below=below, holding=holding
    )
    page = await sync_to_thread(vedette.views.page, projection, caller.tenant_id, wanted)
    return Envelope(
        data=Items(items=page.rows, next_cursor=page.next_cursor), position=page.position
    )


async def visible_row(
    vedette: Vedette,
    projection: Projection[R],
    caller: Caller,
    key: str,
    *,
    wait_for: int | None = None,
) -> Shown:
    """Return one row.

    Raises:
        NotFound: there is none, or it is at a site that the caller may not see.
        ReadModelBehind: the read model did not reach `wait_for` in time.
    """
    await wait_until(vedette.views, projection.name, caller.tenant_id, wait_for)
    found: Found[R] = await sync_to_thread(vedette.views.one, projection, caller.tenant_id, key)
    if found.row is None or not caller.principal.sees(getattr(found.row, "site_id", None)):
        raise NotFound("There is no such thing here.")
    return Shown(found.row, found.position)


async def story_of(
    vedette: Vedette,
    projection: Projection[Any],
    caller: Caller,
    stream_id: str,
    story: type[T],
    *,
    wait_for: int | None,
) -> Envelope[T]:
    """Return the row of a stream with everything that happened there, as a `story` of that row.

    Raises:
        NotFound: there is none, or it is at a site that the caller may not see.
        ReadModelBehind: the read model did not reach `wait_for` in time.
    """
    key = stream_id.partition("-")[2]
    found = await visible_row(vedette, projection, caller, key, wait_for=wait_for)
    timeline = await sync_to_thread(timeline_of, vedette, caller, stream_id)
    told = story(**msgspec.structs.asdict(found.row), timeline=timeline)
    return Envelope(data=told, position=found.position)


def timeline_of(vedette: Vedette, caller: Caller, stream_id: str) -> list[TimelineEntry]:
    """Return a stream's story, oldest fact first."""
    return timeline(vedette.log.read_stream(caller.tenant_id, stream_id))


def timeline(facts: Iterable[AnyRecorded]) -> list[TimelineEntry]:
    """Return facts as a story shows them."""
    return [
        TimelineEntry(
            position=fact.position,
            type=tag_of(fact.event),
            recorded_at=fact.recorded_at,
            actor=fact.actor,
            caused_by=fact.caused_by,
            correlation_id=fact.correlation_id,
            data=payload(fact.event),
        )
        for fact in facts
    ]


def payload(event: msgspec.Struct) -> dict[str, Any]:
    """Return a fact's fields without its tag, which stands beside them."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    fields.pop("type", None)
    return fields
