"""A ticket desk for tests: the policies that keep tickets in time, on a log in a list."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from application.following import Policy
from application.policies.assign_ticket_whenever_opened_without_assignee import (
    AssignTicketWheneverOpenedWithoutAssignee,
)
from application.policies.escalate_ticket_whenever_sla_breached import (
    EscalateTicketWheneverSlaBreached,
)
from application.policies.keep_service_level_whenever_ticket_told import (
    KeepServiceLevelWheneverTicketTold,
)
from application.policies.send_mail_whenever_escalated import SendMailWheneverEscalated
from domain.access import USER, EnrolUser, Role, SuspendUser, user_stream
from domain.catalogue import AnyRecorded
from domain.directory.shift import ShiftPlanned, ShiftRole
from domain.directory.site import SITE, RegisterSite, site_stream
from domain.kernel import Event
from domain.severity import Severity
from domain.ticket import (
    TICKET,
    OpenTicket,
    Priority,
    Ticket,
    TicketCategory,
    TicketCommand,
    ticket_stream,
)
from tests.memory_desk import Following, MemoryLog, settle

ONE = UUID(int=1)
POLICIES: tuple[type[Policy], ...] = (
    AssignTicketWheneverOpenedWithoutAssignee,
    KeepServiceLevelWheneverTicketTold,
    EscalateTicketWheneverSlaBreached,
    SendMailWheneverEscalated,
)


def opening(ticket_id: UUID = ONE, **changes: Any) -> OpenTicket:
    """Return the wish for a ticket."""
    fields: dict[str, Any] = {
        "category": TicketCategory.SECURITY_FRAUD,
        "title": "Look here",
        "severity": Severity.MEDIUM,
        "priority": Priority.NORMAL,
        "site_id": "S-1",
        "person_id": "G-1",
    }
    return OpenTicket(ticket_id=ticket_id, **(fields | changes))


class TicketDesk:
    """A log with the policies that follow it."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.followings = [Following(policy(), self.log) for policy in POLICIES]

    def ask(self, *wishes: TicketCommand, ticket: UUID = ONE) -> None:
        """Grant wishes for a ticket, and let the policies answer each before the next."""
        for wish in wishes:
            self.wish(wish, ticket)
            self.settle()

    def wish(self, wish: TicketCommand, ticket: UUID = ONE) -> list[AnyRecorded]:
        """Grant a wish, without waiting for the policies."""
        return self.log.wish(TICKET, ticket_stream(ticket), wish)

    def when(self, type_: type[Event]) -> datetime:
        """Return when such a fact was recorded last."""
        return [f.recorded_at for f in self.log.facts if isinstance(f.event, type_)][-1]

    def settle(self, batch_facts_max: int = 1_000) -> None:
        settle(*self.followings, batch_facts_max=batch_facts_max)

    def site(self, security_manager: str | None = "mia", time_zone: str = "Europe/London") -> None:
        wish = RegisterSite(
            site_id="S-1",
            name="North Gate",
            latitude=51.5,
            longitude=-0.12,
            geofence_radius_m=100.0,
            time_zone=time_zone,
            security_manager=security_manager,
        )
        self.log.wish(SITE, site_stream("S-1"), wish)

    def user(self, name: str, email: str | None = None) -> None:
        wish = EnrolUser(username=name, name=name, roles=(Role.SUPERVISOR,), email=email)
        self.log.wish(USER, user_stream(name), wish)

    def suspend(self, name: str) -> None:
        self.log.wish(USER, user_stream(name), SuspendUser(reason="Left"))

    def shift(
        self,
        name: str | None,
        starts_at: datetime,
        ends_at: datetime,
        *,
        shift_id: str = "SH-1",
        site_id: str = "S-1",
        role: ShiftRole = ShiftRole.SUPERVISOR,
    ) -> None:
        planned = ShiftPlanned(
            shift_id=shift_id,
            site_id=site_id,
            role=role,
            person_id=name,
            starts_at=starts_at,
            ends_at=ends_at,
        )
        self.log.state(f"shift-{shift_id}", planned)

    def told(self, *types: type[Event]) -> list[Any]:
        return self.log.events(*types)

    def ticket(self, ticket: UUID = ONE) -> Ticket:
        story: list[Any] = [fact.event for fact in self.log.stream(ticket_stream(ticket))]
        return TICKET.replay(story)

    def again(self) -> list[Event]:
        """Hand everything to the policies once more; return what they state in answer."""
        before = len(self.log.facts)
        for following in self.followings:
            following.take(self.log.facts[:before])
        return [fact.event for fact in self.log.facts[before:]]
