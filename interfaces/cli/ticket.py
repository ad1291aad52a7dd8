"""`vedette ticket`: tickets listed, shown, opened, and worked on from a terminal."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from cyclopts import App

from application.handling import handle
from domain.catalogue import AnyEvent
from domain.severity import Severity
from domain.ticket import (
    TICKET,
    OpenTicket,
    Priority,
    TicketCategory,
    TicketStatus,
    ticket_stream,
)
from interfaces.cli.answering import (
    JsonOption,
    TenantOption,
    by_hand,
    opened,
    require_site,
    require_user,
    said,
    show,
    wish,
)
from interfaces.cli.failing import CommandFailed
from interfaces.cli.ticket_work import WORK, TicketArgument
from interfaces.cli.working import StoryLine, story_of, wanted
from projections.ticket_board import TICKET_BOARD, Sla
from projections.ticket_clocks import TICKET_CLOCKS

COLUMNS = ["ticket_id", "opened_at", "status", "priority", "severity", "sla", "next_due_at", "assignee", "site_id", "title"]  # fmt: skip

app = App(name="ticket", help="List, show and open tickets, and work on them.")


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


class TicketStoryLine(StoryLine, frozen=True, kw_only=True):
    """One fact of a ticket's story, with its fields."""

    says: str


@app.command(name="list")
def list_(
    *,
    tenant: TenantOption,
    status: TicketStatus | None = None,
    sla: Sla | None = None,
    severity: Severity | None = None,
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
    severity
        Only what is so bad.
    assignee
        Only what this user has.
    site
        Only what is about this site.
    limit
        So many at most, up to 200.
    """
    those = wanted(
        limit, status=status, sla=sla, severity=severity, assignee=assignee, site_id=site
    )
    with opened(tenant) as vedette:
        rows = vedette.views.page(TICKET_BOARD, tenant, those).rows
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
    lines = [
        TicketStoryLine(**msgspec.structs.asdict(line), says=says(fact.event))
        for line, fact in zip(story_of(facts), facts, strict=True)
    ]
    show(lines, TicketStoryLine.__struct_fields__, as_json=as_json)


def says(event: AnyEvent) -> str:
    """Return the fields of a fact, as a person reads them in a line."""
    fields = msgspec.to_builtins(event)
    fields.pop("type")
    return ", ".join(f"{name}: {value}" for name, value in fields.items())


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
        require_site(vedette, tenant, site)
        if assignee is not None:
            require_user(vedette, tenant, assignee)
        stream = ticket_stream(ticket_id)
        position = handle(vedette.log, tenant, TICKET, stream, command, by_hand())
    said(position, f"Ticket {ticket_id} is open", as_json=as_json, ticket_id=ticket_id)


for command in WORK:
    app.command(command)
