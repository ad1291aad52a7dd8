"""What people do with one ticket: every command of its life, and those that take two tickets."""

from typing import Annotated
from uuid import UUID

from litestar import Controller
from litestar.params import FromPath, SkipValidation

from application import ticket_pairs
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
    ReopenTicket,
    RequestAssignment,
    ResolveTicket,
    ResumeTicket,
    StartTicket,
    ticket_stream,
)
from domain.ticket.working import require_to_come
from interfaces import wiring
from interfaces.http.envelope import Envelope, Reached
from interfaces.http.parameters import IfMatchParameter, TheCaller, TheVedette, body
from interfaces.http.working import PairDoor, StoryDoor, commanding, require_user

command = commanding(Capability.TICKETS_WORK)
TICKET_DOOR = StoryDoor(TICKET, ticket_stream)
TICKET_LINK = PairDoor(ticket_pairs.link, ticket_stream, "other_ticket_id")
TICKET_MERGE = PairDoor(ticket_pairs.merge, ticket_stream, "into_ticket_id")


class TicketCommandController(Controller):
    path = "/api/v2/noc/tickets"
    tags = ("Tickets",)

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
        return TICKET_DOOR.work(vedette, caller, ticket_id, data, if_match)

    @command("/{ticket_id:uuid}/assign-by-rule/")
    def assign_by_rule(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[SkipValidation[RequestAssignment], body({})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Let the tenant's rules find an assignee. The answer is the next fact of the ticket:
        assigned, or left with the reason."""
        return TICKET_DOOR.work(vedette, caller, ticket_id, data, if_match)

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
        return TICKET_DOOR.work(vedette, caller, ticket_id, data, if_match)

    @command("/{ticket_id:uuid}/hold/")
    def hold(
        self,
        *,
        ticket_id: FromPath[UUID],
        data: Annotated[
            SkipValidation[HoldTicket],
            body({"reason": "The guard is off duty", "waiting_until": "2126-11-23T08:00:00+00:00"}),
        ],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Let the ticket wait for something outside, until it is resumed or the moment has come."""
        require_to_come(data, wiring.now())
        return TICKET_DOOR.work(vedette, caller, ticket_id, data, if_match)

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
        return TICKET_DOOR.work(vedette, caller, ticket_id, data, if_match)

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
        return TICKET_DOOR.work(vedette, caller, ticket_id, data, if_match)

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
        return TICKET_DOOR.work(vedette, caller, ticket_id, data, if_match)

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
        return TICKET_DOOR.work(vedette, caller, ticket_id, data, if_match)

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
        return TICKET_DOOR.work(vedette, caller, ticket_id, data, if_match)

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
        return TICKET_DOOR.work(vedette, caller, ticket_id, data, if_match)

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
        return TICKET_DOOR.work(vedette, caller, ticket_id, data, if_match)

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
        return TICKET_LINK.work(vedette, caller, ticket_id, data, if_match)

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
        """Say that the ticket is the same work as another one, where it goes on. That one tells of
        it too, and shows what was said here."""
        return TICKET_MERGE.work(vedette, caller, ticket_id, data, if_match)
