"""The examples in the document: none is missing, and each is what its door would answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema_rs
import msgspec
import pytest

from adapters.log.codec import decode, encode
from domain.catalogue import tag_of
from interfaces.http.app import web
from interfaces.http.examples.answers import answers, story
from interfaces.http.examples.document import answers_of, is_kept
from interfaces.http.openapi import operations_of, with_slash
from interfaces.http.problems import MEDIA_TYPE, Problem
from tests.live import LiveServer

Operation = tuple[str, str]  # path and method
JSON = "application/json"


@pytest.fixture
def document(live_server: LiveServer) -> dict[str, Any]:
    """The document as the live server answers it."""
    answer = httpx.get(f"{live_server.url}/schema/openapi.json", trust_env=False)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def kinds(live_server: LiveServer) -> dict[Operation, dict[int, tuple[Any, ...]]]:
    """The types of every success, by operation and status."""
    return {
        (with_slash(path), method): answers_of(handler)
        for (path, method), handler in operations_of(web(live_server.vedette))
    }


def contents(
    document: dict[str, Any], media_type: str
) -> Iterator[tuple[Operation, int, dict[str, Any]]]:
    """Yield what every operation answers in a media type, by status."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for status, response in operation["responses"].items():
                if content := response.get("content", {}).get(media_type):
                    yield (path, method), int(status), content


def examples_of(document: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """Return the examples that a content refers to, by name."""
    shown = content.get("examples", {})
    known = document["components"]["examples"]
    return {name: known[each["$ref"].rpartition("/")[2]]["value"] for name, each in shown.items()}


def test_every_success_of_every_operation_shows_an_example_of_each_type(
    document: dict[str, Any], kinds: dict[Operation, dict[int, tuple[Any, ...]]]
) -> None:
    missing = [
        f"{method.upper()} {path} answers {status} without an example"
        for (path, method), status, content in contents(document, JSON)
        if status < 300 and len(content.get("examples", {})) != len(kinds[path, method][status])
    ]
    assert missing == []


def test_every_example_is_of_the_type_that_its_operation_declares(
    document: dict[str, Any], kinds: dict[Operation, dict[int, tuple[Any, ...]]]
) -> None:
    seen = 0
    for operation, status, content in contents(document, JSON):
        of_status = kinds[operation].get(status, ())
        for kind, example in zip(of_status, examples_of(document, content).values(), strict=False):
            decoded = msgspec.json.decode(msgspec.json.encode(example), type=kind)
            # What a type does not know would be gone.
            assert msgspec.json.decode(msgspec.json.encode(decoded)) == example, operation
            seen += 1
    assert seen >= len(kinds)


def test_every_example_fits_the_schema_that_stands_beside_it(document: dict[str, Any]) -> None:
    # Many operations answer alike, and to read a schema takes long.
    beside: dict[bytes, dict[str, Any]] = {}
    for media_type in (JSON, MEDIA_TYPE):
        for _, _, content in contents(document, media_type):
            schema = msgspec.json.encode(content["schema"], order="sorted")
            beside.setdefault(schema, {}).update(examples_of(document, content))
    broken = []
    for schema, examples in beside.items():
        whole = {**msgspec.json.decode(schema), "components": document["components"]}
        fits = jsonschema_rs.validator_for(whole)
        broken += [
            (name, str(error))
            for name, example in examples.items()
            for error in fits.iter_errors(example)
        ]
    assert broken == []


def test_an_answer_that_may_come_from_a_cache_is_shown_as_if_it_did(
    live_server: LiveServer, document: dict[str, Any]
) -> None:
    kept = {
        (with_slash(path), method)
        for (path, method), handler in operations_of(web(live_server.vedette))
        if is_kept(handler)
    }
    cached = {
        operation
        for operation, _, content in contents(document, JSON)
        for example in examples_of(document, content).values()
        if example.get("cached")
    }
    assert cached == kept != set()


def test_every_problem_shows_examples_of_its_own_status(document: dict[str, Any]) -> None:
    for operation, status, content in contents(document, MEDIA_TYPE):
        examples = examples_of(document, content)
        assert examples, (operation, status)
        for example in examples.values():
            problem = msgspec.json.decode(msgspec.json.encode(example), type=Problem)
            assert problem.status == status
            assert (problem.field is not None) or status != 422


def test_no_example_is_shown_nowhere(
    kinds: dict[Operation, dict[int, tuple[Any, ...]]],
) -> None:
    def types_in(kind: Any) -> Iterator[Any]:
        yield kind
        for each in getattr(kind, "__args__", ()):
            yield from types_in(each)

    answered = {
        each
        for by_status in kinds.values()
        for of_status in by_status.values()
        for kind in of_status
        for each in types_in(kind)
    }
    assert {type(each) for each in answers()} - answered == set()


def test_the_night_that_examples_are_read_from_could_stand_in_a_log() -> None:
    """Each fact keeps the rules of its type, and what brought it about stands before it."""
    for fact in story().facts:
        assert decode(tag_of(fact.event), encode(fact.event)) == fact.event
        assert fact.caused_by is None or fact.caused_by < fact.position
        assert fact.occurred_at <= fact.recorded_at
    moments = [fact.recorded_at for fact in story().facts]
    assert moments == sorted(moments)
