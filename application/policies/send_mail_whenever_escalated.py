"""Whenever a ticket is escalated, breached or critical, send mail: ask for it by a fact.

Who gets it: of an escalation, who has the ticket from here on, and at the second level the tenant's
escalation address; of a breach, who has it, and the escalation address where nothing higher is
left; of a ticket that is CRITICAL, who has it and the escalation address. Where nobody has an address, no mail is asked for.
A replay of this policy asks for nothing, so nothing is sent twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from application.following import POLICY_NAMESPACE, Desk
from domain.access import UserEmailChanged, user_stream
from domain.catalogue import AnyRecorded
from domain.directory.site import (
    SecurityManagerAppointed,
    SecurityManagerRelieved,
    SiteRegistered,
    site_stream,
)
from domain.kernel import SHORT_TEXT_CHARACTERS_MAX, Event
from domain.mail import (
    ESCALATION_ADDRESS_STREAM,
    MAIL,
    EscalationAddressGiven,
    MailKind,
    RequestMail,
    mail_stream,
)
from domain.severity import Severity
from domain.ticket import (
    TicketAssigned,
    TicketEscalated,
    TicketOpened,
    TicketRepeated,
    TicketSlaBreached,
)
from domain.ticket.facts import ESCALATION_LEVEL_MAX

NAME = "send-mail-whenever-escalated"
TICKET_FACTS: tuple[type[Event], ...] = (
    TicketOpened,
    TicketAssigned,
    TicketRepeated,
    TicketSlaBreached,
    TicketEscalated,
)


class Address(msgspec.Struct, frozen=True):
    """Where somebody gets mail."""

    version: int  # of the stream that told it
    email: str | None


class Manager(msgspec.Struct, frozen=True):
    """Who is security manager of a site."""

    version: int  # of the site's stream
    username: str | None


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail says of a ticket."""

    ticket_id: UUID
    title: str
    site_id: str | None
    person_id: str | None
    severity: Severity
    assignee: str | None
    level: int = 0
    version: int  # of the ticket's stream


class SendMailWheneverEscalated:
    """The policy `send-mail-whenever-escalated`."""

    name = NAME
    behind = None
    facts: tuple[type[Event], ...] = (
        *TICKET_FACTS,
        UserEmailChanged,
        EscalationAddressGiven,
        SiteRegistered,
        SecurityManagerAppointed,
        SecurityManagerRelieved,
    )

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        fetch_for(desk, batch)
        for fact in batch:
            match fact.event:
                case UserEmailChanged(email=email) | EscalationAddressGiven(email=email):
                    learn(desk, fact, Address(fact.version, email))
                case (
                    SiteRegistered(security_manager=name)
                    | SecurityManagerAppointed(security_manager=name)
                ):
                    learn(desk, fact, Manager(fact.version, name))
                case SecurityManagerRelieved():
                    learn(desk, fact, Manager(fact.version, None))
                case _:
                    tell(desk, fact)


def fetch_for(desk: Desk, batch: Sequence[AnyRecorded]) -> None:
    """Have in hand what the batch will ask for."""
    told = [fact for fact in batch if isinstance(fact.event, TICKET_FACTS)]
    if not told:
        return
    known = desk.memories([fact.stream_id for fact in told], Subject)
    opened = [fact.event for fact in told if isinstance(fact.event, TicketOpened)]
    sites = {each.site_id for each in known.values()} | {each.site_id for each in opened}
    managers = desk.memories([site_stream(site) for site in sites if site is not None], Manager)
    users = {each.assignee for each in known.values()} | {each.assignee for each in opened}
    users |= {each.username for each in managers.values()}
    users |= {fact.event.assignee for fact in told if isinstance(fact.event, TicketAssigned)}
    streams = [user_stream(user) for user in users if user is not None]
    desk.memories([*streams, ESCALATION_ADDRESS_STREAM], Address)


def learn(desk: Desk, fact: AnyRecorded, told: Address | Manager) -> None:
    """Remember what a fact of the directory tells; one that was taken in before changes nothing."""
    known = desk.memories([fact.stream_id], type(told)).get(fact.stream_id)
    if known is None or told.version > known.version:
        desk.remember(fact.stream_id, told)


