"""Bulk: one command for many tickets or alerts, with an answer for each."""

from collections.abc import Mapping, Sequence
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
Ids: TypeAlias = Annotated[tuple[UUID, ...], msgspec.Meta(min_length=1, max_length=IDS_MAX)]
Status: TypeAlias = Literal["done", "unchanged", "refused"]

bulk_door = partial(post, "/", status_code=200, responses=OF_WRITES, sync_to_thread=True)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a command came to for one thing."""

    index: int
    status: Status
    position: int | None = None
    problem: Problem | None = None


class Bulk(msgspec.Struct, Generic[C], frozen=True):
    """How the things of one kind take a command in bulk."""

    door: StoryDoor[C]
    commands: Mapping[str, type[C]]  # by the last part of their paths

    def wanted(self, vedette: Vedette, caller: Caller, name: str, fields: dict[str, Any]) -> C:
        """Return the command that a request wants for each thing.

        Raises:
            Rejected: its fields break a rule, or name a user whom nobody knows.
        """
        try:
            wish = msgspec.convert(fields, self.commands[name])
        except msgspec.ValidationError as error:
            found = invalid(error, below="$.fields")
            raise Rejected(found.status, found.code, found.detail, field=found.field) from error
        if isinstance(wish, AssignTicket | AssignAlert):
            require_user(vedette, caller, wish.assignee, field="$.fields.assignee")
        return wish

    def outcomes(
        self, vedette: Vedette, caller: Caller, ids: Sequence[UUID], wish: C
    ) -> list[Outcome]:
        """Return what a command came to, thing by thing."""
        return [self._one(vedette, caller, index, id_, wish) for index, id_ in enumerate(ids)]

    def _one(self, vedette: Vedette, caller: Caller, index: int, id_: UUID, wish: C) -> Outcome:
        try:
            position = self.door.work(vedette, caller, id_, wish).data.position
        except (Refused, StreamMoved) as error:
            problem, _ = problem_of(error)
            return Outcome(index=index, status="refused", problem=problem)
        status: Status = "unchanged" if position is None else "done"
        return Outcome(index=index, status=status, position=position)


def counted(outcomes: Sequence[Outcome]) -> dict[Status, int]:
    """Return how often each status came out."""
    each = [outcome.status for outcome in outcomes]
    return {status: each.count(status) for status in get_args(Status)}


TICKET_BULK: Bulk[TicketCommand] = Bulk(
    TICKET_DOOR,
    {
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
)
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


class BulkResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the command came to for one ticket."""

    index: int
    ticket_id: UUID
    status: Status
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
        wish = TICKET_BULK.wanted(vedette, caller, data.command, data.fields)
        outcomes = TICKET_BULK.outcomes(vedette, caller, data.ticket_ids, wish)
        results = [
            BulkResult(ticket_id=id_, **msgspec.structs.asdict(outcome))
            for id_, outcome in zip(data.ticket_ids, outcomes, strict=True)
        ]
        answer = BulkAnswer(**counted(outcomes), results=results)
        return Envelope(data=answer, position=vedette.log.head(caller.tenant_id).position)


ALERT_BULK: Bulk[AlertCommand] = Bulk(
    ALERT_DOOR,
    {
        "acknowledge": AcknowledgeAlert,
        "assign": AssignAlert,
        "comment": CommentAlert,
        "resolve": ResolveAlert,
        "reopen": ReopenAlert,
    },
)
AlertCommandName: TypeAlias = Literal["acknowledge", "assign", "comment", "resolve", "reopen"]


class AlertBulkWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One command, as it would be posted to each of these alerts."""

    alert_ids: Ids
    command: AlertCommandName
    fields: dict[str, Any] = {}


class AlertBulkResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the command came to for one alert."""

    index: int
    alert_id: UUID
    status: Status
    position: int | None = None
    problem: Problem | None = None


class AlertBulkAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the command came to, alert by alert, in the order of the request."""

    done: int
    unchanged: int
    refused: int
    results: list[AlertBulkResult]


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
        wish = ALERT_BULK.wanted(vedette, caller, data.command, data.fields)
        outcomes = ALERT_BULK.outcomes(vedette, caller, data.alert_ids, wish)
        results = [
            AlertBulkResult(alert_id=id_, **msgspec.structs.asdict(outcome))
            for id_, outcome in zip(data.alert_ids, outcomes, strict=True)
        ]
        answer = AlertBulkAnswer(**counted(outcomes), results=results)
        return Envelope(data=answer, position=vedette.log.head(caller.tenant_id).position)
