"""Queries: what stands behind the question mark of an address, held to what the route knows.

A misspelt filter that vanished would answer with everything, and whoever asked would take it for
what was filtered; so a parameter that the route does not know is refused, and one that comes twice.
"""

from typing import Any, TypeAlias

from litestar import Litestar, Request
from litestar.routes import HTTPRoute

from interfaces.http.problems import Rejected

KNOWN = "query"
API = "/api/"  # a page's address may carry what it likes

AnyRequest: TypeAlias = Request[Any, Any, Any]


def note_parameters(app: Litestar) -> None:
    """Note at each route of the API which parameters its query may have."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(API):
            for handler, model in route.route_handler_map.values():
                handler.opt[KNOWN] = frozenset(
                    parameter.field_alias for parameter in model.expected_query_params
                )


def refuse_strange_parameters(request: AnyRequest) -> None:
    """Refuse a parameter that the route does not know, or that is given twice.

    Raises:
        Rejected: there is one.
    """
    known: frozenset[str] | None = request.route_handler.opt.get(KNOWN)
    if known is None or not request.scope["query_string"]:
        return
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known:
            raise Rejected(400, "request.invalid", strange(name, known), field=name)
        if name in seen:
            raise Rejected(400, "request.invalid", f"{name}: Given twice.", field=name)
        seen.add(name)


def strange(name: str, known: frozenset[str]) -> str:
    if not known:
        return f"{name}: This address takes no parameters."
    return f"{name}: No such parameter; there are {', '.join(sorted(known))}."
