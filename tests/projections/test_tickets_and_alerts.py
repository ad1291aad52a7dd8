"""The boards of tickets and alerts: what each fact changes in a row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from domain.alert import (
    AlertAcknowledged,
    AlertAssigned,
    AlertCommented,
    AlertEvidenceDropped,
    AlertEvidenceRevised,
    AlertKind,
    AlertRaised,
    AlertReopened,
    AlertRepeated,
    AlertResolved,
    AlertWithdrawn,
    Verdict,
)
from domain.anomaly.facts import Metric
from domain.fraud.types import FraudType
from domain.kernel import Event
from domain.severity import Severity
from domain.ticket import (
    Priority,
    TicketAssigned,
    TicketCancelled,
    TicketCategory,
    TicketClosed,
    TicketCommented,
    TicketEased,
    TicketEvidenceWithdrawn,
    TicketHeld,
    TicketLinked,
    TicketMerged,
    TicketPrioritised,
    TicketReopened,
    TicketRepeated,
    TicketResolved,
    TicketResumed,
    TicketStarted,
    TicketStatus,
)
from projections.alert_board import ALERT_BOARD, AlertRow, AlertShown
from projections.ticket_board import TICKET_BOARD, TicketRow
from tests.memory_desk import BEGAN_AT
from tests.projections.rows import (
    KEY,
    LATER,
    ONE,
    OPENED,
    OTHER,
    RAISED,
    SEEN,
    TWO,
    row_after,
)

ASSIGNED, STARTED = TicketAssigned(assignee="eve"), TicketStarted()
HELD = TicketHeld(reason="Waits", waiting_until=LATER)
RESOLVED = TicketResolved(resolution="Seen to")
REPEATED = AlertRepeated(
    dedup_key=KEY,
    evidence=TWO,
    score=0.97,
    evidence_severity=Severity.CRITICAL,
    severity=Severity.CRITICAL,
    count=2,
    seen_at=SEEN,
)
JUDGED = AlertResolved(
    dedup_key=KEY,
    reason=Verdict.CONFIRMED_FRAUD,
    person_id="G-1",
    site_id="S-1",
    evidence=(ONE,),
    comment="Seen on camera",
)


@pytest.mark.parametrize(
    ("events", "changes"),
    [
        ([], {}),
        ([ASSIGNED], {"status": TicketStatus.ASSIGNED, "assignee": "eve"}),
        ([ASSIGNED, STARTED], {"status": TicketStatus.IN_PROGRESS, "assignee": "eve"}),
        (
            [ASSIGNED, STARTED, TicketAssigned(assignee="bob")],
            {"status": TicketStatus.IN_PROGRESS, "assignee": "bob"},
        ),
        ([HELD], {"status": TicketStatus.ON_HOLD, "waiting_until": LATER}),
        ([HELD, TicketResumed()], {"status": TicketStatus.IN_PROGRESS}),
        ([RESOLVED], {"status": TicketStatus.RESOLVED, "resolution": "Seen to"}),
        (
            [RESOLVED, TicketClosed()],
            {"status": TicketStatus.CLOSED, "resolution": "Seen to"},
        ),
        ([RESOLVED, TicketReopened(reason="Again")], {"status": TicketStatus.NEW}),
        (
            [ASSIGNED, RESOLVED, TicketReopened(reason="Again")],
            {"status": TicketStatus.ASSIGNED, "assignee": "eve"},
        ),
        ([HELD, TicketCancelled(reason="Nothing")], {"status": TicketStatus.CANCELLED}),
        (
            [HELD, TicketMerged(into_ticket_id=TWO)],
            {"status": TicketStatus.MERGED, "merged_into": TWO},
        ),
        ([TicketPrioritised(priority=Priority.LOW)], {"priority": Priority.LOW}),
        (
            [TicketLinked(other_ticket_id=TWO), TicketLinked(other_ticket_id=OTHER)],
            {"links": [TWO, OTHER]},
        ),
        (
            [TicketRepeated(severity=Severity.CRITICAL, count=3, alert_id=TWO, score=0.97)],
            {"severity": Severity.CRITICAL, "repeat_count": 3},
        ),
        ([TicketEased(severity=Severity.LOW, reason="Late")], {"severity": Severity.LOW}),
        ([TicketCommented(text="Hm")], {}),
        ([TicketEvidenceWithdrawn(reason="Disproved")], {}),
    ],
)
def test_a_ticket_is_shown_as_it_stands(events: list[Event], changes: dict[str, Any]) -> None:
    row = row_after(TICKET_BOARD, f"ticket-{ONE}", OPENED, *events)
    began_at = BEGAN_AT + timedelta(seconds=1)
    fresh = TicketRow(
        ticket_id=ONE,
        category=TicketCategory.SECURITY_FRAUD,
        title="Look",
        status=TicketStatus.NEW,
        severity=Severity.HIGH,
        priority=Priority.HIGH,
        site_id="S-1",
        person_id="G-1",
        fraud_type=FraudType.GPS_SPOOFING,
        dedup_key=KEY,
        alert_id=TWO,
        opened_at=began_at,
        updated_at=row.updated_at,
        position=row.position,
        version=row.version,
    )
    assert row == msgspec.structs.replace(fresh, **changes)


@pytest.mark.parametrize(
    ("events", "changes"),
    [
        ([], {}),
        (
            [REPEATED],
            {
                "severity": Severity.CRITICAL,
                "score": 0.97,
                "count": 2,
                "evidence": [ONE, TWO],
                "first_seen_at": SEEN,
            },
        ),
        (
            [
                AlertEvidenceRevised(
                    dedup_key=KEY,
                    evidence=ONE,
                    score=0.99,
                    evidence_severity=Severity.CRITICAL,
                    severity=Severity.CRITICAL,
                )
            ],
            {"severity": Severity.CRITICAL, "score": 0.99},
        ),
        (
            [
                REPEATED,
                AlertEvidenceDropped(
                    dedup_key=KEY, evidence=ONE, reason="No", severity=Severity.CRITICAL, count=1
                ),
            ],
            {
                "severity": Severity.CRITICAL,
                "score": 0.97,
                "evidence": [TWO],
                "first_seen_at": SEEN,
            },
        ),
        (
            [AlertWithdrawn(dedup_key=KEY, reason="Disproved")],
            {"status": AlertShown.WITHDRAWN, "comment": "Disproved"},
        ),
        (
            [AlertAcknowledged()],
            {"status": AlertShown.ACKNOWLEDGED, "acknowledged_by": "user:test"},
        ),
        ([AlertAssigned(assignee="eve")], {"assignee": "eve"}),
        ([AlertCommented(text="Hm")], {}),
        (
            [JUDGED],
            {
                "status": AlertShown.RESOLVED,
                "verdict": Verdict.CONFIRMED_FRAUD,
                "comment": "Seen on camera",
            },
        ),
        ([JUDGED, AlertReopened(dedup_key=KEY, reason="Too early")], {}),
    ],
)
def test_an_alert_is_shown_as_it_stands(events: list[Event], changes: dict[str, Any]) -> None:
    row = row_after(ALERT_BOARD, f"alert-{ONE}", RAISED, *events)
    fresh = AlertRow(
        alert_id=ONE,
        kind=AlertKind.FRAUD,
        fraud_type=FraudType.GPS_SPOOFING,
        title="Look",
        status=AlertShown.OPEN,
        severity=Severity.HIGH,
        score=0.9,
        site_id="S-1",
        person_id="G-1",
        dedup_key=KEY,
        count=1,
        evidence=[ONE],
        first_seen_at=LATER,
        last_seen_at=LATER,
        raised_at=BEGAN_AT + timedelta(seconds=1),
        updated_at=row.updated_at,
        position=row.position,
        version=row.version,
    )
    assert row == msgspec.structs.replace(fresh, **changes)


def test_an_alert_of_another_kind_is_shown_without_what_it_has_not() -> None:
    raised = AlertRaised(
        alert_id=ONE,
        kind=AlertKind.ANOMALY,
        dedup_key="anomaly/gps_accuracy/device/D-1",
        severity=Severity.LOW,
        score=0.9,
        device_id="D-1",
        metric=Metric.GPS_ACCURACY,
        title="Look",
        evidence=ONE,
        seen_at=LATER,
    )
    row = row_after(ALERT_BOARD, f"alert-{ONE}", raised)
    assert (row.kind, row.metric, row.device_id) == ("anomaly", "gps_accuracy", "D-1")
    assert (row.fraud_type, row.person_id, row.site_id) == (None, None, None)
