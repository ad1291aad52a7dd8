"""What the read models say of findings and audits."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from application.auditing import AuditOutOfRange, request_audit
from application.duty_book import DutyBook
from application.ports import Cause
from domain.alert.facts import Verdict
from domain.directory.site import SiteRenamed
from domain.finding.facts import (
    AuditCompleted,
    AuditKind,
    FindingAcknowledged,
    FindingResolved,
    FindingRevised,
    FindingTakenUp,
    audit_stream,
    finding_stream,
)
from domain.muting.facts import MutedBy, ledger_stream
from domain.severity import Severity
from projections.findings import (
    AUDITS,
    FINDINGS,
    AuditRow,
    FindingRow,
    FindingShown,
    tell_finding,
)
from tests.auditing.field import at
from tests.auditing.test_stories import ID, LATER, RAISED, REVISED, WITHDRAWN
from tests.memory_desk import MemoryDesk, MemoryLog
from tests.memory_log import MemoryLog as PortLog
from tests.projections.rows import rows_of
from tests.projections.test_muting import LINE, opened


def row_of(log: MemoryLog) -> FindingRow | None:
    row: FindingRow | None = None
    for fact in log.facts:
        row = FINDINGS.project(row, fact)
    return row


def test_a_row_follows_its_finding() -> None:
    log = MemoryLog()
    stream = finding_stream(ID)
    log.state(stream, FindingAcknowledged())
    assert row_of(log) is None  # what was never raised has no row
    log.state(stream, RAISED)
    log.state(stream, REVISED)
    row = row_of(log)
    assert row is not None
    assert (row.severity, row.revisions, row.judged_up_to) == (Severity.CRITICAL, 1, 20)
    assert row.because == [UUID(int=7)]
    log.state(stream, WITHDRAWN)
    log.state(stream, LATER)
    log.state(stream, FindingAcknowledged())
    log.state(stream, SiteRenamed(name="Gate"))  # nothing of a finding
    row = row_of(log)
    assert row is not None
    assert (row.status, row.acknowledged_by) == (FindingShown.ACKNOWLEDGED, "user:test")
    assert (row.revisions, row.version) == (3, 7)
    log.state(stream, FindingResolved(reason=Verdict.BENIGN_EXPECTED, comment="A drill."))
    row = row_of(log)
    assert row is not None
    assert (row.status, row.verdict) == (FindingShown.RESOLVED, Verdict.BENIGN_EXPECTED)


def test_a_row_names_the_ticket_that_works_on_its_finding() -> None:
    log = MemoryLog()

    def the_ticket() -> UUID | None:
        (row,) = rows_of(FINDINGS, log.facts).values()
        assert isinstance(row, FindingRow)
        assert (row.position, row.version) == (shown.position, told.version)
        return row.ticket_id

    shown = told = log.state(finding_stream(ID), RAISED)
    assert the_ticket() is None
    counted = replace(LINE, subject="finding:NO_SHOW", muted_by=MutedBy.DEDUPLICATION)
    for line in (
        LINE,
        replace(counted, muted_by=MutedBy.SILENCE),
        replace(counted, subject="alert"),
    ):
        log.state(ledger_stream(ID), line)
    log.state("ticket-6", opened(alert_id=ID))
    log.state("ticket-8", opened(finding_id=UUID(int=9)))
    assert the_ticket() is None
    shown = log.state("ticket-7", opened(finding_id=ID))
    assert the_ticket() == UUID(int=7)
    shown = log.state(ledger_stream(ID), counted)
    assert the_ticket() == counted.muter_id
    shown = told = log.state(finding_stream(ID), WITHDRAWN)
    assert the_ticket() == counted.muter_id
    # Raised again, it shows where people looked into it before.
    shown = told = log.state(finding_stream(ID), LATER)
    assert the_ticket() == counted.muter_id


def test_what_a_story_tells_of_its_finding_is_what_lists_show() -> None:
    log = MemoryLog()
    told: FindingRow | None = tell_finding(
        None, MemoryLog().state(finding_stream(ID), FindingAcknowledged())
    )
    assert told is None  # what was never raised has nothing to tell
    ticket_id = UUID(int=7)
    taken_up = FindingTakenUp(ticket_id=ticket_id)
    for event in (RAISED, REVISED, FindingAcknowledged(), taken_up, WITHDRAWN, LATER):
        told = tell_finding(told, log.state(finding_stream(ID), event))
        assert told is not None
        assert told == row_of(log)
    assert told is not None
    assert (told.ticket_id, told.status) == (ticket_id, FindingShown.OPEN)


def test_an_answer_to_what_nobody_asked_has_no_row() -> None:
    log = MemoryLog()
    answer = AuditCompleted(
        audit_id=ID, judged_up_to=1, sites=0, windows=0, raised=0, revised=0, withdrawn=0
    )
    row: AuditRow | None = None
    for fact in [log.state(audit_stream(ID), answer)]:
        row = AUDITS.project(row, fact)
    assert row is None
    assert FindingRevised not in AUDITS.facts


def test_facts_that_say_nothing_of_the_plan_teach_nothing() -> None:
    log = MemoryLog()
    fact = log.state("site-S-1", SiteRenamed(name="Gate"))
    kept: dict[str, bytes] = {}
    desk = MemoryDesk(log, "test", kept)
    book = DutyBook(desk)
    assert book.changes([fact]) == {}
    book.learn([fact])
    desk.finish()
    assert list(kept) == ["learned"]


def test_an_audit_looks_at_the_last_week() -> None:
    log = PortLog()
    log.open_tenant("t")
    for moment in (at(1), at(0) - timedelta(days=8)):
        with pytest.raises(AuditOutOfRange):
            request_audit(log, "t", AuditKind.HEARTBEAT, at(0), Cause("user:a"), as_of=moment)
    _, as_of, position = request_audit(log, "t", AuditKind.HEARTBEAT, at(0), Cause("user:a"))
    assert (as_of, position) == (at(0), 1)
