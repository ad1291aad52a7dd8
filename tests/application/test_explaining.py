"""Explaining: back along causes and names to the raw signals, and on to what was stated because."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application import explaining
from application.explaining import FACTS_MAX, Kind, NothingToExplain, explain
from application.ports import Cause
from application.references import Relation, references, words
from domain.alert.facts import AlertKind, AlertRaised, AlertRepeated
from domain.anomaly.facts import (
    AnomalyDetected,
    Bucket,
    Measured,
    Metric,
    SubjectKind,
    ThresholdReason,
)
from domain.catalogue import AnyRecorded, event_types, tag_of
from domain.finding.facts import AuditKind, AuditRequested, Evidence, FindingRaised, FindingType
from domain.fraud.facts import Features, FraudScored, Reason
from domain.fraud.types import FraudType
from domain.kernel import Event
from domain.muting.facts import Action, ActionMuted, MutedBy
from domain.severity import Severity
from domain.signals import PhoneActivityRecorded
from domain.ticket import Priority, TicketCategory, TicketOpened, TicketRepeated
from tests.memory_desk import MemoryLog
from tests.strategies import structs

NIGHT = datetime(2026, 11, 22, 2, tzinfo=UTC)
SIGNAL, LATER, ANOMALY, ALERT, TICKET, FINDING, AUDIT, SILENCE = (
    UUID(int=number) for number in range(1, 9)
)


class Chronicled:
    """A memory log, read along its causes."""

    def __init__(self) -> None:
        self.log = MemoryLog()

    def state(self, stream: str, event: Event, because: AnyRecorded | None = None) -> AnyRecorded:
        cause = Cause("policy:test", caused_by=None if because is None else because.position)
        return self.log.state(stream, event, cause)

    def at(self, tenant_id: str, positions: Sequence[int]) -> list[AnyRecorded]:
        assert tenant_id == "t"
        return [fact for fact in self.log.facts if fact.position in positions]

    def of_streams(self, tenant_id: str, stream_ids: Sequence[str]) -> list[AnyRecorded]:
        assert tenant_id == "t"
        return [fact for fact in self.log.facts if fact.stream_id in stream_ids]

    def caused_by(self, tenant_id: str, positions: Sequence[int], limit: int) -> list[AnyRecorded]:
        assert tenant_id == "t"
        return [fact for fact in self.log.facts if fact.caused_by in positions][:limit]


def activity(number: int) -> PhoneActivityRecorded:
    return PhoneActivityRecorded(
        signal_id=f"a{number}",
        source="s",
        occurred_at=NIGHT,
        person_id="G-1",
        device_id="D-1",
        interactions=0,
        interval_s=900,
    )


def anomaly(signals: tuple[UUID, ...]) -> AnomalyDetected:
    return AnomalyDetected(
        anomaly_id=ANOMALY,
        metric=Metric.PHONE_INTERACTIONS,
        subject_kind=SubjectKind.PERSON,
        subject_id="G-1",
        site_id="S-1",
        person_id="G-1",
        device_id=None,
        severity=Severity.MEDIUM,
        window_start=NIGHT,
        window_end=NIGHT,
        measured=Measured(
            value=0.0,
            mean=12.0,
            deviation=3.0,
            count=120,
            z=-4.0,
            threshold=2.5,
            threshold_reason=ThresholdReason.STABLE,
            bucket=Bucket.HOUR_OF_WEEK,
            explanation="actual 0, typical 9-15 at this hour",
            signals=signals,
        ),
    )


def alert() -> AlertRaised:
    return AlertRaised(
        alert_id=ALERT,
        kind=AlertKind.ANOMALY,
        dedup_key="anomaly/phone_interactions/person/G-1",
        severity=Severity.MEDIUM,
        score=0.7,
        title="Phone of G-1 hardly used",
        evidence=ANOMALY,
        seen_at=NIGHT,
        site_id="S-1",
        person_id="G-1",
        metric=Metric.PHONE_INTERACTIONS,
    )


def ticket(
    *,
    alert_id: UUID | None = None,
    finding_id: UUID | None = None,
    incident_id: UUID | None = None,
) -> TicketOpened:
    return TicketOpened(
        ticket_id=TICKET,
        category=TicketCategory.OPERATIONS,
        title="Look after G-1",
        severity=Severity.HIGH,
        priority=Priority.HIGH,
        site_id="S-1",
        alert_id=alert_id,
        finding_id=finding_id,
        incident_id=incident_id,
    )


@pytest.fixture
def chronicle() -> Chronicled:
    return Chronicled()


def test_a_ticket_goes_back_to_the_raw_signals_with_the_numbers_that_decided(
    chronicle: Chronicled,
) -> None:
    first = chronicle.state(f"signal-{SIGNAL}", activity(1))
    second = chronicle.state(f"signal-{LATER}", activity(2))
    chronicle.state("signal-other", activity(3))
    found = chronicle.state(f"anomaly-{ANOMALY}", anomaly((SIGNAL, LATER)), second)
    raised = chronicle.state(f"alert-{ALERT}", alert(), found)
    opened = chronicle.state(f"ticket-{TICKET}", ticket(alert_id=ALERT), raised)
    why = explain(chronicle, "t", Kind.TICKET, TICKET)
    assert [fact.position for fact in why.story] == [opened.position]
    assert [fact.position for fact in why.because] == [1, 2, 4, 5]
    assert (why.led_to, why.complete) == ([], True)
    assert {(tie.position, tie.to, tie.relation) for tie in why.ties} == {
        (6, 5, Relation.CAUSE),
        (6, 5, Relation.ABOUT),
        (5, 4, Relation.CAUSE),
        (5, 4, Relation.EVIDENCE),
        (4, 2, Relation.CAUSE),
        (4, 1, Relation.EVIDENCE),
        (4, 2, Relation.EVIDENCE),
    }
    judged = why.because[2]
    assert judged.data["measured"]["deviation"] == 3.0
    assert judged.words == (
        "phone_interactions: actual 0, typical 9-15 at this hour; z -4.0, threshold 2.5 (stable)"
    )
    # And on, from a signal to everything that it caused.
    onward = explain(chronicle, "t", Kind.SIGNAL, LATER)
    assert [fact.position for fact in onward.led_to] == [4, 5, 6]
    assert onward.because == []
    assert explain(chronicle, "t", Kind.SIGNAL, SIGNAL).led_to == []
    assert first.position == 1


def test_what_was_told_later_is_no_reason_of_what_was_told_before(chronicle: Chronicled) -> None:
    raised = chronicle.state(f"alert-{ALERT}", alert())
    chronicle.state(f"alert-{ALERT}", repeat())
    opened = chronicle.state(f"ticket-{TICKET}", ticket(alert_id=ALERT), raised)
    chronicle.state(f"alert-{ALERT}", repeat())
    why = explain(chronicle, "t", Kind.TICKET, TICKET)
    assert [fact.position for fact in why.because] == [1, 2]
    assert opened.position == 3
    assert (2, 1, Relation.STORY) in {(tie.position, tie.to, tie.relation) for tie in why.ties}


def repeat() -> AlertRepeated:
    return AlertRepeated(
        dedup_key="k",
        evidence=SIGNAL,
        score=0.9,
        evidence_severity=Severity.HIGH,
        severity=Severity.HIGH,
        count=2,
        seen_at=NIGHT,
    )


def test_what_did_not_happen_is_explained_by_what_muted_it(chronicle: Chronicled) -> None:
    asked = chronicle.state(
        f"audit-{AUDIT}", AuditRequested(audit_id=AUDIT, kind=AuditKind.HEARTBEAT, as_of=NIGHT)
    )
    raised = chronicle.state(
        f"finding-{FINDING}",
        FindingRaised(
            finding_id=FINDING,
            finding_type=FindingType.NO_SHOW,
            severity=Severity.HIGH,
            site_id="S-1",
            person_id="G-1",
            device_id=None,
            subject_id="SH-1",
            title="G-1 did not come",
            window_start=NIGHT,
            window_end=NIGHT,
            evidence=Evidence(expected=(), received=(), explanation="no check-in", judged_up_to=1),
            audit_id=AUDIT,
        ),
    )
    chronicle.state(
        f"ledger-{FINDING}",
        ActionMuted(
            action=Action.TICKET,
            subject="finding:NO_SHOW",
            subject_id=FINDING,
            muted_by=MutedBy.SILENCE,
            muter_id=SILENCE,
            severity=Severity.HIGH,
            title="G-1 did not come",
            site_id="S-1",
            person_id="G-1",
            assignee=None,
            seen_at=NIGHT,
        ),
        raised,
    )
    why = explain(chronicle, "t", Kind.FINDING, FINDING)
    assert [fact.position for fact in why.because] == [asked.position]
    assert [fact.words for fact in why.led_to] == ["No ticket: muted by silence"]


def test_an_explanation_that_is_too_long_says_so(
    chronicle: Chronicled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "FACTS_MAX", 5)
    ids = tuple(UUID(int=100 + number) for number in range(8))
    signals = [chronicle.state(f"signal-{each}", activity(each.int)) for each in ids]
    found = chronicle.state(f"anomaly-{ANOMALY}", anomaly(ids), signals[-1])
    for number in range(9):
        chronicle.state(f"alert-{number}", alert(), found)
    why = explain(chronicle, "t", Kind.ANOMALY, ANOMALY)
    assert not why.complete
    assert len(why.because) == 4
    assert len(why.led_to) == 4
    assert FACTS_MAX == 500


def test_what_led_to_it_and_what_it_led_to_may_meet_again(chronicle: Chronicled) -> None:
    signal = chronicle.state(f"signal-{SIGNAL}", activity(1))
    found = chronicle.state(f"anomaly-{ANOMALY}", anomaly((SIGNAL,)), signal)
    again = chronicle.state(f"anomaly-{ANOMALY}", anomaly((SIGNAL,)), found)
    why = explain(chronicle, "t", Kind.ANOMALY, ANOMALY)
    assert [fact.position for fact in why.story] == [found.position, again.position]
    assert [fact.position for fact in why.because] == [signal.position]
    assert why.led_to == []


def test_what_nobody_heard_of_is_not_explained(chronicle: Chronicled) -> None:
    with pytest.raises(NothingToExplain, match="There is no incident"):
        explain(chronicle, "t", Kind.INCIDENT, TICKET)


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
