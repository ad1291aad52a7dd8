"""OpenAPI: the document that describes these doors, at /schema/openapi.json."""

from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Request, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Tag

from application.ingestion import BATCH_SIGNALS_MAX, AttendanceSignal, LocationSignal
from interfaces.http.credentials import PUBLIC, needs

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
    "Directory": "Sites, persons and devices.",
    "Tickets": "Work for people.",
    "Alerts": "What an operator must look at.",
    "Fraud": "How likely each attendance is fraudulent.",
    "Access": "Users and keys.",
    "Operations": "How Vedette itself is.",
}
ATTENDANCE = {
    "kind": "attendance",
    "signal_id": "8f14e45f",
    "source": "gate-app",
    "occurred_at": "2026-11-22T08:00:00+00:00",
    "person_id": "G-001",
    "site_id": "S-01",
    "device_id": "D-001",
    "direction": "check_in",
    "latitude": 51.5,
    "longitude": -0.12,
    "gps_accuracy_m": 8.0,
    "biometric_quality": 0.93,
    "biometric_matched": True,
    "phone_signal_dbm": -71,
    "battery_percent": 83,
}
LOCATION = {
    "kind": "location",
    "signal_id": "9bf31c7f",
    "source": "gate-app",
    "occurred_at": "2026-11-22T08:05:00+00:00",
    "person_id": "G-001",
    "device_id": "D-001",
    "latitude": 51.5001,
    "longitude": -0.1201,
    "gps_accuracy_m": 12.0,
}
SIGNALS_PATH = "/api/v2/noc/signals/"


class SchemaDocument(JsonRenderPlugin):
    """The framework's document, with the body of the signals route, which it never decodes."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        del request
        return msgspec.json.encode(with_signals(openapi_schema))


def with_signals(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the schemas of the signals, taken from the very types that decode them."""
    references, components = msgspec.json.schema_components(
        (AttendanceSignal, LocationSignal), ref_template="#/components/schemas/{name}"
    )
    signal = {
        "oneOf": list(references),
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"attendance": references[0]["$ref"], "location": references[1]["$ref"]},
        },
    }
    batch = {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Signal"},
        "minItems": 1,
        "maxItems": BATCH_SIGNALS_MAX,
    }
    content = {
        "application/json": {
            "schema": {"oneOf": [{"$ref": "#/components/schemas/Signal"}, batch]},
            "examples": {
                "one": {"summary": "One signal", "value": ATTENDANCE},
                "batch": {"summary": "A batch", "value": [ATTENDANCE, LOCATION]},
            },
        },
        "application/x-ndjson": {
            "schema": {"type": "string", "description": "One signal a line."},
        },
    }
    paths = dict(document["paths"])
    path = dict(paths[SIGNALS_PATH])
    path["post"] = {**path["post"], "requestBody": {"required": True, "content": content}}
    paths[SIGNALS_PATH] = path
    schemas = {**document["components"]["schemas"], **components, "Signal": signal}
    return {
        **document,
        "paths": paths,
        "components": {**document["components"], "schemas": schemas},
    }


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
