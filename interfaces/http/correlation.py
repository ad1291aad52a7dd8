"""Correlation: the id that ties a request, its facts, its answer and its log lines together."""

from typing import Any
from uuid import UUID, uuid4

from litestar.datastructures import Headers
from litestar.types import Message, Scope

HEADER = "X-Correlation-Id"
KEY = "vedette_correlation_id"

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # What a tenant is told must not stay behind in a shared cache.
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

ENCODED = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


def correlation_of(scope: Scope) -> UUID:
    """Return the request's id: the client's own where it sent one, else a new one."""
    state: dict[str, Any] = scope.setdefault("state", {})
    known = state.get(KEY)
    if isinstance(known, UUID):
        return known
    sent = Headers.from_scope(scope).get(HEADER)
    try:
        made = uuid4() if sent is None else UUID(sent)
    except ValueError:
        made = uuid4()
    state[KEY] = made
    return made


async def add_headers(message: Message, scope: Scope) -> None:
    """Put the correlation id and the security headers on every answer, whoever made it."""
    if message["type"] != "http.response.start":
        return
    # By hand: the framework's own headers look through all of them again for each one.
    headers = list(message.get("headers", ()))
    present = {name.lower() for name, _ in headers}
    headers += [pair for pair in ENCODED if pair[0] not in present]
    headers.append((HEADER.lower().encode(), str(correlation_of(scope)).encode()))
    message["headers"] = headers
