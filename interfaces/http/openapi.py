"""OpenAPI: the document that describes these doors, at /schema/openapi.json."""

import re
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any, cast, get_args

import msgspec
from litestar import Litestar, Request, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Tag
from litestar.routes import HTTPRoute

from application.ingestion import BATCH_SIGNALS_MAX
from application.signals import Signal
from interfaces.http.credentials import PUBLIC, needs
from interfaces.http.signal_examples import EXAMPLES

DESCRIPTION = """
Every success has the envelope `{"status": "success", "data": …, "cached": false, "position": n}`,
where `position` is the place in the tenant's log that the answer stands on. Send it as `?wait_for=`
to a reading, and it stands on that or on a later one. Every error is a problem of RFC 9457
with a stable `code`. The tenant comes from the credential; what belongs to another one does not
exist (404).
"""
TAGS = {
    "Auth": "Tokens for people.",
    "Signals": "What the field reports.",
    "Directory": "Sites, persons, devices, tours, shifts and tasks.",
    "Tickets": "Work for people.",
    "Alerts": "What an operator must look at.",
    "Findings": "Duty that was not done, and the audits that look at it.",
    "Fraud": "How likely each attendance is fraudulent.",
    "Feed": "What listeners of the feed were handed.",
    "Muting": "What calls nobody for a while, and what would have.",
    "Why": "From what stands back to the raw signals, and on.",
    "Access": "Users and keys.",
    "Operations": "How Vedette itself is.",
}
SIGNALS_PATH = "/api/v2/noc/signals/"


class SchemaDocument(JsonRenderPlugin):
    """The framework's document, with what the framework does not know."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        bodies = (handler.parsed_data_field for handler in handlers_of(request.app))
        types = tuple(field.annotation for field in bodies if field is not None)
        return msgspec.json.encode(published(openapi_schema, types))


def published(document: dict[str, Any], bodies: Sequence[type]) -> dict[str, Any]:
    """Return the document as clients get it, given the types of the routes' bodies.

    The framework takes the slash off the end of each path, leaves rules of nested fields out, and
    never sees the body of the signals route. The schemas of bodies come from the very types that
    decode them.
    """
    document = renamed(document)
    kinds = get_args(Signal)
    references, components = msgspec.json.schema_components(
        (*kinds, *bodies), ref_template="#/components/schemas/{name}"
    )
    of_signals = dict(zip(kinds, references, strict=False))
    signal = {
        "oneOf": list(of_signals.values()),
        "discriminator": {
            "propertyName": "kind",
            "mapping": {
                str(kind.__struct_config__.tag): reference["$ref"]
                for kind, reference in of_signals.items()
            },
        },
    }
    one = {"$ref": "#/components/schemas/Signal"}
    batch = {"type": "array", "items": one, "minItems": 1, "maxItems": BATCH_SIGNALS_MAX}
    content = {
        "application/json": {
            "schema": {"oneOf": [one, batch]},
            "examples": {
                "one": {"summary": "One signal", "value": EXAMPLES[0]},
                "batch": {"summary": "A batch, one of each kind", "value": EXAMPLES},
            },
        },
        "application/x-ndjson": {
            "schema": {"type": "string", "description": "One signal a line."},
        },
    }
    paths = {with_slash(path): item for path, item in document["paths"].items()}
    path = dict(paths[SIGNALS_PATH])
    path["post"] = {**path["post"], "requestBody": {"required": True, "content": content}}
    paths[SIGNALS_PATH] = path
    schemas = {**document["components"]["schemas"], **components, "Signal": signal}
    return {
        **document,
        "paths": paths,
        "components": {**document["components"], "schemas": schemas},
    }


def renamed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with generic types named without their modules: EnvelopeOfReached."""
    text = msgspec.json.encode(document).decode()
    for name in document["components"]["schemas"]:
        if "." in name:
            short = re.sub(r"_(?:[a-z_]+\.)+", "Of", name).rstrip("_")
            text = text.replace(f'"{name}"', f'"{short}"').replace(f'/{name}"', f'/{short}"')
    return cast("dict[str, Any]", msgspec.json.decode(text))


def handlers_of(app: Litestar) -> Iterator[HTTPRouteHandler]:
    """Return the handlers that the document describes."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.resolve_include_in_schema():
                    yield handler


def with_slash(path: str) -> str:
    """Return a path as it is written everywhere else: collections and items end with a slash."""
    return f"{path}/" if path.startswith("/api/") or path == "/health" else path


def openapi_config() -> OpenAPIConfig:
    """Return what the framework needs to know for the document."""
    bearer = SecurityScheme(
        type="http",
        scheme="bearer",
        description="A token from /api/v2/auth/login/, or an API key (vdt_…).",
    )
    return OpenAPIConfig(
        title="Vedette",
        version=version("vedette"),
        description=DESCRIPTION,
        tags=[Tag(name=name, description=text) for name, text in TAGS.items()],
        security=[{"Bearer": []}],
        components=Components(security_schemes={"Bearer": bearer}),
        use_handler_docstrings=True,
        render_plugins=[SchemaDocument(path="/openapi.json")],
        openapi_router=Router(
            "/schema", route_handlers=[], include_in_schema=False, opt=needs(PUBLIC)
        ),
    )
