"""Tickets: the board with its clocks, one ticket with its story, and a ticket opened by hand."""

from typing import Annotated
from uuid import UUID, uuid4

import msgspec
from litestar import Controller, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, FromQuery, SkipValidation

from application.handling import handle
from domain.access import Capability
from domain.kernel import Identifier, ShortText
from domain.severity import Severity
from domain.ticket import (
    TICKET,
    OpenTicket,
    Priority,
    TicketAbsorbed,
    TicketCategory,
    TicketStatus,
    ticket_stream,
)
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
from interfaces.http.reading import TimelineEntry, filters, page_of, timeline_of, visible_row
from interfaces.http.working import require_registered, require_site, require_user
from interfaces.wiring import Vedette
from projections.ticket_board import TICKET_BOARD, Sla, TicketRow
from projections.ticket_clocks import TICKET_CLOCKS, ClockRow
from projections.views import PAGE_ROWS_DEFAULT

ABSORBED_MAX = 50  # merged tickets whose stories are shown with the one that goes on

VIEW = needs(Capability.TICKETS_VIEW)


class TicketShown(TicketRow, frozen=True, kw_only=True):
    """A ticket with its clock; null until the clock is worked out, a moment after the opening."""

    clock: ClockRow | None


class AbsorbedStory(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that was merged into the one that is shown, or into one of those."""

    ticket_id: UUID
    timeline: list[TimelineEntry]


class TicketStory(TicketShown, frozen=True, kw_only=True):
    """A ticket with everything that happened to it, oldest first."""

    timeline: list[TimelineEntry]
    absorbed_stories: list[AbsorbedStory]


class NewTicket(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ticket as a person opens it. Whoever names its id may ask twice and gets one ticket."""

    title: ShortText
    severity: Severity
    site_id: Identifier
    category: TicketCategory = TicketCategory.OPERATIONS
    priority: Priority = Priority.NORMAL
    person_id: Identifier | None = None
    assignee: Identifier | None = None
    ticket_id: UUID | None = None


class OpenedTicket(msgspec.Struct, frozen=True, kw_only=True):
    """The ticket that was opened; the position is null where it was open already."""

    ticket_id: UUID
    position: int | None


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
        sla: FromQuery[Sla | None] = None,
        site_id: IdentifierFilter = None,
        assignee: IdentifierFilter = None,
        category: FromQuery[TicketCategory | None] = None,
        priority: FromQuery[Priority | None] = None,
        severity: FromQuery[Severity | None] = None,
        person_id: IdentifierFilter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[TicketShown]]:
        """List tickets, newest first, with their clocks. Pages neither lose nor repeat a ticket
        while others come in. A clock stands still for those ON_HOLD."""
        equal = filters(
            status=status,
            sla=sla,
            site_id=site_id,
            assignee=assignee,
            category=category,
            priority=priority,
            severity=severity,
            person_id=person_id,
        )
        page = await page_of(
            vedette, TICKET_BOARD, caller, equal, limit=limit, cursor=cursor, wait_for=wait_for
        )
        shown = await sync_to_thread(with_clocks, vedette, caller, page.data.items)
        items = Items(items=shown, next_cursor=page.data.next_cursor)
        return Envelope(data=items, position=page.position)

    @get("/{ticket_id:uuid}/", opt=VIEW, responses=OF_LISTS, summary="One ticket")
    async def one_ticket(
        self,
        *,
        ticket_id: FromPath[UUID],
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[TicketStory]:
        """Show a ticket and its timeline: what happened, when, by whom, and because of what; and
        the timelines of those that were merged into it."""
        found = await visible_row(vedette, TICKET_BOARD, caller, str(ticket_id), wait_for=wait_for)
        story = await sync_to_thread(story_of, vedette, caller, found.row)
        return Envelope(data=story, position=found.position)

    @post(
        "/",
        opt=needs(Capability.TICKETS_WORK),
        responses=OF_WRITES,
        summary="Open a ticket",
        sync_to_thread=True,
    )
    def open_ticket(
        self,
        *,
        data: Annotated[
            SkipValidation[NewTicket],
            body({"title": "The gate does not close", "severity": "MEDIUM", "site_id": "S-01"}),
        ],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[OpenedTicket]:
        """Open a ticket by hand. Without an assignee the tenant's rules find one, or it waits in
        the queue."""
        require_site(caller, data.site_id, field="$.site_id")
        require_registered(vedette, caller, data.site_id, field="$.site_id")
        if data.assignee is not None:
            require_user(vedette, caller, data.assignee, field="$.assignee")
        ticket_id = data.ticket_id or uuid4()
        wish = OpenTicket(
            ticket_id=ticket_id,
            category=data.category,
            title=data.title,
            severity=data.severity,
            priority=data.priority,
            site_id=data.site_id,
            person_id=data.person_id,
            assignee=data.assignee,
        )
        stream = ticket_stream(ticket_id)
        position = handle(vedette.log, caller.tenant_id, TICKET, stream, wish, caller.cause())
        stands = vedette.log.head(caller.tenant_id).position if position is None else position
        return Envelope(data=OpenedTicket(ticket_id=ticket_id, position=position), position=stands)


def with_clocks(vedette: Vedette, caller: Caller, rows: list[TicketRow]) -> list[TicketShown]:
    """Return tickets with their clocks, which one question fetches."""
    keys = [str(row.ticket_id) for row in rows]
    clocks = vedette.views.some(TICKET_CLOCKS, caller.tenant_id, keys)
    return [
        TicketShown(**msgspec.structs.asdict(row), clock=clocks.get(str(row.ticket_id)))
        for row in rows
    ]


def story_of(vedette: Vedette, caller: Caller, row: TicketRow) -> TicketStory:
    """Return a ticket with its timeline and those of the tickets that were merged into it."""
    (shown,) = with_clocks(vedette, caller, [row])
    return TicketStory(
        **msgspec.structs.asdict(shown),
        timeline=timeline_of(vedette, caller, ticket_stream(row.ticket_id)),
        absorbed_stories=absorbed_stories(vedette, caller, row.absorbed),
    )


def absorbed_stories(
    vedette: Vedette, caller: Caller, ticket_ids: list[UUID]
) -> list[AbsorbedStory]:
    """Return the stories of merged tickets, and of those that were merged into them before."""
    waiting = list(ticket_ids)
    stories: list[AbsorbedStory] = []
    while waiting and len(stories) < ABSORBED_MAX:
        ticket_id = waiting.pop(0)
        stream = ticket_stream(ticket_id)
        facts = vedette.log.read_stream(caller.tenant_id, stream)
        if not caller.principal.sees(getattr(facts[0].event, "site_id", None)):
            continue
        waiting += [
            fact.event.other_ticket_id for fact in facts if isinstance(fact.event, TicketAbsorbed)
        ]
        timeline = timeline_of(vedette, caller, stream)
        stories.append(AbsorbedStory(ticket_id=ticket_id, timeline=timeline))
    return stories
