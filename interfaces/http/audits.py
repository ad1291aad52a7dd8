"""Audits: asking for duty to be looked at, and what that came to."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, SkipValidation

from application.auditing import request_audit
from domain.access import Capability
from domain.finding.facts import AuditKind
from domain.kernel import Command, Identifier, Instant
from interfaces import wiring
from interfaces.http.credentials import needs
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
from interfaces.http.problems import OF_COMMANDS, OF_LISTS
from interfaces.http.reading import filters, page_of, visible_row
from interfaces.http.working import require_registered, require_site
from projections.findings import AUDITS, AuditRow, AuditShown
from projections.views import PAGE_ROWS_DEFAULT

VIEW = needs(Capability.FINDINGS_VIEW)


class AskForAudit(Command, frozen=True):
    """What is to be looked at."""

    kind: AuditKind = AuditKind.COMPREHENSIVE
    site_id: Identifier | None = None  # None: every site
    as_of: Instant | None = None  # None: now


class AuditAsked(msgspec.Struct, frozen=True, kw_only=True):
    """An audit that was asked for: it judges on what stands in the log at this position."""

    audit_id: UUID
    as_of: datetime
    position: int


class AuditController(Controller):
    path = "/api/v2/noc/audits"
    tags = ("Findings",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List audits")
    async def list_audits(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        status: FromQuery[AuditShown | None] = None,
        kind: FromQuery[AuditKind | None] = None,
        site_id: IdentifierFilter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[AuditRow]]:
        """List audits, newest first. Who is limited to sites sees those that name one of them."""
        equal = filters(status=status, kind=kind, site_id=site_id)
        return await page_of(
            vedette, AUDITS, caller, equal, limit=limit, cursor=cursor, wait_for=wait_for
        )

    @get("/{audit_id:uuid}/", opt=VIEW, responses=OF_LISTS, summary="One audit")
    async def one_audit(
        self,
        *,
        audit_id: FromPath[UUID],
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[AuditRow]:
        """Show an audit and what it came to."""
        found = await visible_row(vedette, AUDITS, caller, str(audit_id), wait_for=wait_for)
        return Envelope(data=found.row, position=found.position)

    @post(
        "/",
        opt=needs(Capability.AUDITS_REQUEST),
        status_code=202,
        responses=OF_COMMANDS,
        sync_to_thread=True,
        summary="Ask for an audit",
    )
    def ask(
        self,
        *,
        data: Annotated[
            SkipValidation[AskForAudit], body({"kind": "comprehensive", "site_id": "S-01"})
        ],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[AuditAsked]:
        """Ask for an audit as of now, or of an earlier moment of the last week; a worker does it."""
        require_site(caller, data.site_id, field="$.site_id")
        require_registered(vedette, caller, data.site_id, field="$.site_id")
        audit_id, as_of, position = request_audit(
            vedette.log,
            caller.tenant_id,
            data.kind,
            wiring.now(),
            caller.cause(),
            site_id=data.site_id,
            as_of=data.as_of,
        )
        asked = AuditAsked(audit_id=audit_id, as_of=as_of, position=position)
        return Envelope(data=asked, position=position)
