"""The public contract: which facts are told, as what, and what they show."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from domain.alert import AlertAcknowledged
from domain.catalogue import AnyRecorded
from domain.directory.person import PersonEnrolled
from domain.fraud.facts import Features, FraudScored, score_stream
from domain.fraud.types import FraudType
from domain.incident.facts import (
    IncidentAcknowledged,
    IncidentEvidenceLinked,
    IncidentOpened,
    Item,
    ItemKind,
    Link,
    Sign,
)
from domain.severity import Severity
from domain.ticket import TicketStarted
from projections.alert_board import ALERT_BOARD
from projections.fraud_scores import FRAUD_SCORES
from projections.published import (
    FRAME_TYPES,
    PUBLIC_TYPES,
    Frame,
    Row,
    fold_of,
    is_critical,
    publish,
)
from projections.ticket_board import TICKET_BOARD, TicketRow
from tests.memory_desk import MemoryLog
from tests.projections.rows import OPENED, RAISED
from tests.strategies import forall
from tests.tenant_stories import stories

SCORED = FraudScored(
    attendance=UUID(int=1),
    person_id="G-1",
    site_id="S-1",
    device_id="D-1",
    occurred_at=RAISED.seen_at,
    features=Features(velocity_kmh=120.0),
    probability=0.5,
    fraud_type=FraudType.GPS_SPOOFING,
    model="rules",
    model_version="1",
    model_digest="0" * 64,
)


def frames_of(facts: list[AnyRecorded]) -> list[Frame]:
    """Return the frames of facts, each subject folded from its beginning."""
    rows: dict[str, Row] = {}
    frames = []
    for fact in facts:
        fold = fold_of(fact)
        if fold is not None:
            before = rows.get(fact.stream_id)
            after = fold(before, fact)
            frame = publish(fact, before, after)
            if after is not None:
                rows[fact.stream_id] = after
            frames += [] if frame is None else [frame]
    return frames


def scores(*probabilities: float) -> list[Frame]:
    log = MemoryLog()
    for probability in probabilities:
        scored = replace(SCORED, probability=probability)
        log.state(score_stream(SCORED.attendance), scored)
    return frames_of(log.facts)


def test_a_frame_tells_what_happened_and_shows_its_subject_after_it() -> None:
    log = MemoryLog()
    log.state(f"ticket-{OPENED.ticket_id}", OPENED)
    fact = log.state(f"ticket-{OPENED.ticket_id}", TicketStarted())
    log.state(f"alert-{RAISED.alert_id}", RAISED)
    opened, started, raised = frames_of(log.facts)
    assert (opened.type, opened.event, opened.position) == ("ticket", "ticket.opened", 1)
    assert (started.event, started.position, started.actor) == ("ticket.started", 2, "user:test")
    assert (started.recorded_at, started.site_id) == (fact.recorded_at, "S-1")
    assert isinstance(opened.data, TicketRow)
    assert started.data == TICKET_BOARD.project(opened.data, fact)
    assert (raised.type, raised.event, raised.site_id) == ("alert", "alert.raised", "S-1")


@pytest.mark.parametrize(
    ("probabilities", "told"),
    [
        ([0.49], []),
        ([0.5], [1]),
        ([0.3, 0.2, 0.9], [3]),
        ([0.9, 0.8], [1, 2]),
        # Whoever saw it high hears that it fell, once.
        ([0.9, 0.1, 0.2], [1, 2]),
    ],
)
def test_scores_are_told_while_they_are_on_the_high_risk_board(
    probabilities: list[float], told: list[int]
) -> None:
    assert [frame.position for frame in scores(*probabilities)] == told


def test_how_an_incident_stands_and_what_it_consists_of_are_told_apart() -> None:
    log = MemoryLog()
    items = [
        Item(
            kind=ItemKind.SIGNAL,
            id=UUID(int=number),
            sign=Sign.DEVICE_OFFLINE,
            label="device offline",
            severity=Severity.LOW,
            at=RAISED.seen_at,
            site_id="S-1",
        )
        for number in (1, 2)
    ]
    link = Link(1.0, ("the same site",))
    log.state(
        "incident-1",
        IncidentOpened(
            incident_id=UUID(int=9),
            severity=Severity.LOW,
            severity_rule="the worst of its items",
            title="Devices offline",
            site_id="S-1",
            person_id=None,
            first_at=RAISED.seen_at,
            items=(items[0],),
            links=(link,),
        ),
    )
    linked = IncidentEvidenceLinked(
        item=items[1], link=link, severity=Severity.LOW, severity_rule="the worst of its items"
    )
    log.state("incident-1", linked)
    log.state("incident-1", IncidentAcknowledged())
    assert [frame.type for frame in frames_of(log.facts)] == [
        "incident",
        "correlation",
        "incident",
    ]


def test_what_is_not_public_is_not_told() -> None:
    fact = MemoryLog().state("person-G-1", PersonEnrolled(person_id="G-1", name="Ada"))
    assert fold_of(fact) is None
    assert publish(fact, None, None) is None


def test_a_fact_without_its_subject_is_not_told() -> None:
    assert publish(MemoryLog().state("alert-1", AlertAcknowledged()), None, None) is None


def test_every_public_type_has_a_subject_and_every_subject_a_frame_type() -> None:
    assert {name.split(".")[0] for name in PUBLIC_TYPES} == {
        "ticket",
        "alert",
        "finding",
        "anomaly",
        "incident",
        "fraud",
    }
    assert set(FRAME_TYPES) == {
        "ticket",
        "alert",
        "finding",
        "anomaly",
        "incident",
        "correlation",
        "score",
    }
    assert fold_of(MemoryLog().state("score-1", SCORED)) is FRAUD_SCORES.project
    assert fold_of(MemoryLog().state("alert-1", RAISED)) is ALERT_BOARD.project


def test_what_shows_that_something_is_critical_or_is_so_no_more_is_critical() -> None:
    log = MemoryLog()
    high = TICKET_BOARD.project(None, log.state("ticket-1", OPENED))
    assert isinstance(high, TicketRow)
    critical = replace(high, severity=Severity.CRITICAL)
    score = FRAUD_SCORES.project(None, log.state("score-1", SCORED))
    assert not is_critical(None, high)
    assert is_critical(None, critical)
    assert is_critical(high, critical)
    assert is_critical(critical, high)
    assert not is_critical(None, score), "A score says how likely it is, not how bad."


@forall(facts=stories())
def test_frames_are_in_order_and_survive_the_wire(facts: list[AnyRecorded]) -> None:
    frames = frames_of(facts)
    positions = [frame.position for frame in frames]
    assert positions == sorted(set(positions))
    for frame in frames:
        shown = msgspec.json.decode(msgspec.json.encode(frame))
        assert shown["type"] in FRAME_TYPES
        assert shown["data"]["position"] == frame.position
