"""Alerts: evidence comes, changes and is disproved; people look, judge and change their minds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.alert import (
    ALERT,
    AcknowledgeAlert,
    AlertAcknowledged,
    AlertAssigned,
    AlertCommand,
    AlertCommented,
    AlertEvent,
    AlertEvidenceDropped,
    AlertEvidenceRevised,
    AlertIsOver,
    AlertKind,
    AlertRaised,
    AlertReopened,
    AlertRepeated,
    AlertResolved,
    AlertUnknown,
    AlertWithdrawn,
    AssignAlert,
    CommentAlert,
    DropEvidence,
    RaiseAlert,
    ReopenAlert,
    RepeatAlert,
    ResolveAlert,
    Verdict,
    alert_stream,
)
from domain.anomaly.facts import Metric
from domain.fraud.types import FraudType
from domain.severity import Severity
from tests.given import given

ALERT_ID = UUID(int=1)
FIRST = UUID(int=11)
SECOND = UUID(int=12)
SEEN_AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 9, tzinfo=UTC)
KEY = "fraud/G-001/gps_spoofing"

raised = AlertRaised(
    alert_id=ALERT_ID,
    kind=AlertKind.FRAUD,
    fraud_type=FraudType.GPS_SPOOFING,
    dedup_key=KEY,
    severity=Severity.HIGH,
    score=0.85,
    site_id="S-01",
    person_id="G-001",
    title="The position is not to be believed",
    evidence=FIRST,
    seen_at=SEEN_AT,
)
raise_it = RaiseAlert(
    alert_id=ALERT_ID,
    kind=AlertKind.FRAUD,
    fraud_type=FraudType.GPS_SPOOFING,
    dedup_key=KEY,
    severity=Severity.HIGH,
    score=0.85,
    site_id="S-01",
    person_id="G-001",
    title="The position is not to be believed",
    evidence=FIRST,
    seen_at=SEEN_AT,
)
repeat = RepeatAlert(evidence=SECOND, score=0.97, severity=Severity.CRITICAL, seen_at=LATER)
repeated = AlertRepeated(
    dedup_key=KEY,
    evidence=SECOND,
    score=0.97,
    evidence_severity=Severity.CRITICAL,
    severity=Severity.CRITICAL,
    count=2,
    seen_at=LATER,
)
drop_first = DropEvidence(evidence=FIRST, reason="A late location disproved it")
drop_second = DropEvidence(evidence=SECOND, reason="A late location disproved it")
withdrawn: list[AlertEvent] = [
    AlertEvidenceDropped(
        dedup_key=KEY,
        evidence=FIRST,
        reason="A late location disproved it",
        severity=Severity.HIGH,
        count=0,
    ),
    AlertWithdrawn(dedup_key=KEY, reason="A late location disproved it"),
]
resolve = ResolveAlert(reason=Verdict.CONFIRMED_FRAUD, comment="Seen on camera")
resolved = AlertResolved(
    dedup_key=KEY,
    reason=Verdict.CONFIRMED_FRAUD,
    person_id="G-001",
    site_id="S-01",
    evidence=(FIRST,),
    comment="Seen on camera",
)
reopen = ReopenAlert(reason="The camera showed somebody else")
reopened = AlertReopened(
    dedup_key=KEY,
    reason="The camera showed somebody else",
    verdict=Verdict.CONFIRMED_FRAUD,
    evidence=(FIRST,),
    person_id="G-001",
    site_id="S-01",
)
assign = AssignAlert(assignee="dora")
comment = CommentAlert(text="Called the site")


def test_an_alert_is_raised_once() -> None:
    given(ALERT).when(raise_it).then(raised)
    given(ALERT, raised).when(raise_it).then()
    given(ALERT, raised, *withdrawn).when(raise_it).then()


def test_another_evidence_is_counted_and_makes_it_worse() -> None:
    given(ALERT, raised).when(repeat).then(repeated)


def test_a_milder_evidence_is_counted_and_leaves_the_severity() -> None:
    milder = replace(repeat, severity=Severity.LOW)
    given(ALERT, raised).when(milder).then(
        replace(repeated, evidence_severity=Severity.LOW, severity=Severity.HIGH)
    )


def test_the_same_evidence_with_the_same_score_changes_nothing() -> None:
    given(ALERT, raised, repeated).when(repeat).then()
    same = RepeatAlert(evidence=FIRST, score=0.85, severity=Severity.HIGH, seen_at=LATER)
    given(ALERT, raised).when(same).then()


def test_a_new_score_of_an_evidence_revises_it_without_counting() -> None:
    revised = AlertEvidenceRevised(
        dedup_key=KEY,
        evidence=SECOND,
        score=0.82,
        evidence_severity=Severity.HIGH,
        severity=Severity.HIGH,
    )
    lower = replace(repeat, score=0.82, severity=Severity.HIGH)
    given(ALERT, raised, repeated).when(lower).then(revised)
    given(ALERT, raised, repeated, revised).when(lower).then()


def test_a_dropped_evidence_takes_its_severity_along() -> None:
    dropped = AlertEvidenceDropped(
        dedup_key=KEY,
        evidence=SECOND,
        reason="A late location disproved it",
        severity=Severity.HIGH,
        count=1,
    )
    given(ALERT, raised, repeated).when(drop_second).then(dropped)
    given(ALERT, raised, repeated, dropped).when(drop_second).then()
    given(ALERT, raised, repeated, dropped).when(drop_first).then(*withdrawn)


def test_an_alert_whose_last_evidence_is_dropped_is_withdrawn() -> None:
    given(ALERT, raised).when(drop_first).then(*withdrawn)
    given(ALERT, raised, *withdrawn).when(drop_first).then()


def test_an_evidence_that_was_never_counted_is_dropped_already() -> None:
    given(ALERT, raised).when(drop_second).then()
    given(ALERT, raised, resolved).when(drop_second).then()


def test_an_alert_is_acknowledged_once() -> None:
    given(ALERT, raised).when(AcknowledgeAlert()).then(AlertAcknowledged())
    given(ALERT, raised, AlertAcknowledged()).when(AcknowledgeAlert()).then()


def test_an_acknowledged_alert_goes_on_counting() -> None:
    given(ALERT, raised, AlertAcknowledged()).when(repeat).then(repeated)


def test_an_alert_is_assigned_and_given_to_another() -> None:
    given(ALERT, raised).when(assign).then(AlertAssigned(assignee="dora"))
    given(ALERT, raised, AlertAssigned(assignee="dora")).when(assign).then()
    given(ALERT, raised, AlertAssigned(assignee="emil")).when(assign).then(
        AlertAssigned(assignee="dora")
    )


@pytest.mark.parametrize(
    "story", [[raised], [raised, AlertAcknowledged()], [raised, resolved], [raised, *withdrawn]]
)
def test_people_may_always_write_something_down(story: list[AlertEvent]) -> None:
    given(ALERT, *story).when(comment).then(AlertCommented(text="Called the site"))
    written = AlertCommented(text="Called the site")
    assert ALERT.replay([*story, written]) == ALERT.replay(story)


def test_a_verdict_names_the_evidence_that_stood() -> None:
    given(ALERT, raised).when(resolve).then(resolved)
    given(ALERT, raised, AlertAcknowledged(), repeated).when(resolve).then(
        replace(resolved, evidence=(FIRST, SECOND))
    )


def test_the_same_verdict_again_changes_nothing_and_another_is_refused() -> None:
    given(ALERT, raised, resolved).when(resolve).then()
    given(ALERT, raised, resolved).when(replace(resolve, comment=None)).refused(AlertIsOver)
    given(ALERT, raised, resolved).when(ResolveAlert(reason=Verdict.DUPLICATE)).refused(AlertIsOver)


def test_a_verdict_can_be_taken_back() -> None:
    given(ALERT, raised, resolved).when(reopen).then(reopened)
    given(ALERT, raised, resolved, reopened).when(reopen).then()
    given(ALERT, raised, resolved, reopened).when(resolve).then(resolved)
    given(ALERT, raised, resolved, reopened).when(repeat).then(repeated)
    given(ALERT, raised, AlertAcknowledged()).when(reopen).then()


@pytest.mark.parametrize(
    "about",
    [
        {"kind": AlertKind.ANOMALY, "site_id": "S-01", "metric": Metric.SITE_SIGNALS},
        {"kind": AlertKind.PANIC, "person_id": "G-001"},
        {"kind": AlertKind.TAMPER, "device_id": "D-001", "site_id": "S-01"},
    ],
)
def test_a_verdict_tells_what_it_is_about_when_it_is_given_and_when_it_is_taken_back(
    about: dict[str, Any],
) -> None:
    """Thresholds learn from the verdicts on one metric, and must know which ones count no more."""
    nothing: dict[str, Any] = {"site_id": None, "person_id": None}
    wish = replace(raise_it, **nothing | {"fraud_type": None} | about)
    begun = replace(raised, **nothing | {"fraud_type": None} | about)
    given(ALERT).when(wish).then(begun)
    judged = replace(resolved, **nothing | about)
    given(ALERT, begun).when(resolve).then(judged)
    given(ALERT, begun, judged).when(reopen).then(replace(reopened, **nothing | about))


@pytest.mark.parametrize("wish", [repeat, drop_first, AcknowledgeAlert(), assign])
def test_nothing_more_happens_to_a_resolved_alert(wish: AlertCommand) -> None:
    given(ALERT, raised, resolved).when(wish).refused(AlertIsOver)


@pytest.mark.parametrize("wish", [repeat, AcknowledgeAlert(), assign, resolve, reopen])
def test_nothing_more_happens_to_a_withdrawn_alert(wish: AlertCommand) -> None:
    given(ALERT, raised, *withdrawn).when(wish).refused(AlertIsOver)


@pytest.mark.parametrize(
    "wish", [repeat, drop_first, AcknowledgeAlert(), assign, comment, resolve, reopen]
)
def test_nothing_happens_to_an_alert_that_was_never_raised(wish: AlertCommand) -> None:
    given(ALERT).when(wish).refused(AlertUnknown)


def test_the_severity_does_not_depend_on_the_order_in_which_evidence_came() -> None:
    """Late signals may deliver the scores of a night in any order."""
    third = UUID(int=13)
    wishes: list[AlertCommand] = [
        repeat,
        replace(repeat, score=0.82, severity=Severity.HIGH),
        RepeatAlert(evidence=third, score=0.9, severity=Severity.MEDIUM, seen_at=LATER),
        drop_first,
    ]
    severities = set()
    for order in ([0, 1, 2, 3], [2, 0, 3, 1], [0, 2, 1, 3], [2, 3, 0, 1]):
        story: list[AlertEvent] = [raised]
        for number in order:
            story += ALERT.decide(ALERT.replay(story), wishes[number])
        severities.add(ALERT.replay(story).severity)
    assert severities == {Severity.HIGH}


def test_a_stream_is_named_by_the_alert() -> None:
    assert alert_stream(ALERT_ID) == f"alert-{ALERT_ID}"
