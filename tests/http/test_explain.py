"""Why, over HTTP: the way back to the raw signal, and what somebody limited to some sites sees of it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import httpx

from application.explaining import Explanation, Kind, Told
from application.principals import Principal
from domain.access import Role
from interfaces.http.explain import HIDDEN, seen_by
from tests.http.field import SIGNALS, attendance, enrol_field, problem_in, within

EXPLAIN = "/api/v2/noc/explain"


def told(position: int, stream_id: str, site_id: str | None) -> Told:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    return Told(
        position=position,
        type="alert.commented",
        stream_id=stream_id,
        occurred_at=moment,
        recorded_at=moment,
        actor="user:ada",
        caused_by=None,
        words="what was said",
        site_id=site_id,
        data={"text": "what was said"},
    )


def principal(*sites: str) -> Principal:
    scope = frozenset(sites) if sites else None
    return Principal("t", "user:bob", "Bob", (Role.OPERATOR,), frozenset(), scope)


def test_a_fact_without_a_site_is_hidden_with_the_story_that_it_belongs_to() -> None:
    found = Explanation(
        kind=Kind.INCIDENT,
        id=UUID(int=1),
        story=[told(9, "incident-1", "S-1"), told(10, "incident-1", None)],
        because=[
            told(1, "alert-1", "S-1"),
            told(2, "alert-1", None),
            told(3, "alert-2", "S-2"),
            told(4, "alert-2", None),
            told(5, "silence-1", None),
        ],
        led_to=[told(11, "ticket-2", "S-2"), told(12, "ticket-2", None)],
        ties=[],
        complete=True,
    )
    assert seen_by(principal(), found) == found
    seen = seen_by(principal("S-1"), found)
    assert seen.story == found.story
    assert seen.because[:2] == found.because[:2]
    for fact in (*seen.because[2:], *seen.led_to):
        assert (fact.words, fact.data, fact.stream_id, fact.actor) == (HIDDEN, {}, "", "")


def test_a_ticket_goes_back_to_its_signal_and_a_signal_on_to_its_ticket(
    machine: httpx.Client,
) -> None:
    enrol_field(machine)
    assert machine.post(SIGNALS, json=[attendance(latitude=53.5)]).status_code == 200

    def tickets() -> list[dict[str, str]]:
        items: list[dict[str, str]] = machine.get("/api/v2/noc/tickets/").json()["data"]["items"]
        return items

    assert within(20, lambda: bool(tickets()))
    why = machine.get(f"{EXPLAIN}/ticket/{tickets()[0]['ticket_id']}/").json()["data"]
    types = [fact["type"] for fact in why["because"]]
    assert types == ["attendance.recorded", "fraud.scored", "alert.raised"]
    assert why["because"][1]["data"]["reasons"]
    signal = why["because"][0]["stream_id"].removeprefix("signal-")
    onward = machine.get(f"{EXPLAIN}/signal/{signal}/").json()["data"]
    assert {"fraud.scored", "alert.raised", "ticket.opened"} <= {
        fact["type"] for fact in onward["led_to"]
    }
    problem_in(machine.get(f"{EXPLAIN}/ticket/{UUID(int=9)}/"), 404, "explanation.unknown")
