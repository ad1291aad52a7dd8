"""Bulk: one command for many alerts, with an answer for each."""

from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.di import NamedDependency
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
from domain.kernel import Refused
from interfaces.http.alerts import work
from interfaces.http.credentials import Caller, needs
from interfaces.http.envelope import Envelope
from interfaces.http.parameters import body
from interfaces.http.problems import OF_WRITES, Problem, Rejected, invalid, problem_of
from interfaces.http.working import require_user
from interfaces.wiring import Vedette

ALERTS_MAX = 200  # in one request

TheCaller: TypeAlias = NamedDependency[SkipValidation[Caller]]
TheVedette: TypeAlias = NamedDependency[SkipValidation[Vedette]]

COMMANDS: dict[str, type[AlertCommand]] = {
    "acknowledge": AcknowledgeAlert,
    "assign": AssignAlert,
    "comment": CommentAlert,
    "resolve": ResolveAlert,
    "reopen": ReopenAlert,
}
AlertCommandName: TypeAlias = Literal["acknowledge", "assign", "comment", "resolve", "reopen"]


class AlertBulkWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One command, as it would be posted to each of these alerts."""

    alert_ids: Annotated[tuple[UUID, ...], msgspec.Meta(min_length=1, max_length=ALERTS_MAX)]
    command: AlertCommandName
    fields: dict[str, Any] = {}


class AlertBulkResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the command came to for one alert."""

    index: int
    alert_id: UUID
    status: Literal["done", "unchanged", "refused"]
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

    @post(
        "/",
        opt=needs(Capability.ALERTS_WORK),
        status_code=200,
        responses=OF_WRITES,
        summary="One command for many alerts",
        sync_to_thread=True,
    )
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
        wish = wanted(data)
        if isinstance(wish, AssignAlert):
            require_user(vedette, caller, wish.assignee, field="$.fields.assignee")
        results = [
            one(vedette, caller, index, alert_id, wish)
            for index, alert_id in enumerate(data.alert_ids)
        ]
        count = [result.status for result in results].count
        answer = AlertBulkAnswer(
            done=count("done"),
            unchanged=count("unchanged"),
            refused=count("refused"),
            results=results,
        )
        return Envelope(data=answer, position=vedette.log.head(caller.tenant_id).position)


def wanted(bulk: AlertBulkWish) -> AlertCommand:
    """Return the command that a request wants for each alert.

    Raises:
        Rejected: its fields break a rule.
    """
    try:
        return msgspec.convert(bulk.fields, COMMANDS[bulk.command])
    except msgspec.ValidationError as error:
        found = invalid(error, below="$.fields")
        raise Rejected(found.status, found.code, found.detail, field=found.field) from error


def one(
    vedette: Vedette, caller: Caller, index: int, alert_id: UUID, wish: AlertCommand
) -> AlertBulkResult:
    """Return what a command came to for one alert."""
    try:
        position = work(vedette, caller, alert_id, wish, None).data.position
    except (Refused, StreamMoved) as error:
        problem, _ = problem_of(error)
        return AlertBulkResult(index=index, alert_id=alert_id, status="refused", problem=problem)
    status: Literal["done", "unchanged"] = "unchanged" if position is None else "done"
    return AlertBulkResult(index=index, alert_id=alert_id, status=status, position=position)
