"""Findings: duty that was not done, its evidence, and what people say of it."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.params import FromPath, FromQuery, SkipValidation

from domain.access import Capability
from domain.finding.facts import FindingType, finding_stream
from domain.finding.finding import FINDING, AcknowledgeFinding, ResolveFinding
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
from interfaces.http.working import StoryDoor, commanding
from projections.findings import FINDINGS, FindingRow, FindingShown
from projections.views import PAGE_ROWS_DEFAULT

VIEW = needs(Capability.FINDINGS_VIEW)
command = commanding(Capability.FINDINGS_WORK)
FINDING_DOOR = StoryDoor(FINDING, finding_stream)


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
        return await page_of(
            vedette, FINDINGS, caller, equal, limit=limit, cursor=cursor, wait_for=wait_for
        )

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
        stream = finding_stream(finding_id)
        return await story_of(vedette, FINDINGS, caller, stream, FindingStory, wait_for=wait_for)

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
        return FINDING_DOOR.work(vedette, caller, finding_id, data, if_match)

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
        return FINDING_DOOR.work(vedette, caller, finding_id, data, if_match)
