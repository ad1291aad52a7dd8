"""Tickets: the board, one ticket with its story, and what people do with it."""

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
from domain.ticket import (
    TICKET,
    AssignTicket,
    CancelTicket,
    CloseTicket,
    CommentTicket,
    HoldTicket,
    LinkTicket,
    MergeTicket,
    PrioritiseTicket,
    Priority,
    ReopenTicket,
    ResolveTicket,
    ResumeTicket,
    StartTicket,
    TicketCategory,
    TicketCommand,
    TicketStatus,
    ticket_stream,
)
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
from projections.ticket_board import TICKET_BOARD, TicketRow
from projections.views import PAGE_ROWS_DEFAULT

VIEW = needs(Capability.TICKETS_VIEW)
command = partial(
    post,
    opt=needs(Capability.TICKETS_WORK),
    status_code=200,
    responses=OF_COMMANDS,
    sync_to_thread=True,
)

TheCaller: TypeAlias = NamedDependency[SkipValidation[Caller]]
TheVedette: TypeAlias = NamedDependency[SkipValidation[Vedette]]


class TicketStory(TicketRow, frozen=True, kw_only=True):
    """A ticket with everything that happened to it, oldest first."""

    timeline: list[TimelineEntry]


class TicketController(Controller):
    path = "/api/v2/noc/tickets"
    tags = ("Tickets",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List tickets")
    async def list_tickets(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        status: FromQuery[TicketStatus | None] = None,
        site_id: IdentifierFilter = None,
        assignee: IdentifierFilter = None,
        category: FromQuery[TicketCategory | None] = None,
        priority: FromQuery[Priority | None] = None,
        person_id: IdentifierFilter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[TicketRow]]:
        """List tickets, newest first. Pages neither lose nor repeat a ticket while others come in."""
        equal = filters(
            status=status,
            site_id=site_id,
            assignee=assignee,
            category=category,
            priority=priority,
            person_id=person_id,
        )
        await wait_until(vedette.views, TICKET_BOARD.name, caller.tenant_id, wait_for)
        return await page_of(vedette, TICKET_BOARD, caller, equal, limit=limit, cursor=cursor)

    @get("/{ticket_id:uuid}/", opt=VIEW, responses=OF_LISTS, summary="One ticket")
    async def one_ticket(
        self,
        *,
        ticket_id: FromPath[UUID],
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[TicketStory]:
        """Show a ticket and its timeline: what happened, when, by whom, and because of what."""
        await wait_until(vedette.views, TICKET_BOARD.name, caller.tenant_id, wait_for)
        found = await visible_row(vedette, TICKET_BOARD, caller, str(ticket_id))
        timeline = await sync_to_thread(timeline_of, vedette, caller, ticket_stream(ticket_id))
        story = TicketStory(**msgspec.structs.asdict(found.row), timeline=timeline)
        return Envelope(data=story, position=found.position)

    @command("/{ticket_id:uuid}/assign/")
    def assign(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[SkipValidation[AssignTicket], body({"assignee": "supervisor"})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Give the ticket to a user."""
        require_user(vedette, caller, data.assignee, field="$.assignee")
        return work(vedette, caller, ticket_id, data, if_match)

    @command("/{ticket_id:uuid}/start/")
    def start(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[SkipValidation[StartTicket], body({})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Begin to work on the ticket."""
        return work(vedette, caller, ticket_id, data, if_match)

    @command("/{ticket_id:uuid}/hold/")
    def hold(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[
            SkipValidation[HoldTicket],
            body({"reason": "The guard is off duty", "waiting_until": "2026-11-23T08:00:00+00:00"}),
        ],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Let the ticket wait for something outside."""
        return work(vedette, caller, ticket_id, data, if_match)

    @command("/{ticket_id:uuid}/resume/")
    def resume(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[SkipValidation[ResumeTicket], body({})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Go on after a hold."""
        return work(vedette, caller, ticket_id, data, if_match)

    @command("/{ticket_id:uuid}/resolve/")
    def resolve(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[
            SkipValidation[ResolveTicket], body({"resolution": "Spoke with the guard on site."})
        ],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Say that the work is done, and how."""
        return work(vedette, caller, ticket_id, data, if_match)

    @command("/{ticket_id:uuid}/close/")
    def close(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[SkipValidation[CloseTicket], body({})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Say that a resolved ticket needs nothing more."""
        return work(vedette, caller, ticket_id, data, if_match)

    @command("/{ticket_id:uuid}/reopen/")
    def reopen(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[SkipValidation[ReopenTicket], body({"reason": "It happened again"})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Say that a ticket that was over needs work again."""
        return work(vedette, caller, ticket_id, data, if_match)

    @command("/{ticket_id:uuid}/cancel/")
    def cancel(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[SkipValidation[CancelTicket], body({"reason": "Opened by mistake"})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Say that the ticket needs no work."""
        return work(vedette, caller, ticket_id, data, if_match)

    @command("/{ticket_id:uuid}/comment/")
    def comment(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[
            SkipValidation[CommentTicket], body({"text": "Called the site; no answer."})
        ],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Write something down about the ticket."""
        return work(vedette, caller, ticket_id, data, if_match)

    @command("/{ticket_id:uuid}/prioritise/")
    def prioritise(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[SkipValidation[PrioritiseTicket], body({"priority": "URGENT"})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Give the ticket its place in the queue."""
        return work(vedette, caller, ticket_id, data, if_match)

    @command("/{ticket_id:uuid}/link/")
    def link(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[SkipValidation[LinkTicket], body({"other_ticket_id": str(UUID(int=1))})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Say that the ticket belongs with another one; the other one says so as well."""
        other = data.other_ticket_id
        require_visible(vedette, caller, ticket_stream(other), field="$.other_ticket_id")
        answer = work(vedette, caller, ticket_id, data, if_match)
        back = work(vedette, caller, other, LinkTicket(other_ticket_id=ticket_id), None)
        return answer if back.data.position is None else back

    @command("/{ticket_id:uuid}/merge/")
    def merge(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[SkipValidation[MergeTicket], body({"into_ticket_id": str(UUID(int=1))})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Say that the ticket is the same work as another one, where it goes on."""
        require_visible(
            vedette, caller, ticket_stream(data.into_ticket_id), field="$.into_ticket_id"
        )
        return work(vedette, caller, ticket_id, data, if_match)


def work(
    vedette: Vedette, caller: Caller, ticket_id: UUID, command: TicketCommand, if_match: str | None
) -> Envelope[Reached]:
    """Hand a command to the ticket, if the caller may see it."""
    stream = ticket_stream(ticket_id)
    require_visible(vedette, caller, stream)
    position = handle(
        vedette.log,
        caller.tenant_id,
        TICKET,
        stream,
        command,
        caller.cause(),
        if_match=version_of(if_match),
    )
    return reached(vedette, caller, position)
