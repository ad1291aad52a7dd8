"""The stories of a finding and of an audit: judged, revised, withdrawn, and what people say."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from domain.alert.facts import Verdict
from domain.finding.audit import AUDIT, AuditUnknown, CompleteAudit, FailAudit, RequestAudit
from domain.finding.facts import (
    AuditCompleted,
    AuditFailed,
    AuditKind,
    AuditRequested,
    Evidence,
    FindingAcknowledged,
    FindingRaised,
    FindingResolved,
    FindingRevised,
    FindingTakenUp,
    FindingType,
    FindingWithdrawn,
)
from domain.finding.finding import (
    FINDING,
    AcknowledgeFinding,
    FindingIsOver,
    FindingUnknown,
    JudgeFinding,
    ResolveFinding,
    TakeUpFinding,
    WithdrawFinding,
)
from domain.severity import Severity
from tests.auditing.field import at
from tests.given import given

ID = UUID(int=1)
RAISED = FindingRaised(
    finding_id=ID,
    finding_type=FindingType.NO_SHOW,
    severity=Severity.HIGH,
    site_id="S-1",
    person_id="G-1",
    device_id=None,
    subject_id="N-1",
    title="G-1 did not show up",
    window_start=at(0),
    window_end=at(15),
    evidence=Evidence(expected=(), received=(), explanation="No check-in.", judged_up_to=10),
)
LATER = replace(RAISED, evidence=replace(RAISED.evidence, judged_up_to=20))
WORSE = replace(LATER, severity=Severity.CRITICAL, because=(UUID(int=7),))
REVISED = FindingRevised(
    severity=Severity.CRITICAL,
    title=RAISED.title,
    evidence=LATER.evidence,
    because=(UUID(int=7),),
    person_id="G-1",
)
WITHDRAWN = FindingWithdrawn(
    reason="Duty was done.",
    evidence=Evidence(
        expected=(), received=(UUID(int=8),), explanation="Duty was done.", judged_up_to=20
    ),
    because=(UUID(int=8),),
)
WITHDRAW = WithdrawFinding(
    reason="Duty was done.", judged_up_to=20, received=(UUID(int=8),), because=(UUID(int=8),)
)
RESOLVED = FindingResolved(reason=Verdict.CONFIRMED_NEGLIGENCE)
RESOLVE = ResolveFinding(reason=Verdict.CONFIRMED_NEGLIGENCE)


def test_a_judgement_is_stated_when_it_says_something_new() -> None:
    given(FINDING).when(JudgeFinding(finding=RAISED)).then(RAISED)
    given(FINDING, RAISED).when(JudgeFinding(finding=LATER)).then()
    given(FINDING, RAISED).when(JudgeFinding(finding=WORSE)).then(REVISED)
    given(FINDING, RAISED, REVISED).when(JudgeFinding(finding=WORSE)).then()


def test_older_knowledge_changes_nothing() -> None:
    given(FINDING, RAISED, REVISED).when(JudgeFinding(finding=RAISED)).then()
    given(FINDING, LATER).when(replace(WITHDRAW, judged_up_to=15)).then()
    given(FINDING, RAISED, WITHDRAWN).when(JudgeFinding(finding=RAISED)).then()


def test_what_is_disproved_is_withdrawn_and_may_turn_out_true_after_all() -> None:
    given(FINDING, RAISED).when(WITHDRAW).then(WITHDRAWN)
    given(FINDING).when(WITHDRAW).then()
    given(FINDING, RAISED, WITHDRAWN).when(WITHDRAW).then()
    given(FINDING, RAISED, WITHDRAWN).when(JudgeFinding(finding=LATER)).then(LATER)


def test_people_acknowledge_and_give_a_verdict_that_stands() -> None:
    given(FINDING, RAISED).when(AcknowledgeFinding()).then(FindingAcknowledged())
    given(FINDING, RAISED, FindingAcknowledged()).when(AcknowledgeFinding()).then()
    given(FINDING, RAISED, FindingAcknowledged()).when(WITHDRAW).then(WITHDRAWN)
    given(FINDING, RAISED, FindingAcknowledged()).when(RESOLVE).then(RESOLVED)
    given(FINDING, RAISED, RESOLVED).when(JudgeFinding(finding=WORSE)).then()
    given(FINDING, RAISED, RESOLVED).when(WITHDRAW).then()


def test_a_finding_is_told_once_of_each_ticket_that_works_on_it() -> None:
    one, two = (TakeUpFinding(ticket_id=UUID(int=n)) for n in (1, 2))
    first, second = (FindingTakenUp(ticket_id=UUID(int=n)) for n in (1, 2))
    given(FINDING, RAISED).when(one).then(first)
    given(FINDING, RAISED, first).when(one).then()
    given(FINDING, RAISED, first, WITHDRAWN, LATER).when(two).then(second)
    given(FINDING, RAISED, first, second, RESOLVED).when(one).then()
    given(FINDING).when(one).then()  # a person may open a ticket about what nobody raised
    given(FINDING, RAISED, first).when(JudgeFinding(finding=WORSE)).then(REVISED)


def test_what_is_not_there_or_over_cannot_be_worked_on() -> None:
    given(FINDING).when(AcknowledgeFinding()).refused(FindingUnknown)
    given(FINDING, RAISED, RESOLVED).when(AcknowledgeFinding()).refused(FindingIsOver)
    given(FINDING, RAISED, WITHDRAWN).when(RESOLVE).refused(FindingIsOver)


def test_an_audit_is_asked_for_once_and_answered_once() -> None:
    request = RequestAudit(audit_id=ID, kind=AuditKind.HEARTBEAT, as_of=at(0))
    requested = AuditRequested(audit_id=ID, kind=AuditKind.HEARTBEAT, as_of=at(0))
    complete = CompleteAudit(judged_up_to=3, sites=1, windows=9, raised=1, revised=0, withdrawn=0)
    completed = AuditCompleted(
        audit_id=ID, judged_up_to=3, sites=1, windows=9, raised=1, revised=0, withdrawn=0
    )
    failed = AuditFailed(audit_id=ID, reason="There is no site.")
    given(AUDIT).when(request).then(requested)
    given(AUDIT, requested).when(request).then()
    given(AUDIT, requested).when(complete).then(completed)
    given(AUDIT, requested).when(FailAudit(reason="There is no site.")).then(failed)
    given(AUDIT, requested, failed).when(complete).then()
    given(AUDIT).when(complete).refused(AuditUnknown)
