"""The document with examples: what every operation answers, and which problems it may answer.

Each example stands once among the components, and operations refer to it, since many answer alike.
"""

from collections.abc import Iterator
from contextlib import suppress
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler

from application.signals import Signal
from interfaces.http.credentials import CAPABILITY
from interfaces.http.examples.answers import example_of
from interfaces.http.examples.problems import problems_of
from interfaces.http.problems import MEDIA_TYPE

NOT_MODIFIED = 304  # and what comes behind it is no success


def add_examples(
    operation: dict[str, Any], handler: HTTPRouteHandler, examples: dict[str, Any]
) -> None:
    """Let an operation refer to its examples, and add to `examples` those that it is the first to show."""
    kinds = answers_of(handler)
    door = operation["tags"][0], handler.opt[CAPABILITY], body_of(handler)
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if media_type == MEDIA_TYPE:
                shown: dict[str, Any] = problems_of(int(status), *door)
            else:
                shown = dict(shown_of(kinds.get(int(status), ()), kept=is_kept(handler)))
            if shown:
                content["examples"] = {name: reference(name) for name in shown}
            for name in shown.keys() - examples.keys():
                examples[name] = {"value": msgspec.to_builtins(shown[name])}


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/examples/{name}"}


def answers_of(handler: HTTPRouteHandler) -> dict[int, tuple[Any, ...]]:
    """Return the types that the successes of a handler may have, by status."""
    annotated = handler.parsed_fn_signature.return_type.annotation
    if get_origin(annotated) is Response:
        (annotated,) = get_args(annotated)
    kinds = {handler.status_code: annotated}
    for status, answer in (handler.responses or {}).items():
        if status < NOT_MODIFIED:
            kinds[status] = answer.data_container
    return {
        status: get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)
        for status, kind in kinds.items()
    }


def body_of(handler: HTTPRouteHandler) -> Any:
    """Return the type of a handler's body, or None; the door of signals alone decodes it by itself."""
    if handler.parsed_data_field is not None:
        return handler.parsed_data_field.annotation
    return Signal if "POST" in handler.http_methods else None


def is_kept(handler: HTTPRouteHandler) -> bool:
    """Return whether a handler answers again what it answered before."""
    return NOT_MODIFIED in (handler.responses or {})


def shown_of(kinds: tuple[Any, ...], *, kept: bool) -> Iterator[tuple[str, Any]]:
    """Yield an example of each type, by name; what has none is described without one."""
    for kind in kinds:
        with suppress(LookupError):
            example = example_of(kind, cached=kept)
            yield f"Kept{name_of(kind)}" if kept else name_of(kind), example


def name_of(kind: Any) -> str:
    """Return a type as the schemas name it: EnvelopeOfReached."""
    return "Of".join((kind.__name__, *(name_of(each) for each in get_args(kind))))
