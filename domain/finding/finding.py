"""Finding: a judgement that stands until late signals or a person's verdict say otherwise.

A judgement on older knowledge never changes one on newer knowledge, so an audit and a policy that
judge the same duty at the same time end in one story, whoever is faster.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.alert.facts import Verdict
from domain.finding.facts import (
    Evidence,
    FindingAcknowledged,
    FindingEvent,
    FindingRaised,
    FindingResolved,
    FindingRevised,
    FindingTakenUp,
    FindingWithdrawn,
)
from domain.kernel import Command, Decider, LongText, Refused, ShortText, Unknown


class JudgeFinding(Command, frozen=True):
    """Let a finding stand as it is judged now."""

    finding: FindingRaised  # as it would be raised


class WithdrawFinding(Command, frozen=True):
    """Let a finding stand no more: what is known now shows that duty was done."""

    reason: ShortText
    judged_up_to: int  # position
    received: tuple[UUID, ...] = ()  # signals
    because: tuple[UUID, ...] = ()  # the late ones


class TakeUpFinding(Command, frozen=True):
    """Tell a finding which ticket works on it."""

    ticket_id: UUID


class AcknowledgeFinding(Command, frozen=True):
    """Say that somebody looks into a finding."""


class ResolveFinding(Command, frozen=True):
    """Give a verdict on a finding."""

    reason: Verdict
    comment: LongText | None = None


PersonalFindingCommand: TypeAlias = AcknowledgeFinding | ResolveFinding
FindingCommand: TypeAlias = JudgeFinding | WithdrawFinding | TakeUpFinding | PersonalFindingCommand


class FindingUnknown(Unknown):
    """There is no such finding."""

    code = "finding.unknown"


class FindingIsOver(Refused):
    """The finding is resolved or withdrawn."""

    code = "finding.over"


class Stage(Enum):
    """Where a finding stands."""

    UNHEARD_OF = auto()
    OPEN = auto()
    ACKNOWLEDGED = auto()
    WITHDRAWN = auto()
    RESOLVED = auto()


STANDING = frozenset({Stage.OPEN, Stage.ACKNOWLEDGED})


class Finding(msgspec.Struct, frozen=True):
    """What the next decision needs to know."""

    stage: Stage = Stage.UNHEARD_OF
    judged: FindingRaised | None = None  # as it was judged last
    tickets: tuple[UUID, ...] = ()  # that took it up, in their order

    @property
    def judged_up_to(self) -> int:
        """Return the position up to which signals were known when it was judged last."""
        return 0 if self.judged is None else self.judged.evidence.judged_up_to


def decide(finding: Finding, command: FindingCommand) -> list[FindingEvent]:
    """Answer with what differs between the judgement that stands and the new one.

    What a person gave a verdict on is not judged again.

    Raises:
        FindingUnknown: a person means a finding that nobody raised.
        FindingIsOver: a person means a finding that is resolved or withdrawn.
    """
    match command:
        case JudgeFinding(finding=judged):
            return decide_judged(finding, judged)
        case WithdrawFinding():
            return decide_withdrawn(finding, command)
        case TakeUpFinding(ticket_id=ticket_id):
            # A person may open a ticket about a finding that nobody raised.
            known = finding.stage is not Stage.UNHEARD_OF and ticket_id not in finding.tickets
            return [FindingTakenUp(ticket_id=ticket_id)] if known else []
        case AcknowledgeFinding():
            require_standing(finding)
            return [] if finding.stage is Stage.ACKNOWLEDGED else [FindingAcknowledged()]
        case ResolveFinding(reason=reason, comment=comment):
            require_standing(finding)
            return [FindingResolved(reason=reason, comment=comment)]
        case _:
            assert_never(command)


def decide_judged(finding: Finding, judged: FindingRaised) -> list[FindingEvent]:
    """Raise a finding, raise it again, or revise the one that stands."""
    known = finding.judged
    if finding.stage is Stage.RESOLVED or (
        known is not None and judged.evidence.judged_up_to < finding.judged_up_to
    ):
        return []
    if known is None or finding.stage is Stage.WITHDRAWN:
        return [judged]
    if is_same(known, judged):
        return []
    return [
        FindingRevised(
            severity=judged.severity,
            title=judged.title,
            evidence=judged.evidence,
            because=judged.because,
            person_id=judged.person_id,
            device_id=judged.device_id,
        )
    ]


def is_same(known: FindingRaised, judged: FindingRaised) -> bool:
    """Return whether a new judgement says nothing new."""
    evidence = replace(judged.evidence, judged_up_to=known.evidence.judged_up_to)
    return told(known) == (*told(judged)[:-1], evidence)


def told(judged: FindingRaised) -> tuple[object, ...]:
    return judged.severity, judged.title, judged.person_id, judged.device_id, judged.evidence


def decide_withdrawn(finding: Finding, command: WithdrawFinding) -> list[FindingEvent]:
    """Withdraw a finding that stands; what nobody raised needs no withdrawal."""
    if finding.stage not in STANDING or command.judged_up_to < finding.judged_up_to:
        return []
    evidence = Evidence(
        expected=standing(finding).evidence.expected,
        received=command.received,
        explanation=command.reason,
        judged_up_to=command.judged_up_to,
    )
    return [FindingWithdrawn(reason=command.reason, evidence=evidence, because=command.because)]


def require_standing(finding: Finding) -> None:
    if finding.stage is Stage.UNHEARD_OF:
        raise FindingUnknown("There is no such finding.")
    if finding.stage not in STANDING:
        raise FindingIsOver("The finding is resolved or withdrawn.")


def evolve(finding: Finding, event: FindingEvent) -> Finding:
    """Fold one fact into the state."""
    match event:
        case FindingRaised():
            return replace(finding, stage=Stage.OPEN, judged=event)
        case FindingRevised() as event:
            judged = replace(
                standing(finding),
                severity=event.severity,
                title=event.title,
                evidence=event.evidence,
                person_id=event.person_id,
                device_id=event.device_id,
            )
            return replace(finding, judged=judged)
        case FindingWithdrawn(evidence=evidence):
            judged = replace(standing(finding), evidence=evidence)
            return replace(finding, stage=Stage.WITHDRAWN, judged=judged)
        case FindingAcknowledged():
            return replace(finding, stage=Stage.ACKNOWLEDGED)
        case FindingResolved():
            return replace(finding, stage=Stage.RESOLVED)
        case FindingTakenUp(ticket_id=ticket_id):
            return replace(finding, tickets=(*finding.tickets, ticket_id))
        case _:
            assert_never(event)


def standing(finding: Finding) -> FindingRaised:
    assert finding.judged is not None, "Only what was raised is judged again."
    return finding.judged


FINDING = Decider(initial=Finding(), decide=decide, evolve=evolve)
