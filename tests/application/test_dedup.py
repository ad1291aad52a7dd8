"""Whatever scores, verdicts and people say in whatever order: one ticket a trouble."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from application.escalation.tickets import TAKING_REPEATS
from application.policies.raise_alert_whenever_fraud_scored_high import ALERT_FROM
from domain.alert import (
    ALERT,
    AcknowledgeAlert,
    AlertCommand,
    AlertRaised,
    AlertStatus,
    ReopenAlert,
    ResolveAlert,
    Verdict,
    alert_stream,
)
from domain.alert.facts import DEDUP_WINDOW
from domain.fraud.facts import FraudScored
from domain.kernel import Refused
from domain.ticket import (
    TICKET,
    AssignTicket,
    CancelTicket,
    HoldTicket,
    ReopenTicket,
    ResolveTicket,
    ResumeTicket,
    StartTicket,
    TicketCommand,
    TicketOpened,
    ticket_stream,
)
from tests.application.guardroom import BUDDY, GPS, MONDAY, Guardroom, scored
from tests.memory_desk import settle

HOURS = [0, 1, 5, 20, 23, 24, 25, 40, 48, 49, 72]

scores = st.builds(
    scored,
    st.integers(0, len(HOURS) - 1),
    st.sampled_from([0.1, 0.79, 0.8, 0.9, 0.97]),
    fraud_type=st.sampled_from([GPS, BUDDY]),
)
alert_wishes: st.SearchStrategy[AlertCommand] = st.sampled_from(
    [
        AcknowledgeAlert(),
        ResolveAlert(reason=Verdict.CONFIRMED_FRAUD),
        ReopenAlert(reason="Too early"),
    ]
)
ticket_wishes: st.SearchStrategy[TicketCommand] = st.sampled_from(
    [
        AssignTicket(assignee="eve"),
        StartTicket(),
        HoldTicket(reason="Waits", waiting_until=datetime(2026, 11, 30, tzinfo=UTC)),
        ResumeTicket(),
        ResolveTicket(resolution="Seen to"),
        CancelTicket(reason="Nothing to do"),
        ReopenTicket(reason="Not over"),
    ]
)
happenings = st.one_of(
    scores,
    st.tuples(st.integers(0, 3), alert_wishes),
    st.tuples(st.integers(0, 3), ticket_wishes),
)


def timed(score: FraudScored) -> FraudScored:
    return scored(
        score.attendance.int,
        score.probability,
        hours=HOURS[score.attendance.int],
        fraud_type=score.fraud_type,
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(happenings, max_size=25), st.integers(1, 4))
def test_never_a_second_ticket_while_one_is_worked_on(
    story: list[FraudScored | tuple[int, AlertCommand | TicketCommand]], batch_facts_max: int
) -> None:
    room = Guardroom()
    begun_at: dict[UUID, datetime] = {}  # ticket -> the attendance that it began with
    for happening in story:
        if isinstance(happening, FraudScored):
            score = timed(happening)
            room.log.state(f"score-{score.attendance}", score)
        else:
            ask(room, *happening)
        before = len(room.log.facts)
        settle(room.alerts, room.tickets, batch_facts_max=batch_facts_max)
        for fact in room.log.facts[before:]:
            if isinstance(fact.event, TicketOpened):
                begun_at[fact.event.ticket_id] = seen_at(fact.event)
                assert rivals(room, fact.event, fact.position, begun_at) == []
    assert room.redeliver() == []


def ask(room: Guardroom, number: int, wish: Any) -> None:
    """Wish something of the n-th alert or ticket, if there are that many; refusals are well."""
    asks_alert = isinstance(wish, AcknowledgeAlert | ResolveAlert | ReopenAlert)
    ids = room.alert_ids() if asks_alert else room.ticket_ids()
    if number >= len(ids):
        return
    try:
        if isinstance(wish, AcknowledgeAlert | ResolveAlert | ReopenAlert):
            room.log.wish(ALERT, alert_stream(ids[number]), wish)
        else:
            room.log.wish(TICKET, ticket_stream(ids[number]), wish)
    except Refused:
        return


def seen_at(opened: TicketOpened) -> datetime:
    assert opened.evidence is not None
    return MONDAY + timedelta(hours=HOURS[opened.evidence.int])


def rivals(
    room: Guardroom, opened: TicketOpened, position: int, begun_at: dict[UUID, datetime]
) -> list[UUID]:
    """Return the tickets of the same key and time that took repeats when this one was opened."""
    found = []
    for ticket_id, moment in begun_at.items():
        stream = [
            fact for fact in room.log.stream(ticket_stream(ticket_id)) if fact.position < position
        ]
        ticket = TICKET.replay(fact.event for fact in stream)  # type: ignore[misc]
        if (
            ticket_id != opened.ticket_id
            and stream[0].event.dedup_key == opened.dedup_key  # type: ignore[union-attr]
            and ticket.status in TAKING_REPEATS
            and abs(moment - begun_at[opened.ticket_id]) <= DEDUP_WINDOW
        ):
            found.append(ticket_id)
    return found


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_one_nights_scores_end_in_the_same_evidence_in_any_order(data: st.DataObject) -> None:
    """Each attendance's scores keep their order, as their stream does; all else is shuffled."""
    drawn = data.draw(st.lists(scores, max_size=12))
    drawn = [timed(score) for score in drawn if HOURS[score.attendance.int] <= 20]
    shuffled = data.draw(st.permutations(drawn))
    in_order: dict[UUID, list[FraudScored]] = defaultdict(list)
    for score in drawn:
        in_order[score.attendance].append(score)
    again = [in_order[score.attendance].pop(0) for score in shuffled]
    ends = []
    for order in (drawn, again):
        room = Guardroom()
        room.score(*order)
        ends.append(standing(room))
    assert ends[0] == ends[1]
    last = {score.attendance: score for score in drawn}.values()
    high = {
        (f"fraud/G-1/{score.fraud_type}", score.attendance)
        for score in last
        if score.probability >= ALERT_FROM
    }
    assert {(key, signal) for key, signals in ends[0].items() for signal in signals} == high


def standing(room: Guardroom) -> dict[str, frozenset[UUID]]:
    """Return the evidence of the open alert of each dedup key."""
    found: dict[str, frozenset[UUID]] = {}
    for alert_id in room.alert_ids():
        alert = ALERT.replay(room.story(alert_id))  # type: ignore[arg-type]
        if alert.status is AlertStatus.OPEN:
            assert alert.dedup_key not in found, "Two open alerts about one night."
            found[alert.dedup_key] = frozenset(alert.evidences)
    assert len(room.log.events(AlertRaised)) >= len(found)
    return found
