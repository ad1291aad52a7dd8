"""OpenAPI: the document that describes these doors, at /schema/openapi.json."""

import re
from collections.abc import Iterator, Mapping
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
from interfaces.http.examples.document import add_examples
from interfaces.http.examples.signals import EXAMPLES

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
    "Service levels": "How soon tickets are to be done, who gets them, and who is told by mail.",
    "Anomalies": "What lay far from what is normal, and what is normal.",
    "Baselines": "How far is too far, by family of baselines, and why.",
    "Findings": "Duty that was not done, and the audits that look at it.",
    "Incidents": "What belongs together.",
    "Fraud": "How likely each attendance is fraudulent.",
    "Telemetry": "What was reported, by person and site, and what of it belongs together.",
    "Jobs": "Long work that was asked for, and what it came to.",
    "Feed": "What listeners of the feed were handed.",
    "Muting": "What calls nobody for a while, and what would have.",
    "Why": "From what stands back to the raw signals, and on.",
    "Access": "Users and keys.",
    "Operations": "How Vedette itself is.",
}
SIGNALS_PATH = "/api/v2/noc/signals/"


class SchemaDocument(JsonRenderPlugin):
    """The framework's document, with what the framework does not know; made when it is first asked for."""

    rendered: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        if self.rendered is None:
            handlers = dict(operations_of(request.app))
            self.rendered = msgspec.json.encode(published(openapi_schema, handlers))
        return self.rendered


def published(
    document: dict[str, Any], handlers: Mapping[tuple[str, str], HTTPRouteHandler]
) -> dict[str, Any]:
    """Return the document as clients get it, given the handlers by path and method.

    The framework takes the slash off the end of each path, leaves rules of nested fields out, and
    never sees the body of the signals route. The schemas of bodies come from the very types that
    decode them, and the examples of answers from what handlers answer with.
    """
    document = renamed(document)
    examples: dict[str, Any] = {}
    for (route, method), handler in handlers.items():
        add_examples(document["paths"][route][method], handler, examples)
    fields = (handler.parsed_data_field for handler in handlers.values())
    bodies = tuple(field.annotation for field in fields if field is not None)
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
        "components": {**document["components"], "schemas": schemas, "examples": examples},
    }


def renamed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with generic types named without their modules: EnvelopeOfReached."""
    text = msgspec.json.encode(document).decode()
    for name in document["components"]["schemas"]:
        if "." in name:
            short = re.sub(r"_(?:[a-z_]+\.)+", "Of", name).rstrip("_")
            text = text.replace(f'"{name}"', f'"{short}"').replace(f'/{name}"', f'/{short}"')
    return cast("dict[str, Any]", msgspec.json.decode(text))


def operations_of(app: Litestar) -> Iterator[tuple[tuple[str, str], HTTPRouteHandler]]:
    """Yield the handlers that the document describes, by path and method as the framework has them."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.resolve_include_in_schema():
                    for method in handler.http_methods:
                        yield (route.path_format, method.lower()), handler


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
