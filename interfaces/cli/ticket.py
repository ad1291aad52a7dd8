"""`vedette ticket`: tickets listed, shown, opened, and worked on from a terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

import msgspec
from cyclopts import App, Parameter

from application import ticket_pairs
from application.handling import handle
from domain.catalogue import tag_of
from domain.severity import Severity
from domain.ticket import (
    TICKET,
    AssignTicket,
    CancelTicket,
    CloseTicket,
    CommentTicket,
    HoldTicket,
    LinkTicket,
    MergeTicket,
    OpenTicket,
    PrioritiseTicket,
    Priority,
    ReopenTicket,
    RequestAssignment,
    ResolveTicket,
    ResumeTicket,
    StartTicket,
    TicketCategory,
    TicketCommand,
    TicketStatus,
    ticket_stream,
)
from interfaces.cli.answering import (
    JsonOption,
    TenantOption,
    by_hand,
    opened,
    require_known,
    require_user,
    said,
    show,
    wish,
)
from interfaces.cli.failing import CommandFailed
from projections.ticket_board import TICKET_BOARD, Sla
from projections.ticket_clocks import TICKET_CLOCKS
from projections.views import Wanted

COLUMNS = ["ticket_id", "opened_at", "status", "priority", "severity", "sla", "next_due_at", "assignee", "site_id", "title"]  # fmt: skip

app = App(name="ticket", help="List, show and open tickets, and work on them.")

TicketArgument = Annotated[UUID, Parameter(help="The ticket's id.")]


class TicketLine(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket, as the list shows it."""

    ticket_id: UUID
    opened_at: datetime
    status: TicketStatus
    priority: Priority
    severity: Severity
    sla: Sla
    next_due_at: datetime | None
    assignee: str | None
    site_id: str | None
    title: str


class StoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of a ticket's story."""

    position: int
    recorded_at: datetime
    type: str
    actor: str
    caused_by: int | None
    says: str


@app.command(name="list")
def list_(
    *,
    tenant: TenantOption,
    status: TicketStatus | None = None,
    sla: Sla | None = None,
    assignee: str | None = None,
    site: str | None = None,
    limit: int = 50,
    as_json: JsonOption = False,
) -> None:
    """List a tenant's tickets, newest first, with what is due next.

    Parameters
    ----------
    status
        Only those that stand there.
    sla
        Only those that are so: OK, AT_RISK or BREACHED.
    assignee
        Only what this user has.
    site
        Only what is about this site.
    limit
        So many at most, up to 200.
    """
    given = {"status": status, "sla": sla, "assignee": assignee, "site_id": site}
    equal = {name: str(value) for name, value in given.items() if value is not None}
    with opened(tenant) as vedette:
        rows = vedette.views.page(TICKET_BOARD, tenant, Wanted(equal=equal, limit=limit)).rows
        clocks = vedette.views.some(TICKET_CLOCKS, tenant, [str(row.ticket_id) for row in rows])
    lines = []
    for row in rows:
        clock = clocks.get(str(row.ticket_id))
        due_at = None if clock is None else clock.next_due_at
        fields = {name: getattr(row, name) for name in COLUMNS if name != "next_due_at"}
        lines.append(TicketLine(**fields, next_due_at=due_at))
    show(lines, COLUMNS, as_json=as_json)


