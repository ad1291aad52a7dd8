"""Silences, maintenances and the ledger: facts in, rows out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.alert import AlertReopened, AlertResolved, AlertWithdrawn, Verdict
from domain.finding.facts import Evidence, FindingResolved, FindingWithdrawn
from domain.muting.facts import (
    Action,
    ActionMuted,
    MaintenanceCancelled,
    MaintenancePlanned,
    MaintenanceWindowClosed,
    Matcher,
    MutedBy,
    SilenceEnded,
    SilenceLapsed,
    SilenceStarted,
    Weekday,
    ledger_stream,
    maintenance_stream,
    silence_stream,
)
from domain.muting.silence import SilenceStatus
from domain.severity import Severity
from domain.ticket import Priority, TicketCategory, TicketOpened
from projections.muting import LEDGER, MAINTENANCE, SILENCES, MaintenanceStatus, SuppressionRow
from tests.memory_desk import MemoryLog
from tests.projections.rows import rows_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ID, OTHER = UUID(int=1), UUID(int=2)
STARTED = SilenceStarted(
    silence_id=ID,
    matcher=Matcher(site_id="S-1", kinds=("finding",)),
    starts_at=NOON,
    ends_at=NOON + timedelta(hours=2),
    reason="Drill",
)
PLANNED = MaintenancePlanned(
    window_id=ID,
    site_id="S-1",
    kinds=("alert",),
    weekdays=(Weekday.SUNDAY,),
    starts_at="01:30",
    duration_minutes=60,
    first_day="2026-11-22",
    last_day="2026-12-31",
    reason="Work",
)
LINE = ActionMuted(
    action=Action.TICKET,
    subject="alert:tamper",
    subject_id=ID,
    muted_by=MutedBy.SILENCE,
    muter_id=OTHER,
    severity=Severity.HIGH,
    title="Tampering",
    site_id="S-1",
    person_id="G-1",
    assignee="eve",
    seen_at=NOON,
    until=NOON + timedelta(hours=1),
)
EVIDENCE = Evidence(expected=(), received=(), explanation="0 of 1", judged_up_to=1)


def opened(**about: Any) -> TicketOpened:
    return TicketOpened(
        ticket_id=UUID(int=7),
        category=TicketCategory.SECURITY,
        title="Tampering",
        severity=Severity.HIGH,
        priority=Priority.HIGH,
        **about,
    )


def the(log: MemoryLog) -> SuppressionRow:
    (row,) = rows_of(LEDGER, log.facts).values()
    assert isinstance(row, SuppressionRow)
    return row


def test_a_silence_is_shown_with_its_author_and_its_end() -> None:
    for end, status in (
        (SilenceEnded(reason="Called off"), SilenceStatus.ENDED),
        (SilenceLapsed(), SilenceStatus.LAPSED),
    ):
        log = MemoryLog()
        first = log.state(silence_stream(ID), STARTED)
        row: Any = rows_of(SILENCES, log.facts)[str(ID)]
        assert (row.status, row.author, row.site_id) == (
            SilenceStatus.RUNNING,
            "user:test",
            "S-1",
        )
        assert (row.started_at, row.ended_at, row.position) == (first.recorded_at, None, 1)
        fact = log.state(silence_stream(ID), end)
        row = rows_of(SILENCES, log.facts)[str(ID)]
        assert (row.status, row.ended_at, row.position) == (status, fact.recorded_at, 2)
        people = ("user:test", "Called off") if status is SilenceStatus.ENDED else (None, None)
        assert (row.ended_by, row.end_reason) == people
    log = MemoryLog()
    log.state(silence_stream(ID), SilenceLapsed())
    assert rows_of(SILENCES, log.facts) == {}


def test_a_maintenance_is_shown_with_its_last_window_and_its_end() -> None:
    log = MemoryLog()
    log.state(maintenance_stream(ID), PLANNED)
    closed = MaintenanceWindowClosed(started_at=NOON, ended_at=NOON + timedelta(hours=1))
    log.state(maintenance_stream(ID), closed)
    row: Any = rows_of(MAINTENANCE, log.facts)[str(ID)]
    assert (row.status, row.closed_until) == (MaintenanceStatus.PLANNED, closed.ended_at)
    assert (row.kinds, row.weekdays, row.author) == (["alert"], [Weekday.SUNDAY], "user:test")
    log.state(maintenance_stream(ID), MaintenanceCancelled(reason="Done early"))
    row = rows_of(MAINTENANCE, log.facts)[str(ID)]
    assert row.status is MaintenanceStatus.CANCELLED
    assert (row.cancelled_by, row.cancel_reason, row.position) == ("user:test", "Done early", 3)


def test_the_ledger_says_what_it_would_have_been_and_what_came_of_it() -> None:
    log = MemoryLog()
    first = log.state(ledger_stream(ID), LINE)
    row = the(log)
    assert (row.muted_by, row.muter_id, row.severity) == (MutedBy.SILENCE, OTHER, Severity.HIGH)
    assert (row.title, row.assignee, row.until) == ("Tampering", "eve", LINE.until)
    assert (row.later_ticket_id, row.later_verdict, row.withdrawn_at) == (None, None, None)
    log.state("ticket-7", opened(alert_id=ID))
    assert the(log).later_ticket_id == UUID(int=7)
    resolved = AlertResolved(dedup_key="k", reason=Verdict.DEVICE_FAULT, evidence=())
    log.state(f"alert-{ID}", resolved)
    assert the(log).later_verdict is Verdict.DEVICE_FAULT
    log.state(f"alert-{ID}", AlertReopened(dedup_key="k", reason="Too early"))
    assert the(log).later_verdict is None
    fact = log.state(f"alert-{ID}", AlertWithdrawn(dedup_key="k", reason="Late signals"))
    row = the(log)
    assert (row.withdrawn_at, row.position) == (fact.recorded_at, fact.position)
    assert (row.first_muted_at, row.last_muted_at) == (first.recorded_at, first.recorded_at)


def test_one_trouble_has_one_row_with_all_its_lines() -> None:
    log = MemoryLog()
    log.state(ledger_stream(ID), LINE)
    changes: dict[str, Any] = {"muted_by": MutedBy.DEDUPLICATION, "muter_id": UUID(int=7)}
    fields = {name: getattr(LINE, name) for name in LINE.__struct_fields__}
    fields |= changes | {"severity": Severity.CRITICAL, "until": None}
    second = log.state(ledger_stream(ID), ActionMuted(**fields))
    row = the(log)
    assert [(each.muted_by, each.severity, each.position) for each in row.mutings] == [
        (MutedBy.SILENCE, Severity.HIGH, 1),
        (MutedBy.DEDUPLICATION, Severity.CRITICAL, 2),
    ]
    assert (row.severity, row.last_muted_at) == (Severity.CRITICAL, second.recorded_at)
    assert row.later_ticket_id == UUID(int=7)


def test_verdicts_and_withdrawals_of_findings_are_linked_too() -> None:
    log = MemoryLog()
    log.state(f"finding-{OTHER}", FindingResolved(reason=Verdict.BENIGN_EXPECTED))
    log.state(ledger_stream(ID), LINE)
    log.state(f"finding-{ID}", FindingResolved(reason=Verdict.BENIGN_EXPECTED))
    withdrawn = FindingWithdrawn(reason="Late scans", evidence=EVIDENCE, because=())
    fact = log.state(f"finding-{ID}", withdrawn)
    log.state("ticket-8", opened())
    log.state("ticket-9", opened(finding_id=OTHER))
    row = the(log)
    assert (row.later_verdict, row.withdrawn_at) == (Verdict.BENIGN_EXPECTED, fact.recorded_at)
    assert row.later_ticket_id is None
