"""Mail: what people are told outside of Vedette, and what became of it.

A mail is asked for by a policy and answered once: sent, or given up. What was tried in between is
counted beside the log.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias, assert_never
from uuid import UUID

import msgspec

from domain.kernel import Command, Decider, Event, LongText, PersonalEmail, Refused, ShortText

MAIL_STREAM = "mail-"  # and the id
ESCALATION_ADDRESS_STREAM = "escalation-address"
RECIPIENTS_MAX = 10

Recipients = Annotated[
    tuple[PersonalEmail, ...], msgspec.Meta(min_length=1, max_length=RECIPIENTS_MAX)
]
Attempts = Annotated[int, msgspec.Meta(ge=0)]


class MailKind(StrEnum):
    """What a mail tells of."""

    CRITICAL_TICKET = "critical_ticket"
    SLA_BREACH = "sla_breach"
    ESCALATION = "escalation"


class EscalationAddressGiven(Event, frozen=True, tag="escalation_address.given"):
    """A tenant said where mail about escalated and critical tickets goes; null means nowhere."""

    email: PersonalEmail | None


class MailRequested(Event, frozen=True, tag="mail.requested"):
    """Somebody is to be told by mail. Stated by a policy; it does not mean that anything was sent."""

    mail_id: UUID
    kind: MailKind
    to: Recipients
    subject: ShortText
    text: LongText
    ticket_id: UUID


class MailSent(Event, frozen=True, tag="mail.sent"):
    """A mail server took a mail over. It does not mean that anybody read it; where we were killed between its word and ours, the server has the mail twice, under one Message-ID."""

    attempts: Attempts  # with the one that succeeded


class MailFailed(Event, frozen=True, tag="mail.failed"):
    """A mail was given up: refused for good, tried too often, or there is no mail server."""

    attempts: Attempts
    reason: ShortText


MailEvent: TypeAlias = MailRequested | MailSent | MailFailed
EscalationAddressEvent: TypeAlias = EscalationAddressGiven


class RequestMail(Command, frozen=True):
    """Ask for a mail."""

    mail_id: UUID
    kind: MailKind
    to: Recipients
    subject: ShortText
    text: LongText
    ticket_id: UUID


class RecordSent(Command, frozen=True):
    """Say that a mail server took the mail over."""

    attempts: Attempts


class RecordFailed(Command, frozen=True):
    """Say that the mail is given up."""

    attempts: Attempts
    reason: ShortText


class GiveEscalationAddress(Command, frozen=True):
    """Say where mail about escalated and critical tickets goes."""

    email: PersonalEmail | None


MailCommand: TypeAlias = RequestMail | RecordSent | RecordFailed
EscalationAddressCommand: TypeAlias = GiveEscalationAddress


class NoSuchMail(Refused):
    """Nobody asked for this mail."""

    code = "mail.unknown"


class Mail(msgspec.Struct, frozen=True):
    """What the next decision needs to know."""

    requested: MailRequested | None = None
    is_answered: bool = False


def decide(mail: Mail, command: MailCommand) -> list[MailEvent]:
    """Ask once and answer once; a second answer changes nothing.

    Raises:
        NoSuchMail: an answer to what nobody asked.
    """
    if isinstance(command, RequestMail):
        return [] if mail.requested is not None else [requested(command)]
    if mail.requested is None:
        raise NoSuchMail("There is no such mail.")
    if mail.is_answered:
        return []
    match command:
        case RecordSent(attempts=attempts):
            return [MailSent(attempts=attempts)]
        case RecordFailed(attempts=attempts, reason=reason):
            return [MailFailed(attempts=attempts, reason=reason)]
        case _:
            assert_never(command)


def requested(command: RequestMail) -> MailRequested:
    return MailRequested(
        mail_id=command.mail_id,
        kind=command.kind,
        to=command.to,
        subject=command.subject,
        text=command.text,
        ticket_id=command.ticket_id,
    )


def evolve(mail: Mail, event: MailEvent) -> Mail:
    """Fold one fact into the state."""
    match event:
        case MailRequested():
            return Mail(requested=event)
        case MailSent() | MailFailed():
            return Mail(mail.requested, is_answered=True)
        case _:
            assert_never(event)


MAIL = Decider(initial=Mail(), decide=decide, evolve=evolve)


class EscalationAddress(msgspec.Struct, frozen=True):
    """Where mail of a tenant goes."""

    email: str | None = None


def decide_address(
    stands: EscalationAddress, command: EscalationAddressCommand
) -> list[EscalationAddressEvent]:
    """Give the address, unless it stands already."""
    if command.email == stands.email:
        return []
    return [EscalationAddressGiven(email=command.email)]


def evolve_address(_: EscalationAddress, event: EscalationAddressEvent) -> EscalationAddress:
    """Fold one fact into the state."""
    return EscalationAddress(event.email)


ESCALATION_ADDRESS = Decider(
    initial=EscalationAddress(), decide=decide_address, evolve=evolve_address
)


def mail_stream(mail_id: UUID) -> str:
    """Return the stream of one mail: asked for, and answered."""
    return f"{MAIL_STREAM}{mail_id}"
