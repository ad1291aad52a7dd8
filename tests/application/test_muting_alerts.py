"""Which alerts call people, and which calls what is muted holds back until that is over."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.alert import (
    AlertEvidenceDropped,
    AlertEvidenceRevised,
    AlertKind,
    AlertReopened,
    AlertResolved,
    AlertWithdrawn,
    Verdict,
    alert_stream,
)
from domain.muting.facts import (
    Action,
    ActionMuted,
    MutedBy,
    ledger_stream,
)
from domain.severity import Severity
from domain.ticket import (
    TICKET,
    OpenTicket,
    Priority,
    TicketCategory,
    ticket_stream,
)
from tests.application.watchroom import (
    Watchroom,
)
from tests.memory_desk import BEGAN_AT

CRITICAL, HIGH, MEDIUM = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM


@pytest.fixture
def room() -> Watchroom:
    return Watchroom()


@pytest.mark.parametrize("kind", [AlertKind.PANIC, AlertKind.TAMPER])
def test_panic_and_tampering_become_tickets_for_security(room: Watchroom, kind: AlertKind) -> None:
    room.alarmed(1, kind, HIGH)
    room.alarmed(2, kind, CRITICAL, site_id=None, dedup_key="another")
    room.alarmed(3, kind, MEDIUM, dedup_key="a third")
    room.settle()
    found = [(each.category, each.severity, each.site_id) for each in room.opened()]
    security = TicketCategory.SECURITY
    assert found == [(security, HIGH, "S-1"), (security, CRITICAL, None)]


def test_an_anomaly_calls_nobody_whatever_becomes_of_it(room: Watchroom) -> None:
    alert_id = room.alarmed(1, AlertKind.ANOMALY, CRITICAL)
    withdrawn = AlertWithdrawn(dedup_key="k", reason="Late signals")
    room.log.state(alert_stream(alert_id), withdrawn)
    room.settle()
    assert room.opened() == []
    assert room.lines() == []


@pytest.mark.parametrize("end", ["resolved", "dropped", "reopened"])
def test_a_silenced_alert_calls_afterwards_if_it_stands_and_is_severe(
    room: Watchroom, end: str
) -> None:
    room.silence(1)
    alert_id = room.alarmed(1, AlertKind.TAMPER, HIGH)
    room.settle()
    assert [line.subject for line in room.lines()] == ["alert:tamper"]
    stream = alert_stream(alert_id)
    resolved = AlertResolved(dedup_key="k", reason=Verdict.DEVICE_FAULT, evidence=())
    if end == "dropped":
        dropped = AlertEvidenceDropped(
            dedup_key="k", evidence=UUID(int=1), reason="Late", severity=MEDIUM, count=1
        )
        room.log.state(stream, dropped)
    else:
        room.log.state(stream, resolved)
    if end == "reopened":
        room.log.state(stream, AlertReopened(dedup_key="k", reason="Too early"))
    room.settle()
    room.ended(1)
    room.settle()
    assert len(room.opened()) == (1 if end == "reopened" else 0)


def test_an_alert_that_turns_out_severe_calls_then(room: Watchroom) -> None:
    alert_id = room.alarmed(1, AlertKind.TAMPER, MEDIUM)
    for severity in (MEDIUM, HIGH):
        revised = AlertEvidenceRevised(
            dedup_key="k",
            evidence=UUID(int=1),
            score=1.0,
            evidence_severity=severity,
            severity=severity,
        )
        room.log.state(alert_stream(alert_id), revised)
    room.settle()
    assert [each.severity for each in room.opened()] == [HIGH]


def test_tickets_that_people_open_and_lines_about_other_actions_are_nobodys(
    room: Watchroom,
) -> None:
    wish = OpenTicket(
        ticket_id=UUID(int=5),
        category=TicketCategory.OPERATIONS,
        title="By hand",
        severity=HIGH,
        priority=Priority.HIGH,
        finding_id=UUID(int=6),
    )
    room.log.wish(TICKET, ticket_stream(UUID(int=5)), wish)
    silence_id = room.silence(1)
    found = room.found(1)
    line = ActionMuted(
        action=Action.MAIL,
        subject="finding:NO_SHOW",
        subject_id=found,
        muted_by=MutedBy.SILENCE,
        muter_id=silence_id,
        severity=HIGH,
        title="Mail",
        site_id=None,
        person_id=None,
        assignee=None,
        seen_at=BEGAN_AT,
    )
    room.log.state(ledger_stream(found), line)
    room.settle()
    room.ended(1)
    room.settle()
    assert len(room.opened()) == 2
