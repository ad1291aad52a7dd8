"""Whenever a service level is breached, escalate the ticket.

At first it goes one priority up and to the supervisor on duty at its site, else to the site's
security manager; the next time it becomes URGENT, and another policy writes to the tenant's
escalation address. Then nothing higher is left.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from application.duty import (
    DUTY_FACTS,
    fetch_duty,
    learn_duty,
    security_manager,
    supervisor_on_duty,
)
from application.following import Desk
from domain.catalogue import AnyRecorded
from domain.kernel import Event
from domain.ticket import (
    OPEN_STATUSES,
    TICKET,
    EscalateTicket,
    TicketOpened,
    TicketSlaBreached,
)

NAME = "escalate-ticket-whenever-sla-breached"


class TicketSite(msgspec.Struct, frozen=True):
    """Where a ticket is about, and how far its story was answered."""

    site_id: str | None
    version: int  # of the ticket's stream


class EscalateTicketWheneverSlaBreached:
    """The policy `escalate-ticket-whenever-sla-breached`."""

    name = NAME
    behind = None
    facts: tuple[type[Event], ...] = (*DUTY_FACTS, TicketOpened, TicketSlaBreached)

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        told = [f for f in batch if isinstance(f.event, TicketOpened | TicketSlaBreached)]
        known = desk.memories([fact.stream_id for fact in told], TicketSite)
        sites = [each.site_id for each in known.values() if each.site_id is not None]
        fetch_duty(desk, batch, sites)
        breached = [f.stream_id for f in told if isinstance(f.event, TicketSlaBreached)]
        desk.fetch_streams(breached)
        for fact in batch:
            match fact.event:
                case TicketOpened(site_id=site_id):
                    if fact.stream_id not in desk.memories([fact.stream_id], TicketSite):
                        desk.remember(fact.stream_id, TicketSite(site_id, fact.version))
                case TicketSlaBreached():
                    escalate(desk, fact, fact.event)
                case _:
                    learn_duty(desk, fact)


def escalate(desk: Desk, fact: AnyRecorded, breach: TicketSlaBreached) -> None:
    """Lift the ticket of a breach, unless it was answered or the ticket is over by now."""
    ticket = desk.memories([fact.stream_id], TicketSite)[fact.stream_id]
    if fact.version <= ticket.version:
        return
    desk.remember(fact.stream_id, TicketSite(ticket.site_id, fact.version))
    if desk.replaying or desk.state(TICKET, fact.stream_id).status not in OPEN_STATUSES:
        return
    on_duty = supervisor_on_duty(desk, ticket.site_id, fact.recorded_at)
    wish = EscalateTicket(
        target=breach.target,
        due_at=breach.due_at,
        assignee=on_duty or security_manager(desk, ticket.site_id),
    )
    desk.do(TICKET, fact.stream_id, wish, fact)
