"""Bulk: one command for many tickets or alerts, with an answer for each."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar, get_args
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.params import SkipValidation

from application.ports import StreamMoved
from domain.access import Capability
from domain.alert import (
    AcknowledgeAlert,
    AlertCommand,
    AssignAlert,
    CommentAlert,
    ReopenAlert,
    ResolveAlert,
)
from domain.kernel import Command, Refused
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
from domain.ticket.working import require_to_come
from interfaces import wiring
from interfaces.http.alerts import ALERT_DOOR
from interfaces.http.credentials import Caller, needs
from interfaces.http.envelope import Envelope
from interfaces.http.parameters import TheCaller, TheVedette, body
from interfaces.http.problems import OF_WRITES, Problem, Rejected, invalid, problem_of
from interfaces.http.ticket_commands import TICKET_DOOR
from interfaces.http.working import StoryDoor, require_user
from interfaces.wiring import Vedette

IDS_MAX = 200  # in one request

C = TypeVar("C", bound=Command)
A = TypeVar("A", bound="Counts")
Ids: TypeAlias = Annotated[tuple[UUID, ...], msgspec.Meta(min_length=1, max_length=IDS_MAX)]
Status: TypeAlias = Literal["done", "unchanged", "refused"]

bulk_door = partial(post, "/", status_code=200, responses=OF_WRITES, sync_to_thread=True)


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a command came to for one thing."""

    index: int
    status: Status
    position: int | None = None
    problem: Problem | None = None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What a command came to for so many things."""

    done: int
    unchanged: int
    refused: int


class Bulk(msgspec.Struct, Generic[C, A], frozen=True, kw_only=True):
    """How the things of one kind take a command in bulk."""

    door: StoryDoor[C]
    commands: Mapping[str, type[C]]  # by the last part of their paths
    id_name: str  # the field of a result that names its thing
    result: Callable[..., Outcome]
    answer: Callable[..., A]

    def work(
        self,
        vedette: Vedette,
        caller: Caller,
        command: str,
        fields: dict[str, Any],
        ids: Sequence[UUID],
    ) -> Envelope[A]:
        """Hand the same command to each thing and tell what it came to, thing by thing.

        Raises:
            Rejected: its fields break a rule, or name a user whom nobody knows.
        """
        wish = self._wanted(vedette, caller, command, fields)
        results = [self._one(vedette, caller, index, id_, wish) for index, id_ in enumerate(ids)]
        answer = self.answer(**counted(results), results=results)
        return Envelope(data=answer, position=vedette.log.head(caller.tenant_id).position)

    def _wanted(self, vedette: Vedette, caller: Caller, name: str, fields: dict[str, Any]) -> C:
        try:
            wish = msgspec.convert(fields, self.commands[name])
        except msgspec.ValidationError as error:
            raise Rejected.of(invalid(error, self.commands[name], below="$.fields")) from error
        if isinstance(wish, AssignTicket | AssignAlert):
            require_user(vedette, caller, wish.assignee, field="$.fields.assignee")
        return wish

    def _one(self, vedette: Vedette, caller: Caller, index: int, id_: UUID, wish: C) -> Outcome:
        of = {"index": index, self.id_name: id_}
        try:
            require_to_come(wish, wiring.now())
            position = self.door.work(vedette, caller, id_, wish).data.position
        except (Refused, StreamMoved) as error:
            problem, _ = problem_of(error)
            return self.result(**of, status="refused", problem=problem)
        status: Status = "unchanged" if position is None else "done"
        return self.result(**of, status=status, position=position)


def counted(outcomes: Sequence[Outcome]) -> dict[Status, int]:
    """Return how often each status came out."""
    each = [outcome.status for outcome in outcomes]
    return {status: each.count(status) for status in get_args(Status)}


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

    ticket_ids: Ids
    command: CommandName
    fields: dict[str, Any] = {}


class BulkResult(Outcome, frozen=True, kw_only=True, omit_defaults=True):
    """What the command came to for one ticket."""

    ticket_id: UUID


class BulkAnswer(Counts, frozen=True, kw_only=True):
    """What the command came to, ticket by ticket, in the order of the request."""

    results: list[BulkResult]


TICKET_BULK: Bulk[TicketCommand, BulkAnswer] = Bulk(
    door=TICKET_DOOR,
    commands={
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
    },
    id_name="ticket_id",
    result=BulkResult,
    answer=BulkAnswer,
)


class TicketBulkController(Controller):
    path = "/api/v2/noc/tickets/bulk"
    tags = ("Tickets",)

    @bulk_door(opt=needs(Capability.TICKETS_WORK), summary="One command for many tickets")
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
        return TICKET_BULK.work(vedette, caller, data.command, data.fields, data.ticket_ids)


AlertCommandName: TypeAlias = Literal["acknowledge", "assign", "comment", "resolve", "reopen"]


class AlertBulkWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One command, as it would be posted to each of these alerts."""

    alert_ids: Ids
    command: AlertCommandName
    fields: dict[str, Any] = {}


class AlertBulkResult(Outcome, frozen=True, kw_only=True, omit_defaults=True):
    """What the command came to for one alert."""

    alert_id: UUID


class AlertBulkAnswer(Counts, frozen=True, kw_only=True):
    """What the command came to, alert by alert, in the order of the request."""

    results: list[AlertBulkResult]


ALERT_BULK: Bulk[AlertCommand, AlertBulkAnswer] = Bulk(
    door=ALERT_DOOR,
    commands={
        "acknowledge": AcknowledgeAlert,
        "assign": AssignAlert,
        "comment": CommentAlert,
        "resolve": ResolveAlert,
        "reopen": ReopenAlert,
    },
    id_name="alert_id",
    result=AlertBulkResult,
    answer=AlertBulkAnswer,
)


class AlertBulkController(Controller):
    path = "/api/v2/noc/alerts/bulk"
    tags = ("Alerts",)

    @bulk_door(opt=needs(Capability.ALERTS_WORK), summary="One command for many alerts")
    def bulk(
        self,
        *,
        data: Annotated[
            SkipValidation[AlertBulkWish],
            body(
                {
                    "alert_ids": [str(UUID(int=1))],
                    "command": "resolve",
                    "fields": {"reason": "BENIGN_EXPECTED", "comment": "A drill."},
                }
            ),
        ],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[AlertBulkAnswer]:
        """Do the same with up to 200 alerts. Each has its own result; one that is refused holds no
        other up."""
        return ALERT_BULK.work(vedette, caller, data.command, data.fields, data.alert_ids)
