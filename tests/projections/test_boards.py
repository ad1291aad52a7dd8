"""The boards: facts in, row out, and always what the aggregate itself would say."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st

from domain.access import API_KEY, USER
from domain.alert import (
    ALERT,
)
from domain.catalogue import AnyRecorded
from domain.directory.device import DEVICE, DeviceIssued, DeviceKind, DevicePlaced, DeviceRegistered
from domain.directory.person import PERSON
from domain.directory.shift import SHIFT
from domain.directory.site import SITE, RegisterSite
from domain.directory.task import TASK
from domain.directory.tour import TOUR
from domain.ticket import (
    TICKET,
    TicketCommented,
    TicketStatus,
)
from projections import PROJECTIONS
from projections.access import KEYS, USERS
from projections.alert_board import ALERT_BOARD
from projections.directory import DEVICES, PERSONS, SHIFTS, SITES, TASKS, TOURS, DeviceRow
from projections.fraud_scores import FRAUD_SCORES, ScoreRow
from projections.kernel import Projection
from projections.ticket_board import TICKET_BOARD
from projections.views import ReadModelBehind
from tests.memory_desk import MemoryLog
from tests.projections.rows import (
    folded,
    rows_of,
)
from tests.strategies import forall
from tests.tenant_stories import fields_of, of_stream, stories


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
def test_a_fact_without_its_beginning_shows_nothing(projection: Projection[Any]) -> None:
    """A row begins where its subject does; what comes before is corrupt, and no row is made up."""
    log = MemoryLog()
    fact = log.state(f"{projection.table}-elsewhere", TicketCommented(text="Hm"))
    assert projection.project(None, fact) is None
    assert projection.key_of(fact) is None


def test_a_site_is_shown_as_it_stands() -> None:
    log = MemoryLog()
    wish = RegisterSite(
        site_id="S-1",
        name="One",
        latitude=51.5,
        longitude=-0.12,
        geofence_radius_m=100.0,
        time_zone="Europe/London",
    )
    log.wish(SITE, "site-S-1", wish)
    changes: list[dict[str, Any]] = [
        {"name": "First"},
        {"latitude": 52.0, "longitude": 0.5},
        {"geofence_radius_m": 250.0},
        {"time_zone": "Europe/Paris"},
        {"security_manager": "eve"},
        {"security_manager": None},
    ]
    for change in changes:
        wish = msgspec.structs.replace(wish, **change)
        (fact,) = log.wish(SITE, "site-S-1", wish)
        row = rows_of(SITES, log.facts)["S-1"]
        assert fields_of(row) == {**fields_of(wish), "position": fact.position}


def test_a_device_that_was_placed_but_never_registered_is_not_shown() -> None:
    """A story without its beginning is corrupt: no row is made up, and the others go on."""
    log = MemoryLog()
    lost = log.state("device-D-9", DevicePlaced(site_id="S-1"))
    assert DEVICES.project(None, lost) is None
    log.state("device-D-1", DeviceRegistered(device_id="D-1", kind=DeviceKind.PANEL))
    log.state("device-D-1", DevicePlaced(site_id="S-1"))
    issued = log.state("device-D-1", DeviceIssued(person_id="G-1"))
    assert rows_of(DEVICES, log.facts) == {
        "D-1": DeviceRow(
            device_id="D-1",
            kind=DeviceKind.PANEL,
            person_id="G-1",
            site_id="S-1",
            position=issued.position,
        )
    }


@forall(facts=stories(), cut=st.floats(0, 1))
def test_folded_in_two_parts_is_folded_in_one(facts: list[AnyRecorded], cut: float) -> None:
    place = round(len(facts) * cut)
    for projection in PROJECTIONS:
        parts = folded(projection, rows_of(projection, facts[:place]), facts[place:])
        assert parts == rows_of(projection, facts)


@forall(facts=stories())
def test_boards_and_aggregates_tell_the_same(facts: list[AnyRecorded]) -> None:
    for key, ticket_row in rows_of(TICKET_BOARD, facts).items():
        ticket = TICKET.replay(of_stream(facts, f"ticket-{key}"))
        assert ticket_row.status is ticket.status
        assert ticket_row.assignee == ticket.assignee
        assert (ticket_row.severity, ticket_row.priority) == (ticket.severity, ticket.priority)
        assert frozenset(ticket_row.links) == ticket.links
        assert (ticket_row.repeat_count, ticket_row.merged_into) == (
            ticket.repeats,
            ticket.merged_into,
        )
        assert ticket_row.version == len(of_stream(facts, f"ticket-{key}"))
        waits = ticket.status is TicketStatus.ON_HOLD and ticket.hold is not None
        assert ticket_row.waiting_until == (ticket.hold[1] if waits and ticket.hold else None)
    for key, alert_row in rows_of(ALERT_BOARD, facts).items():
        alert = ALERT.replay(of_stream(facts, f"alert-{key}"))
        assert alert.status is not None
        assert alert_row.status.value == alert.status.value
        assert alert_row.evidence == list(alert.evidences)
        assert alert_row.count == len(alert.evidences)
        assert (alert_row.severity, alert_row.assignee) == (alert.severity, alert.assignee)
        assert alert_row.first_seen_at <= alert_row.last_seen_at
    for projection, decider, prefix in (
        (SITES, SITE, "site-"),
        (PERSONS, PERSON, "person-"),
        (DEVICES, DEVICE, "device-"),
        (TOURS, TOUR, "tour-"),
        (SHIFTS, SHIFT, "shift-"),
        (TASKS, TASK, "task-"),
    ):
        for key, row in rows_of(projection, facts).items():
            entry = decider.replay(of_stream(facts, f"{prefix}{key}"))
            assert entry.content is not None
            shown = fields_of(row)
            del shown["position"]
            ended = {name: value for name, value in fields_of(entry).items() if name != "content"}
            assert shown == fields_of(entry.content) | ended
    for key, user_row in rows_of(USERS, facts).items():
        user = USER.replay(of_stream(facts, f"user-{key}"))
        assert user_row.status.value == user.standing.name
        for name in ("name", "roles", "site_scope", "email", "person_id"):
            assert getattr(user_row, name) == getattr(user, name)
        assert user_row.version == len(of_stream(facts, f"user-{key}"))
    for key, key_row in rows_of(KEYS, facts).items():
        api_key = API_KEY.replay(of_stream(facts, f"key-{key}"))
        assert api_key.issued is not None
        issued = fields_of(api_key.issued)
        assert {name: getattr(key_row, name) for name in issued} == issued
        assert key_row.revoked is api_key.revoked


@forall(facts=stories())
def test_the_newest_score_of_an_attendance_stands(facts: list[AnyRecorded]) -> None:
    for key, row in rows_of(FRAUD_SCORES, facts).items():
        assert isinstance(row, ScoreRow)
        stream = [fact for fact in facts if fact.stream_id == f"score-{key}"]
        assert (row.position, row.scored_at) == (stream[-1].position, stream[-1].recorded_at)
        assert row.revisions == len(stream) - 1
        last = fields_of(stream[-1].event)
        for name in set(row.__struct_fields__) & set(last):
            assert getattr(row, name) == last[name]


def test_each_projection_keys_a_place_of_its_own() -> None:
    for field in ("name", "table"):
        names = [getattr(projection, field) for projection in PROJECTIONS]
        assert len(set(names)) == len(names)


def test_a_read_model_that_is_behind_says_which_and_where() -> None:
    assert str(ReadModelBehind("ticket-board", 7)) == (
        "The read model ticket-board did not reach position 7 in time."
    )
