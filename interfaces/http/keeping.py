"""Keeping: answers that are given again from Redis as long as nothing that they stand on changed.

Whoever keeps an answer puts all that it depends on into its key, and a mark of what it stands on:
the position of the newest fact that could make it another. So an answer that is wrong is never
found, and nobody has to delete it; see docs/decisions/0030.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeAlias, TypeVar, cast

import msgspec
from litestar import Request, Response
from litestar.concurrency import sync_to_thread
from litestar.openapi import ResponseSpec

from interfaces.http.credentials import Caller
from interfaces.http.envelope import Envelope, Items
from interfaces.http.parameters import wait_until
from interfaces.http.problems import OF_LISTS
from interfaces.wiring import Vedette
from projections.kernel import Projection
from projections.views import Wanted

R = TypeVar("R", bound=msgspec.Struct)

KEPT_S = 60  # product rule, of telemetry; who keeps for another time says so
FORM = 1  # of what is kept; another release that answers otherwise counts it up
RESPONSES = {**OF_LISTS, 304: ResponseSpec(None, description="What If-None-Match names holds.")}

AnyRequest: TypeAlias = Request[Any, Any, Any]


def key_of(*parts: Any) -> str:
    """Return the key of an answer: all that it depends on, its tenant first."""
    return f"vedette:answers:{sha256(msgspec.json.encode((FORM, *parts))).hexdigest()}"


def kept_or_made(  # noqa: PLR0917 - what, of what mark, and for how long
    vedette: Vedette,
    request: AnyRequest,
    key: str,
    position: int,
    make: Callable[[], msgspec.Struct],
    kept_s: int = KEPT_S,
) -> Response[Any]:
    """Answer from what was answered before under this key, or make the answer afresh and keep it.

    `position` is what the answer stands on at this moment.
    """
    tag = f'W/"{key[-32:]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if holds(request.headers.get("if-none-match"), tag):
        return Response(cast("Any", b""), status_code=304, headers=headers)
    kept = vedette.answers.get(key)
    data = kept
    if data is None:
        data = msgspec.json.encode(make())
        vedette.answers.keep(key, data, kept_s)
    cached = b"false" if kept is None else b"true"
    body = b'{"status":"success","data":%b,"cached":%b,"position":%d}' % (data, cached, position)
    return Response(cast("Any", body), media_type="application/json", headers=headers)


async def kept_page_of(
    vedette: Vedette,
    projection: Projection[R],
    caller: Caller,
    wanted: Wanted,
    request: AnyRequest,
    *,
    kept_s: int = KEPT_S,
    wait_for: int | None = None,
) -> Response[Envelope[Items[R]]]:
    """Return one page of a list as it was answered before, as long as no row of the list changed.

    Raises:
        ReadModelBehind: the read model did not reach `wait_for` in time.
        MalformedCursor: the cursor is not one of ours.
    """
    await wait_until(vedette.views, projection.name, caller.tenant_id, wait_for)

    def answer() -> Response[Envelope[Items[R]]]:
        stands = vedette.views.changed(projection, caller.tenant_id)
        key = key_of(caller.tenant_id, projection.name, wanted, stands.newest)
        return kept_or_made(vedette, request, key, stands.position, make, kept_s)

    def make() -> Items[R]:
        page = vedette.views.page(projection, caller.tenant_id, wanted)
        return Items(items=page.rows, next_cursor=page.next_cursor)

    return await sync_to_thread(answer)


def holds(if_none_match: str | None, tag: str) -> bool:
    """Return whether the client has this answer already."""
    if if_none_match is None:
        return False
    named = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return tag.removeprefix("W/") in named
