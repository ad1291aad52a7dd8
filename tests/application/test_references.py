"""References: what every fact names of others, and what it says in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.references import Relation, references, words
from domain.alert.facts import AlertKind, AlertRaised
from domain.catalogue import event_types, tag_of
from domain.fraud.facts import Features, FraudScored, Reason
from domain.fraud.types import FraudType
from domain.kernel import Event
from domain.severity import Severity
from domain.ticket import TicketRepeated
from tests.application.chronicle import (
    ALERT,
    FINDING,
    NIGHT,
    SIGNAL,
    TICKET,
    ticket,
)
from tests.strategies import structs


@pytest.mark.parametrize("type_", list(event_types()), ids=tag_of)
@settings(deadline=None, max_examples=5)
@given(data=st.data())
def test_every_fact_has_words_and_names_streams(type_: type[Event], data: st.DataObject) -> None:
    fact = data.draw(structs(type_))
    assert words(fact)
    for relation, stream in references(fact):
        assert isinstance(relation, Relation)
        assert stream.partition("-")[0] in {
            "signal",
            "score",
            "anomaly",
            "alert",
            "finding",
            "audit",
            "incident",
            "ticket",
            "silence",
            "maintenance",
        }


def test_a_ticket_may_be_about_several_things() -> None:
    opened = ticket(alert_id=ALERT, finding_id=FINDING, incident_id=TICKET)
    assert [stream.partition("-")[0] for _, stream in references(opened)] == [
        "alert",
        "finding",
        "incident",
    ]
    assert list(references(ticket())) == []
    again = TicketRepeated(severity=Severity.HIGH, count=1, finding_id=FINDING)
    assert list(references(again)) == [(Relation.ABOUT, f"finding-{FINDING}")]
    once = TicketRepeated(severity=Severity.HIGH, count=1, alert_id=ALERT)
    assert list(references(once)) == [(Relation.ABOUT, f"alert-{ALERT}")]
    fraud = AlertRaised(
        alert_id=ALERT,
        kind=AlertKind.FRAUD,
        dedup_key="k",
        severity=Severity.HIGH,
        score=0.9,
        title="x",
        evidence=SIGNAL,
        seen_at=NIGHT,
        fraud_type=FraudType.GPS_SPOOFING,
    )
    assert list(references(fraud)) == [(Relation.EVIDENCE, f"score-{SIGNAL}")]


def score(**said: Any) -> FraudScored:
    return FraudScored(
        attendance=SIGNAL,
        person_id="G-1",
        site_id="S-01",
        device_id="D-1",
        occurred_at=NIGHT,
        features=Features(),
        probability=0.9,
        fraud_type=FraudType.DEVICE_SHARING,
        model="rules",
        model_version="1",
        model_digest="0" * 64,
        **said,
    )


def test_a_score_goes_back_to_all_attendances_that_cannot_be_true_together() -> None:
    assert list(references(score(witnesses=[ALERT]))) == [
        (Relation.EVIDENCE, f"signal-{SIGNAL}"),
        (Relation.EVIDENCE, f"signal-{ALERT}"),
    ]


def test_the_reasons_of_a_score_are_told_as_sentences() -> None:
    reasons = [
        Reason(code="one", text="The phone was elsewhere.", contribution=1.0),
        Reason(code="two", text="The battery was at 1 %.", contribution=0.1),
    ]
    said = "Fraud score 0.90: The phone was elsewhere. The battery was at 1 %."
    assert words(score(reasons=reasons)) == said
