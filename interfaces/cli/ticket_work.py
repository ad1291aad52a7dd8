"""What people do with one ticket at the command line: every command of its life, and its pairs."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from cyclopts import Parameter

from application import ticket_pairs
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
    RequestAssignment,
    ResolveTicket,
    ResumeTicket,
    StartTicket,
    TicketCommand,
    ticket_stream,
)
from domain.ticket.working import require_to_come
from interfaces import wiring
from interfaces.cli import working
from interfaces.cli.answering import JsonOption, TenantOption, by_hand, opened, said, wish

TicketArgument = Annotated[UUID, Parameter(help="The ticket's id.")]


def assign(
    ticket: TicketArgument, assignee: str, *, tenant: TenantOption, as_json: JsonOption = False
) -> None:
    """Give the ticket to a user."""
    command = wish(AssignTicket, assignee=assignee)
    work(tenant, ticket, command, f"Ticket {ticket} is assigned to {assignee}", as_json=as_json)


def assign_by_rule(
    ticket: TicketArgument, *, tenant: TenantOption, as_json: JsonOption = False
) -> None:
    """Let the tenant's rules find an assignee; `vedette ticket show` tells whom."""
    work(tenant, ticket, RequestAssignment(), "The rules are asked", as_json=as_json)


def start(ticket: TicketArgument, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Begin to work on the ticket."""
    work(tenant, ticket, StartTicket(), f"Ticket {ticket} is started", as_json=as_json)


def hold(
    ticket: TicketArgument,
    *,
    tenant: TenantOption,
    reason: str,
    until: str,
    as_json: JsonOption = False,
) -> None:
    """Let the ticket wait; its clock stands still until the moment has come, or somebody resumes it.

    Parameters
    ----------
    reason
        What it waits for.
    until
        When it goes on by itself, with a zone: 2026-11-23T08:00:00+00:00
    """
    command = wish(HoldTicket, reason=reason, waiting_until=until)
    require_to_come(command, wiring.now())
    work(tenant, ticket, command, f"Ticket {ticket} is on hold", as_json=as_json)


def resume(ticket: TicketArgument, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Go on after a hold."""
    work(tenant, ticket, ResumeTicket(), f"Ticket {ticket} goes on", as_json=as_json)


def resolve(
    ticket: TicketArgument, *, tenant: TenantOption, resolution: str, as_json: JsonOption = False
) -> None:
    """Say that the work is done, and how."""
    command = wish(ResolveTicket, resolution=resolution)
    work(tenant, ticket, command, f"Ticket {ticket} is resolved", as_json=as_json)


def close(ticket: TicketArgument, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Say that a resolved ticket needs nothing more."""
    work(tenant, ticket, CloseTicket(), f"Ticket {ticket} is closed", as_json=as_json)


def reopen(
    ticket: TicketArgument, *, tenant: TenantOption, reason: str, as_json: JsonOption = False
) -> None:
    """Say that a ticket that was over needs work again."""
    command = wish(ReopenTicket, reason=reason)
    work(tenant, ticket, command, f"Ticket {ticket} is open again", as_json=as_json)


def cancel(
    ticket: TicketArgument, *, tenant: TenantOption, reason: str, as_json: JsonOption = False
) -> None:
    """Say that the ticket needs no work."""
    command = wish(CancelTicket, reason=reason)
    work(tenant, ticket, command, f"Ticket {ticket} is cancelled", as_json=as_json)


def comment(
    ticket: TicketArgument, text: str, *, tenant: TenantOption, as_json: JsonOption = False
) -> None:
    """Write something down about the ticket."""
    work(tenant, ticket, wish(CommentTicket, text=text), "It is written down", as_json=as_json)


def prioritise(
    ticket: TicketArgument, priority: Priority, *, tenant: TenantOption, as_json: JsonOption = False
) -> None:
    """Give the ticket its place in the queue."""
    command = PrioritiseTicket(priority=priority)
    work(tenant, ticket, command, f"Ticket {ticket} is {priority}", as_json=as_json)


def link(
    ticket: TicketArgument, other: UUID, *, tenant: TenantOption, as_json: JsonOption = False
) -> None:
    """Say on both tickets that they belong together."""
    command = LinkTicket(other_ticket_id=other)
    with opened(tenant) as vedette:
        position = ticket_pairs.link(vedette.log, tenant, ticket, command, by_hand())
    said(position, "They are linked", as_json=as_json)


def merge(
    ticket: TicketArgument, into: UUID, *, tenant: TenantOption, as_json: JsonOption = False
) -> None:
    """Say that the ticket is the same work as another one, where it goes on."""
    command = MergeTicket(into_ticket_id=into)
    with opened(tenant) as vedette:
        position = ticket_pairs.merge(vedette.log, tenant, ticket, command, by_hand())
    said(position, f"Ticket {ticket} is merged", as_json=as_json)


def work(tenant: str, ticket: UUID, command: TicketCommand, what: str, *, as_json: bool) -> None:
    """Hand a command to the ticket and say what it came to."""
    users = [command.assignee] if isinstance(command, AssignTicket) else []
    stream = ticket_stream(ticket)
    working.work(tenant, TICKET, stream, command, what, users=users, as_json=as_json)


WORK = (
    assign,
    assign_by_rule,
    start,
    hold,
    resume,
    resolve,
    close,
    reopen,
    cancel,
    comment,
    prioritise,
    link,
    merge,
)
