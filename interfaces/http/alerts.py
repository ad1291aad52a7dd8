"""Alerts: what an operator must look at, and the verdict on it."""

from functools import partial
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, SkipValidation

from application.handling import handle
from domain.access import Capability
from domain.alert import (
    ALERT,
    AcknowledgeAlert,
    AlertCommand,
    AlertKind,
    AlertStatus,
    AssignAlert,
    CommentAlert,
    ReopenAlert,
    ResolveAlert,
    alert_stream,
)
from domain.anomaly.facts import Metric
from domain.severity import Severity
from interfaces.http.credentials import Caller, needs
from interfaces.http.envelope import Envelope, Items, Reached
from interfaces.http.parameters import (
    CursorParameter,
    IdentifierFilter,
    IfMatchParameter,
    LimitParameter,
    WaitForParameter,
    body,
    version_of,
    wait_until,
)
from interfaces.http.problems import OF_COMMANDS, OF_LISTS
from interfaces.http.reading import TimelineEntry, filters, page_of, timeline_of, visible_row
from interfaces.http.working import reached, require_user, require_visible
from interfaces.wiring import Vedette
from projections.alert_board import ALERT_BOARD, AlertRow
from projections.views import PAGE_ROWS_DEFAULT

VIEW = needs(Capability.ALERTS_VIEW)
command = partial(
    post,
    opt=needs(Capability.ALERTS_WORK),
    status_code=200,
    responses=OF_COMMANDS,
    sync_to_thread=True,
)

TheCaller: TypeAlias = NamedDependency[SkipValidation[Caller]]
TheVedette: TypeAlias = NamedDependency[SkipValidation[Vedette]]


class AlertStory(AlertRow, frozen=True, kw_only=True):
    """An alert with everything that happened to it, oldest first."""

    timeline: list[TimelineEntry]


class AlertController(Controller):
    path = "/api/v2/noc/alerts"
    tags = ("Alerts",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List alerts")
    async def list_alerts(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        status: FromQuery[AlertStatus | None] = None,
        site_id: IdentifierFilter = None,
        person_id: IdentifierFilter = None,
        device_id: IdentifierFilter = None,
        severity: FromQuery[Severity | None] = None,
        kind: FromQuery[AlertKind | None] = None,
        metric: FromQuery[Metric | None] = None,
        assignee: IdentifierFilter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[AlertRow]]:
        """List alerts, newest first."""
        equal = filters(
            status=status,
            site_id=site_id,
            person_id=person_id,
            device_id=device_id,
            severity=severity,
            kind=kind,
            metric=metric,
            assignee=assignee,
        )
        await wait_until(vedette.views, ALERT_BOARD.name, caller.tenant_id, wait_for)
        return await page_of(vedette, ALERT_BOARD, caller, equal, limit=limit, cursor=cursor)

    @get("/{alert_id:uuid}/", opt=VIEW, responses=OF_LISTS, summary="One alert")
    async def one_alert(
        self,
        *,
        alert_id: FromPath[UUID],
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[AlertStory]:
        """Show an alert and its timeline: what happened, when, by whom, and because of what."""
        await wait_until(vedette.views, ALERT_BOARD.name, caller.tenant_id, wait_for)
        found = await visible_row(vedette, ALERT_BOARD, caller, str(alert_id))
        timeline = await sync_to_thread(timeline_of, vedette, caller, alert_stream(alert_id))
        story = AlertStory(**msgspec.structs.asdict(found.row), timeline=timeline)
        return Envelope(data=story, position=found.position)

    @command("/{alert_id:uuid}/acknowledge/")
    def acknowledge(
        self,
        *,
        alert_id: FromPath[UUID],
        data: Annotated[SkipValidation[AcknowledgeAlert], body({})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Say that somebody has seen the alert."""
        return work(vedette, caller, alert_id, data, if_match)

    @command("/{alert_id:uuid}/assign/")
    def assign(
        self,
        *,
        alert_id: FromPath[UUID],
        data: Annotated[SkipValidation[AssignAlert], body({"assignee": "supervisor"})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Give the alert to a user to look into."""
        require_user(vedette, caller, data.assignee, field="$.assignee")
        return work(vedette, caller, alert_id, data, if_match)

    @command("/{alert_id:uuid}/comment/")
    def comment(
        self,
        *,
        alert_id: FromPath[UUID],
        data: Annotated[
            SkipValidation[CommentAlert], body({"text": "Called the site; no answer."})
        ],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Write something down about the alert."""
        return work(vedette, caller, alert_id, data, if_match)

    @command("/{alert_id:uuid}/resolve/")
    def resolve(
        self,
        *,
        alert_id: FromPath[UUID],
        data: Annotated[
            SkipValidation[ResolveAlert],
            body({"reason": "BENIGN_EXPECTED", "comment": "A drill, announced last week."}),
        ],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Give a verdict; models and thresholds learn from it."""
        return work(vedette, caller, alert_id, data, if_match)

    @command("/{alert_id:uuid}/reopen/")
    def reopen(
        self,
        *,
        alert_id: FromPath[UUID],
        data: Annotated[SkipValidation[ReopenAlert], body({"reason": "The camera was off"})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Take a verdict back; it stays in history and nothing learns from it any more."""
        return work(vedette, caller, alert_id, data, if_match)


def work(
    vedette: Vedette, caller: Caller, alert_id: UUID, command: AlertCommand, if_match: str | None
) -> Envelope[Reached]:
    """Hand a command to the alert, if the caller may see it."""
    stream = alert_stream(alert_id)
    require_visible(vedette, caller, stream)
    position = handle(
        vedette.log,
        caller.tenant_id,
        ALERT,
        stream,
        command,
        caller.cause(),
        if_match=version_of(if_match),
    )
    return reached(vedette, caller, position)
