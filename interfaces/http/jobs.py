"""Jobs: long work that people and the schedule ask for, its attempts and its answers."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, FromQuery, SkipValidation

from application.auditing import request_audit
from application.jobs import JobAttempt, request_verification
from application.tuning import request_tuning
from domain.access import Capability
from domain.anomaly.facts import Days
from domain.finding.facts import AuditKind
from domain.jobs import JobState
from domain.kernel import Identifier
from domain.tuning.story import DAYS_DEFAULT
from interfaces import wiring
from interfaces.http.credentials import Caller, needs
from interfaces.http.envelope import Envelope, Items
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
from interfaces.http.working import require_registered, require_site
from interfaces.wiring import Vedette
from projections.job_board import JOB_BOARD, JobRow
from projections.views import PAGE_ROWS_DEFAULT

VIEW = needs(Capability.OPERATIONS_VIEW)


class JobShown(JobRow, frozen=True, kw_only=True):
    """A job with every attempt at it, oldest first; those of jobs long answered are forgotten."""

    attempts: list[JobAttempt]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for: the job, and where its request stands in the log."""

    job_id: UUID
    position: int


class VerificationAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """There is nothing to choose: the whole chain is verified."""


class TuningAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many days of verdicts count, up to now."""

    days: Days = DAYS_DEFAULT


class AuditAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much is looked at, and where; everywhere, if no site is named."""

    kind: AuditKind = AuditKind.COMPREHENSIVE
    site_id: Identifier | None = None


def asking(path: str, capability: Capability) -> Any:
    """Return the decorator of a route that asks for a job."""
    return post(
        path, opt=needs(capability), status_code=202, responses=OF_WRITES, sync_to_thread=True
    )


class JobController(Controller):
    path = "/api/v2/noc/jobs"
    tags = ("Jobs",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List jobs")
    async def list_jobs(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        job: IdentifierFilter = None,
        status: FromQuery[JobState | None] = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[JobShown]]:
        """List what was asked for, by whom, how often it was tried, and the answer; newest first."""
        require_site(caller, None)
        equal = filters(job=job, state=status)
        page = await page_of(
            vedette, JOB_BOARD, caller, equal, limit=limit, cursor=cursor, wait_for=wait_for
        )
        shown = await sync_to_thread(with_attempts, vedette, caller, page.data.items)
        return Envelope(
            data=Items(items=shown, next_cursor=page.data.next_cursor), position=page.position
        )

    @get("/{job_id:uuid}/", opt=VIEW, responses=OF_LISTS, summary="One job")
    async def one_job(
        self,
        *,
        job_id: FromPath[UUID],
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[JobShown]:
        """Show one job."""
        require_site(caller, None)
        found = await visible_row(vedette, JOB_BOARD, caller, str(job_id), wait_for=wait_for)
        (shown,) = await sync_to_thread(with_attempts, vedette, caller, [found.row])
        return Envelope(data=shown, position=found.position)

    @asking("/verification/", Capability.VERIFICATIONS_REQUEST)  # type: ignore[untyped-decorator]
    def ask_verification(
        self,
        *,
        data: Annotated[SkipValidation[VerificationAsked], body({})],  # noqa: ARG002 - nothing to choose
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Asked]:
        """Ask for a check of the tenant's whole chain."""
        require_site(caller, None)
        return asked(*request_verification(vedette.log, caller.tenant_id, caller.cause()))

    @asking("/tuning/", Capability.THRESHOLDS_MANAGE)  # type: ignore[untyped-decorator]
    def ask_tuning(
        self,
        *,
        data: Annotated[SkipValidation[TuningAsked], body({"days": 30})],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Asked]:
        """Ask for the thresholds to be tuned by the verdicts of the last days."""
        require_site(caller, None)
        until, cause = wiring.now(), caller.cause()
        return asked(
            *request_tuning(vedette.log, caller.tenant_id, cause, until=until, days=data.days)
        )

    @asking("/audit/", Capability.AUDITS_REQUEST)  # type: ignore[untyped-decorator]
    def ask_audit(
        self,
        *,
        data: Annotated[SkipValidation[AuditAsked], body({"kind": "comprehensive"})],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Asked]:
        """Ask for duty to be looked at, at one site or at all."""
        require_site(caller, data.site_id, field="$.site_id")
        require_registered(vedette, caller, data.site_id, field="$.site_id")
        audit_id, _, position = request_audit(
            vedette.log,
            caller.tenant_id,
            data.kind,
            wiring.now(),
            caller.cause(),
            site_id=data.site_id,
        )
        return asked(audit_id, position)


def asked(job_id: UUID, position: int) -> Envelope[Asked]:
    """Return the answer to a request."""
    return Envelope(data=Asked(job_id=job_id, position=position), position=position)


def with_attempts(vedette: Vedette, caller: Caller, rows: list[JobRow]) -> list[JobShown]:
    """Return jobs together with their attempts."""
    attempts = wiring.attempts(vedette).of_jobs(caller.tenant_id, [row.job_id for row in rows])
    return [
        JobShown(**msgspec.structs.asdict(row), attempts=attempts.get(row.job_id, []))
        for row in rows
    ]
