"""Findings: duty that was not done, its evidence, and what people say of it."""

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
from domain.finding.facts import FindingType, finding_stream
from domain.finding.finding import (
    FINDING,
    AcknowledgeFinding,
    PersonalFindingCommand,
    ResolveFinding,
)
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
from interfaces.http.working import reached, require_visible
from interfaces.wiring import Vedette
from projections.findings import FINDINGS, FindingRow, FindingShown
from projections.views import PAGE_ROWS_DEFAULT

VIEW = needs(Capability.FINDINGS_VIEW)
command = partial(
    post,
    opt=needs(Capability.FINDINGS_WORK),
    status_code=200,
    responses=OF_COMMANDS,
    sync_to_thread=True,
)

TheCaller: TypeAlias = NamedDependency[SkipValidation[Caller]]
TheVedette: TypeAlias = NamedDependency[SkipValidation[Vedette]]


class FindingStory(FindingRow, frozen=True, kw_only=True):
    """A finding with everything that was ever judged or said of it, oldest first."""

    timeline: list[TimelineEntry]


class FindingController(Controller):
    path = "/api/v2/noc/findings"
    tags = ("Findings",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List findings")
    async def list_findings(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        status: FromQuery[FindingShown | None] = None,
        finding_type: FromQuery[FindingType | None] = None,
        severity: FromQuery[Severity | None] = None,
        site_id: IdentifierFilter = None,
        person_id: IdentifierFilter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[FindingRow]]:
        """List findings, newest first, each with the ticket that works on it."""
        equal = filters(
            status=status,
            finding_type=finding_type,
            severity=severity,
            site_id=site_id,
            person_id=person_id,
        )
        await wait_until(vedette.views, FINDINGS.name, caller.tenant_id, wait_for)
        return await page_of(vedette, FINDINGS, caller, equal, limit=limit, cursor=cursor)

    @get("/{finding_id:uuid}/", opt=VIEW, responses=OF_LISTS, summary="One finding")
    async def one_finding(
        self,
        *,
        finding_id: FromPath[UUID],
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[FindingStory]:
        """Show a finding: expected against received, and every judgement there was of it."""
        await wait_until(vedette.views, FINDINGS.name, caller.tenant_id, wait_for)
        found = await visible_row(vedette, FINDINGS, caller, str(finding_id))
        timeline = await sync_to_thread(timeline_of, vedette, caller, finding_stream(finding_id))
        story = FindingStory(**msgspec.structs.asdict(found.row), timeline=timeline)
        return Envelope(data=story, position=found.position)

    @command("/{finding_id:uuid}/acknowledge/")
    def acknowledge(
        self,
        *,
        finding_id: FromPath[UUID],
        data: Annotated[SkipValidation[AcknowledgeFinding], body({})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Say that somebody has seen the finding and looks into it."""
        return work(vedette, caller, finding_id, data, if_match)

    @command("/{finding_id:uuid}/resolve/")
    def resolve(
        self,
        *,
        finding_id: FromPath[UUID],
        data: Annotated[
            SkipValidation[ResolveFinding],
            body({"reason": "CONFIRMED_NEGLIGENCE", "comment": "He had fallen asleep."}),
        ],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Give a verdict; what was given one is not judged again."""
        return work(vedette, caller, finding_id, data, if_match)


def work(
    vedette: Vedette,
    caller: Caller,
    finding_id: UUID,
    wish: PersonalFindingCommand,
    if_match: str | None,
) -> Envelope[Reached]:
    """Hand a command to the finding, if the caller may see it."""
    stream = finding_stream(finding_id)
    require_visible(vedette, caller, stream)
    version = version_of(if_match)
    cause = caller.cause()
    position = handle(vedette.log, caller.tenant_id, FINDING, stream, wish, cause, if_match=version)
    return reached(vedette, caller, position)
