"""Tickets: what the facts say, and where a wish is true already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.severity import Severity
from domain.ticket import (
    TICKET,
    AssignTicket,
    CancelTicket,
    CloseTicket,
    CommentTicket,
    HoldTicket,
    LinkTicket,
    MergeTicket,
    PrioritiseTicket,
    Priority,
    ReopenTicket,
    RepeatTicket,
    ResolveTicket,
    ResumeTicket,
    StartTicket,
    TicketAssigned,
    TicketCommented,
    TicketEvidenceWithdrawn,
    TicketIsOver,
    TicketIsTheSame,
    TicketLinked,
    TicketPrioritised,
    TicketReopened,
    TicketRepeated,
    TicketResumed,
    TicketStatus,
    WaitingUntilIsNoDate,
    WaitingUntilIsPast,
    WaitingUntilNeedsZone,
    WithdrawTicketEvidence,
    ticket_stream,
)
from domain.ticket.working import require_to_come
from tests.domain.tickets import (
    ALERT_ID,
    EVIDENCE,
    IN_PROGRESS,
    OTHER_ID,
    STORIES,
    TICKET_ID,
    UNTIL,
    assigned,
    cancelled,
    closed,
    held,
    merged,
    open_it,
    opened,
    resolved,
    started,
)
from tests.given import given

SECOND = UUID(int=32)
hold = HoldTicket(reason="The site is closed", waiting_until=UNTIL)
resolve = ResolveTicket(resolution="The guard was warned")
reopen = ReopenTicket(reason="It came back")
reopened = TicketReopened(reason="It came back")
repeat = RepeatTicket(severity=Severity.CRITICAL, alert_id=ALERT_ID, score=0.97, evidence=SECOND)
repeated = TicketRepeated(
    severity=Severity.CRITICAL, count=1, alert_id=ALERT_ID, score=0.97, evidence=SECOND
)


def test_a_ticket_for_nobody_is_opened_new() -> None:
    given(TICKET).when(open_it).then(opened)


def test_a_ticket_for_somebody_is_opened_and_assigned() -> None:
    given(TICKET).when(replace(open_it, assignee="dora")).then(
        replace(opened, assignee="dora"), assigned
    )


def test_the_one_who_was_meant_does_not_have_it_yet() -> None:
    given(TICKET, replace(opened, assignee="dora")).when(AssignTicket(assignee="dora")).then(
        assigned
    )


def test_work_goes_its_way() -> None:
    given(TICKET, opened).when(AssignTicket(assignee="dora")).then(assigned)
    given(TICKET, opened, assigned).when(StartTicket()).then(started)
    given(TICKET, *IN_PROGRESS).when(hold).then(held)
    given(TICKET, *IN_PROGRESS, held).when(ResumeTicket()).then(TicketResumed())
    given(TICKET, *IN_PROGRESS, held, TicketResumed()).when(resolve).then(resolved)
    given(TICKET, *IN_PROGRESS, resolved).when(CloseTicket()).then(closed)


def test_the_same_assignee_again_changes_nothing() -> None:
    given(TICKET, *IN_PROGRESS).when(AssignTicket(assignee="dora")).then()


def test_work_goes_on_in_other_hands() -> None:
    handed_over = TicketAssigned(assignee="emil")
    for status in (TicketStatus.IN_PROGRESS, TicketStatus.ON_HOLD):
        state = TICKET.replay([*STORIES[status], handed_over])
        assert (state.status, state.assignee) == (status, "emil")


def test_a_hold_is_prolonged_but_not_repeated() -> None:
    given(TICKET, *IN_PROGRESS, held).when(hold).then()
    longer = replace(hold, waiting_until=UNTIL.replace(day=24))
    given(TICKET, *IN_PROGRESS, held).when(longer).then(
        replace(held, waiting_until=UNTIL.replace(day=24))
    )
    given(TICKET, *IN_PROGRESS, held, TicketResumed()).when(hold).then(held)


def test_a_hold_says_its_time_zone() -> None:
    naive = replace(hold, waiting_until=datetime(2026, 11, 23, 8))  # noqa: DTZ001 - the point here
    given(TICKET, *IN_PROGRESS).when(naive).refused(WaitingUntilNeedsZone, field="$.waiting_until")


def test_a_hold_ends_on_a_day_that_a_calendar_shows() -> None:
    for year in (1999, 2200, 9999):
        never = replace(hold, waiting_until=datetime(year, 6, 1, tzinfo=UTC))
        given(TICKET, *IN_PROGRESS).when(never).refused(
            WaitingUntilIsNoDate, field="$.waiting_until"
        )


def test_a_hold_is_until_a_moment_to_come() -> None:
    with pytest.raises(WaitingUntilIsPast) as caught:
        require_to_come(hold, UNTIL)
    assert caught.value.field == "$.waiting_until"
    require_to_come(hold, UNTIL - timedelta(seconds=1))
    require_to_come(resolve, UNTIL)
    # These have rules of their own.
    require_to_come(replace(hold, waiting_until=datetime(1999, 6, 1, tzinfo=UTC)), UNTIL)
    require_to_come(replace(hold, waiting_until=datetime(2026, 11, 23, 8)), UNTIL)  # noqa: DTZ001 - on nobody's clock


def test_the_same_resolution_again_changes_nothing() -> None:
    given(TICKET, *IN_PROGRESS, resolved).when(resolve).then()
    given(TICKET, *IN_PROGRESS, resolved, closed).when(resolve).refused(TicketIsOver)


@pytest.mark.parametrize("over", [[resolved], [resolved, closed], [cancelled]])
def test_a_reopened_ticket_is_with_its_assignee(over: list[TicketAssigned]) -> None:
    state = TICKET.replay([*IN_PROGRESS, *over, reopened])
    assert state.status is TicketStatus.ASSIGNED
    given(TICKET, *IN_PROGRESS, *over).when(reopen).then(reopened)
    given(TICKET, *IN_PROGRESS, *over, reopened).when(StartTicket()).then(started)


def test_a_reopened_ticket_that_nobody_had_is_new() -> None:
    assert TICKET.replay([opened, cancelled, reopened]).status is TicketStatus.NEW


def test_a_reopened_ticket_is_resolved_afresh() -> None:
    story = [*IN_PROGRESS, resolved, reopened, started]
    given(TICKET, *story).when(resolve).then(resolved)


def test_a_merged_ticket_says_where_the_work_goes_on() -> None:
    with pytest.raises(TicketIsOver, match=str(OTHER_ID)):
        TICKET.decide(TICKET.replay([opened, merged]), reopen)


def test_a_ticket_is_merged_into_the_same_one_once() -> None:
    given(TICKET, opened, merged).when(MergeTicket(into_ticket_id=OTHER_ID)).then()


def test_a_ticket_is_not_merged_or_linked_with_itself() -> None:
    given(TICKET, opened).when(MergeTicket(into_ticket_id=TICKET_ID)).refused(
        TicketIsTheSame, field="$.into_ticket_id"
    )
    given(TICKET, opened).when(LinkTicket(other_ticket_id=TICKET_ID)).refused(
        TicketIsTheSame, field="$.other_ticket_id"
    )


def test_a_ticket_is_linked_to_another_once() -> None:
    linked = TicketLinked(other_ticket_id=OTHER_ID)
    given(TICKET, opened).when(LinkTicket(other_ticket_id=OTHER_ID)).then(linked)
    given(TICKET, opened, linked).when(LinkTicket(other_ticket_id=OTHER_ID)).then()


def test_the_same_priority_again_changes_nothing() -> None:
    low = TicketPrioritised(priority=Priority.LOW)
    given(TICKET, opened).when(PrioritiseTicket(priority=Priority.HIGH)).then()
    given(TICKET, opened, low).when(PrioritiseTicket(priority=Priority.LOW)).then()


def test_the_same_comment_twice_is_two_comments() -> None:
    written = TicketCommented(text="Called the site")
    given(TICKET, opened, written).when(CommentTicket(text="Called the site")).then(written)


def test_a_worse_repeat_raises_severity_and_count() -> None:
    given(TICKET, opened).when(repeat).then(repeated)


def test_a_milder_repeat_raises_the_count_alone() -> None:
    third = replace(repeat, severity=Severity.LOW, evidence=UUID(int=33))
    given(TICKET, opened, repeated).when(third).then(
        replace(repeated, count=2, evidence=UUID(int=33))
    )


def test_an_evidence_counts_once() -> None:
    given(TICKET, opened, repeated).when(repeat).then()
    given(TICKET, opened).when(replace(repeat, evidence=EVIDENCE, severity=Severity.HIGH)).then()


def test_a_worse_look_at_a_known_evidence_raises_the_severity_alone() -> None:
    given(TICKET, opened).when(replace(repeat, evidence=EVIDENCE)).then(
        replace(repeated, count=0, evidence=EVIDENCE)
    )


def test_a_repeat_without_evidence_counts_each_time() -> None:
    unnamed = replace(repeat, evidence=None)
    given(TICKET, opened, replace(repeated, evidence=None)).when(unnamed).then(
        replace(repeated, count=2, evidence=None)
    )


def test_evidence_is_withdrawn_once_until_the_trouble_comes_again() -> None:
    withdrawn = TicketEvidenceWithdrawn(reason="A late location disproved it")
    wish = WithdrawTicketEvidence(reason="A late location disproved it")
    given(TICKET, opened).when(wish).then(withdrawn)
    given(TICKET, opened, withdrawn).when(wish).then()
    given(TICKET, opened, withdrawn, repeated).when(wish).then(withdrawn)


def test_a_cancelled_ticket_is_cancelled() -> None:
    wish = CancelTicket(reason="A late location disproved it")
    given(TICKET, opened).when(wish).then(cancelled)
    given(TICKET, opened, cancelled).when(wish).then()


def test_a_stream_is_named_by_the_ticket() -> None:
    assert ticket_stream(TICKET_ID) == f"ticket-{TICKET_ID}"