def tell(desk: Desk, fact: AnyRecorded) -> None:
    """Take in a fact of a ticket, and ask for the mail that it calls for."""
    before = desk.memories([fact.stream_id], Subject).get(fact.stream_id)
    if before is not None and fact.version <= before.version:
        return
    ticket = after(before, fact)
    desk.remember(fact.stream_id, ticket)
    was_critical = before is not None and before.severity is Severity.CRITICAL
    match fact.event:
        case TicketOpened() | TicketRepeated() if (
            ticket.severity is Severity.CRITICAL and not was_critical
        ):
            responsible = ticket.assignee or manager_of(desk, ticket.site_id)
            to = [address_of(desk, responsible), escalation_address(desk)]
            request(desk, fact, ticket, MailKind.CRITICAL_TICKET, to, "Critical", "It is critical.")
        case TicketSlaBreached(target=target, due_at=due_at):
            text = (
                f"The target {target} was due at {due_at.isoformat(' ', 'minutes')} and was missed."
            )
            # An escalation that follows writes to whom it goes to; the last breach has none.
            last = ticket.level >= ESCALATION_LEVEL_MAX
            to = [address_of(desk, ticket.assignee)]
            to += [escalation_address(desk)] if last else []
            request(desk, fact, ticket, MailKind.SLA_BREACH, to, "Breached", text)
        case TicketEscalated(level=level, reason=reason):
            to = [address_of(desk, ticket.assignee)]
            to += [escalation_address(desk)] if level == ESCALATION_LEVEL_MAX else []
            heading = f"Escalated to level {level}"
            request(desk, fact, ticket, MailKind.ESCALATION, to, heading, reason)
        case _:
            return


def after(ticket: Subject | None, fact: AnyRecorded) -> Subject:
    """Return what is known of a ticket after a fact of it."""
    if isinstance(fact.event, TicketOpened):
        opened = fact.event
        return Subject(
            ticket_id=opened.ticket_id,
            title=opened.title,
            site_id=opened.site_id,
            person_id=opened.person_id,
            severity=opened.severity,
            assignee=opened.assignee,
            version=fact.version,
        )
    assert ticket is not None, f"{fact.event} stands before its ticket."
    ticket = replace(ticket, version=fact.version)
    match fact.event:
        case TicketAssigned(assignee=assignee):
            return replace(ticket, assignee=assignee)
        case TicketRepeated(severity=severity):
            return replace(ticket, severity=severity)
        case TicketEscalated(level=level):
            return replace(ticket, level=level)
        case _:
            return ticket


def request(  # noqa: PLR0917 - who is told what, because of what
    desk: Desk,
    fact: AnyRecorded,
    ticket: Subject,
    kind: MailKind,
    addresses: Sequence[str | None],
    heading: str,
    text: str,
) -> None:
    """Ask for a mail because of a fact, if there is anybody to write to. One cause is one mail."""
    to = tuple(dict.fromkeys(address for address in addresses if address is not None))
    if not to or desk.replaying:
        return
    mail_id = uuid5(POLICY_NAMESPACE, f"{NAME}/{fact.tenant_id}/{fact.event_id}")
    lines = [text, "", f"Ticket: {ticket.title}", f"Severity: {ticket.severity}"]
    lines += [f"Site: {ticket.site_id}"] if ticket.site_id is not None else []
    lines += [f"Person: {ticket.person_id}"] if ticket.person_id is not None else []
    lines += [f"Assigned to: {ticket.assignee or 'nobody'}", f"Id: {ticket.ticket_id}"]
    wish = RequestMail(
        mail_id=mail_id,
        kind=kind,
        to=to,
        subject=f"{heading}: {ticket.title}"[:SHORT_TEXT_CHARACTERS_MAX],
        text="\n".join(lines),
        ticket_id=ticket.ticket_id,
    )
    desk.do(MAIL, mail_stream(mail_id), wish, fact)


def address_of(desk: Desk, username: str | None) -> str | None:
    """Return where a user gets mail."""
    return None if username is None else address(desk, user_stream(username))


def escalation_address(desk: Desk) -> str | None:
    """Return where the tenant gets mail."""
    return address(desk, ESCALATION_ADDRESS_STREAM)


def address(desk: Desk, key: str) -> str | None:
    known = desk.memories([key], Address).get(key)
    return None if known is None else known.email


def manager_of(desk: Desk, site_id: str | None) -> str | None:
    if site_id is None:
        return None
    known = desk.memories([site_stream(site_id)], Manager).get(site_stream(site_id))
    return None if known is None else known.username
