"""How an alert lives: which wish is granted when, and why not.

    wish \\ status    unheard of  OPEN           ACKNOWLEDGED   RESOLVED   WITHDRAWN
    RaiseAlert       Raised      so             so             so         so
    RepeatAlert      unknown     Repeated ¹     Repeated ¹     over       over
    DropEvidence     unknown     Dropped ²      Dropped ²      over ³     so
    AcknowledgeAlert unknown     Acknowledged   so             over       over
    AssignAlert      unknown     Assigned ⁴     Assigned ⁴     over       over
    CommentAlert     unknown     Commented      Commented      Commented  Commented
    ResolveAlert     unknown     Resolved       Resolved       over ⁴     over
    ReopenAlert      unknown     so             so             Reopened   over

"so" is already so: no fact. "unknown" and "over" are refusals.
¹ EvidenceRevised where the evidence is counted with another score or severity; so where nothing differs.
² Withdrawn follows where no evidence is left; so where the evidence is not counted.
³ A person judged the evidence as it stood, so it stays; so where it is not counted.
⁴ So where the assignee, or the verdict with its comment, is the same.

The severity of an alert is the worst of the evidences that stand, not the worst that ever stood:
so it does not depend on the order in which late signals arrive.
"""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

from domain.alert.facts import (
    AlertAcknowledged,
    AlertAssigned,
    AlertCommented,
    AlertEvent,
    AlertEvidenceDropped,
    AlertEvidenceRevised,
    AlertRaised,
    AlertReopened,
    AlertRepeated,
    AlertResolved,
    AlertWithdrawn,
)
from domain.alert.state import Alert, AlertStatus, Evidence, evolve, without
from domain.alert.wishes import (
    AcknowledgeAlert,
    AlertCommand,
    AssignAlert,
    CommentAlert,
    DropEvidence,
    RaiseAlert,
    ReopenAlert,
    RepeatAlert,
    ResolveAlert,
)
from domain.kernel import Decider, Refused, Unknown
from domain.severity import Severity, worst


class AlertUnknown(Unknown):
    """No alert was raised under this id."""

    code = "alert.unknown"


class AlertIsOver(Refused):
    """The alert was resolved by a person, or withdrawn because its evidence was disproved."""

    code = "alert.over"


def decide(alert: Alert, command: AlertCommand) -> list[AlertEvent]:
    """Answer a command with the facts it brings about, or refuse it.

    An empty list means the wish is already true; that is not an error.

    Raises:
        AlertUnknown: nothing was raised here yet.
        AlertIsOver: the alert was resolved or withdrawn.
    """
    if isinstance(command, RaiseAlert):
        return [] if alert.status is not None else [raised(command)]
    if alert.status is None:
        raise AlertUnknown("There is no alert of this id.")
    match command:
        case RepeatAlert():
            return repeat(alert, command)
        case DropEvidence():
            return drop(alert, command)
        case AcknowledgeAlert():
            require_open(alert)
            return [] if alert.status is AlertStatus.ACKNOWLEDGED else [AlertAcknowledged()]
        case AssignAlert(assignee=assignee):
            require_open(alert)
            return [] if assignee == alert.assignee else [AlertAssigned(assignee=assignee)]
        case CommentAlert(text=text):
            return [AlertCommented(text=text)]
        case ResolveAlert():
            return resolve(alert, command)
        case ReopenAlert(reason=reason):
            if alert.status is not AlertStatus.RESOLVED:
                require_open(alert)
                return []
            return [reopened(alert, reason)]
        case _:
            assert_never(command)


def require_open(alert: Alert) -> None:
    if alert.status is AlertStatus.RESOLVED:
        raise AlertIsOver("The alert is resolved; reopen it first.")
    if alert.status is AlertStatus.WITHDRAWN:
        raise AlertIsOver("The evidence of the alert was disproved; new evidence raises a new one.")


def raised(command: RaiseAlert) -> AlertRaised:
    return AlertRaised(
        alert_id=command.alert_id,
        kind=command.kind,
        dedup_key=command.dedup_key,
        severity=command.severity,
        score=command.score,
        title=command.title,
        evidence=command.evidence,
        seen_at=command.seen_at,
        site_id=command.site_id,
        person_id=command.person_id,
        device_id=command.device_id,
        fraud_type=command.fraud_type,
        metric=command.metric,
    )


def repeat(alert: Alert, command: RepeatAlert) -> list[AlertEvent]:
    require_open(alert)
    counted = alert.evidences.get(command.evidence)
    told = Evidence(command.score, command.severity)
    if counted == told:
        return []
    standing = {**alert.evidences, command.evidence: told}
    if counted is not None:
        return [
            AlertEvidenceRevised(
                dedup_key=alert.dedup_key,
                evidence=command.evidence,
                score=command.score,
                evidence_severity=command.severity,
                severity=severity_of(standing),
            )
        ]
    return [
        AlertRepeated(
            dedup_key=alert.dedup_key,
            evidence=command.evidence,
            score=command.score,
            evidence_severity=command.severity,
            severity=severity_of(standing),
            count=len(standing),
            seen_at=command.seen_at,
        )
    ]


def drop(alert: Alert, command: DropEvidence) -> list[AlertEvent]:
    if command.evidence not in alert.evidences:
        return []
    require_open(alert)
    left = without(alert.evidences, command.evidence)
    dropped = AlertEvidenceDropped(
        dedup_key=alert.dedup_key,
        evidence=command.evidence,
        reason=command.reason,
        severity=severity_of(left) if left else alert.severity,
        count=len(left),
    )
    if left:
        return [dropped]
    return [dropped, AlertWithdrawn(dedup_key=alert.dedup_key, reason=command.reason)]


def resolve(alert: Alert, command: ResolveAlert) -> list[AlertEvent]:
    if alert.verdict == (command.reason, command.comment):
        return []
    require_open(alert)
    return [
        AlertResolved(
            dedup_key=alert.dedup_key,
            reason=command.reason,
            evidence=tuple(alert.evidences),
            comment=command.comment,
            kind=alert.kind,
            site_id=alert.site_id,
            person_id=alert.person_id,
            device_id=alert.device_id,
            metric=alert.metric,
        )
    ]


def reopened(alert: Alert, reason: str) -> AlertReopened:
    """Return the fact that takes the verdict back, with all that was learned from it."""
    assert alert.verdict is not None, "An alert is resolved by a verdict."
    return AlertReopened(
        dedup_key=alert.dedup_key,
        reason=reason,
        verdict=alert.verdict[0],
        evidence=tuple(alert.evidences),
        kind=alert.kind,
        site_id=alert.site_id,
        person_id=alert.person_id,
        device_id=alert.device_id,
        metric=alert.metric,
    )


def severity_of(evidences: dict[UUID, Evidence]) -> Severity:
    return worst(*(evidence.severity for evidence in evidences.values()))


ALERT = Decider(initial=Alert(), decide=decide, evolve=evolve)


def alert_stream(alert_id: UUID) -> str:
    """Return the stream that tells an alert's story."""
    return f"alert-{alert_id}"
