"""Bulk: one command for many tickets, with an answer for each."""

from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from application.ports import StreamMoved
from domain.access import Capability
from domain.kernel import Refused
from domain.ticket import (
    AssignTicket,
    CancelTicket,
    CloseTicket,
    CommentTicket,
    HoldTicket,
    PrioritiseTicket,
    ReopenTicket,
    RequestAssignment,
    ResolveTicket,
    ResumeTicket,
    StartTicket,
    TicketCommand,
)
from interfaces.http.credentials import Caller, needs
from interfaces.http.envelope import Envelope
from interfaces.http.parameters import body
from interfaces.http.problems import OF_WRITES, Problem, Rejected, invalid, problem_of
from interfaces.http.ticket_commands import work
from interfaces.http.working import require_user
from interfaces.wiring import Vedette

TICKETS_MAX = 200  # in one request

TheCaller: TypeAlias = NamedDependency[SkipValidation[Caller]]
TheVedette: TypeAlias = NamedDependency[SkipValidation[Vedette]]

COMMANDS: dict[str, type[TicketCommand]] = {
    "assign": AssignTicket,
    "assign-by-rule": RequestAssignment,
    "start": StartTicket,
    "hold": HoldTicket,
    "resume": ResumeTicket,
    "resolve": ResolveTicket,
    "close": CloseTicket,
    "reopen": ReopenTicket,
    "cancel": CancelTicket,
    "comment": CommentTicket,
    "prioritise": PrioritiseTicket,
}
CommandName: TypeAlias = Literal[
    "assign",
    "assign-by-rule",
    "start",
    "hold",
    "resume",
    "resolve",
    "close",
    "reopen",
    "cancel",
    "comment",
    "prioritise",
]


class BulkWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One command, as it would be posted to each of these tickets."""

    ticket_ids: Annotated[tuple[UUID, ...], msgspec.Meta(min_length=1, max_length=TICKETS_MAX)]
    command: CommandName
    fields: dict[str, Any] = {}


class BulkResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the command came to for one ticket."""

    index: int
    ticket_id: UUID
    status: Literal["done", "unchanged", "refused"]
    position: int | None = None
    problem: Problem | None = None


class BulkAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the command came to, ticket by ticket, in the order of the request."""

    done: int
    unchanged: int
    refused: int
    results: list[BulkResult]


class TicketBulkController(Controller):
    path = "/api/v2/noc/tickets/bulk"
    tags = ("Tickets",)

    @post(
        "/",
        opt=needs(Capability.TICKETS_WORK),
        status_code=200,
        responses=OF_WRITES,
        summary="One command for many tickets",
        sync_to_thread=True,
    )
    def bulk(
        self,
        *,
        data: Annotated[
            SkipValidation[BulkWish],
            body(
                {
                    "ticket_ids": [str(UUID(int=1))],
                    "command": "assign",
                    "fields": {"assignee": "supervisor"},
                }
            ),
        ],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[BulkAnswer]:
        """Do the same with up to 200 tickets. Each has its own result; one that is refused holds
        no other up."""
        wish = wanted(data)
        if isinstance(wish, AssignTicket):
            require_user(vedette, caller, wish.assignee, field="$.fields.assignee")
        results = [
            one(vedette, caller, index, ticket_id, wish)
            for index, ticket_id in enumerate(data.ticket_ids)
        ]
        count = [result.status for result in results].count
        answer = BulkAnswer(
            done=count("done"),
            unchanged=count("unchanged"),
            refused=count("refused"),
            results=results,
        )
        return Envelope(data=answer, position=vedette.log.head(caller.tenant_id).position)


def wanted(bulk: BulkWish) -> TicketCommand:
    """Return the command that a request wants for each ticket.

    Raises:
        Rejected: its fields break a rule.
    """
    try:
        return msgspec.convert(bulk.fields, COMMANDS[bulk.command])
    except msgspec.ValidationError as error:
        found = invalid(error, below="$.fields")
        raise Rejected(found.status, found.code, found.detail, field=found.field) from error


def one(
    vedette: Vedette, caller: Caller, index: int, ticket_id: UUID, wish: TicketCommand
) -> BulkResult:
    """Return what a command came to for one ticket."""
    try:
        position = work(vedette, caller, ticket_id, wish, None).data.position
    except (Refused, StreamMoved) as error:
        problem, _ = problem_of(error)
        return BulkResult(index=index, ticket_id=ticket_id, status="refused", problem=problem)
    status: Literal["done", "unchanged"] = "unchanged" if position is None else "done"
    return BulkResult(index=index, ticket_id=ticket_id, status=status, position=position)
