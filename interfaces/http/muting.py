"""Muting: silences, maintenances, and the ledger of what called nobody because of them."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, FromQuery, SkipValidation

from application.handling import handle
from application.silencing import (
    MaintenanceWanted,
    SilenceWanted,
    WindowShown,
    plan_maintenance,
    start_silence,
    windows_to_come,
)
from domain.access import Capability
from domain.catalogue import AnyRecorded
from domain.muting.facts import MutedBy, SilenceStarted, maintenance_stream, silence_stream
from domain.muting.maintenance import MAINTENANCE, CancelMaintenance, MaintenanceUnknown
from domain.muting.silence import SILENCE, EndSilence, SilenceStatus, SilenceUnknown
from domain.severity import Severity
from interfaces.http.credentials import Caller, needs
from interfaces.http.envelope import Envelope, Items, Reached
from interfaces.http.parameters import (
    CursorParameter,
    IdentifierFilter,
    LimitParameter,
    TheCaller,
    TheVedette,
    WaitForParameter,
    body,
)
from interfaces.http.problems import OF_LISTS, OF_WRITES
from interfaces.http.reading import filters, page_of, visible_row
from interfaces.http.working import commanding, reached, require_site
from interfaces.wiring import Vedette, now
from projections import muting
from projections.muting import (
    LEDGER,
    SILENCES,
    MaintenanceRow,
    MaintenanceStatus,
    SilenceRow,
    SuppressionRow,
)
from projections.views import PAGE_ROWS_DEFAULT

VIEW = needs(Capability.SILENCES_VIEW)
MANAGE = needs(Capability.SILENCES_MANAGE)
create = partial(post, "/", opt=MANAGE, status_code=201, responses=OF_WRITES, sync_to_thread=True)
command = commanding(Capability.SILENCES_MANAGE)


SILENCE_EXAMPLE: dict[str, Any] = {
    "matcher": {"site_id": "S-01", "kinds": ["finding"]},
    "ends_at": "2026-11-23T08:00:00+00:00",
    "reason": "Fire drill; the guards gather outside.",
}
MAINTENANCE_EXAMPLE: dict[str, Any] = {
    "site_id": "S-01",
    "weekdays": ["sunday"],
    "starts_at": "01:30",
    "duration_minutes": 120,
    "last_day": "2027-03-31",
    "reason": "The readers get new firmware.",
    "kinds": ["alert:tamper", "finding:SILENT_DEVICE"],
}


class SilenceBegun(Reached, frozen=True, kw_only=True):
    """A silence that was started."""

    silence_id: UUID


class MaintenanceBegun(Reached, frozen=True, kw_only=True):
    """A maintenance that was planned."""

    window_id: UUID


class SilenceController(Controller):
    path = "/api/v2/noc/silences"
    tags = ("Muting",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List silences")
    async def list_silences(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        status: FromQuery[SilenceStatus | None] = None,
        site_id: IdentifierFilter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[SilenceRow]]:
        """List silences, newest first."""
        equal = filters(status=status, site_id=site_id)
        return await page_of(
            vedette, SILENCES, caller, equal, limit=limit, cursor=cursor, wait_for=wait_for
        )

    @get("/{silence_id:uuid}/", opt=VIEW, responses=OF_LISTS, summary="One silence")
    async def one_silence(
        self,
        *,
        silence_id: FromPath[UUID],
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[SilenceRow]:
        """Show a silence."""
        found = await visible_row(vedette, SILENCES, caller, str(silence_id), wait_for=wait_for)
        return Envelope(data=found.row, position=found.position)

    @create(summary="Start a silence")
    def start(
        self,
        *,
        data: Annotated[SkipValidation[SilenceWanted], body(SILENCE_EXAMPLE)],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[SilenceBegun]:
        """Let what matches call nobody for up to 30 days. It is judged and shown as ever."""
        require_site(caller, data.matcher.site_id, field="$.matcher.site_id")
        begun = start_silence(vedette.log, caller.tenant_id, data, caller.cause(), now())
        answer = SilenceBegun(silence_id=begun.id, position=begun.position)
        return Envelope(data=answer, position=begun.position)

    @command("/{silence_id:uuid}/end/", summary="End a silence")
    def end(
        self,
        *,
        silence_id: FromPath[UUID],
        data: Annotated[SkipValidation[EndSilence], body({"reason": "The drill is over"})],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """End a silence before its time; what still stands calls people now."""
        stream = silence_stream(silence_id)
        facts = vedette.log.read_stream(caller.tenant_id, stream)
        if not facts:
            raise SilenceUnknown("There is no silence of this id.")
        require_site(caller, site_of(facts[0]))
        position = handle(vedette.log, caller.tenant_id, SILENCE, stream, data, caller.cause())
        return reached(vedette, caller, position)


class MaintenanceController(Controller):
    path = "/api/v2/noc/maintenance"
    tags = ("Muting",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List maintenances")
    async def list_maintenances(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        status: FromQuery[MaintenanceStatus | None] = None,
        site_id: IdentifierFilter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[MaintenanceRow]]:
        """List maintenances, newest first."""
        equal = filters(status=status, site_id=site_id)
        return await page_of(
            vedette,
            muting.MAINTENANCE,
            caller,
            equal,
            limit=limit,
            cursor=cursor,
            wait_for=wait_for,
        )

    @get("/{window_id:uuid}/", opt=VIEW, responses=OF_LISTS, summary="One maintenance")
    async def one_maintenance(
        self,
        *,
        window_id: FromPath[UUID],
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[MaintenanceRow]:
        """Show a maintenance."""
        found = await visible_row(
            vedette, muting.MAINTENANCE, caller, str(window_id), wait_for=wait_for
        )
        return Envelope(data=found.row, position=found.position)

    @get(
        "/{window_id:uuid}/occurrences/",
        opt=VIEW,
        responses=OF_LISTS,
        summary="The next windows of a maintenance",
    )
    async def occurrences(
        self, *, window_id: FromPath[UUID], caller: TheCaller, vedette: TheVedette
    ) -> Envelope[Items[WindowShown]]:
        """Show the next ten windows, in UTC and on the site's wall, clock changes included."""
        await sync_to_thread(require_maintenance, vedette, caller, window_id)
        windows = await sync_to_thread(
            windows_to_come, vedette.log, caller.tenant_id, window_id, now()
        )
        head = await sync_to_thread(vedette.log.head, caller.tenant_id)
        return Envelope(data=Items(items=windows, next_cursor=None), position=head.position)

    @create(summary="Plan a maintenance")
    def plan(
        self,
        *,
        data: Annotated[SkipValidation[MaintenanceWanted], body(MAINTENANCE_EXAMPLE)],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[MaintenanceBegun]:
        """Let a site call nobody in recurring windows of its own time, up to a year ahead."""
        require_site(caller, data.site_id, field="$.site_id")
        begun = plan_maintenance(vedette.log, caller.tenant_id, data, caller.cause(), now())
        answer = MaintenanceBegun(window_id=begun.id, position=begun.position)
        return Envelope(data=answer, position=begun.position)

    @command("/{window_id:uuid}/cancel/", summary="Cancel a maintenance")
    def cancel(
        self,
        *,
        window_id: FromPath[UUID],
        data: Annotated[SkipValidation[CancelMaintenance], body({"reason": "Done early"})],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """Cancel what is left of a maintenance; what still stands calls people now."""
        require_maintenance(vedette, caller, window_id)
        stream = maintenance_stream(window_id)
        position = handle(vedette.log, caller.tenant_id, MAINTENANCE, stream, data, caller.cause())
        return reached(vedette, caller, position)


class SuppressionController(Controller):
    path = "/api/v2/noc/suppressions"
    tags = ("Muting",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List what called nobody")
    async def list_suppressions(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        muted_by: FromQuery[MutedBy | None] = None,
        muter_id: FromQuery[UUID | None] = None,
        severity: FromQuery[Severity | None] = None,
        site_id: IdentifierFilter = None,
        person_id: IdentifierFilter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[SuppressionRow]]:
        """List what was not raised, newest first: why, what it would have been, and what came of it."""
        equal = filters(
            muted_by=muted_by,
            muter_id=None if muter_id is None else str(muter_id),
            severity=severity,
            site_id=site_id,
            person_id=person_id,
        )
        return await page_of(
            vedette, LEDGER, caller, equal, limit=limit, cursor=cursor, wait_for=wait_for
        )


def require_maintenance(vedette: Vedette, caller: Caller, window_id: UUID) -> None:
    """Refuse a maintenance that is not there for this caller.

    Raises:
        MaintenanceUnknown: nothing was planned under this id.
        NotFound: it is at a site that the caller may not see.
    """
    facts = vedette.log.read_stream(caller.tenant_id, maintenance_stream(window_id))
    if not facts:
        raise MaintenanceUnknown("There is no maintenance of this id.")
    require_site(caller, getattr(facts[0].event, "site_id", None))


def site_of(fact: AnyRecorded) -> str | None:
    """Return the site that the beginning of a silence names, if it names one."""
    return fact.event.matcher.site_id if isinstance(fact.event, SilenceStarted) else None
