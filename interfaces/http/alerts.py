"""Alerts: what an operator must look at, and the verdict on it."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.params import FromPath, FromQuery, SkipValidation

from domain.access import Capability
from domain.alert import (
    ALERT,
    AcknowledgeAlert,
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
from interfaces.http.credentials import needs
from interfaces.http.envelope import Envelope, Items, Reached
from interfaces.http.parameters import (
    CursorParameter,
    IdentifierFilter,
    IfMatchParameter,
    LimitParameter,
    TheCaller,
    TheVedette,
    WaitForParameter,
    body,
)
from interfaces.http.problems import OF_LISTS
from interfaces.http.reading import TimelineEntry, filters, page_of, story_of
from interfaces.http.working import StoryDoor, commanding, require_user
from projections.alert_board import ALERT_BOARD, AlertRow
from projections.views import PAGE_ROWS_DEFAULT

VIEW = needs(Capability.ALERTS_VIEW)
command = commanding(Capability.ALERTS_WORK)
ALERT_DOOR = StoryDoor(ALERT, alert_stream)


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
        return await page_of(
            vedette, ALERT_BOARD, caller, equal, limit=limit, cursor=cursor, wait_for=wait_for
        )

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
        stream = alert_stream(alert_id)
        return await story_of(vedette, ALERT_BOARD, caller, stream, AlertStory, wait_for=wait_for)

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
        return ALERT_DOOR.work(vedette, caller, alert_id, data, if_match)

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
        return ALERT_DOOR.work(vedette, caller, alert_id, data, if_match)

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
        return ALERT_DOOR.work(vedette, caller, alert_id, data, if_match)

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
        return ALERT_DOOR.work(vedette, caller, alert_id, data, if_match)

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
        return ALERT_DOOR.work(vedette, caller, alert_id, data, if_match)
