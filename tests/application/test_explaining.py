"""Explaining: back along causes and names to the raw signals, and on to what was stated because."""

from __future__ import annotations

from uuid import UUID

import pytest

from application import explaining
from application.explaining import FACTS_MAX, Kind, NothingToExplain, explain
from application.references import Relation
from domain.alert.facts import AlertRepeated
from domain.finding.facts import AuditKind, AuditRequested, Evidence, FindingRaised, FindingType
from domain.muting.facts import Action, ActionMuted, MutedBy
from domain.severity import Severity
from tests.application.chronicle import (
    ALERT,
    ANOMALY,
    AUDIT,
    FINDING,
    LATER,
    NIGHT,
    SIGNAL,
    SILENCE,
    TICKET,
    Chronicled,
    activity,
    alert,
    anomaly,
    ticket,
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
