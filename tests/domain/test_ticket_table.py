"""The table of the ticket's life: every wish in every status, as the lifecycle's docstring says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, get_args
from uuid import UUID

import pytest

from domain.kernel import Event, Refused
from domain.severity import Severity
from domain.ticket import (
    OPEN_STATUSES,
    TICKET,
    AbsorbTicket,
    AssignTicket,
    CancelTicket,
    CloseTicket,
    CommentTicket,
    EaseTicket,
    EscalateTicket,
    HoldTicket,
    LeaveAssignment,
    LinkTicket,
    MergeTicket,
    PrioritiseTicket,
    Priority,
    ReopenTicket,
    RepeatTicket,
    RequestAssignment,
    ResolveTicket,
    ResumeTicket,
    ServiceTarget,
    StartTicket,
    TargetIsReached,
    TellTicketAtRisk,
    TellTicketBreached,
    TicketAbsorbed,
    TicketAssigned,
    TicketAssignmentRequested,
    TicketCancelled,
    TicketClosed,
    TicketCommand,
    TicketCommented,
    TicketEased,
    TicketEscalated,
    TicketEvidenceWithdrawn,
    TicketHeld,
    TicketIsNotAssigned,
    TicketIsNotOnHold,
    TicketIsNotResolved,
    TicketIsNotStarted,
    TicketIsOnHold,
    TicketIsOver,
    TicketLinked,
    TicketMerged,
    TicketOpened,
    TicketPrioritised,
    TicketReopened,
    TicketRepeated,
    TicketResolved,
    TicketResumed,
    TicketSlaAtRisk,
    TicketSlaBreached,
    TicketStarted,
    TicketStatus,
    TicketUnknown,
    WithdrawTicketEvidence,
)
from tests.domain.tickets import STORIES, UNTIL, open_it

Outcome: TypeAlias = type[Event] | type[Refused] | None

SO = None  # already so: no fact
UNKNOWN = TicketUnknown
OVER = TicketIsOver

# Wishes that differ from everything that the stories say, so that none is true by chance.
WISHES: list[TicketCommand] = [
    open_it,
    AssignTicket(assignee="emil"),
    StartTicket(),
    HoldTicket(reason="The guard is ill", waiting_until=UNTIL),
    ResumeTicket(),
    ResolveTicket(resolution="Nothing was found"),
    CloseTicket(),
    ReopenTicket(reason="It came back"),
    CancelTicket(reason="Nobody needs it"),
    CommentTicket(text="Called the site"),
    PrioritiseTicket(priority=Priority.LOW),
    LinkTicket(other_ticket_id=UUID(int=3)),
    MergeTicket(into_ticket_id=UUID(int=3)),
    AbsorbTicket(other_ticket_id=UUID(int=3)),
    TellTicketAtRisk(target=ServiceTarget.RESOLVE, due_at=UNTIL, elapsed_s=8.0),
    TellTicketBreached(target=ServiceTarget.ACKNOWLEDGE, due_at=UNTIL, elapsed_s=10.0),
    EscalateTicket(target=ServiceTarget.RESOLVE, due_at=UNTIL, assignee="dora"),
    RequestAssignment(),
    LeaveAssignment(reason="No rule fits"),
    RepeatTicket(severity=Severity.LOW, alert_id=UUID(int=22), score=0.8),
    EaseTicket(severity=Severity.LOW, reason="A late check-in"),
    WithdrawTicketEvidence(reason="A late location disproved it"),
]

# In the order of TicketStatus: NEW, ASSIGNED, IN_PROGRESS, ON_HOLD, RESOLVED, CLOSED, CANCELLED, MERGED.
TABLE: list[Sequence[Outcome]] = [
    [SO] * 8,
    [TicketAssigned] * 4 + [OVER] * 4,
    [TicketIsNotAssigned, TicketStarted, SO, TicketIsOnHold] + [OVER] * 4,
    [TicketIsNotStarted, TicketIsNotStarted, TicketHeld, TicketHeld] + [OVER] * 4,
    [TicketIsNotOnHold, TicketIsNotOnHold, SO, TicketResumed] + [OVER] * 4,
    [TicketIsNotStarted, TicketIsNotStarted, TicketResolved, TicketIsOnHold] + [OVER] * 4,
    [TicketIsNotResolved] * 4 + [TicketClosed, SO, OVER, OVER],
    [SO] * 4 + [TicketReopened] * 3 + [OVER],
    [TicketCancelled] * 4 + [OVER, OVER, SO, OVER],
    [TicketCommented] * 8,
    [TicketPrioritised] * 4 + [OVER] * 4,
    [TicketLinked] * 8,
    [TicketMerged] * 4 + [OVER] * 4,
    [TicketAbsorbed] * 4 + [OVER] * 4,
    [TicketSlaAtRisk] * 3 + [TicketIsOnHold] + [OVER] * 4,
    [TicketSlaBreached, TargetIsReached, TargetIsReached, TicketIsOnHold] + [OVER] * 4,
    [TicketEscalated] * 4 + [OVER] * 4,
    [TicketAssignmentRequested] * 4 + [OVER] * 4,
    [SO] * 8,
    [TicketRepeated] * 3 + [TicketIsOnHold] + [OVER] * 4,
    [TicketEased, TicketEased, SO, SO, SO, SO, SO, SO],
    [TicketEvidenceWithdrawn] * 8,
]
UNHEARD_OF: list[Outcome] = [TicketOpened, *[UNKNOWN] * 21]

CASES = [
    (wish, status, outcome)
    for wish, row, unheard_of in zip(WISHES, TABLE, UNHEARD_OF, strict=True)
    for status, outcome in zip([None, *TicketStatus], [unheard_of, *row], strict=True)
]


@pytest.mark.parametrize(
    ("wish", "status", "outcome"),
    CASES,
    ids=[f"{type(wish).__name__}-{status}" for wish, status, _ in CASES],
)
def test_every_wish_in_every_status(
    wish: TicketCommand, status: TicketStatus | None, outcome: Outcome
) -> None:
    ticket = TICKET.replay(STORIES[status])
    assert ticket.status is status
    if outcome is not None and issubclass(outcome, Refused):
        with pytest.raises(outcome) as caught:
            TICKET.decide(ticket, wish)
        assert type(caught.value) is outcome
        assert str(caught.value).endswith(".")
        return
    told = [type(fact) for fact in TICKET.decide(ticket, wish)]
    assert told[-1:] == ([outcome] if outcome else [])
    # Only an escalation tells more than one thing: the new priority and assignee before it.
    assert len(told) < 2 or outcome is TicketEscalated


def test_the_table_holds_every_wish_and_every_status() -> None:
    assert [type(wish) for wish in WISHES] == list(get_args(TicketCommand))
    assert set(STORIES) == {None, *TicketStatus}
    assert frozenset(list(TicketStatus)[:4]) == OPEN_STATUSES