@app.command(name="show")
def show_(ticket: TicketArgument, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Show a ticket's story, fact by fact."""
    with opened(tenant) as vedette:
        facts = vedette.log.read_stream(tenant, ticket_stream(ticket))
    if not facts:
        raise CommandFailed("There is no such ticket.")
    lines = []
    for fact in facts:
        fields = msgspec.to_builtins(fact.event)
        fields.pop("type")
        lines.append(
            StoryLine(
                position=fact.position,
                recorded_at=fact.recorded_at,
                type=tag_of(fact.event),
                actor=fact.actor,
                caused_by=fact.caused_by,
                says=", ".join(f"{name}: {value}" for name, value in fields.items()),
            )
        )
    columns = ["position", "recorded_at", "type", "actor", "caused_by", "says"]
    show(lines, columns, as_json=as_json)


@app.command(name="open")
def open_(
    title: str,
    *,
    tenant: TenantOption,
    site: str,
    severity: Severity = Severity.MEDIUM,
    priority: Priority = Priority.NORMAL,
    category: TicketCategory = TicketCategory.OPERATIONS,
    person: str | None = None,
    assignee: str | None = None,
    as_json: JsonOption = False,
) -> None:
    """Open a ticket. Without an assignee the tenant's rules find one, or it waits in the queue.

    Parameters
    ----------
    title
        What it is about, in one line.
    site
        Where.
    severity
        How bad it is.
    priority
        What place it has in the queue.
    category
        Whose kind of work it is.
    person
        Whom it is about.
    assignee
        Who gets it.
    """
    ticket_id = uuid4()
    command = wish(
        OpenTicket,
        ticket_id=str(ticket_id),
        category=category,
        title=title,
        severity=severity,
        priority=priority,
        site_id=site,
        person_id=person,
        assignee=assignee,
    )
    with opened(tenant) as vedette:
        require_known(vedette, tenant, f"site-{site}", f"There is no site {site}.")
        if assignee is not None:
            require_user(vedette, tenant, assignee)
        stream = ticket_stream(ticket_id)
        position = handle(vedette.log, tenant, TICKET, stream, command, by_hand())
    if as_json:
        print(msgspec.json.encode({"ticket_id": ticket_id, "position": position}).decode())
    else:
        print(f"Ticket {ticket_id} is open (position {position}).")


@app.command
def assign(
    ticket: TicketArgument, assignee: str, *, tenant: TenantOption, as_json: JsonOption = False
) -> None:
    """Give the ticket to a user."""
    command = wish(AssignTicket, assignee=assignee)
    with opened(tenant) as vedette:
        require_user(vedette, tenant, assignee)
    work(tenant, ticket, command, f"Ticket {ticket} is assigned to {assignee}", as_json=as_json)


@app.command(name="assign-by-rule")
def assign_by_rule(
    ticket: TicketArgument, *, tenant: TenantOption, as_json: JsonOption = False
) -> None:
    """Let the tenant's rules find an assignee; `vedette ticket show` tells whom."""
    work(tenant, ticket, RequestAssignment(), "The rules are asked", as_json=as_json)


@app.command
def start(ticket: TicketArgument, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Begin to work on the ticket."""
    work(tenant, ticket, StartTicket(), f"Ticket {ticket} is started", as_json=as_json)


@app.command
def hold(
    ticket: TicketArgument,
    *,
    tenant: TenantOption,
    reason: str,
    until: str,
    as_json: JsonOption = False,
) -> None:
    """Let the ticket wait; its clock stands still until it is resumed.

    Parameters
    ----------
    reason
        What it waits for.
    until
        When to look again, with a zone: 2026-11-23T08:00:00+00:00
    """
    command = wish(HoldTicket, reason=reason, waiting_until=until)
    work(tenant, ticket, command, f"Ticket {ticket} is on hold", as_json=as_json)


@app.command
def resume(ticket: TicketArgument, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Go on after a hold."""
    work(tenant, ticket, ResumeTicket(), f"Ticket {ticket} goes on", as_json=as_json)


@app.command
def resolve(
    ticket: TicketArgument, *, tenant: TenantOption, resolution: str, as_json: JsonOption = False
) -> None:
    """Say that the work is done, and how."""
    command = wish(ResolveTicket, resolution=resolution)
    work(tenant, ticket, command, f"Ticket {ticket} is resolved", as_json=as_json)


@app.command
def close(ticket: TicketArgument, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Say that a resolved ticket needs nothing more."""
    work(tenant, ticket, CloseTicket(), f"Ticket {ticket} is closed", as_json=as_json)


@app.command
def reopen(
    ticket: TicketArgument, *, tenant: TenantOption, reason: str, as_json: JsonOption = False
) -> None:
    """Say that a ticket that was over needs work again."""
    command = wish(ReopenTicket, reason=reason)
    work(tenant, ticket, command, f"Ticket {ticket} is open again", as_json=as_json)


@app.command
def cancel(
    ticket: TicketArgument, *, tenant: TenantOption, reason: str, as_json: JsonOption = False
) -> None:
    """Say that the ticket needs no work."""
    command = wish(CancelTicket, reason=reason)
    work(tenant, ticket, command, f"Ticket {ticket} is cancelled", as_json=as_json)


@app.command
def comment(
    ticket: TicketArgument, text: str, *, tenant: TenantOption, as_json: JsonOption = False
) -> None:
    """Write something down about the ticket."""
    work(tenant, ticket, wish(CommentTicket, text=text), "It is written down", as_json=as_json)


@app.command
def prioritise(
    ticket: TicketArgument, priority: Priority, *, tenant: TenantOption, as_json: JsonOption = False
) -> None:
    """Give the ticket its place in the queue."""
    command = PrioritiseTicket(priority=priority)
    work(tenant, ticket, command, f"Ticket {ticket} is {priority}", as_json=as_json)


@app.command
def link(
    ticket: TicketArgument, other: UUID, *, tenant: TenantOption, as_json: JsonOption = False
) -> None:
    """Say on both tickets that they belong together."""
    command = LinkTicket(other_ticket_id=other)
    with opened(tenant) as vedette:
        position = ticket_pairs.link(vedette.log, tenant, ticket, command, by_hand())
    said(position, "They are linked", as_json=as_json)


@app.command
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
    with opened(tenant) as vedette:
        stream = ticket_stream(ticket)
        position = handle(vedette.log, tenant, TICKET, stream, command, by_hand())
    said(position, what, as_json=as_json)
