"""Incidents: what belongs together, why, and what people make of it."""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from litestar import Controller, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation

from application import incidents
from application.incidents import Merge, Split, SplitOff
from domain.access import Capability
from domain.incident.facts import incident_stream
from domain.incident.lifecycle import INCIDENT
from domain.incident.state import IncidentStatus
from domain.incident.wishes import AcknowledgeIncident, LinkIncident, ResolveIncident
from domain.severity import Severity
from interfaces.http.credentials import needs
from interfaces.http.envelope import Envelope, Items, Reached
from interfaces.http.keeping import RESPONSES, AnyRequest, kept_page_of
from interfaces.http.parameters import (
    CursorParameter,
    IdentifierFilter,
    IfMatchParameter,
    LimitParameter,
    TheCaller,
    TheVedette,
    WaitForParameter,
    body,
    require_order,
    version_of,
)
from interfaces.http.problems import OF_LISTS, Rejected
from interfaces.http.reading import TimelineEntry, filters, page_of, story_of, wanted_by
from interfaces.http.working import PairDoor, StoryDoor, commanding, reached, require_visible
from projections.incidents import INCIDENTS, IncidentRow
from projections.views import PAGE_ROWS_DEFAULT

VIEW = needs(Capability.INCIDENTS_VIEW)
command = commanding(Capability.INCIDENTS_WORK)
INCIDENT_DOOR = StoryDoor(INCIDENT, incident_stream)
INCIDENT_LINK = PairDoor(incidents.link, incident_stream, "other_incident_id")
INCIDENT_MERGE = PairDoor(incidents.merge, incident_stream, "into_incident_id")
SOME_ID = str(UUID(int=1))

FromParameter: TypeAlias = Annotated[
    datetime | None, QueryParameter(name="from", description="Ended after this moment.")
]
ToParameter: TypeAlias = Annotated[
    datetime | None, QueryParameter(name="to", description="Began before this moment.")
]


class IncidentStory(IncidentRow, frozen=True, kw_only=True):
    """An incident with everything that happened to it, oldest first."""

    timeline: list[TimelineEntry]


class IncidentController(Controller):
    path = "/api/v2/noc/incidents"
    tags = ("Incidents",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List incidents")
    async def list_incidents(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        status: FromQuery[IncidentStatus | None] = None,
        severity: FromQuery[Severity | None] = None,
        site_id: IdentifierFilter = None,
        person_id: IdentifierFilter = None,
        device_id: IdentifierFilter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[IncidentRow]]:
        """List incidents, newest first, each with its things and why they belong to it."""
        return await page_of(
            vedette,
            INCIDENTS,
            caller,
            filters(status=status, severity=severity),
            holding=filters(sites=site_id, persons=person_id, devices=device_id),
            limit=limit,
            cursor=cursor,
            wait_for=wait_for,
        )

    @get("/{incident_id:uuid}/", opt=VIEW, responses=OF_LISTS, summary="One incident")
    async def one_incident(
        self,
        *,
        incident_id: FromPath[UUID],
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[IncidentStory]:
        """Show an incident, its things with score and reasons, and its timeline."""
        stream = incident_stream(incident_id)
        return await story_of(vedette, INCIDENTS, caller, stream, IncidentStory, wait_for=wait_for)

    @command("/{incident_id:uuid}/acknowledge/")
    def acknowledge(
        self,
        *,
        incident_id: FromPath[UUID],
        data: Annotated[SkipValidation[AcknowledgeIncident], body({})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Say that somebody has seen the incident."""
        return INCIDENT_DOOR.work(vedette, caller, incident_id, data, if_match)

    @command("/{incident_id:uuid}/resolve/")
    def resolve(
        self,
        *,
        incident_id: FromPath[UUID],
        data: Annotated[
            SkipValidation[ResolveIncident], body({"resolution": "The phone was charged again."})
        ],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Say how the incident was settled. It takes in nothing more; what comes makes a new one."""
        return INCIDENT_DOOR.work(vedette, caller, incident_id, data, if_match)

    @command("/{incident_id:uuid}/link/")
    def link(
        self,
        *,
        incident_id: FromPath[UUID],
        data: Annotated[
            SkipValidation[LinkIncident],
            body({"other_incident_id": SOME_ID, "reason": "The same van was seen at both"}),
        ],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Say that the incident has to do with another one; the other one says so as well."""
        return INCIDENT_LINK.work(vedette, caller, incident_id, data, if_match)

    @command("/{incident_id:uuid}/merge/")
    def merge(
        self,
        *,
        incident_id: FromPath[UUID],
        data: Annotated[
            SkipValidation[Merge],
            body({"into_incident_id": SOME_ID, "reason": "One break-in, two doors"}),
        ],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Say that the incident goes on in another one, which takes in its things."""
        return INCIDENT_MERGE.work(vedette, caller, incident_id, data, if_match)

    @command("/{incident_id:uuid}/split/")
    def split(
        self,
        *,
        incident_id: FromPath[UUID],
        data: Annotated[
            SkipValidation[Split],
            body({"item_ids": [SOME_ID], "reason": "The battery has nothing to do with it"}),
        ],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[SplitOff]:
        """Say that some things do not belong here; they make an incident of their own from now on."""
        require_visible(vedette, caller, incident_stream(incident_id))
        answer = incidents.split(
            vedette.log,
            caller.tenant_id,
            incident_id,
            data,
            caller.cause(),
            if_match=version_of(if_match),
        )
        position = reached(vedette, caller, answer.position).position
        return Envelope(data=answer, position=position)


class CorrelationController(Controller):
    path = "/api/v2/noc/telemetry/correlations"
    tags = ("Telemetry",)

    @get("/", opt=VIEW, responses=RESPONSES, summary="What belongs together")
    async def list_correlations(
        self,
        *,
        request: AnyRequest,
        caller: TheCaller,
        vedette: TheVedette,
        person_id: IdentifierFilter = None,
        site_id: IdentifierFilter = None,
        device_id: IdentifierFilter = None,
        since: FromParameter = None,
        until: ToParameter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Response[Envelope[Items[IncidentRow]]]:
        """List incidents by whom and what their things are about and when they happened, with the
        score and the reasons of every link. An ETag and If-None-Match save what has not changed."""
        above, below = moment("last_at", since, "from"), moment("first_at", until, "to")
        require_order(above, below)
        wanted = wanted_by(
            caller,
            {},
            above=above,
            below=below,
            holding=filters(sites=site_id, persons=person_id, devices=device_id),
            limit=limit,
            cursor=cursor,
        )
        return await kept_page_of(vedette, INCIDENTS, caller, wanted, request, wait_for=wait_for)


def moment(field: str, at: datetime | None, parameter: str) -> dict[str, datetime]:
    """Return a bound by time.

    Raises:
        Rejected: the moment does not say its time zone.
    """
    if at is None:
        return {}
    if at.utcoffset() is None:
        raise Rejected(
            400, "request.invalid", "Say the time zone, for instance with a Z.", field=parameter
        )
    return {field: at}
