"""The document at /schema/openapi.json: complete, valid, and true of what the doors answer."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import httpx
import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from application.operations import FollowerStanding, FollowerState
from interfaces.http.app import web
from interfaces.http.credentials import PUBLIC, Openness, declarations
from interfaces.http.signals import many, one
from tests.live import LiveServer

DOCUMENT = "/schema/openapi.json"
EXAMPLES = 3  # of each operation
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def document(live_server: LiveServer) -> dict[str, Any]:
    """The document as the live server answers it."""
    answer = httpx.get(f"{live_server.url}{DOCUMENT}", trust_env=False)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_every_route_under_the_prefix_is_described_with_its_security(
    document: dict[str, Any], live_server: LiveServer
) -> None:
    declared = declarations(web(live_server.vedette))
    for (method, path), need in declared.items():
        if not path.startswith("/api/"):
            continue
        told = "/".join(
            part.replace(":str}", "}").replace(":uuid}", "}") for part in path.split("/")
        )
        operation = document["paths"][f"{told}/"][method.lower()]
        assert operation["tags"] != []
        assert set(operation["tags"]) <= {tag["name"] for tag in document["tags"]}
        assert operation["summary"]
        assert operation.get("description")
        assert (operation.get("security") == [{}]) == (need is PUBLIC)
        if not isinstance(need, Openness):
            assert {"401", "403", "429"} <= set(operation["responses"])
    assert document["security"] == [{"Bearer": []}]
    assert document["components"]["securitySchemes"]["Bearer"]["scheme"] == "bearer"
    assert document["info"]["title"] == "Vedette"


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str):
                _, _, kind, name = reference.split("/")
                assert name in document["components"][kind], reference
            for each in node.values():
                walk(each)
        elif isinstance(node, list):
            for each in node:
                walk(each)

    walk(document)
    assert not [name for name in document["components"]["schemas"] if "." in name]


def test_the_examples_of_bodies_keep_the_rules(document: dict[str, Any]) -> None:
    content = document["paths"]["/api/v2/noc/signals/"]["post"]["requestBody"]["content"]
    examples = content["application/json"]["examples"]
    one.decode(msgspec.json.encode(examples["one"]["value"]))
    many.decode(msgspec.json.encode(examples["batch"]["value"]))


def without_waiting(document: dict[str, Any]) -> dict[str, Any]:
    """Leave `wait_for` out: a made-up position is waited for in vain, five seconds each time."""
    for item in document["paths"].values():
        for operation in item.values():
            parameters = operation.get("parameters", [])
            operation["parameters"] = [each for each in parameters if each["name"] != "wait_for"]
    return document


@pytest.mark.timeout(500)
def test_whatever_fits_or_breaks_the_document_is_answered_as_it_says(
    live_server: LiveServer, document: dict[str, Any]
) -> None:
    """Each operation gets requests that fit and that break the document, and never answers a 5xx."""
    schema = schemathesis.openapi.from_dict(without_waiting(document))
    headers = {"Authorization": f"Bearer {live_server.key}"}
    tried = 0
    with requests.Session() as session:
        session.trust_env = False
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()
            if not operation.path.startswith("/api/"):
                continue
            for mode in schemathesis.GenerationMode:

                @given(case=operation.as_strategy(generation_mode=mode))
                @settings(
                    max_examples=EXAMPLES,
                    deadline=None,
                    database=None,
                    derandomize=True,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )
                def answers(case: schemathesis.Case[Any]) -> None:
                    nonlocal tried
                    response = case.call(base_url=live_server.url, session=session, headers=headers)
                    case.validate_response(response, checks=CHECKS)
                    tried += 1

                with contextlib.suppress(Unsatisfiable):  # nothing could break this one
                    answers()
    assert tried > 250
    # Whatever was let in can also be followed: no fact of it stops a read model.
    standings = settled(live_server)
    assert {
        each.follower for each in standings if each.state is not FollowerState.FOLLOWING
    } == set()
    assert {each.follower for each in standings if each.lag_events} == set()


def settled(live_server: LiveServer) -> list[FollowerStanding]:
    deadline = time.monotonic() + 20
    while True:
        standings = live_server.vedette.operations.followers(live_server.tenant)
        if time.monotonic() > deadline or not any(each.lag_events for each in standings):
            return standings
        time.sleep(0.1)
